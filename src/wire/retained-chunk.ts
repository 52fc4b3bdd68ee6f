/**
 * The copy of a chunk that waits for its reader while the link uses its own
 * memory again. No view of it leaves the decoder, so all decoders of a thread
 * share some memory for it, taken and given back.
 */

import { ownCopyOf, uninitialized } from "../base/bytes.ts";

/** Larger chunks get memory of their own. */
const RETAINED_BYTES = 131_072;
const KEPT_MEMORIES = 8;
const freeMemories: Uint8Array[] = [];

export class RetainedChunk {
  #memory: Uint8Array | undefined = undefined;

  /** A copy of `chunk` from `position` on, valid until `release`. */
  retain(chunk: Uint8Array, position: number): Uint8Array {
    const length = chunk.length - position;
    if (length > RETAINED_BYTES) return ownCopyOf(chunk.subarray(position));
    const memory = freeMemories.pop() ?? uninitialized(RETAINED_BYTES);
    this.#memory = memory;
    memory.set(chunk.subarray(position));
    return memory.subarray(0, length);
  }

  /** The copy is used up. */
  release(): void {
    const memory = this.#memory;
    if (memory === undefined) return;
    this.#memory = undefined;
    if (freeMemories.length < KEPT_MEMORIES) freeMemories.push(memory);
  }
}
