/**
 * Copies of chunks that wait for their reader while the link uses its own
 * memory again. No view of them leaves the decoder, so all decoders of a thread
 * share some memory for them, taken and given back, in three sizes. 64 busy subscribers of one
 * process need some hundred at a time; with eight of them, what was
 * beyond was fresh memory for each read, and garbage soon after.
 */

import { ownCopyOf, uninitialized } from "../base/bytes.ts";

/** Larger chunks get memory of their own. */
const RETAINED_BYTES = 131_072;
/** Smaller ones take less: with one size for all, 500 peers that nobody reads held 66 MB for 2 KB each. */
const MIDDLING_BYTES = 32_768;
const SMALL_BYTES = 8192;
/** A chunk that waits behind another takes no more than twice its size. */
const LEAST_LATER_BYTES = 65_536;
/** So many of each size are kept by the thread for the next ones. */
const KEPT_MEMORIES = 128;
/** So many chunks of the queue are read before their places are given back: `shift` of a long array is slow. */
const COMPACTED = 1024;
const freeSmall: Uint8Array[] = [];
const freeMiddling: Uint8Array[] = [];
const freeLarge: Uint8Array[] = [];

/** A chunk that waits in shared memory. */
interface Later {
  readonly chunk: Uint8Array;
  readonly memory: Uint8Array;
}

/** The chunks of one connection: the one that is being read, and those behind it. */
export class RetainedChunks {
  /** That of the chunk that is being read, if it is shared. */
  #memory: Uint8Array | undefined = undefined;
  /** Small ones stand for themselves: there may be thousands. */
  #later: (Later | Uint8Array | undefined)[] = [];
  #nextLater = 0;

  /** A copy of `chunk` from `position` on, to be read now, valid until `next`. */
  retain(chunk: Uint8Array, position: number): Uint8Array {
    const length = chunk.length - position;
    if (length > RETAINED_BYTES) return ownCopyOf(chunk.subarray(position));
    const memory = take(length);
    this.#memory = memory;
    memory.set(chunk.subarray(position));
    return memory.subarray(0, length);
  }

  /** A copy waits behind all that came before. */
  push(chunk: Uint8Array): void {
    const { length } = chunk;
    if (length < LEAST_LATER_BYTES || length > RETAINED_BYTES) {
      this.#later.push(ownCopyOf(chunk));
      return;
    }
    const memory = take(length);
    memory.set(chunk);
    this.#later.push({ chunk: memory.subarray(0, length), memory });
  }

  /** The chunk that was read is used up: the next one, valid until the next call, or undefined. */
  next(): Uint8Array | undefined {
    const memory = this.#memory;
    if (memory !== undefined) {
      this.#memory = undefined;
      const free = freeFor(memory.length);
      if (free.length < KEPT_MEMORIES) free.push(memory);
    }
    const later = this.#later;
    const next = later[this.#nextLater];
    if (next === undefined) return undefined;
    later[this.#nextLater++] = undefined;
    if (this.#nextLater === later.length || this.#nextLater === COMPACTED) {
      later.splice(0, this.#nextLater);
      this.#nextLater = 0;
    }
    if (!("memory" in next)) return next;
    this.#memory = next.memory;
    return next.chunk;
  }
}

function freeFor(length: number): Uint8Array[] {
  return length <= SMALL_BYTES ? freeSmall : length <= MIDDLING_BYTES ? freeMiddling : freeLarge;
}

function take(length: number): Uint8Array {
  const size = length <= SMALL_BYTES ? SMALL_BYTES : length <= MIDDLING_BYTES ? MIDDLING_BYTES : RETAINED_BYTES;
  return freeFor(length).pop() ?? uninitialized(size);
}
