/**
 * Whether the operations of a socket that wait keep the process alive: they do,
 * unless the socket was told `unref`.
 */

import type { Clock } from "../base/clock.ts";

/** Told when an operation begins to wait, and when it waits no more. */
export interface Alive {
  enter(): void;
  leave(): void;
}

export class KeepAlive implements Alive {
  readonly #clock: Clock;
  #waiting = 0;
  #isRef = true;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  enter(): void {
    if (this.#waiting++ === 0 && this.#isRef) this.#clock.ref();
  }

  leave(): void {
    if (--this.#waiting === 0 && this.#isRef) this.#clock.unref();
  }

  /** Takes effect at once, also for calls that wait now. */
  set isRef(isRef: boolean) {
    if (isRef === this.#isRef) return;
    this.#isRef = isRef;
    if (this.#waiting === 0) return;
    if (isRef) this.#clock.ref();
    else this.#clock.unref();
  }
}

/** For an operation that waits for several sockets: alive while any of them is. */
export function together(all: readonly Alive[]): Alive {
  return {
    enter: () => {
      for (const each of all) each.enter();
    },
    leave: () => {
      for (const each of all) each.leave();
    },
  };
}
