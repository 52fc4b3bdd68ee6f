/**
 * Messages that say what they are: who sent them, their number, and a word from which the sizes and the octets of all
 * frames follow. So whoever has one can tell at any time whether each of its octets is right.
 *
 *   first frame:  magic(4) sender(4) number(4) kind(1) shape(4)... 32 octets, then the first body
 */

import { Random } from "../fuzz/random.ts";

const MAGIC = 0x7a6d_7173;
export const HEAD_BYTES = 32;
const POOL_BYTES = 1 << 23;
const LARGEST = 5 << 20;

/** What a message is made of: `end` is the last word of a sender; the others are sizes. */
export const KINDS = ["end", "tiny", "small", "middling", "chunky", "large", "huge", "many"] as const;
export type Kind = (typeof KINDS)[number];

/** Octets in no order, the same in every thread. Each frame is some part of them. */
const pool = makePool();

function makePool(): Buffer {
  const words = new Uint32Array(POOL_BYTES / 4);
  let state = 0x2545_f491;
  for (let i = 0; i < words.length; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[i] = state;
  }
  return Buffer.from(words.buffer);
}

export interface Content {
  readonly sender: number;
  readonly number: number;
  readonly kind: Kind;
}

/** Where in the pool each frame comes from, and how long it is; the first one without its head. */
interface Part {
  readonly from: number;
  readonly length: number;
}

function partsOf(kind: Kind, shape: number, sender: number, number: number): Part[] {
  const random = new Random(shape);
  random.seed(shape, sender * 65_537 + number);
  const count = kind === "many" ? 2 + random.below(200) : random.oneIn(3) ? 2 + random.below(4) : 1;
  return Array.from({ length: count }, () => {
    const length = lengthOf(kind, random);
    return { from: random.below(POOL_BYTES - length), length };
  });
}

function lengthOf(kind: Kind, random: Random): number {
  switch (kind) {
    case "end":
      return 0;
    case "tiny":
      return random.below(8);
    case "small":
    case "many":
      return random.below(300);
    case "middling":
      return random.below(9000);
    case "chunky":
      return random.below(140_000);
    case "large":
      return 120_000 + random.below(400_000);
    case "huge":
      return random.below(LARGEST);
  }
}

const MEAN_BYTES: Readonly<Record<Kind, number>> = {
  end: 32,
  tiny: 40,
  small: 350,
  middling: 9000,
  chunky: 140_000,
  large: 600_000,
  huge: 5_000_000,
  many: 20_000,
};

/** About how long a message of these kinds is. */
export function meanBytes(kinds: readonly Kind[]): number {
  return kinds.reduce((sum, kind) => sum + MEAN_BYTES[kind], 0) / kinds.length;
}

/** The frames of a message, in memory from `allocate`. */
export function make(content: Content, shape: number, allocate: (length: number) => Buffer): Buffer[] {
  const { sender, number, kind } = content;
  return partsOf(kind, shape, sender, number).map(({ from, length }, i) => {
    const head = i === 0 ? HEAD_BYTES : 0;
    const frame = allocate(head + length);
    pool.copy(frame, head, from, from + length);
    if (head > 0) {
      frame.fill(0xa5, 0, HEAD_BYTES);
      for (const [at, word] of [MAGIC, sender, number, KINDS.indexOf(kind), shape].entries()) {
        frame.writeUInt32LE(word >>> 0, at * 4);
      }
      frame.writeUInt32LE(checksum(frame), 20);
    }
    return frame;
  });
}

function checksum(head: Buffer): number {
  let sum = 0x811c_9dc5;
  for (let i = 0; i < 20; i++) sum = Math.imul(sum ^ (head[i] as number), 0x0100_0193);
  return sum >>> 0;
}

/** What the message says it is. Throws, with the first octet that is not as it was made, when it is something else. */
export function check(message: readonly Uint8Array[]): Content {
  const [first] = message;
  if (first === undefined || first.length < HEAD_BYTES) throw new Error(`a first frame of ${first?.length} octets`);
  const head = bufferOf(first);
  if (head.readUInt32LE(0) !== MAGIC || head.readUInt32LE(20) !== checksum(head)) {
    throw new Error(`a head that nobody made: ${head.toString("hex", 0, HEAD_BYTES)}`);
  }
  const sender = head.readUInt32LE(4);
  const number = head.readUInt32LE(8);
  const kind = KINDS[head.readUInt32LE(12)] as Kind;
  const parts = partsOf(kind, head.readUInt32LE(16), sender, number);
  const name = `message ${number} of ${sender}, ${kind}`;
  if (parts.length !== message.length) throw new Error(`${name}: ${message.length} frames, made with ${parts.length}`);
  for (const [i, { from, length }] of parts.entries()) {
    const frame = bufferOf(message[i] as Uint8Array);
    const begin = i === 0 ? HEAD_BYTES : 0;
    if (frame.length !== begin + length) {
      throw new Error(`${name}: frame ${i} has ${frame.length} octets, made with ${begin + length}`);
    }
    if (pool.compare(frame, begin, frame.length, from, from + length) === 0) continue;
    let at = begin;
    while (frame[at] === pool[from + at - begin]) at++;
    const found = frame.toString("hex", at, at + 16);
    const made = pool.toString("hex", from + at - begin, from + at - begin + 16);
    throw new Error(
      `${name}: frame ${i} of ${parts.length} (${frame.length} octets), octet ${at}: ${found}, not ${made}`,
    );
  }
  return { sender, number, kind };
}

function bufferOf({ buffer, byteOffset, length }: Uint8Array): Buffer {
  return Buffer.from(buffer as ArrayBuffer, byteOffset, length);
}
