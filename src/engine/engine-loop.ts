/**
 * What all connections of one event loop share: its clock, the budget of a turn, and the precedence of subscriptions.
 * The engine host makes one, and hands it down.
 */

import type { Clock } from "../base/clock.ts";
import { Precedence } from "./precedence.ts";
import { TurnBudget } from "./turn-budget.ts";

export class EngineLoop {
  readonly clock: Clock;
  readonly budget: TurnBudget;
  readonly precedence: Precedence;

  constructor(clock: Clock) {
    this.clock = clock;
    this.budget = new TurnBudget(clock);
    this.precedence = new Precedence(clock);
  }
}
