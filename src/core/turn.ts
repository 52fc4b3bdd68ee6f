/**
 * How much may complete in one turn of the event loop. Promises that follow
 * each other keep the loop from turning, and two sockets that answer each other
 * over inproc follow each other for ever: timers, connections and files would
 * wait. So all sockets over one clock, that is one event loop, share a bound.
 * What goes beyond it completes in the next turn, in order.
 */

import type { Clock } from "../base/clock.ts";

/** Operations that may complete in one turn, and milliseconds that they and the program's work between them may take. */
const MOST_OPERATIONS = 800;
const MOST_MS = 10;
/** The clock is looked at after so many operations, then twice, four and eight times so many, then after each 200. */
const FIRST_LOOK = 16;
const LOOK_EVERY = 200;

/** Something that waits for the next turn. */
export interface TurnWaiter {
  turnBegan(): void;
}

export class Turn {
  /** Nothing more completes before the next turn. */
  isOver = false;
  /** That of the event loop. */
  readonly clock: Clock;
  #operations = 0;
  #nextLook = FIRST_LOOK;
  /** When the first look was; the next turn is due since then. */
  #since = 0;
  #isNextDue = false;
  readonly #waiting = new Set<TurnWaiter>();
  #next: Promise<void> | undefined = undefined;
  #begin: (() => void) | undefined = undefined;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** Counts an operation that completes or fails. False when the turn is over with it: its caller must hear of it in the next. */
  spend(): boolean {
    if (++this.#operations >= this.#nextLook) this.#look();
    return !this.isOver;
  }

  /** Resolves in the next turn. Only while this one is over. */
  get next(): Promise<void> {
    this.#next ??= new Promise((resolve) => {
      this.#begin = resolve;
    });
    return this.#next;
  }

  /** `turnBegan` follows in the next turn, first come, first served. */
  wait(waiter: TurnWaiter): void {
    this.#waiting.add(waiter);
    this.#awaitNext();
  }

  /** The event loop has turned: told by what runs in a turn of its own, such as a timer. */
  begin(): void {
    this.#operations = 0;
    this.#nextLook = FIRST_LOOK;
    this.isOver = false;
    const begin = this.#begin;
    this.#begin = undefined;
    this.#next = undefined;
    begin?.();
    try {
      for (const waiter of this.#waiting) {
        if (this.isOver) break;
        this.#waiting.delete(waiter);
        waiter.turnBegan();
      }
    } finally {
      if (this.#waiting.size > 0) this.#awaitNext();
    }
  }

  #look(): void {
    this.#nextLook = Math.min(this.#nextLook + Math.min(this.#nextLook, LOOK_EVERY), MOST_OPERATIONS);
    const now = this.clock.now();
    if (!this.#isNextDue) {
      this.#since = now;
      this.#awaitNext();
    } else if (this.#operations >= MOST_OPERATIONS || now - this.#since >= MOST_MS) {
      this.isOver = true;
    }
  }

  #awaitNext(): void {
    if (this.#isNextDue) return;
    this.#isNextDue = true;
    this.clock.yield(this.#turned);
  }

  readonly #turned = (): void => {
    this.#isNextDue = false;
    this.begin();
  };
}
