/**
 * How much may complete in one turn of the event loop. Promises that follow
 * each other keep the loop from turning, and two sockets that answer each other
 * over inproc follow each other for ever: timers, connections and files would
 * wait. So all sockets of one event loop share two bounds: one for a stretch,
 * which ends when no promise is left to follow, and one for all stretches of a
 * turn. What goes beyond them completes in the next turn, in order.
 *
 * Whoever waits goes on in a stretch of its own, and reads up what came to it
 * while that is in the caches: 64 busy subscribers of one process take 0.34 us
 * a message, against 0.58 when all went on at once, 800 operations a turn.
 */

import type { Clock } from "../base/clock.ts";

/** A stretch may last so long, and take so many operations if these last longer: a publisher to many fills its batches. */
const STRETCH_MS = 1;
const STRETCH_OPERATIONS = 600;
/** So long all may last that completes in one turn, with the program's work in between. */
const TURN_MS = 10;
/** The clock is looked at after so many operations of a turn, then twice, four and eight times so many, then after each 200. */
const FIRST_LOOK = 16;
const LOOK_EVERY = 200;

/** Something that waits for the next turn. */
export interface TurnWaiter {
  turnBegan(): void;
}

export class Turn {
  /** Nothing more completes in this stretch, or in this turn. */
  isOver = false;
  /** That of the event loop. */
  readonly clock: Clock;
  #operations = 0;
  #nextLook = FIRST_LOOK;
  /** When the first look at the clock was in this stretch, and in this turn. */
  #stretchSince: number | undefined;
  /** Operations of this turn before the stretch. */
  #operationsBefore = 0;
  #turnSince: number | undefined;
  #isTurnOver = false;
  #isNextDue = false;
  readonly #waiting = new Set<TurnWaiter>();
  #next: Promise<void> | undefined;
  #begin: (() => void) | undefined;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** Counts an operation that completes or fails. False when its stretch is over with it: its caller must hear of it in the next turn. */
  spend(): boolean {
    return this.spendMany(1);
  }

  /** As `spend`, for several. */
  spendMany(count: number): boolean {
    this.#operations += count;
    if (this.#operations >= this.#nextLook) this.#look();
    return !this.isOver;
  }

  /** Resolves in the next turn. Only while this one, or its stretch, is over. */
  get next(): Promise<void> {
    this.#next ??= new Promise((resolve) => {
      this.#begin = resolve;
    });
    return this.#next;
  }

  /** `turnBegan` follows in the next turn, in a stretch of its own, first come, first served. */
  wait(waiter: TurnWaiter): void {
    if (this.#waiting.has(waiter)) return;
    this.#waiting.add(waiter);
    this.#awaitNext();
    if (this.#waiting.size > 1) this.clock.yield(this.#goOn);
  }

  /** The event loop has turned: told by what runs in a turn of its own, such as a timer. */
  begin(): void {
    this.#operations = 0;
    this.#nextLook = FIRST_LOOK;
    this.#turnSince = undefined;
    this.#isTurnOver = false;
    this.#beginStretch();
    const begin = this.#begin;
    this.#begin = undefined;
    this.#next = undefined;
    begin?.();
  }

  #look(): void {
    this.#nextLook += Math.min(this.#nextLook, LOOK_EVERY);
    const now = this.clock.now();
    this.#turnSince ??= now;
    this.#awaitNext();
    if (this.#stretchSince === undefined) {
      this.#stretchSince = now;
      this.#operationsBefore = this.#operations;
      this.clock.defer(this.#beginStretch);
    }
    this.#isTurnOver = now - this.#turnSince >= TURN_MS;
    const isLong = now - this.#stretchSince >= STRETCH_MS;
    this.isOver = this.#isTurnOver || (isLong && this.#operations - this.#operationsBefore >= STRETCH_OPERATIONS);
  }

  /** No promise is left that follows. */
  readonly #beginStretch = (): void => {
    this.#stretchSince = undefined;
    this.isOver = this.#isTurnOver;
  };

  /** Asked for by each that waits but the first, so that nothing else follows in its stretch. */
  readonly #goOn = (): void => {
    this.#beginStretch();
    if (this.isOver) {
      this.clock.yield(this.#goOn);
      return;
    }
    for (const waiter of this.#waiting) {
      this.#waiting.delete(waiter);
      waiter.turnBegan();
      break;
    }
  };

  #awaitNext(): void {
    if (this.#isNextDue) return;
    this.#isNextDue = true;
    this.clock.yield(this.#turned);
  }

  readonly #turned = (): void => {
    this.#isNextDue = false;
    this.begin();
    // The first, in the stretch of the senders: so over inproc a receiver stays a message behind and need not wait for each.
    this.#goOn();
  };
}
