/**
 * What other threads have for this one: rings, and where new ones are told. One
 * inbox a thread, with one doorbell for all of its sources.
 *
 * A thread whose event loop turns has one `Atomics.waitAsync` pending, never
 * two. That keeps no process alive: the hold of the clock does, while a call
 * waits. A thread that blocks waits by `Atomics.wait`, in slices, and looks at
 * its sources between them, so that a peer that died without a word is seen.
 *
 * A source says false only when it has asked to be rung. So it goes: ASLEEP is
 * set, then all sources are polled once more, then the thread sleeps. What came
 * before is seen by the poll; what comes after rings. Ahead of its sleep it may
 * look for a moment whether it is rung (`Patience`), once no promise is left
 * that follows what the poll brought about.
 */

import type { Clock } from "../base/clock.ts";
import { ASLEEP, AWAKE, type Bell } from "./bell.ts";
import { Patience } from "./patience.ts";

/** A blocked thread looks at its sources after so long, although nobody rang. */
const SLICE_MS = 250;
/** So often all sources are polled in a row; then timers and I/O have their turn. */
const POLLS_IN_A_TURN = 4;

const DONE = Promise.resolve();

export interface InboxSource {
  /** It is worth a moment to wait for its answer. */
  readonly answersSoon?: boolean;
  /** Does some of what there is to do. False when there was nothing: then this thread's bell will ring. */
  poll(): boolean;
}

export class Inbox {
  /** That of this thread, for its peers. */
  readonly bell: Bell;
  readonly #clock: Clock;
  readonly #sources = new Set<InboxSource>();
  /** A `waitAsync` is pending. */
  #isArmed = false;
  /** `#go` will run. */
  #isDue = false;
  /** `#rest` will run. */
  #isRestDue = false;
  #isPolling = false;
  /** What was done since the last sleep was done by a source that answers soon. */
  #isAnswerNear = false;
  readonly #patience: Patience;

  constructor(clock: Clock, bell: Bell, patience = new Patience(clock)) {
    this.#clock = clock;
    this.bell = bell;
    this.#patience = patience;
  }

  /** From now on `source` is polled whenever the bell rings. It is polled soon for the first time. */
  add(source: InboxSource): void {
    this.#sources.add(source);
    this.look();
  }

  remove(source: InboxSource): void {
    this.#sources.delete(source);
  }

  /** Polls all sources in this turn, after the microtasks: one of them has something to do that nobody rings for. */
  look(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    this.#clock.defer(this.#go);
  }

  /** Polls all sources once. False when none had anything to do; then the bell rings when one has. */
  poll(): boolean {
    if (this.#isPolling) return false;
    this.#isPolling = true;
    let isDone = false;
    try {
      for (const source of this.#sources) {
        if (!source.poll()) continue;
        isDone = true;
        if (source.answersSoon === true) this.#isAnswerNear = true;
      }
    } finally {
      this.#isPolling = false;
    }
    return isDone;
  }

  /**
   * Blocks this thread until a source had something to do, or `hasChanged` is true after a poll: true. False after
   * `timeoutMs`; -1: no time-out. Callers loop on what they wait for.
   */
  block(timeoutMs: number, hasChanged?: () => boolean): boolean {
    const { words, index } = this.bell;
    const until = timeoutMs < 0 ? Number.POSITIVE_INFINITY : this.#clock.now() + timeoutMs;
    try {
      for (;;) {
        Atomics.store(words, index, ASLEEP);
        if (this.poll() || hasChanged?.() === true) return true;
        const leftMs = until - this.#clock.now();
        if (leftMs <= 0) return false;
        if (this.#isRung()) continue;
        Atomics.wait(words, index, ASLEEP, Math.min(leftMs, SLICE_MS));
      }
    } finally {
      Atomics.store(words, index, AWAKE);
      // A pending `waitAsync` would now miss a ring: it ends, and another follows when the event loop turns.
      if (this.#isArmed) Atomics.notify(words, index);
    }
  }

  readonly #go = (): void => {
    this.#isDue = false;
    const { words, index } = this.bell;
    for (let i = 0; i < POLLS_IN_A_TURN; i++) {
      if (this.#sources.size === 0) return;
      if (!this.#isArmed) Atomics.store(words, index, ASLEEP);
      if (this.poll()) continue;
      if (!this.#isArmed && !this.#isRestDue) {
        this.#isRestDue = true;
        DONE.then(this.#restLater);
      }
      return;
    }
    if (!this.#isArmed) Atomics.store(words, index, AWAKE);
    if (this.#isDue) return;
    this.#isDue = true;
    this.#clock.yield(this.#go);
  };

  readonly #restLater = (): void => this.#clock.defer(this.#rest);

  /** The last poll was in vain, and ASLEEP is set. */
  readonly #rest = (): void => {
    this.#isRestDue = false;
    if (this.#isArmed || this.#isDue) return;
    if (this.#isRung()) this.#go();
    else this.#arm();
  };

  /** Whether this thread need not sleep after all. */
  #isRung(): boolean {
    if (!this.#isAnswerNear) return false;
    this.#isAnswerNear = false;
    return this.#patience.isRung(this.bell);
  }

  #arm(): void {
    const { words, index } = this.bell;
    const wait = Atomics.waitAsync(words, index, ASLEEP);
    if (!wait.async) {
      this.look();
      return;
    }
    this.#isArmed = true;
    wait.value.then(this.#rung);
  }

  readonly #rung = (): void => {
    this.#isArmed = false;
    if (!this.#isDue) this.#go();
  };
}
