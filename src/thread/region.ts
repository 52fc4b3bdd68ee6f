/**
 * The memory that the threads of a process share for inproc: one growable
 * SharedArrayBuffer, so that what one thread puts there all others can reach at
 * once, also while they are blocked. Nothing has to be sent to them.
 *
 *   octets 0 to 4095     words of the region, see below
 *   then 1024 members    16 words each, see members.ts
 *   then blocks          of sizes that are powers of 2, and pairs of rings, see pairs.ts
 *
 * Blocks are taken and given back under the lock. A thread can end anywhere, also
 * with the lock: it is taken from it. So each change of a list is one store; the
 * worst that is left is a block that nobody uses.
 */

import { ZmqError } from "../base/errors.ts";

/** Words of the region. */
const MAGIC = 0;
const LOCK = 1;
/** Octets of the buffer that are in use, / 8. */
const USED = 2;
/** Counts changes that waiting threads look for: names bound, threads ended. */
export const CHANGES = 3;
/** First of the pairs of rings, see pairs.ts. */
export const PAIRS = 5;
/** One more than the highest number that a member had. */
export const MEMBERS_USED = 6;
/** Counts pairs of rings. */
export const PAIR_COUNT = 7;
/** First word of the options of the default context. */
export const DEFAULT_CONTEXT = 8;
/** First free block of each size. */
const FREE = 64;
/** First name of each bucket. */
export const NAMES = 256;
export const BUCKETS = 256;

/** Offset of the id, a float64. */
const ID_OFFSET = 4088;

const VERSION = 0x7a6d_7101;
const WORDS_BYTES = 4096;
export const MEMBERS = 1024;
export const MEMBER_WORDS = 16;
const FIRST_BLOCK = WORDS_BYTES + MEMBERS * MEMBER_WORDS * 4;
const FIRST_BYTES = 131_072;
const GROWTH_BYTES = 1 << 20;
/** Addresses are reserved, no memory is used by that. Where so many cannot be had, fewer are tried. */
const MOST_BYTES = [2 ** 32, 2 ** 30, 2 ** 27];

const SMALLEST_BLOCK = 64;
const LARGE_BYTES = 262_144;
/** So long a thread waits for the lock before it looks whether its holder lives, and before it takes it all the same. */
const LOCK_SLICE_MS = 20;
const LOCK_SLICES = 50;
const LOOKS_A_SLICE = 1_000_000;

/** Says whether the member with this number still runs. */
type IsAlive = (member: number) => boolean;

export class Region {
  readonly buffer: SharedArrayBuffer;
  /** The words and the members; this view does not grow. */
  readonly words: Int32Array;

  private constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer;
    this.words = new Int32Array(buffer, 0, FIRST_BLOCK / 4);
  }

  /** A fresh one, with an id that no other has; undefined where the memory cannot be had. */
  static create(id: number): Region | undefined {
    for (const maxByteLength of MOST_BYTES) {
      try {
        const region = new Region(new SharedArrayBuffer(FIRST_BYTES, { maxByteLength }));
        region.words[USED] = FIRST_BLOCK / 8;
        new Float64Array(region.buffer, ID_OFFSET, 1)[0] = id;
        region.words[MAGIC] = VERSION;
        return region;
      } catch {
        // So much address space is not to be had: less may be.
      }
    }
    return undefined;
  }

  /** What another thread created; undefined for anything else. */
  static from(value: unknown): Region | undefined {
    if (Object.prototype.toString.call(value) !== "[object SharedArrayBuffer]") return undefined;
    const buffer = value as SharedArrayBuffer;
    if (buffer.byteLength < FIRST_BYTES || new Int32Array(buffer, 0, 1)[MAGIC] !== VERSION) return undefined;
    return new Region(buffer);
  }

  get id(): number {
    return new Float64Array(this.buffer, ID_OFFSET, 1)[0] as number;
  }

  /** Runs `task` while no other thread does. `member` is the caller's number. Blocks for moments. */
  locked<T>(member: number, isAlive: IsAlive, task: () => T): T {
    this.#lock(member + 1, isAlive);
    try {
      return task();
    } finally {
      if (Atomics.compareExchange(this.words, LOCK, member + 1, 0) === member + 1) Atomics.notify(this.words, LOCK, 1);
    }
  }

  #lock(key: number, isAlive: IsAlive): void {
    const { words } = this;
    for (let slice = 0; ; ) {
      const holder = Atomics.compareExchange(words, LOCK, 0, key);
      if (holder === 0) return;
      if (!waitedInVain(words, holder)) continue;
      slice++;
      if (isAlive(holder - 1) && slice < LOCK_SLICES) continue;
      if (Atomics.compareExchange(words, LOCK, holder, key) === holder) return;
      slice = 0;
    }
  }

  /** Offset of a block of at least `bytes`, all zeros. Under the lock. Throws ENOMEM when the region is full. */
  allocate(bytes: number): number {
    const { words } = this;
    const size = blockSize(bytes);
    const list = listOf(size);
    const free = words[list] as number;
    if (free !== 0) {
      const block = this.block(free * 8, size);
      words[list] = block[0] as number;
      block.fill(0, 0, Math.min(block.length, 1024));
      return free * 8;
    }
    const offset = (words[USED] as number) * 8;
    const end = offset + size;
    if (end > this.buffer.byteLength) {
      const wanted = Math.min(Math.ceil(end / GROWTH_BYTES) * GROWTH_BYTES, this.buffer.maxByteLength);
      if (end > wanted) throw new ZmqError("ENOMEM", { detail: "the memory that threads share for inproc is used up" });
      this.buffer.grow(wanted);
    }
    words[USED] = end / 8;
    return offset;
  }

  /** Gives back what `allocate(bytes)` returned. Under the lock. */
  free(offset: number, bytes: number): void {
    const size = blockSize(bytes);
    const list = listOf(size);
    this.block(offset, size)[0] = this.words[list] as number;
    this.words[list] = offset / 8;
  }

  /** The words of a block. */
  block(offset: number, bytes: number): Int32Array {
    return new Int32Array(this.buffer, offset, bytes >> 2);
  }
}

/** Waits until the lock changes hands, for a slice at most. A page's own thread may not sleep: it looks again and again. */
function waitedInVain(words: Int32Array, holder: number): boolean {
  try {
    return Atomics.wait(words, LOCK, holder, LOCK_SLICE_MS) === "timed-out";
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    for (let looks = 0; looks < LOOKS_A_SLICE; looks++) if (Atomics.load(words, LOCK) !== holder) return false;
    return true;
  }
}

/** Only pairs of rings are large, and all of one size. */
function blockSize(bytes: number): number {
  if (bytes > LARGE_BYTES) return Math.ceil(bytes / SMALLEST_BLOCK) * SMALLEST_BLOCK;
  let size = SMALLEST_BLOCK;
  while (size < bytes) size *= 2;
  return size;
}

function listOf(size: number): number {
  return FREE + (size > LARGE_BYTES ? 31 : Math.log2(size));
}
