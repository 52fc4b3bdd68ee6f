/** The writer's side of a ring; see ring.ts. */

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
  WRITTEN,
} from "./ring.ts";

/** Bytes from this length on lie as in their source; shorter ones are not worth the pad. */
const ALIGNED_BYTES = 256;
/** Up to so many bytes a loop is quicker than `set`. */
const LOOPED_BYTES = 24;
/** So many octets or messages are worth a `publish`. */
const BATCH_BYTES = 16_384;
const BATCH_MESSAGES = 32;

/** Writes records: `write`, then `publish`, at once or after some of them. */
export class RingWriter {
  /** The longest record that `write` takes. */
  readonly mostBytes: number;
  readonly #ring: SharedRing;
  #tail: number;
  #published: number;
  /** The reader's head, and what it has read, as they were seen last. */
  #head: number;
  #read: number;
  #written: number;
  /** Messages that the reader was shown. */
  #shown: number;

  /** Goes on where the memory says: zeros are a ring that was not used yet. */
  constructor(memory: RingMemory) {
    this.#ring = new SharedRing(memory);
    this.mostBytes = this.#ring.mostBytes;
    const { words } = this.#ring;
    this.#tail = Atomics.load(words, TAIL);
    this.#published = this.#tail;
    this.#head = Atomics.load(words, HEAD);
    this.#read = Atomics.load(words, READ);
    this.#written = Atomics.load(words, WRITTEN);
    this.#shown = this.#written;
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

  /** Whether so many are unread. As the reader said it last, where that is less. */
  isAtMark(most: number): boolean {
    return ((this.#written - this.#read) | 0) >= most && this.unread >= most;
  }

  /** Enough is written and not published. */
  get isWorthPublish(): boolean {
    return ((this.#tail - this.#published) | 0) >= BATCH_BYTES || ((this.#written - this.#shown) | 0) >= BATCH_MESSAGES;
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
    this.#shown = this.#written;
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
