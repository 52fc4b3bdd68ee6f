/**
 * Naive decoders, to compare ours with: they see all octets at once, copy
 * everything, and are written from the RFCs (13, 15, 37) alone.
 */

export interface ReferenceLimits {
  readonly maxFrameBytes: number;
  readonly maxFrames: number;
}

export interface ReferenceFrame {
  readonly flags: number;
  readonly body: Uint8Array;
}

export interface Reference {
  /** Messages as arrays, commands as byte arrays, in order. */
  readonly items: readonly (Uint8Array[] | Uint8Array)[];
  /** The code of the error behind the last item, if any. */
  readonly error: string | undefined;
}

/** All complete frames. `error` when the next one is refused, `rest` are the octets behind the last. */
export function referenceFrames(
  bytes: Uint8Array,
  framing: "v1" | "v2",
  maxFrameBytes: number,
  knowsUnmarked: boolean,
): { frames: ReferenceFrame[]; error: string | undefined; rest: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const frames: ReferenceFrame[] = [];
  let at = 0;
  for (;;) {
    const left = bytes.length - at;
    if (framing === "v1" && left > 0 && bytes[at] === 0) return { frames, error: "EPROTO", rest: left };
    if (left < 2) return { frames, error: undefined, rest: left };
    let flags = view.getUint8(at);
    let header: number;
    let length: bigint;
    if (framing === "v1") {
      const isLong = flags === 0xff;
      header = isLong ? 10 : 2;
      if (left < header) return { frames, error: undefined, rest: left };
      length = isLong ? view.getBigUint64(at + 1) : BigInt(flags);
      flags = view.getUint8(at + header - 1);
      if (length === 0n) return { frames, error: "EPROTO", rest: left };
      length--;
    } else {
      const isUnmarked = knowsUnmarked && flags === 4 && unmarkedLong(bytes.subarray(at));
      if (isUnmarked === undefined) return { frames, error: undefined, rest: left };
      const isLong = (flags & 2) !== 0 || isUnmarked;
      header = isLong ? 9 : 2;
      if (left < header) return { frames, error: undefined, rest: left };
      length = isLong ? view.getBigUint64(at + 1) : BigInt(view.getUint8(at + 1));
    }
    if (maxFrameBytes >= 0 && length > BigInt(maxFrameBytes)) return { frames, error: "EMSGSIZE", rest: left };
    if (BigInt(left - header) < length) return { frames, error: undefined, rest: left };
    const end = at + header + Number(length);
    frames.push({ flags, body: bytes.slice(at + header, end) });
    at = end;
  }
}

/** libzmq 4.3.3's long SUBSCRIBE and CANCEL without the LONG bit; undefined: too few octets to tell. */
function unmarkedLong(bytes: Uint8Array): boolean | undefined {
  const pattern = [4, 0, 0, 0, 0, 0, 0, 1];
  for (let i = 0; i < pattern.length; i++) {
    if (i >= bytes.length) return undefined;
    if (bytes[i] !== pattern[i]) return false;
  }
  if (bytes.length < 11) return undefined;
  const start = String.fromCharCode(bytes[9] as number, bytes[10] as number);
  const longest = start === "\u0009S" ? 1 + 9 + 255 : start === "\u0006C" ? 1 + 6 + 255 : 0;
  return 256 + (bytes[8] as number) <= longest;
}

/** Messages and commands of ZMTP 2.0 and later, or messages of 1.0. */
export function reference(bytes: Uint8Array, framing: "v1" | "v2", limits: ReferenceLimits): Reference {
  const { frames, error } = referenceFrames(bytes, framing, limits.maxFrameBytes, true);
  const items: (Uint8Array[] | Uint8Array)[] = [];
  let message: Uint8Array[] = [];
  for (const { flags, body } of frames) {
    if (framing === "v2" && (flags & 4) !== 0) {
      items.push(body);
      continue;
    }
    if (message.length > 0 && message.length >= limits.maxFrames) return { items, error: "EMSGSIZE" };
    message.push(body);
    if ((flags & 1) !== 0) continue;
    items.push(message);
    message = [];
  }
  return { items, error };
}
