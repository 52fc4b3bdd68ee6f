/**
 * A ring in shared memory: one thread writes records, another reads them.
 *
 * A record has a kind, which is its users' choice, and bytes. Records begin at
 * multiples of 8: engines copy shared memory octet by octet when source and
 * target differ modulo 8 (1 KiB: 65 ns against 314 ns in Node 20).
 *
 *   octets 0-3    length of the bytes; -1: skip to the end of the ring
 *   octets 4-7    kind (octet 4), pad (octet 5)
 *   pad octets    0 to 7, so that the bytes lie in the ring as in their source
 *   the bytes, and what is missing to a multiple of 8
 *
 * Positions grow as int32 and go below zero; their difference is right beyond
 * 2^31. No call here waits, and none rings anybody: the callers do, when a call
 * says that the other side wants to be rung.
 *
 * | shared word       | written by | meaning                                                  |
 * |-------------------|------------|----------------------------------------------------------|
 * | TAIL, WRITTEN     | writer     | published: octets, messages                              |
 * | WRITER_CLOSED     | writer     | nothing follows behind TAIL                              |
 * | HEAD              | reader     | octets that may be written over                          |
 * | READ              | reader     | messages that were taken: what the high-water mark counts |
 * | READER_CLOSED     | reader     | nobody reads any more                                    |
 * | DATA_WANTED       | both       | the reader found nothing and is to be rung               |
 * | ROOM_WANTED       | both       | the writer found no room and is to be rung               |
 *
 * A side that wants something sets its flag and then looks once more; the other
 * side publishes and then looks at the flag. So one of the two sees it. Whoever
 * takes a flag away rings, also when it was not needed any more.
 */

// Four cache lines of 64 octets: each is written often by one side alone, or seldom.
export const TAIL = 0;
export const WRITTEN = 1;
export const WRITER_CLOSED = 2;
export const HEAD = 16;
export const READ = 17;
export const READER_CLOSED = 18;
export const DATA_WANTED = 32;
export const ROOM_WANTED = 48;
/** Octets of the shared words, ahead of the records. */
export const RING_HEADER_BYTES = 256;

export const HEAD_BYTES = 8;
export const SKIP = -1;
/** No record has more bytes, however large the ring. */
const MOST_RECORD_BYTES = 131_072;
/** Where a ring is. `bytes`, of the header and the records: a power of 2 more than the header; `offset`: a multiple of 8. */
export interface RingMemory {
  readonly buffer: ArrayBufferLike;
  readonly offset: number;
  readonly bytes: number;
}

/** The shared words and the records of a ring. */
export class SharedRing {
  readonly words: Int32Array;
  /** The records, as octets and as their heads. */
  readonly data: Uint8Array;
  readonly heads: Int32Array;
  readonly size: number;
  readonly mask: number;
  /** No record is longer: it must fit wherever the tail is. */
  readonly mostBytes: number;

  constructor({ buffer, offset, bytes }: RingMemory) {
    const size = bytes - RING_HEADER_BYTES;
    if (size < 64 || (size & (size - 1)) !== 0 || offset % 8 !== 0) throw new RangeError("not the size of a ring");
    this.words = new Int32Array(buffer, offset, RING_HEADER_BYTES / 4);
    this.data = new Uint8Array(buffer, offset + RING_HEADER_BYTES, size);
    this.heads = new Int32Array(buffer, offset + RING_HEADER_BYTES, size / 4);
    this.size = size;
    this.mask = size - 1;
    this.mostBytes = Math.min(MOST_RECORD_BYTES, size / 2 - HEAD_BYTES - 8);
  }
}

/** Whether the flag was set; then it is not any more, and its setter must be rung. */
export function takeFlag(words: Int32Array, flag: number): boolean {
  if (Atomics.load(words, flag) === 0) return false;
  Atomics.store(words, flag, 0);
  return true;
}
