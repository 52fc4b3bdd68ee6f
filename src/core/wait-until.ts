/**
 * Waiting for a condition of sockets: that peers are connected, that a topic
 * has a subscriber, that all has left, that a poll finds something. Looked at
 * again whenever the readiness or the peers of a socket change and, where it
 * matters, when all has left.
 */

import type { Clock } from "../base/clock.ts";
import { type Alive, together } from "./keep-alive.ts";
import type { SocketCore, Watcher } from "./socket-core.ts";
import type { Turn, TurnWaiter } from "./turn.ts";
import { type Place, Waiting, type WaitLimits } from "./waiting.ts";

export interface Condition {
  readonly cores: readonly [SocketCore, ...SocketCore[]];
  /** Whether the condition holds. An error that this throws ends the wait. */
  look(): boolean;
  /** The condition also depends on sent messages having left. */
  readonly tellsIdle?: boolean;
}

/** True once the condition holds, false when the time was up. Rejects with what `look` throws, and with the signal's reason. */
export function waitUntil(condition: Condition, limits: WaitLimits): Promise<boolean> {
  const { signal, timeoutMs } = limits;
  if (signal?.aborted) return Promise.reject(signal.reason);
  const turn = condition.cores[0].turn;
  if (!turn.isOver) {
    try {
      const holds = condition.look();
      if ((holds || timeoutMs === 0) && turn.spend()) return Promise.resolve(holds);
    } catch (error) {
      if (turn.spend()) return Promise.reject(error);
    }
  }
  return new Promise((resolve, reject) => new Watch(condition, limits, turn, resolve, reject));
}

class Watch implements Place<Waiting<undefined, boolean>>, Watcher, TurnWaiter {
  readonly clock: Clock;
  readonly alive: Alive;
  readonly #condition: Condition;
  readonly #turn: Turn;
  readonly #waiting: Waiting<undefined, boolean>;

  constructor(
    condition: Condition,
    limits: WaitLimits,
    turn: Turn,
    resolve: (holds: boolean) => void,
    reject: (error: unknown) => void,
  ) {
    this.clock = condition.cores[0].clock;
    this.alive = together(condition.cores.map((core) => core.alive));
    this.#condition = condition;
    this.#turn = turn;
    this.#waiting = new Waiting(this, undefined, limits, resolve, reject);
    for (const core of condition.cores) core.watch(this, condition.tellsIdle);
    if (turn.isOver) turn.wait(this);
  }

  changed(): void {
    if (this.#turn.isOver) this.#turn.wait(this);
    else this.#look();
  }

  turnBegan(): void {
    this.#look();
  }

  #look(): void {
    const waiting = this.#waiting;
    if (!waiting.isWaiting) return;
    try {
      if (!this.#condition.look()) return;
      this.#turn.spend();
      waiting.resolve(true);
    } catch (error) {
      this.#turn.spend();
      waiting.reject(error);
    }
  }

  expired(waiting: Waiting<undefined, boolean>): void {
    this.#look();
    waiting.resolve(false);
  }

  left(): void {
    for (const core of this.#condition.cores) core.unwatch(this);
  }
}
