/**
 * The one kind of operation that waits. It is completed by the place where it
 * waits, or ends at its time-out or when its signal fires, whatever comes
 * first. Meanwhile the process stays alive and the user's socket object is not
 * garbage-collected.
 *
 * `Line` is the place for operations that are served in order. It is linked
 * through its members: one joins and leaves for each message of a request-reply
 * dialogue, and a Set allocates at every other change.
 */

import type { Clock, Timer } from "../base/clock.ts";
import type { Alive } from "./keep-alive.ts";
import { type Abortable, follow, unfollow } from "./signals.ts";

export interface WaitLimits {
  /** Milliseconds; -1 for ever; 0 for one more attempt in the next turn of the event loop. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  /** Is not garbage-collected meanwhile. */
  readonly keeper: object | undefined;
}

/** Where operations wait. */
export interface Place<W> {
  readonly clock: Clock;
  readonly alive: Alive;
  /** The operation's time is up: it is to be completed or rejected now. */
  expired(waiting: W): void;
  /** The operation waits no more. */
  left(waiting: W): void;
}

/** `limits.signal` must not have fired yet. */
export class Waiting<P, R> implements Abortable {
  readonly payload: P;
  readonly timeoutMs: number;
  isWaiting = true;
  /** For the place. */
  before: Waiting<P, R> | undefined;
  behind: Waiting<P, R> | undefined;
  readonly #place: Place<Waiting<P, R>>;
  readonly #resolve: (result: R) => void;
  readonly #reject: (error: unknown) => void;
  readonly #signal: AbortSignal | undefined;
  #keeper: object | undefined;
  #timer: Timer | undefined;

  constructor(
    place: Place<Waiting<P, R>>,
    payload: P,
    limits: WaitLimits,
    resolve: (result: R) => void,
    reject: (error: unknown) => void,
  ) {
    const { timeoutMs, signal, keeper } = limits;
    this.payload = payload;
    this.timeoutMs = timeoutMs;
    this.#place = place;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#signal = signal;
    this.#keeper = keeper;
    if (timeoutMs >= 0) this.#startTimer();
    if (signal !== undefined) follow(signal, this);
    place.alive.enter();
  }

  resolve(result: R): void {
    if (!this.isWaiting) return;
    this.#leave();
    this.#resolve(result);
  }

  reject(error: unknown): void {
    if (!this.isWaiting) return;
    this.#leave();
    this.#reject(error);
  }

  aborted(reason: unknown): void {
    this.reject(reason);
  }

  /** The object that is kept from garbage collection now. */
  get keeper(): object | undefined {
    return this.#keeper;
  }

  #startTimer(): void {
    const { clock } = this.#place;
    const expire = () => {
      this.#timer = undefined;
      if (this.isWaiting) this.#place.expired(this);
    };
    if (this.timeoutMs === 0) clock.yield(expire);
    else this.#timer = clock.setTimer(expire, this.timeoutMs);
  }

  #leave(): void {
    this.isWaiting = false;
    this.#keeper = undefined;
    if (this.#timer !== undefined) this.#place.clock.clearTimer(this.#timer);
    if (this.#signal !== undefined) unfollow(this.#signal, this);
    this.#place.left(this);
    this.#place.alive.leave();
  }
}

/** First come, first served. `P` is the payload of a member, `R` its result. */
export class Line<P, R> implements Place<Waiting<P, R>> {
  readonly clock: Clock;
  readonly alive: Alive;
  readonly #onExpiry: (waiting: Waiting<P, R>) => void;
  readonly #onLeft: (() => void) | undefined;
  #first: Waiting<P, R> | undefined;
  #last: Waiting<P, R> | undefined;
  #length = 0;

  /** `onExpiry` completes or rejects a member whose time is up; `onLeft` hears of each that waits no more. */
  constructor(clock: Clock, alive: Alive, onExpiry: (waiting: Waiting<P, R>) => void, onLeft?: () => void) {
    this.clock = clock;
    this.alive = alive;
    this.#onExpiry = onExpiry;
    this.#onLeft = onLeft;
  }

  get length(): number {
    return this.#length;
  }

  /** The member whose turn it is. */
  get first(): Waiting<P, R> | undefined {
    return this.#first;
  }

  /** `limits.signal` must not have fired yet. `isFirst`: ahead of all members. */
  join(
    payload: P,
    limits: WaitLimits,
    resolve: (result: R) => void,
    reject: (error: unknown) => void,
    isFirst = false,
  ): void {
    const waiting = new Waiting(this, payload, limits, resolve, reject);
    const last = this.#last;
    const first = this.#first;
    if (isFirst && first !== undefined) {
      waiting.behind = first;
      first.before = waiting;
      this.#first = waiting;
      this.#length++;
      return;
    }
    waiting.before = last;
    if (last === undefined) this.#first = waiting;
    else last.behind = waiting;
    this.#last = waiting;
    this.#length++;
  }

  rejectAll(error: () => unknown): void {
    while (this.#first !== undefined) this.#first.reject(error());
  }

  expired(waiting: Waiting<P, R>): void {
    this.#onExpiry(waiting);
  }

  left(waiting: Waiting<P, R>): void {
    const { before, behind } = waiting;
    if (before === undefined) this.#first = behind;
    else before.behind = behind;
    if (behind === undefined) this.#last = before;
    else behind.before = before;
    this.#length--;
    this.#onLeft?.();
  }
}
