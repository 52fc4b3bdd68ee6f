/**
 * `RetainedChunks` of retained-chunk.ts for pages: the build for browsers puts it in the place of that one. A chunk there is
 * a WebSocket message in memory of its own, which nobody uses again, so that nothing is copied.
 */

import type { RetainedChunks as Shared } from "./retained-chunk.ts";

type Chunks = { [Member in keyof Shared]: Shared[Member] };

export class RetainedChunks implements Chunks {
  readonly #later: Uint8Array[] = [];

  retain(chunk: Uint8Array, position: number): Uint8Array {
    return chunk.subarray(position);
  }

  push(chunk: Uint8Array): void {
    this.#later.push(chunk);
  }

  next(): Uint8Array | undefined {
    return this.#later.shift();
  }
}
