/**
 * A first-in first-out queue with libzmq's credit rule: the writer is full when
 * written minus acknowledged messages reach the high-water mark, and the reader
 * acknowledges only at multiples of the low-water mark, (HWM + 1) / 2. So a
 * queue that was full has room again only after about half of it was read.
 *
 * There are two more marks, which libzmq does not have. The writer is full from
 * the item on that reaches one of them, until half of it was read. The first mark
 * counts frames: a message may have 65,536 of them, and each takes a hundred
 * bytes. The second counts bytes, where the user asks for it; where not, it costs
 * one comparison an item. The reader may also pause the writer.
 */

const FIRST_SIZE = 16;
/** A queue that had many items gives its memory back when it is empty. */
const KEPT_SIZE = 4096;
/** So many frames may wait in a queue with a high-water mark, or so many a message of it where that is more. */
const FRAMES = 65_536;
const FRAMES_PER_MESSAGE = 16;

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
  /** 0 without a high-water mark: then the user wants no limit. */
  #maxFrames: number;
  /** Of the items that have more than one. */
  #frames = 0;
  #isHeavy = false;
  #isPaused = false;
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
    this.#maxFrames = conflate ? 0 : framesFor(highWaterMark);
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

  /** Makes the queue full, whatever is in it, while it is paused. Returns true when a full queue has room now. */
  pause(isPaused: boolean): boolean {
    const wasFull = this.#isFull;
    this.#isPaused = isPaused;
    this.#charge(this.#charged);
    return wasFull && !this.#isFull;
  }

  /** Takes effect at once; items beyond a lower mark stay. Returns true when a full queue has room now. */
  resize(highWaterMark: number): boolean {
    const wasFull = this.#isFull;
    this.#highWaterMark = highWaterMark;
    this.#lowWaterMark = (highWaterMark + 1) >>> 1;
    this.#maxFrames = this.#conflate ? 0 : framesFor(highWaterMark);
    this.#isHeavy = isHeavy(this.#frames, this.#maxFrames, false) || isHeavy(this.#bytes, this.#maxBytes, false);
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
    if (this.#maxBytes !== 0 || (Array.isArray(item) && item.length > 1)) this.#load(item, 1);
    this.#charge(this.#charged + 1);
  }

  /** Puts an item first, whatever the mark says. A conflating queue that holds a newer item ignores it. */
  unshift(item: T): void {
    if (this.#conflate && this.#length === 1) return;
    if (this.#length === this.#items.length) this.#grow();
    this.#head = (this.#head - 1) & this.#mask;
    this.#items[this.#head] = item;
    this.#length++;
    if (this.#maxBytes !== 0 || (Array.isArray(item) && item.length > 1)) this.#load(item, 1);
    this.#charge(this.#charged + 1);
  }

  shift(): T | undefined {
    if (this.#length === 0) return undefined;
    const item = this.#items[this.#head];
    this.#items[this.#head] = undefined;
    this.#head = (this.#head + 1) & this.#mask;
    this.#length--;
    if (this.#maxBytes !== 0 || (Array.isArray(item) && item.length > 1)) this.#load(item as T, -1);
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
    this.#frames = 0;
    this.#isHeavy = false;
    this.#charge(0);
    this.#unacknowledged = 0;
  }

  #charge(count: number): void {
    this.#charged = count;
    const isFull = count >= this.#highWaterMark && this.#highWaterMark !== 0 && !this.#conflate;
    this.#isFull = isFull || this.#isHeavy || this.#isPaused;
  }

  /** `sign`: 1 for an item that came, -1 for one that went. */
  #load(item: T, sign: 1 | -1): void {
    if (this.#maxBytes !== 0) this.#bytes += this.#weigh(item) * sign;
    if (Array.isArray(item) && item.length > 1) this.#frames += item.length * sign;
    const wasHeavy = this.#isHeavy;
    this.#isHeavy = isHeavy(this.#frames, this.#maxFrames, wasHeavy) || isHeavy(this.#bytes, this.#maxBytes, wasHeavy);
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

/** From `mark` on, until half of it is left; 0: never. */
function isHeavy(load: number, mark: number, wasHeavy: boolean): boolean {
  return mark !== 0 && (wasHeavy ? load > mark / 2 : load >= mark);
}

/** The mark in frames that goes with one in messages; 0 for none. */
export function framesFor(highWaterMark: number): number {
  return highWaterMark === 0 ? 0 : Math.max(FRAMES, highWaterMark * FRAMES_PER_MESSAGE);
}
