/**
 * The platform's byte arrays: `Buffer` where the runtime has it (so that what
 * users receive is what Node programs expect), plain `Uint8Array` elsewhere.
 * Neutral code creates every byte array through this file and never names
 * `Buffer` itself.
 */

import { USES_BUFFER } from "./target.ts";

interface ByteArrays {
  allocUnsafeSlow(size: number): Uint8Array;
  alloc(size: number): Uint8Array;
  from(text: string): Uint8Array;
  from(buffer: ArrayBufferLike, byteOffset: number, length: number): Uint8Array;
}

const platform = globalThis as Partial<typeof globalThis> & { Buffer?: ByteArrays };
const native = USES_BUFFER ? platform.Buffer : undefined;
// jsdom has neither of the two, and Jest gives it Node's `Buffer`.
const encoder =
  !USES_BUFFER || platform.TextEncoder
    ? new TextEncoder()
    : { encode: (text: string) => Uint8Array.from(byBuffer().from(text)) };
/** A byte order mark is kept as text, so that names which differ by it stay different. */
const decoder =
  platform.TextDecoder || !USES_BUFFER
    ? new TextDecoder("utf-8", { ignoreBOM: true })
    : { decode: ({ buffer, byteOffset, length }: Uint8Array) => String(byBuffer().from(buffer, byteOffset, length)) };

function byBuffer(): ByteArrays {
  if (native === undefined) throw new TypeError("TextEncoder, TextDecoder: this runtime has neither them nor Buffer");
  return native;
}

const isNative: (bytes: Uint8Array) => boolean = native
  ? (bytes) => bytes instanceof (native as unknown as new () => Uint8Array)
  : () => true;

type ByteArrayConstructor = new (buffer: ArrayBufferLike, byteOffset: number, length: number) => Uint8Array;

/**
 * The platform's byte-array class, for `new ByteArray(buffer, byteOffset, length)` on the hot path. In Node the class
 * behind `Buffer`, which its species gives away: a view costs 12 ns by it and 35 ns by `subarray` (bench/micro/views.ts).
 */
export const ByteArray: ByteArrayConstructor = USES_BUFFER ? byteArray() : Uint8Array;

function byteArray(): ByteArrayConstructor {
  if (native === undefined) return Uint8Array;
  const behind = (native as { [Symbol.species]?: unknown })[Symbol.species];
  try {
    const view = new (behind as ByteArrayConstructor)(new ArrayBuffer(8), 2, 4);
    if (isNative(view) && view.byteOffset === 2 && view.length === 4) return behind as ByteArrayConstructor;
  } catch {
    // Not a constructor of views in this runtime: `Buffer.from` serves there.
  }
  const from = native.from.bind(native) as (...args: ConstructorParameters<ByteArrayConstructor>) => Uint8Array;
  return ((buffer: ArrayBufferLike, byteOffset: number, length: number) =>
    from(buffer, byteOffset, length)) as unknown as ByteArrayConstructor;
}

export const EMPTY: Uint8Array = native ? native.alloc(0) : new Uint8Array(0);

/** Whether it is a Uint8Array, of this realm or another: tests that run in a vm context have their own. */
export function isBytes(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array || (ArrayBuffer.isView(value) && tagOf(value) === "[object Uint8Array]");
}

/** Whether it is an ArrayBuffer or a SharedArrayBuffer, of this realm or another. */
export function isMemory(value: unknown): value is ArrayBufferLike {
  if (value instanceof ArrayBuffer) return true;
  if (typeof value !== "object" || value === null) return false;
  const tag = tagOf(value);
  return tag === "[object ArrayBuffer]" || tag === "[object SharedArrayBuffer]";
}

function tagOf(value: object): string {
  return Object.prototype.toString.call(value);
}

/** A zero-filled array of `size` bytes. */
export function zeros(size: number): Uint8Array {
  return native ? native.alloc(size) : new Uint8Array(size);
}

/** `size` bytes with undefined content and memory of their own; the caller fills all of them. */
export function uninitialized(size: number): Uint8Array {
  return native ? native.allocUnsafeSlow(size) : new Uint8Array(size);
}

/** UTF-8. */
export function fromText(text: string): Uint8Array {
  return native ? native.from(text) : encoder.encode(text);
}

/** UTF-8 in memory of its own, for secrets: the platform's pool, in which `fromText` puts small texts, is the program's too. */
export function ownText(text: string): Uint8Array {
  return ownCopyOf(encoder.encode(text));
}

/** UTF-8; invalid sequences become U+FFFD, and a byte order mark stays. */
export function toText(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** The same memory as the platform's byte-array class. */
export function view(buffer: ArrayBufferLike, byteOffset: number, length: number): Uint8Array {
  return new ByteArray(buffer, byteOffset, length);
}

/** The same memory as the platform's byte-array class; `bytes` itself when it is one. */
export function asNative(bytes: Uint8Array): Uint8Array {
  return !USES_BUFFER || isNative(bytes) ? bytes : view(bytes.buffer, bytes.byteOffset, bytes.length);
}

/**
 * A copy; one of up to 4 KiB shares a slab of 8 KiB with others. Not the platform's pool: that is larger in newer
 * Nodes, 64 KiB from Node 24 on, and what one keeps would pin all of it.
 */
export function copyOf(bytes: Uint8Array): Uint8Array {
  return bytes.length <= COPIES_BYTES / 2 ? smallCopyOf(bytes) : ownCopyOf(bytes);
}

/** A copy in memory of its own, for secrets: no frame that reaches a user is a view of it. */
export function ownCopyOf(bytes: Uint8Array): Uint8Array {
  const copy = uninitialized(bytes.length);
  copy.set(bytes);
  return copy;
}

let keepHere: (memory: ArrayBufferLike) => void = () => {};

/** Sets the platform's way to keep memory from being transferred to another thread, as Node keeps its pool of small buffers. */
export function keepSharedMemoryBy(mark: (memory: ArrayBufferLike) => void): void {
  keepHere = mark;
  mark(EMPTY.buffer);
}

/**
 * A copy that many frames will share. When a program transfers one of the frames to another thread, the runtime throws
 * or copies. So the other frames, and a decoder that still reads the memory, keep it.
 */
export function sharedCopyOf(bytes: Uint8Array): Uint8Array {
  const copy = copyOf(bytes);
  if (USES_BUFFER && bytes.length > COPIES_BYTES / 2) keepHere(copy.buffer); // The slabs of small ones are marked already.
  return copy;
}

/** As `uninitialized`, for frames that share it. */
export function sharedMemory(size: number): Uint8Array {
  const memory = uninitialized(size);
  if (USES_BUFFER) keepHere(memory.buffer);
  return memory;
}

const COPIES_BYTES = 8192;
/** Up to so many bytes a loop is quicker than `set`: a ROUTER's echo takes 0.92 us with it instead of 0.96. */
const LOOPED_BYTES = 32;

/**
 * Makes copies that share slabs: 30 ns each, where the platform's pool takes 50. The holder of one copy can see the
 * others in its slab. So each kind of bytes that must not be seen beside others has a copier of its own. The first slab
 * has `firstBytes`, each next one twice as many, up to 8 KiB. A copy of more than half of that gets memory of its own.
 * Of the copy all is returned but the first `skipped` octets.
 */
export function copier(firstBytes = COPIES_BYTES, skipped = 0): (bytes: Uint8Array) => Uint8Array {
  let size = firstBytes;
  let slab = EMPTY;
  let memory = EMPTY.buffer;
  let offset = 0;
  let used = 0;
  return (bytes) => {
    const { length } = bytes;
    if (length > COPIES_BYTES / 2) {
      const own = sharedMemory(length - skipped);
      own.set(skipped === 0 ? bytes : bytes.subarray(skipped));
      return own;
    }
    if (used + length > slab.length) {
      slab = sharedMemory(Math.max(size, length));
      memory = slab.buffer;
      offset = slab.byteOffset;
      used = 0;
      size = Math.min(size * 2, COPIES_BYTES);
    }
    const start = used;
    used = start + length;
    if (length <= LOOPED_BYTES) for (let i = 0; i < length; i++) slab[start + i] = bytes[i] as number;
    else slab.set(bytes, start);
    return new ByteArray(memory, offset + start + skipped, length - skipped);
  };
}

/** As `copyOf`, up to 4 KiB. */
const smallCopyOf = copier();

/** Whether its length may change while it is used. */
export function isResizable({ buffer }: Uint8Array): boolean {
  const { resizable, growable } = buffer as { resizable?: boolean; growable?: boolean };
  return resizable === true || growable === true;
}

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const whole = uninitialized(length);
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

export function equal(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Bytes as a string of one character per byte: a map key that differs exactly when the bytes do. */
export function toKey(bytes: Uint8Array): string {
  let key = "";
  for (let i = 0; i < bytes.length; i++) key += String.fromCharCode(bytes[i] as number);
  return key;
}
