/**
 * A first-in first-out queue with libzmq's credit rule: the writer is full when
 * written minus acknowledged messages reach the high-water mark, and the reader
 * acknowledges only at multiples of the low-water mark, (HWM + 1) / 2. So a
 * queue that was full has room again only after about half of it was read.
 *
 * Beside it, a mark in bytes, which libzmq has not: the writer is full from the
 * item on that reaches it, until half of it was read. Without such a mark it
 * costs one comparison an item. And whoever reads may hold the writer back.
 */

const FIRST_SIZE = 16;
/** A queue that once held many items gives its memory back when it is empty. */
const KEPT_SIZE = 4096;

export class Queue<T> {
  #items: (T | undefined)[] = new Array(FIRST_SIZE);
  #mask = FIRST_SIZE - 1;
  #head = 0;
  #length = 0;
  #highWaterMark: number;
  #lowWaterMark: number;
  /** Written and not yet acknowledged. */
  #charged = 0;
  /** Read and not yet acknowledged. */
  #unacknowledged = 0;
  readonly #conflate: boolean;
  /** 0 for no mark in bytes; then nothing is weighed. */
  readonly #maxBytes: number;
  readonly #weigh: (item: T) => number;
  #bytes = 0;
  #isHeavy = false;
  #isHeld = false;
  /** Whether a high-water mark is reached. Kept, not computed: it is asked several times a message. */
  #isFull = false;

  /**
   * `highWaterMark` in messages, 0 for no limit. A conflating queue keeps the newest item only and is never full.
   * `maxBytes`: the mark in bytes, as `weigh` counts them; 0 for none.
   */
  constructor(highWaterMark: number, conflate = false, maxBytes = 0, weigh: (item: T) => number = () => 0) {
    this.#maxBytes = conflate ? 0 : maxBytes;
    this.#weigh = weigh;
    this.#highWaterMark = highWaterMark;
    this.#lowWaterMark = (highWaterMark + 1) >>> 1;
    this.#conflate = conflate;
  }

  get length(): number {
    return this.#length;
  }

  get full(): boolean {
    return this.#isFull;
  }

  get highWaterMark(): number {
    return this.#highWaterMark;
  }

  /** Bytes of the items, where there is a mark in bytes; else 0. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Makes the queue full, whatever is in it, until it is let go. Returns true when a full queue has room now. */
  hold(isHeld: boolean): boolean {
    const wasFull = this.#isFull;
    this.#isHeld = isHeld;
    this.#charge(this.#charged);
    return wasFull && !this.#isFull;
  }

  /** Takes effect at once; items beyond a lower mark stay. Returns true when a full queue has room now. */
  resize(highWaterMark: number): boolean {
    const wasFull = this.#isFull;
    this.#highWaterMark = highWaterMark;
    this.#lowWaterMark = (highWaterMark + 1) >>> 1;
    this.#charge(this.#length);
    this.#unacknowledged = 0;
    return wasFull && !this.#isFull;
  }

  /** Appends whatever the mark says: callers ask `full` first. */
  push(item: T): void {
    if (this.#conflate && this.#length === 1) {
      this.#items[this.#head] = item;
      return;
    }
    this.append(item);
  }

  /** As `push`, and replaces nothing: for what must not be lost by conflation. */
  append(item: T): void {
    if (this.#length === this.#items.length) this.#grow();
    this.#items[(this.#head + this.#length) & this.#mask] = item;
    this.#length++;
    if (this.#maxBytes !== 0) this.#load(this.#weigh(item));
    this.#charge(this.#charged + 1);
  }

  /** Puts an item first, whatever the mark says. A conflating queue that holds a newer item ignores it. */
  unshift(item: T): void {
    if (this.#conflate && this.#length === 1) return;
    if (this.#length === this.#items.length) this.#grow();
    this.#head = (this.#head - 1) & this.#mask;
    this.#items[this.#head] = item;
    this.#length++;
    if (this.#maxBytes !== 0) this.#load(this.#weigh(item));
    this.#charge(this.#charged + 1);
  }

  shift(): T | undefined {
    if (this.#length === 0) return undefined;
    const item = this.#items[this.#head];
    this.#items[this.#head] = undefined;
    this.#head = (this.#head + 1) & this.#mask;
    this.#length--;
    if (this.#maxBytes !== 0) this.#load(-this.#weigh(item as T));
    if (++this.#unacknowledged >= this.#lowWaterMark) {
      this.#charge(this.#charged - this.#unacknowledged);
      this.#unacknowledged = 0;
    }
    if (this.#length === 0 && this.#items.length > KEPT_SIZE) this.clear();
    return item;
  }

  /** The sum of what `weigh` says of each item. */
  total(weigh: (item: T) => number): number {
    let sum = 0;
    for (let i = 0; i < this.#length; i++) sum += weigh(this.#items[(this.#head + i) & this.#mask] as T);
    return sum;
  }

  clear(): void {
    this.#items = new Array(FIRST_SIZE);
    this.#mask = FIRST_SIZE - 1;
    this.#head = 0;
    this.#length = 0;
    this.#bytes = 0;
    this.#isHeavy = false;
    this.#charge(0);
    this.#unacknowledged = 0;
  }

  #charge(count: number): void {
    this.#charged = count;
    const isFull = count >= this.#highWaterMark && this.#highWaterMark !== 0 && !this.#conflate;
    this.#isFull = isFull || this.#isHeavy || this.#isHeld;
  }

  #load(bytes: number): void {
    this.#bytes += bytes;
    const wasHeavy = this.#isHeavy;
    this.#isHeavy = this.#bytes >= this.#maxBytes || (wasHeavy && this.#bytes > this.#maxBytes / 2);
    if (wasHeavy && !this.#isHeavy) this.#charge(this.#charged);
  }

  #grow(): void {
    const items = new Array<T | undefined>(this.#items.length * 2);
    for (let i = 0; i < this.#length; i++) items[i] = this.#items[(this.#head + i) & this.#mask];
    this.#items = items;
    this.#mask = items.length - 1;
    this.#head = 0;
  }
}
