/**
 * What is done to a captured or made-up input: a few changes of its octets, and
 * cuts into the pieces in which a link might bring it.
 */

import type { Random } from "./random.ts";

/** Octets at which parsers turn: flags, lengths, ends of ranges. */
const TURNING = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0x10, 0x20, 0x7f, 0x80, 0xfe, 0xff];

/** One to four changes. `others`: inputs of the same kind, for splicing. */
export function mutate(random: Random, input: Uint8Array, others: readonly Uint8Array[]): Uint8Array {
  let bytes = input;
  for (let changes = 1 + random.below(4); changes > 0; changes--) bytes = change(random, bytes, others);
  return bytes;
}

function change(random: Random, bytes: Uint8Array, others: readonly Uint8Array[]): Uint8Array {
  const at = random.below(bytes.length + 1);
  const span = 1 + random.below(random.oneIn(4) ? 64 : 4);
  switch (random.below(8)) {
    case 0:
      return overwritten(bytes, at, (bytes[at] ?? 0) ^ (1 << random.below(8)));
    case 1:
      return overwritten(bytes, at, random.pick(TURNING));
    case 2:
      return overwritten(bytes, at, random.next32());
    case 3:
      return joined(bytes.subarray(0, at), bytes.subarray(at + span));
    case 4:
      return joined(bytes.subarray(0, at), random.bytes(span), bytes.subarray(at));
    case 5:
      return joined(bytes.subarray(0, at), bytes.subarray(Math.max(0, at - span)));
    case 6:
      return bytes.subarray(0, at);
    default: {
      const other = random.pick(others.length > 0 ? others : [bytes]);
      return joined(bytes.subarray(0, at), other.subarray(random.below(other.length + 1)));
    }
  }
}

function overwritten(bytes: Uint8Array, at: number, octet: number): Uint8Array {
  const changed = bytes.slice();
  if (at < changed.length) changed[at] = octet;
  return changed;
}

export function joined(...parts: readonly ArrayLike<number>[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const whole = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

/** Calls `take` with the pieces of `input`, in order; `take` ends it by returning false. */
export function cut(random: Random, input: Uint8Array, take: (piece: Uint8Array) => boolean): void {
  const longest = random.pick([1, 2, 7, 40, 40, 300, 5000, input.length + 1, input.length + 1]);
  for (let at = 0; at < input.length; ) {
    const end = Math.min(input.length, at + 1 + random.below(longest));
    if (!take(input.subarray(at, end))) return;
    at = end;
  }
}
