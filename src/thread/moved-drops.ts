/**
 * Drops of a socket that has moved to this I/O thread, on their way to whoever
 * hears of them in the thread of its user: those of a turn together, and not
 * more than the user's thread takes in time. All are counted elsewhere.
 */

import type { Clock } from "../base/clock.ts";
import type { MovedDrop } from "../engine/moving-proxy.ts";
import type { DropHearer } from "./moved-socket.ts";

/** So many wait to be told; of others nobody hears. */
const MOST = 1000;

export class MovedDrops implements DropHearer {
  readonly #clock: Clock;
  readonly #tell: (drops: readonly MovedDrop[]) => void;
  #untold: MovedDrop[] = [];
  /** `idle`: nobody hears. `due`: at the end of the turn. `told`: those before have not been taken yet. */
  #state: "idle" | "ready" | "due" | "told" = "idle";

  constructor(clock: Clock, tell: (drops: readonly MovedDrop[]) => void) {
    this.#clock = clock;
    this.#tell = tell;
  }

  /** Somebody hears, and has taken what was told before. */
  hear(): void {
    if (this.#state === "due") return;
    this.#state = "ready";
    this.#sendLater();
  }

  get isReady(): boolean {
    return this.#state !== "idle" && this.#untold.length < MOST;
  }

  add(drop: MovedDrop): void {
    this.#untold.push(drop);
    this.#sendLater();
  }

  #sendLater(): void {
    if (this.#state !== "ready" || this.#untold.length === 0) return;
    this.#state = "due";
    this.#clock.defer(() => {
      this.#state = "told";
      this.#tell(this.#untold.splice(0));
    });
  }
}
