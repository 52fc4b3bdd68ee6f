/** The reader's side of a ring; see ring.ts. */

import { ByteArray, copyOf, EMPTY, sharedMemory, uninitialized } from "./bytes.ts";
import {
  DATA_WANTED,
  HEAD,
  HEAD_BYTES,
  READ,
  READER_CLOSED,
  type RingMemory,
  ROOM_WANTED,
  SharedRing,
  SKIP,
  TAIL,
  takeFlag,
  WRITER_CLOSED,
} from "./ring.ts";

/** Longer records are copied one by one into memory of their own; of others many at once. */
const SINGLE_BYTES = 2048;
/** So much is copied at once, and pinned by a kept message, while records are small; see `wire/decoder.ts`. */
const SMALL_BYTES = 256;
const SMALL_WINDOW_BYTES = 8192;
const WINDOW_BYTES = 32_768;

const NO_HEADS: Int32Array = new Int32Array(0);

/**
 * Reads records: `next`, then `take` or `copyTo`, at most once. Small records are
 * copied many at a time into private memory, of which `take` returns views; so
 * the room in the ring is free long before each of them is used.
 */
export class RingReader {
  /** Of the record that `next` found. */
  kind = 0;
  length = 0;

  readonly #ring: SharedRing;
  #head: number;
  #released: number;
  /** The writer's tail, as it was seen last. */
  #tail: number;
  /** Messages that were taken, and as many as the writer was told of. */
  #read: number;
  #acknowledged: number;

  /** A copy of records, `#at` to `#end` of it not read yet. */
  #window = EMPTY;
  /** Those of the window: to ask an array for them costs as much as to make a view. */
  #memory: ArrayBufferLike = EMPTY.buffer;
  #offset = 0;
  #heads: Int32Array = NO_HEADS;
  #at = 0;
  #end = 0;
  /** Where the found record's bytes begin: in the window, or in the ring. */
  #begin = 0;
  /** Octets of the found record that is still in the ring; 0 when it is in the window. */
  #inRing = 0;
  readonly #copyOf: (bytes: Uint8Array) => Uint8Array;

  /** `copy` makes the copies of small records; those that it makes for one ring may share memory. */
  constructor(memory: RingMemory, copy: (bytes: Uint8Array) => Uint8Array = copyOf) {
    this.#copyOf = copy;
    this.#ring = new SharedRing(memory);
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
    if (this.#inRing === 0) return new ByteArray(this.#memory, this.#offset + begin, length);
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

  /**
   * Asks to be rung at the next `publish`. False when there is something already: then nobody need ring. What was asked before
   * holds all the same, for the caller may be another than the one who asked.
   */
  wantData(): boolean {
    if (this.hasNext) return false;
    const { words } = this.#ring;
    if (Atomics.load(words, DATA_WANTED) === 0) Atomics.store(words, DATA_WANTED, 1);
    return !this.hasNext;
  }

  /** The writer is done; what it wrote may still be there, and is the reader's, as at the end of a link. */
  get isWriterClosed(): boolean {
    return Atomics.load(this.#ring.words, WRITER_CLOSED) !== 0;
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
      this.#open(this.length === 0 ? EMPTY : this.#copyOf(data.subarray(this.#begin, this.#begin + this.length)));
      this.#begin = 0;
      this.#at = 0;
      this.#end = 0;
    } else {
      const window = sharedMemory(last - start);
      window.set(data.subarray(start, last));
      this.#open(window);
      this.#heads = new Int32Array(this.#memory, this.#offset, (last - start) >> 2);
      this.#begin -= start;
      this.#at = end - start;
      this.#end = last - start;
    }
    this.#head = (this.#head + last - start) | 0;
  }

  #open(window: Uint8Array): void {
    this.#window = window;
    this.#memory = window.buffer;
    this.#offset = window.byteOffset;
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
