/**
 * The budget for work that peers can cause without sending a message that is
 * kept: commands, messages that are thrown away, endless frames, handshakes. All
 * connections of one event loop share one budget a turn. When it is spent, a
 * connection waits for a later turn. So a flood, also one from many peers, leaves
 * time for peers that send messages. The waiting connections take turns.
 * Established ones have a lane each. Handshakes share a lane with those of the
 * same network, so that a network that floods delays only its own. Within such a
 * lane, handshakes that are further on go first: a flood of first octets, which
 * cost the peer nothing, does not overtake them.
 */

import type { Clock } from "../base/clock.ts";
import { FairLanes } from "./fair-lanes.ts";

/**
 * Commands in one turn. With 1024 a good peer beside a flood of PINGs kept 0.18 of its rate, with 64 it keeps 0.8
 * (bench/hostile.ts).
 */
const BUDGET = 64;
/** The cost of a command of a CURVE handshake: it takes one to three X25519. */
export const HANDSHAKE_COST = 64;
/** The cost of so many frames of a message that is not complete. */
export const FRAMES_AT_ONCE = 64;
export const FRAMES_COST = 4;
/** So many octets of a command count as one more. */
export const COMMAND_OCTETS = 1024;
/** A sealed command or message costs twice as much as another, and a frame four times. */
export const SEALED_COST = 2;
export const SEALED_FRAMES_COST = 16;
/**
 * A message of more frames is hardly one that somebody means. After each lot of so many its connection rests for so long:
 * otherwise a REP that got envelopes of 65,000 frames left a good peer 0.07 of its rate, and 0.25 when it rested for
 * turns, which cost processor time of their own.
 */
export const MANY_FRAMES = 2048;
export const MANY_FRAMES_REST_MS = 4;

/** Something that waits for a later turn. */
export interface TurnWaiter {
  turnBegan(): void;
}

export class TurnBudget {
  readonly #clock: Clock;
  #left = BUDGET;
  readonly #waiting = new FairLanes<TurnWaiter>();
  #isTurnDue = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether something is left, and no connection waits for it. */
  get isOpen(): boolean {
    return this.#left > 0 && this.#waiting.size === 0;
  }

  /** Counts what was done. False: nothing is left in this turn. */
  spend(cost: number): boolean {
    this.#left -= cost;
    this.#awaitTurn();
    return this.#left > 0;
  }

  /** `turnBegan` follows, in a later turn. `lane`: waiters with an equal one share their turns. `isAhead`: it goes before the others of its lane. */
  wait(waiter: TurnWaiter, lane: unknown = waiter, isAhead = false): void {
    this.#waiting.add(waiter, lane, isAhead);
    this.#awaitTurn();
  }

  forget(waiter: TurnWaiter): void {
    this.#waiting.delete(waiter);
  }

  #awaitTurn(): void {
    if (this.#isTurnDue) return;
    this.#isTurnDue = true;
    this.#clock.yield(this.#turn);
  }

  readonly #turn = (): void => {
    this.#isTurnDue = false;
    this.#left = BUDGET;
    try {
      while (this.#left > 0) {
        const waiter = this.#waiting.next();
        if (waiter === undefined) break;
        waiter.turnBegan();
      }
    } finally {
      if (this.#waiting.size > 0) this.#awaitTurn();
    }
  };
}
