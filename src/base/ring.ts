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

import { ByteArray, copyOf, EMPTY, sharedMemory, uninitialized } from "./bytes.ts";

// Four cache lines of 64 octets: each is written often by one side alone, or seldom.
const TAIL = 0;
const WRITTEN = 1;
const WRITER_CLOSED = 2;
const HEAD = 16;
const READ = 17;
const READER_CLOSED = 18;
const DATA_WANTED = 32;
const ROOM_WANTED = 48;
/** Octets of the shared words, ahead of the records. */
export const RING_HEADER_BYTES = 256;

const HEAD_BYTES = 8;
const SKIP = -1;
/** Bytes from this length on lie as in their source; shorter ones are not worth the pad. */
const ALIGNED_BYTES = 256;
/** Up to so many bytes a loop is quicker than `set`. */
const LOOPED_BYTES = 24;
/** No record has more bytes, however large the ring. */
const MOST_RECORD_BYTES = 131_072;
/** Longer records are copied one by one into memory of their own; of others many at once. */
const SINGLE_BYTES = 2048;
/** So much is copied at once, and pinned by a kept message, while records are small; see `wire/decoder.ts`. */
const SMALL_BYTES = 256;
const SMALL_WINDOW_BYTES = 8192;
const WINDOW_BYTES = 32_768;

/** Where a ring is. `bytes`, of the header and the records: a power of 2 more than the header; `offset`: a multiple of 8. */
export interface RingMemory {
  readonly buffer: ArrayBufferLike;
  readonly offset: number;
  readonly bytes: number;
}

/** The shared words and the records of a ring. */
class Shared {
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

export class RingWriter {
  /** The longest record that `write` takes. */
  readonly mostBytes: number;
  readonly #ring: Shared;
  #tail: number;
  #published: number;
  /** The reader's head, and what it has read, as they were seen last. */
  #head: number;
  #read: number;
  #written: number;

  /** Goes on where the memory says: zeros are a ring that was not used yet. */
  constructor(memory: RingMemory) {
    this.#ring = new Shared(memory);
    this.mostBytes = this.#ring.mostBytes;
    const { words } = this.#ring;
    this.#tail = Atomics.load(words, TAIL);
    this.#published = this.#tail;
    this.#head = Atomics.load(words, HEAD);
    this.#read = Atomics.load(words, READ);
    this.#written = Atomics.load(words, WRITTEN);
  }

  /**
   * Appends a record of the bytes `from` to `to` of `source`, at most `mostBytes`. False when there is no room; then
   * nothing was written. The reader sees it after `publish`.
   */
  write(kind: number, source: Uint8Array, from = 0, to = source.length): boolean {
    const ring = this.#ring;
    const length = to - from;
    if (length > ring.mostBytes) throw new RangeError(`a record of ${length} bytes`);
    const pad = length < ALIGNED_BYTES ? 0 : (source.byteOffset + from) & 7;
    const needed = (HEAD_BYTES + pad + length + 7) & ~7;
    const { size, heads } = ring;
    let start = this.#tail & ring.mask;
    const skipped = start + needed > size ? size - start : 0;
    if (((this.#tail - this.#head) | 0) + skipped + needed > size) {
      this.#head = Atomics.load(ring.words, HEAD);
      if (((this.#tail - this.#head) | 0) + skipped + needed > size) return false;
    }
    if (skipped > 0) {
      heads[start >> 2] = SKIP;
      this.#tail = (this.#tail + skipped) | 0;
      start = 0;
    }
    heads[start >> 2] = length;
    heads[(start >> 2) + 1] = kind | (pad << 8);
    const begin = start + HEAD_BYTES + pad;
    const { data } = ring;
    if (length <= LOOPED_BYTES) for (let i = 0; i < length; i++) data[begin + i] = source[from + i] as number;
    else if (length === source.length) data.set(source, begin);
    else data.set(source.subarray(from, to), begin);
    this.#tail = (this.#tail + needed) | 0;
    return true;
  }

  /** Whether `write` would take `length` bytes now. */
  hasRoom(length: number): boolean {
    const { size, mask, words } = this.#ring;
    const needed = (HEAD_BYTES + 7 + length + 7) & ~7;
    const start = this.#tail & mask;
    const all = needed + (start + needed > size ? size - start : 0);
    if (((this.#tail - this.#head) | 0) + all <= size) return true;
    this.#head = Atomics.load(words, HEAD);
    return ((this.#tail - this.#head) | 0) + all <= size;
  }

  /** The record that was written last completes a message. */
  countMessage(): void {
    this.#written = (this.#written + 1) | 0;
  }

  /** Messages that were counted and that the reader has not taken. */
  get unread(): number {
    this.#read = Atomics.load(this.#ring.words, READ);
    return (this.#written - this.#read) | 0;
  }

  /** Octets written and not published. */
  get unpublished(): number {
    return (this.#tail - this.#published) | 0;
  }

  /** Octets that the reader has not taken, as far as it said. */
  get used(): number {
    this.#head = Atomics.load(this.#ring.words, HEAD);
    return (this.#tail - this.#head) | 0;
  }

  /** Shows the reader all that was written. True: it waits for data and must be rung. */
  publish(): boolean {
    if (this.#tail === this.#published) return false;
    const { words } = this.#ring;
    this.#published = this.#tail;
    Atomics.store(words, WRITTEN, this.#written);
    Atomics.store(words, TAIL, this.#tail);
    return takeFlag(words, DATA_WANTED);
  }

  /**
   * Asks to be rung when the reader has taken something. True when it has since this was asked or `write`, `hasRoom` or
   * `unread` last looked: then the caller should try again.
   */
  wantRoom(): boolean {
    const { words } = this.#ring;
    if (Atomics.load(words, ROOM_WANTED) === 0) Atomics.store(words, ROOM_WANTED, 1);
    const read = Atomics.load(words, READ);
    const head = Atomics.load(words, HEAD);
    if (head === this.#head && read === this.#read) return false;
    this.#head = head;
    this.#read = read;
    return true;
  }

  /** Publishes; nothing may be written any more. True: the reader must be rung. */
  close(): boolean {
    const { words } = this.#ring;
    this.publish();
    Atomics.store(words, WRITER_CLOSED, 1);
    takeFlag(words, DATA_WANTED);
    return true;
  }

  /** The reader takes nothing any more. */
  get isReaderClosed(): boolean {
    return Atomics.load(this.#ring.words, READER_CLOSED) !== 0;
  }
}

/**
 * Reads records: `next`, then `take` or `copyTo`, at most once. Small records are
 * copied many at a time into private memory, of which `take` returns views; so
 * the room in the ring is free long before each of them is used.
 */
export class RingReader {
  /** Of the record that `next` found. */
  kind = 0;
  length = 0;

  readonly #ring: Shared;
  #head: number;
  #released: number;
  /** The writer's tail, as it was seen last. */
  #tail: number;
  /** Messages that were taken, and as many as the writer was told of. */
  #read: number;
  #acknowledged: number;

  /** A copy of records, `#at` to `#end` of it not read yet. */
  #window = EMPTY;
  #heads: Int32Array = NO_HEADS;
  #at = 0;
  #end = 0;
  /** Where the found record's bytes begin: in the window, or in the ring. */
  #begin = 0;
  /** Octets of the found record that is still in the ring; 0 when it is in the window. */
  #inRing = 0;

  constructor(memory: RingMemory) {
    this.#ring = new Shared(memory);
    const { words } = this.#ring;
    this.#head = Atomics.load(words, HEAD);
    this.#released = this.#head;
    this.#tail = this.#head;
    this.#read = Atomics.load(words, READ);
    this.#acknowledged = this.#read;
  }

  /** Finds the next record. False when there is none. What was found before is lost unless it was taken. */
  next(): boolean {
    if (this.#inRing > 0) this.#advance(this.#inRing);
    if (this.#at === this.#end) return this.#look();
    const at = this.#at;
    const heads = this.#heads;
    this.#found(heads[at >> 2] as number, heads[(at >> 2) + 1] as number, at);
    this.#at = (this.#begin + this.length + 7) & ~7;
    return true;
  }

  /** The bytes of the found record, in private memory: a view that may share it with others. */
  take(): Uint8Array {
    const { length } = this;
    const begin = this.#begin;
    if (length === 0) return EMPTY;
    if (this.#inRing === 0) return new ByteArray(this.#window.buffer, this.#window.byteOffset + begin, length);
    const pad = begin & 7;
    const memory = uninitialized(pad + length);
    const bytes = new ByteArray(memory.buffer, memory.byteOffset + pad, length);
    bytes.set(this.#ring.data.subarray(begin, begin + length));
    this.#advance(this.#inRing);
    return bytes;
  }

  /** Copies the bytes of the found record to `target`. */
  copyTo(target: Uint8Array, offset: number): void {
    const begin = this.#begin;
    if (this.#inRing === 0) {
      target.set(this.#window.subarray(begin, begin + this.length), offset);
      return;
    }
    target.set(this.#ring.data.subarray(begin, begin + this.length), offset);
    this.#advance(this.#inRing);
  }

  /** Where the bytes of the found record begin, modulo 8: a target that begins so is filled faster by `copyTo`. */
  get pad(): number {
    return this.#begin & 7;
  }

  /** Messages were taken: the writer's high-water mark counts so many less, after `release`. */
  countMessages(count: number): void {
    this.#read = (this.#read + count) | 0;
  }

  /** Messages that were taken, and not told to the writer. */
  get unacknowledged(): number {
    return (this.#read - this.#acknowledged) | 0;
  }

  /** A quarter of the ring was taken, and not told to the writer. */
  get isWorthRelease(): boolean {
    return ((this.#head - this.#released) | 0) >= this.#ring.size >> 2;
  }

  /** Tells the writer what was taken. True: it waits for room and must be rung. */
  release(): boolean {
    if (this.#read === this.#acknowledged && this.#head === this.#released) return false;
    const { words } = this.#ring;
    this.#acknowledged = this.#read;
    this.#released = this.#head;
    Atomics.store(words, READ, this.#read);
    Atomics.store(words, HEAD, this.#head);
    return takeFlag(words, ROOM_WANTED);
  }

  /** Whether there is something to find, read or published. */
  get hasNext(): boolean {
    if (this.#at !== this.#end) return true;
    const head = (this.#head + this.#inRing) | 0;
    return head !== this.#tail || head !== Atomics.load(this.#ring.words, TAIL);
  }

  /** Asks to be rung at the next `publish`. False when there is something already: then nobody rings. */
  wantData(): boolean {
    if (this.hasNext) return false;
    const { words } = this.#ring;
    if (Atomics.load(words, DATA_WANTED) === 0) Atomics.store(words, DATA_WANTED, 1);
    if (!this.hasNext) return true;
    Atomics.store(words, DATA_WANTED, 0);
    return false;
  }

  /** The writer is done: true once all that it published was found. */
  get isOver(): boolean {
    return Atomics.load(this.#ring.words, WRITER_CLOSED) !== 0 && !this.hasNext;
  }

  /** Nothing more is read. True: the writer must be rung. */
  close(): boolean {
    const { words } = this.#ring;
    Atomics.store(words, READER_CLOSED, 1);
    takeFlag(words, ROOM_WANTED);
    return true;
  }

  /** Finds the next record in the ring; small ones are copied to the window. False when there is none. */
  #look(): boolean {
    const ring = this.#ring;
    this.#tail = Atomics.load(ring.words, TAIL);
    for (;;) {
      if (this.#head === this.#tail) return false;
      const start = this.#head & ring.mask;
      const length = ring.heads[start >> 2] as number;
      if (length === SKIP) {
        this.#head = (this.#head + ring.size - start) | 0;
        continue;
      }
      this.#found(length, ring.heads[(start >> 2) + 1] as number, start);
      const end = (this.#begin + length + 7) & ~7;
      if (length > SINGLE_BYTES) this.#inRing = end - start;
      else this.#copy(start, end);
      return true;
    }
  }

  #found(length: number, kind: number, start: number): void {
    this.kind = kind & 0xff;
    this.length = length;
    this.#begin = start + HEAD_BYTES + (kind >>> 8);
  }

  /** The found record, from `start` to `end`, goes to a slab when it is alone, and to a window with those behind it that fit. */
  #copy(start: number, end: number): void {
    const { data } = this.#ring;
    const last = this.#fitting(start, end);
    if (last === end && this.length <= SMALL_BYTES) {
      this.#window = this.length === 0 ? EMPTY : copyOf(data.subarray(this.#begin, this.#begin + this.length));
      this.#begin = 0;
      this.#at = 0;
      this.#end = 0;
    } else {
      const window = sharedMemory(last - start);
      window.set(data.subarray(start, last));
      this.#window = window;
      this.#heads = new Int32Array(window.buffer, window.byteOffset, (last - start) >> 2);
      this.#begin -= start;
      this.#at = end - start;
      this.#end = last - start;
    }
    this.#head = (this.#head + last - start) | 0;
  }

  /** The end of the last record that fits in a window which begins with the found one. */
  #fitting(start: number, firstEnd: number): number {
    const { heads, size } = this.#ring;
    const most = start + (this.length <= SMALL_BYTES ? SMALL_WINDOW_BYTES : WINDOW_BYTES);
    const last = Math.min(start + ((this.#tail - this.#head) | 0), size, most);
    let end = firstEnd;
    while (end < last) {
      const length = heads[end >> 2] as number;
      if (length === SKIP || length > SINGLE_BYTES) break;
      const next = (end + HEAD_BYTES + ((heads[(end >> 2) + 1] as number) >>> 8) + length + 7) & ~7;
      if (next > last) break;
      end = next;
    }
    return end;
  }

  #advance(bytes: number): void {
    this.#inRing = 0;
    this.#head = (this.#head + bytes) | 0;
  }
}

const NO_HEADS: Int32Array = new Int32Array(0);

/** Whether the flag was set; then it is not any more, and its setter must be rung. */
function takeFlag(words: Int32Array, flag: number): boolean {
  if (Atomics.load(words, flag) === 0) return false;
  Atomics.store(words, flag, 0);
  return true;
}
