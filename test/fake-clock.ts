/** A clock that stands still until it is told to go on; turns of the event loop happen when `turn` is called. */

import type { Clock, Timer } from "../src/base/clock.ts";

interface FakeTimer {
  readonly task: () => void;
  readonly at: number;
}

export class FakeClock implements Clock {
  #now = 0;
  #tasks: (() => void)[] = [];
  readonly #timers = new Set<FakeTimer>();
  #random = 1;

  /** Timers that wait. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Runs what was put off to this turn and later ones, until nothing is left. */
  turn(): void {
    for (let count = 0; this.#tasks.length > 0; count++) {
      if (count > 100_000) throw new Error("turns without end");
      this.oneTurn();
    }
  }

  /** Runs what was put off to this turn alone. */
  oneTurn(): void {
    const tasks = this.#tasks;
    this.#tasks = [];
    for (const task of tasks) task();
  }

  /** Goes on by so many milliseconds; timers that are due fire in order. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (let count = 0; ; count++) {
      if (count > 100_000) throw new Error("timers without end");
      let next: FakeTimer | undefined;
      for (const timer of this.#timers) if (timer.at <= end && (next === undefined || timer.at < next.at)) next = timer;
      if (next === undefined) break;
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.task();
      this.turn();
    }
    this.#now = end;
  }

  now(): number {
    return this.#now;
  }
  setTimer(task: () => void, delayMs: number): Timer {
    const timer: FakeTimer = { task, at: this.#now + delayMs };
    this.#timers.add(timer);
    return timer;
  }
  clearTimer(timer: Timer): void {
    this.#timers.delete(timer as FakeTimer);
  }
  defer(task: () => void): void {
    this.#tasks.push(task);
  }
  yield(task: () => void): void {
    this.#tasks.push(task);
  }
  random32(): number {
    this.#random = (Math.imul(this.#random, 1_664_525) + 1_013_904_223) >>> 0;
    return this.#random;
  }
  ref(): void {}
  unref(): void {}
}
