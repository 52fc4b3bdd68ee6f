/** What the suites use of Node's globals and modules, for a page. Frames are Uint8Arrays there, and shown as text as Buffers are. */

const [encoder, decoder] = [new TextEncoder(), new TextDecoder()];

const PageBuffer = {
  alloc: (length: number, octet = 0) => new Uint8Array(length).fill(octet),
  of: (...octets: number[]) => Uint8Array.from(octets),
  from(source: string | ArrayLike<number> | ArrayBuffer, encoding?: string): Uint8Array {
    if (source instanceof ArrayBuffer) return new Uint8Array(source);
    if (typeof source !== "string") return Uint8Array.from(source);
    if (encoding !== "hex") return encoder.encode(source);
    return Uint8Array.from(source.match(/../g) ?? [], (octet) => Number.parseInt(octet, 16));
  },
  concat: (parts: readonly Uint8Array[]) => Uint8Array.from(parts.flatMap((part) => [...part])),
  byteLength: (text: string) => encoder.encode(text).length,
  isBuffer: (value: unknown) => value instanceof Uint8Array,
};

function toText(this: Uint8Array, encoding?: string): string {
  if (encoding !== "hex") return decoder.decode(this);
  return [...this].map((octet) => octet.toString(16).padStart(2, "0")).join("");
}
const view = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);

Object.assign(Uint8Array.prototype, {
  toString: toText,
  equals(this: Uint8Array, other: Uint8Array) {
    return this.length === other.length && this.every((octet, i) => octet === other[i]);
  },
  writeUInt8(this: Uint8Array, octet: number, at = 0) {
    this[at] = octet;
  },
  readUInt32BE(this: Uint8Array, at = 0) {
    return view(this).getUint32(at);
  },
  readUInt32LE(this: Uint8Array, at = 0) {
    return view(this).getUint32(at, true);
  },
  readBigUInt64LE(this: Uint8Array, at = 0) {
    return view(this).getBigUint64(at, true);
  },
});

/** A turn of the event loop, as the library takes one in a page. */
const turns: (() => void)[] = [];
const { port1, port2 } = new MessageChannel();
Object.assign(port1, { onmessage: () => turns.shift()?.() });

Object.assign(globalThis, {
  Buffer: PageBuffer,
  process: { env: {}, versions: {}, platform: "browser", on() {}, off() {}, once() {}, emitWarning() {} },
  setImmediate(task: (...given: unknown[]) => void, ...given: unknown[]) {
    turns.push(() => task(...given));
    port2.postMessage(null);
  },
});

export const mkdtempSync = (): string => "";
export const rmSync = (): void => {};
export const tmpdir = (): string => "";
export const join = (): string => "";
export const createServer = (): never => {
  throw new Error("a page has no servers");
};
export const connect = createServer;
export default {};
