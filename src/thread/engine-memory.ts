/**
 * The memory of one engine pipe: a few shared words, a ring to the peer and a
 * ring from it. It is one SharedArrayBuffer, which travels once.
 */

import { RING_HEADER_BYTES, type RingMemory } from "../base/ring.ts";

/** 0: all that the I/O thread took has left. Written by the I/O thread. */
export const BUSY = 0;
/** 1: the socket's thread wants to be rung when all has left. */
export const IDLE_WANTED = 1;
/** Octets that went over the wire, and came: float64. Written by the I/O thread. */
export const BYTES_SENT = 0;
export const BYTES_RECEIVED = 1;

const WORDS_BYTES = 64;
const COUNTS_BYTES = 64;
/** Octets of the rings. What does not fit waits on the writer's side, up to the high-water mark. Large frames that arrive go another way. */
const OUTBOUND_BYTES = 524_288;
const INBOUND_BYTES = 131_072;

/** What a postMessage carries. */
export type EngineMemory = SharedArrayBuffer;

export interface EnginePipeMemory {
  readonly words: Int32Array;
  readonly counts: Float64Array;
  /** From the socket's thread to the I/O thread. */
  readonly outbound: RingMemory;
  readonly inbound: RingMemory;
}

export function createEngineMemory(): EngineMemory {
  return new SharedArrayBuffer(WORDS_BYTES + COUNTS_BYTES + 2 * RING_HEADER_BYTES + OUTBOUND_BYTES + INBOUND_BYTES);
}

/** Of a pipe whose socket has moved to the I/O thread: it has no rings. */
export function createCountsMemory(): EngineMemory {
  return new SharedArrayBuffer(WORDS_BYTES + COUNTS_BYTES);
}

/** BYTES_SENT and BYTES_RECEIVED. */
export function engineCounts(buffer: EngineMemory): Float64Array {
  return new Float64Array(buffer, WORDS_BYTES, COUNTS_BYTES / 8);
}

export function engineMemory(buffer: EngineMemory): EnginePipeMemory {
  const first = WORDS_BYTES + COUNTS_BYTES;
  const outboundBytes = RING_HEADER_BYTES + OUTBOUND_BYTES;
  return {
    words: new Int32Array(buffer, 0, WORDS_BYTES / 4),
    counts: engineCounts(buffer),
    outbound: { buffer, offset: first, bytes: outboundBytes },
    inbound: { buffer, offset: first + outboundBytes, bytes: RING_HEADER_BYTES + INBOUND_BYTES },
  };
}
