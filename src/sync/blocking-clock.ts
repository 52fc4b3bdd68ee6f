/**
 * The clock of sockets whose calls block. Two drive it: a call that blocks runs
 * what is due by `work`, for no event loop turns meanwhile; and once the program
 * is back in its event loop, the clock of that does. Each task runs once,
 * whoever comes first.
 */

import type { Clock, Timer } from "../base/clock.ts";

type Task = () => void;

/** A timer of both drivers. */
interface PendingTimer {
  readonly task: Task;
  readonly dueAt: number;
  /** That of the event loop. */
  inLoop: Timer | undefined;
}

export class BlockingClock implements Clock {
  readonly #loop: Clock;
  readonly #deferred: Task[] = [];
  #yielded: Task[] = [];
  /** The event loop will run what is deferred, and yielded. Asked for once, however often a call blocks before it turns. */
  #isDeferDue = false;
  #isYieldDue = false;
  /** In the order in which they are due. */
  readonly #timers: PendingTimer[] = [];

  /** `loop` is the clock of this thread's event loop. */
  constructor(loop: Clock) {
    this.#loop = loop;
  }

  // --- Clock ---

  now(): number {
    return this.#loop.now();
  }

  setTimer(task: Task, delayMs: number): Timer {
    const timer: PendingTimer = { task, dueAt: this.now() + delayMs, inLoop: undefined };
    timer.inLoop = this.#loop.setTimer(() => {
      if (this.#forget(timer)) task();
    }, delayMs);
    const behind = this.#timers.findIndex(({ dueAt }) => dueAt > timer.dueAt);
    this.#timers.splice(behind < 0 ? this.#timers.length : behind, 0, timer);
    return timer;
  }

  clearTimer(timer: Timer): void {
    const pending = this.#timers.find((each) => each === timer);
    if (pending !== undefined) this.#forget(pending);
  }

  defer(task: Task): void {
    this.#deferred.push(task);
    if (this.#isDeferDue) return;
    this.#isDeferDue = true;
    this.#loop.defer(() => {
      this.#isDeferDue = false;
      this.runDeferred();
    });
  }

  yield(task: Task): void {
    this.#yielded.push(task);
    if (this.#isYieldDue) return;
    this.#isYieldDue = true;
    this.#loop.yield(() => {
      this.#isYieldDue = false;
      this.#runYielded();
    });
  }

  random32(): number {
    return this.#loop.random32();
  }

  ref(): void {
    this.#loop.ref();
  }

  unref(): void {
    this.#loop.unref();
  }

  // --- For a call that blocks ---

  /** Milliseconds until the next timer is due; infinite without one. */
  get idleMs(): number {
    const first = this.#timers[0];
    return first === undefined ? Number.POSITIVE_INFINITY : Math.max(0, first.dueAt - this.now());
  }

  /** Something was deferred or yielded. */
  get isDue(): boolean {
    return this.#deferred.length > 0 || this.#yielded.length > 0;
  }

  /** Runs what was deferred, also what that defers. False when there was nothing. */
  runDeferred(): boolean {
    const deferred = this.#deferred;
    if (deferred.length === 0) return false;
    let done = 0;
    try {
      for (let task = deferred[done++]; task !== undefined; task = deferred[done++]) task();
    } finally {
      deferred.splice(0, done);
    }
    return true;
  }

  /** Runs what is due of one turn: deferred tasks, timers, then what was to run in a later turn. False when nothing was. */
  work(): boolean {
    const hasDeferred = this.runDeferred();
    const hasTimers = this.#runTimers();
    const hasYielded = this.#runYielded();
    return hasDeferred || hasTimers || hasYielded;
  }

  #runTimers(): boolean {
    if (this.#timers.length === 0) return false;
    const now = this.now();
    let hasRun = false;
    for (let first = this.#timers[0]; first !== undefined && first.dueAt <= now; first = this.#timers[0]) {
      this.#forget(first);
      first.task();
      hasRun = true;
    }
    return hasRun;
  }

  #runYielded(): boolean {
    const yielded = this.#yielded;
    if (yielded.length === 0) return false;
    this.#yielded = [];
    for (const task of yielded) task();
    return true;
  }

  /** False when it ran or was cleared before. */
  #forget(timer: PendingTimer): boolean {
    const at = this.#timers.indexOf(timer);
    if (at < 0) return false;
    this.#timers.splice(at, 1);
    if (timer.inLoop !== undefined) this.#loop.clearTimer(timer.inLoop);
    return true;
  }
}
