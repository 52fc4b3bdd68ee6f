/**
 * Pending `send`s and `receive`s of one socket: first come, first served, each
 * with its time-out and AbortSignal. While any waits, the process stays alive.
 *
 * The line is linked through its members: one joins and leaves for each message
 * of a request-reply dialogue, and a Set allocates at every other change.
 */

import type { Clock, Timer } from "../base/clock.ts";
import type { ZmqError } from "../base/errors.ts";

export interface WaitOptions {
  /** Milliseconds; -1 for ever. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** One pending operation. `payload` is what a send carries. */
interface Waiter<P, R> {
  readonly payload: P;
  readonly resolve: (result: R) => void;
  readonly reject: (error: unknown) => void;
  timer: Timer | undefined;
  signal: AbortSignal | undefined;
  onAbort: (() => void) | undefined;
  isWaiting: boolean;
  before: Waiter<P, R> | undefined;
  behind: Waiter<P, R> | undefined;
}

export class WaitingLine<P, R> {
  readonly #clock: Clock;
  /** Why an operation that waited so many milliseconds in vain did not happen. */
  readonly #failure: (waitedMs: number) => ZmqError;
  #first: Waiter<P, R> | undefined = undefined;
  #last: Waiter<P, R> | undefined = undefined;
  #length = 0;
  /** Something that must not be garbage-collected while operations wait: the user's socket object. */
  #keeper: object | undefined = undefined;

  constructor(clock: Clock, failure: (waitedMs: number) => ZmqError) {
    this.#clock = clock;
    this.#failure = failure;
  }

  get length(): number {
    return this.#length;
  }

  /** The payload whose turn it is. Only when `length` is not 0. */
  get first(): P {
    return (this.#first as Waiter<P, R>).payload;
  }

  /** Joins the line. Rejects with what `failure` says at the time-out, with the signal's reason when it fires. */
  join(payload: P, options: WaitOptions, keeper: object): Promise<R> {
    const { timeoutMs, signal } = options;
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (timeoutMs === 0) return Promise.reject(this.#failure(0));
    return new Promise((resolve, reject) => {
      const waiter: Waiter<P, R> = {
        payload,
        resolve,
        reject,
        timer: undefined,
        signal,
        onAbort: undefined,
        isWaiting: true,
        before: this.#last,
        behind: undefined,
      };
      if (timeoutMs > 0) {
        waiter.timer = this.#clock.setTimer(() => {
          this.#leave(waiter);
          reject(this.#failure(timeoutMs));
        }, timeoutMs);
      }
      if (signal !== undefined) {
        waiter.onAbort = () => {
          this.#leave(waiter);
          reject(signal.reason);
        };
        signal.addEventListener("abort", waiter.onAbort, { once: true });
      }
      if (this.#last === undefined) {
        this.#first = waiter;
        this.#keeper = keeper;
        this.#clock.hold();
      } else this.#last.behind = waiter;
      this.#last = waiter;
      this.#length++;
    });
  }

  /** The first in line is done. */
  resolveFirst(result: R): void {
    const waiter = this.#first;
    if (waiter === undefined) return;
    this.#leave(waiter);
    waiter.resolve(result);
  }

  rejectFirst(error: unknown): void {
    const waiter = this.#first;
    if (waiter === undefined) return;
    this.#leave(waiter);
    waiter.reject(error);
  }

  rejectAll(error: () => unknown): void {
    while (this.#length > 0) this.rejectFirst(error());
  }

  #leave(waiter: Waiter<P, R>): void {
    if (!waiter.isWaiting) return;
    waiter.isWaiting = false;
    const { before, behind } = waiter;
    if (before === undefined) this.#first = behind;
    else before.behind = behind;
    if (behind === undefined) this.#last = before;
    else behind.before = before;
    this.#length--;
    if (waiter.timer !== undefined) this.#clock.clearTimer(waiter.timer);
    if (waiter.onAbort !== undefined) waiter.signal?.removeEventListener("abort", waiter.onAbort);
    if (this.#length > 0) return;
    this.#keeper = undefined;
    this.#clock.release();
  }

  /** What is kept from garbage collection now; for tests. */
  get keeper(): object | undefined {
    return this.#keeper;
  }
}
