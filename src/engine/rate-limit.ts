/** A limit of bytes in time: what was not used may be caught up with, but no more than a short burst. */

import type { Clock } from "../base/clock.ts";

export class RateLimit {
  readonly #clock: Clock;
  readonly #bytesPerMs: number;
  readonly #burstBytes: number;
  /** What may be spent; below 0 after something that was larger than the rest. */
  #left: number;
  #filledAt: number;

  constructor(clock: Clock, bytesPerS: number, burstBytes: number) {
    this.#clock = clock;
    this.#bytesPerMs = bytesPerS / 1000;
    this.#burstBytes = burstBytes;
    this.#left = burstBytes;
    this.#filledAt = clock.now();
  }

  /** Whether something may be sent now, whatever its size: it delays what comes behind it. */
  get isOpen(): boolean {
    if (this.#left > 0) return true;
    const now = this.#clock.now();
    this.#left = Math.min(this.#burstBytes, this.#left + (now - this.#filledAt) * this.#bytesPerMs);
    this.#filledAt = now;
    return this.#left > 0;
  }

  spend(bytes: number): void {
    this.#left -= bytes;
  }

  /** Milliseconds until it is open, at least 1. */
  get waitMs(): number {
    return Math.max(1, Math.ceil(-this.#left / this.#bytesPerMs));
  }
}
