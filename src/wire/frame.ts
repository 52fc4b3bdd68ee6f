/**
 * The frame header of ZMTP 2.0, 3.0 and 3.1 (37/ZMTP "Framing"):
 *
 *   flags(1) size(1) body          size <= 255
 *   flags(1) size(8) body          LONG set; size is big-endian
 *
 * Reserved flag bits are ignored on receipt, as libzmq does.
 */

export const MORE = 0x01;
export const LONG = 0x02;
export const COMMAND = 0x04;

/** Octets of the largest header of any framing: ten in ZMTP 1.0. */
export const LONGEST_HEADER = 10;

const TWO_32 = 0x1_0000_0000;

/** Writes a header at `offset` and returns the offset behind it. */
export function writeHeader(target: Uint8Array, offset: number, flags: number, size: number): number {
  if (size <= 255) {
    target[offset] = flags;
    target[offset + 1] = size;
    return offset + 2;
  }
  target[offset] = flags | LONG;
  return writeSize(target, offset + 1, size);
}

/** A 64-bit big-endian size; returns the offset behind it. */
export function writeSize(target: Uint8Array, offset: number, size: number): number {
  return writeUint32(target, writeUint32(target, offset, Math.floor(size / TWO_32)), size);
}

/** A 64-bit big-endian size; beyond 2^53 it is not exact, but still beyond every limit. */
export function readSize(source: Uint8Array, offset: number): number {
  return readUint32(source, offset) * TWO_32 + readUint32(source, offset + 4);
}

export function readUint32(source: Uint8Array, offset: number): number {
  return (
    (((source[offset] as number) << 24) |
      ((source[offset + 1] as number) << 16) |
      ((source[offset + 2] as number) << 8) |
      (source[offset + 3] as number)) >>>
    0
  );
}

/** Big-endian, of `value` modulo 2^32; returns the offset behind it. */
export function writeUint32(target: Uint8Array, offset: number, value: number): number {
  target[offset] = value >>> 24;
  target[offset + 1] = value >>> 16;
  target[offset + 2] = value >>> 8;
  target[offset + 3] = value;
  return offset + 4;
}

/**
 * libzmq 4.3.3 and 4.3.4 emit SUBSCRIBE and CANCEL of 256 octets and more
 * without the LONG bit but with an 8-octet size; their prefixes have 255
 * octets at most. A zero-length command at `position` that reads on like one
 * of these is one: returns its length, 0 when it is not, undefined when more
 * octets than the `available` ones must decide. (No known peer sends
 * zero-length commands, so nothing waits long.)
 */
export function unmarkedLong(source: Uint8Array, position: number, available: number): number | undefined {
  for (let i = 1; i <= 8; i++) {
    if (i >= available) return undefined;
    const octet = source[position + i] as number;
    if (i <= 6 ? octet !== 0 : i === 7 && octet !== 1) return 0;
  }
  if (available < 11) return undefined;
  const nameLength = source[position + 9];
  const initial = source[position + 10];
  const isSubscribe = nameLength === 9 && initial === 0x53;
  const isCancel = nameLength === 6 && initial === 0x43;
  const length = 256 + (source[position + 8] as number);
  return (isSubscribe || isCancel) && length <= 1 + (nameLength as number) + 255 ? length : 0;
}
