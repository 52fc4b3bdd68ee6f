/**
 * A thread that is about to sleep looks for a moment whether it will be rung.
 * To sleep and be woken takes 20 to 100 us of both threads, and a peer in
 * another thread often answers within 10. The looks take processor time, so it
 * is learnt whether they are of use: after one in vain the thread sleeps at once
 * so many times, and twice as many after the next. A thread that hears nothing
 * sleeps; on a machine with one processor all but a few sleep at once.
 */

import type { Clock } from "../base/clock.ts";
import { ASLEEP, type Bell } from "./bell.ts";

/** So long it looks, and never more than so often. */
const MOMENT_MS = 0.03;
const MOST_LOOKS = 20_000;
/** The clock is asked after so many looks. */
const LOOKS_A_TIME = 40;
/** So many sleeps follow each other without a look. */
const MOST_SLEEPS = 255;

export class Patience {
  readonly #clock: Clock;
  readonly #mostLooks: number;
  /** After the next look in vain so many sleeps follow, and so many are left. */
  #sleeps = 0;
  #left = 0;

  constructor(clock: Clock, mostLooks = MOST_LOOKS) {
    this.#clock = clock;
    this.#mostLooks = mostLooks;
  }

  /** Whether the thread, which says that it is asleep, was rung while this looked. */
  isRung({ words, index }: Bell): boolean {
    if (this.#left > 0) {
      this.#left--;
      return false;
    }
    const until = this.#clock.now() + MOMENT_MS;
    for (let looks = 1; looks <= this.#mostLooks; looks++) {
      if (Atomics.load(words, index) !== ASLEEP) {
        this.#sleeps >>= 1;
        return true;
      }
      if (looks % LOOKS_A_TIME === 0 && this.#clock.now() >= until) break;
    }
    this.#sleeps = Math.min(2 * this.#sleeps + 1, MOST_SLEEPS);
    this.#left = this.#sleeps;
    return false;
  }
}
