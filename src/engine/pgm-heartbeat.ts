/** When a source of PGM sends SPMs by itself: at rising intervals after data, and at least each 30 s, as libzmq does. */

import type { Clock, Timer } from "../base/clock.ts";

/** Milliseconds between them; the last again and again. */
const INTERVALS_MS = [100, 100, 100, 100, 1300, 7000, 16_000, 25_000, 30_000] as const;
const FIRST_MS = INTERVALS_MS[0];
const LAST = INTERVALS_MS.length - 1;
const AMBIENT_MS = 30_000;

export class PgmHeartbeat {
  readonly #clock: Clock;
  readonly #beat: () => void;
  #next: number = LAST;
  #at = 0;
  #beatAt = Number.NEGATIVE_INFINITY;
  #timer: Timer | undefined = undefined;
  /** The timer is set for later than the first beat after data. */
  #isSlow = false;

  /** `beat` sends an SPM. */
  constructor(clock: Clock, beat: () => void) {
    this.#clock = clock;
    this.#beat = beat;
  }

  start(): void {
    this.#goOn();
  }

  /** Data was sent at `now`: a beat follows soon, unless there is more. */
  dataSent(now: number): void {
    this.#next = 0;
    this.#at = now + FIRST_MS;
    // A timer that fires too early sets the next one; one that would fire too late is set anew.
    if (this.#timer === undefined || this.#isSlow) this.#set(now);
  }

  /** An SPM was sent at `now`, for whatever reason. */
  spmSent(now: number): void {
    this.#beatAt = now;
  }

  stop(): void {
    if (this.#timer !== undefined) this.#clock.clearTimer(this.#timer);
    this.#timer = undefined;
  }

  #goOn(): void {
    const now = this.#clock.now();
    this.#at = now + (INTERVALS_MS[this.#next] ?? AMBIENT_MS);
    if (this.#next < LAST) this.#next++;
    this.#set(now);
  }

  #set(now: number): void {
    this.stop();
    const waitMs = this.#at - now;
    this.#isSlow = waitMs > FIRST_MS;
    this.#timer = this.#clock.setTimer(() => this.#fired(), waitMs);
  }

  #fired(): void {
    this.#timer = undefined;
    const now = this.#clock.now();
    if (now >= this.#at) {
      this.#beat();
      this.#goOn();
      return;
    }
    // Data puts the beats off; data without a pause would do so for ever.
    if (now - this.#beatAt >= AMBIENT_MS) this.#beat();
    this.#set(now);
  }
}
