/**
 * A fair order for objects that wait for a turn. The lanes take turns, and
 * within a lane the first to come is the first to go. An object that fills its
 * lane delays only the others in it.
 */

interface Lane<T> {
  /** Before all others of the lane. */
  readonly ahead: Set<T>;
  readonly others: Set<T>;
}

export class FairLanes<T> {
  /** The first one is next. */
  readonly #lanes = new Map<unknown, Lane<T>>();
  readonly #laneOf = new Map<T, unknown>();

  get size(): number {
    return this.#laneOf.size;
  }

  /** Adds to `lane`, unless it waits already. `isAhead`: before the members that are not. */
  add(waiting: T, lane: unknown, isAhead: boolean): void {
    if (this.#laneOf.has(waiting)) return;
    this.#laneOf.set(waiting, lane);
    let found = this.#lanes.get(lane);
    if (found === undefined) {
      found = { ahead: new Set(), others: new Set() };
      this.#lanes.set(lane, found);
    }
    (isAhead ? found.ahead : found.others).add(waiting);
  }

  delete(waiting: T): void {
    const lane = this.#laneOf.get(waiting);
    if (!this.#laneOf.delete(waiting)) return;
    const found = this.#lanes.get(lane);
    if (found === undefined) return;
    if (!found.ahead.delete(waiting)) found.others.delete(waiting);
    if (found.ahead.size + found.others.size === 0) this.#lanes.delete(lane);
  }

  /** Takes out the next one. */
  next(): T | undefined {
    for (const [lane, { ahead, others }] of this.#lanes) {
      for (const waiting of ahead.size > 0 ? ahead : others) {
        this.delete(waiting);
        const rest = this.#lanes.get(lane);
        if (rest !== undefined) {
          // Behind the other lanes.
          this.#lanes.delete(lane);
          this.#lanes.set(lane, rest);
        }
        return waiting;
      }
    }
    return undefined;
  }
}
