/**
 * What a platform that sleeps gives to the engine: pages and laptops stand still without being told, and a connection
 * may be gone afterwards. When the platform wakes, dialers that wait try at once, and connections ask their peers for a
 * sign of life.
 */

/** Has something to do when the platform wakes. */
export interface Sleeper {
  wake(): void;
}

export class WakeUps {
  /** HEARTBEAT_IVL of sockets that were told none: it goes only to peers whose protocol has PING. */
  readonly heartbeatMs: number;
  readonly #sleepers = new Set<Sleeper>();
  #listen: ((wake: () => void) => void) | undefined;

  /** `listen` is called once, when there is somebody to wake. */
  constructor(heartbeatMs: number, listen: (wake: () => void) => void) {
    this.heartbeatMs = heartbeatMs;
    this.#listen = listen;
  }

  add(sleeper: Sleeper): void {
    this.#sleepers.add(sleeper);
    const listen = this.#listen;
    this.#listen = undefined;
    listen?.(() => {
      for (const each of [...this.#sleepers]) each.wake();
    });
  }

  delete(sleeper: Sleeper): void {
    this.#sleepers.delete(sleeper);
  }
}
