/**
 * What all connections of one event loop share: its clock, the budget of a turn, and the precedence of subscriptions.
 * The engine host makes one, and hands it down.
 */

import type { Clock } from "../base/clock.ts";
import { Precedence } from "./precedence.ts";
import { TurnBudget } from "./turn-budget.ts";
import type { WakeUps } from "./wake-ups.ts";

export class EngineLoop {
  readonly clock: Clock;
  readonly budget: TurnBudget;
  readonly precedence: Precedence;
  /** Absent where the platform does not sleep, or cannot tell. */
  readonly wakeUps: WakeUps | undefined;

  constructor(clock: Clock, wakeUps?: WakeUps) {
    this.clock = clock;
    this.wakeUps = wakeUps;
    this.budget = new TurnBudget(clock);
    this.precedence = new Precedence(clock);
  }
}
