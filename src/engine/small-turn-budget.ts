/**
 * `TurnBudget` of turn-budget.ts for pages: the build for browsers puts it in the place of that one. A page has few
 * connections, all to servers that it chose, and no peer beside them whose messages a flood could hold up.
 */

import type { Clock } from "../base/clock.ts";
import type { TurnBudget as Fair, TurnWaiter } from "./turn-budget.ts";

export type { TurnWaiter } from "./turn-budget.ts";

export const HANDSHAKE_COST = 0;
export const FRAMES_AT_ONCE = 64;
export const FRAMES_COST = 0;
export const COMMAND_OCTETS = 1024;
export const SEALED_COST = 0;
export const SEALED_FRAMES_COST = 0;
export const MANY_FRAMES = 2048;
export const MANY_FRAMES_REST_MS = 4;

type Budget = { [Member in keyof Fair]: Fair[Member] };

export class TurnBudget implements Budget {
  readonly #clock: Clock;
  readonly #waiting = new Set<TurnWaiter>();
  readonly isOpen = true;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  spend(): boolean {
    return true;
  }

  wait(waiter: TurnWaiter): void {
    this.#waiting.add(waiter);
    this.#clock.yield(() => {
      if (this.#waiting.delete(waiter)) waiter.turnBegan();
    });
  }

  forget(waiter: TurnWaiter): void {
    this.#waiting.delete(waiter);
  }
}
