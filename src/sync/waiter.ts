/**
 * How a call blocks: it tries, and as long as it must wait, this runs what is
 * due and then lets the thread sleep until another thread rings. What an event
 * loop would do for asynchronous sockets, it does between two attempts.
 */

import { ZmqError } from "../base/errors.ts";
import type { Inbox } from "../thread/inbox.ts";
import type { BlockingClock } from "./blocking-clock.ts";

/** The inbox of this thread, as far as a call that blocks needs it. */
export type BlockingInbox = Pick<Inbox, "poll" | "block">;

/** As libzmq: calls that find what they want look for news from time to time all the same. */
const CALLS_PER_LOOK = 64;

const NO_SLEEP =
  "this thread must not sleep, so a call cannot wait here: use a worker, or the sockets of the package's main entry, whose calls are awaited";

export class Waiter {
  readonly clock: BlockingClock;
  readonly #inbox: BlockingInbox;
  #calls = 0;
  #maySleep: boolean | undefined = undefined;

  constructor(clock: BlockingClock, inbox: BlockingInbox) {
    this.clock = clock;
    this.#inbox = inbox;
  }

  /** At the beginning of each call: now and then takes in what has come meanwhile. */
  begin(): void {
    if (++this.#calls < CALLS_PER_LOOK) return;
    this.#calls = 0;
    this.clock.work();
    this.#inbox.poll();
  }

  /** At the end of each call: what it sent leaves now. */
  end(): void {
    this.clock.runDeferred();
  }

  /** The time at which a call that begins now and may wait for `timeoutMs` has waited long enough; -1 is never. */
  deadline(timeoutMs: number): number {
    if (timeoutMs < 0) return Number.POSITIVE_INFINITY;
    return timeoutMs === 0 ? Number.NEGATIVE_INFINITY : this.clock.now() + timeoutMs;
  }

  /**
   * Runs what is due and takes in what has come; sleeps when there was neither, until `hasChanged`. False when the deadline
   * has passed: then one more attempt is the last. Throws ENOTSUP where the thread must not sleep, such as that of a page.
   */
  wait(deadline: number, hasChanged: () => boolean): boolean {
    const { clock } = this;
    const hasWorked = clock.work();
    const hasNews = this.#inbox.poll();
    const leftMs = deadline === Number.POSITIVE_INFINITY ? deadline : deadline - clock.now();
    if (leftMs <= 0) return false;
    if (hasWorked || hasNews || clock.isDue || hasChanged()) return true;
    this.#expectSleep();
    const sleepMs = Math.min(leftMs, clock.idleMs);
    // What a poll brings about need not be news to the inbox: it is asked for behind each of them, so that no ring is missed.
    this.#inbox.block(sleepMs === Number.POSITIVE_INFINITY ? -1 : sleepMs, () => clock.isDue || hasChanged());
    return true;
  }

  /** Blocks until `look` is true, which it then returns; false when `timeoutMs` (-1: no limit) was over first. */
  until(look: () => boolean, timeoutMs: number): boolean {
    this.begin();
    try {
      if (look()) return true;
      const deadline = this.deadline(timeoutMs);
      while (this.wait(deadline, look)) if (look()) return true;
      return look();
    } finally {
      this.end();
    }
  }

  #expectSleep(): void {
    this.#maySleep ??= maySleep();
    if (!this.#maySleep) throw new ZmqError("ENOTSUP", { message: NO_SLEEP });
  }
}

/** A page's own thread must not; workers and the threads of Node, Bun and Deno may. */
export function maySleep(): boolean {
  if (typeof SharedArrayBuffer === "undefined") return false;
  try {
    // The word is not 1, so this returns at once where it is allowed.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1, 0);
    return true;
  } catch (error) {
    if (error instanceof TypeError) return false;
    throw error;
  }
}
