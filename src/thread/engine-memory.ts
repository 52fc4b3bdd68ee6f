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

/**
 * It never grows, but says that it might: so it is mapped, and returned to the system when it is collected. Other memory
 * of this size comes of the C library's heap, which writes zeros to all of it and keeps it: 3 GB after 30,000 connections
 * (glibc, Node 20), in the place of 0.2.
 */
export function createEngineMemory(): EngineMemory {
  const bytes = WORDS_BYTES + COUNTS_BYTES + 2 * RING_HEADER_BYTES + OUTBOUND_BYTES + INBOUND_BYTES;
  return new SharedArrayBuffer(bytes, { maxByteLength: bytes });
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
