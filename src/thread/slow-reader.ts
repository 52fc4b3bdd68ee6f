/** Finds out that nobody reads a pipe that is behind: then all that came is delivered at once, up to the mark. */

import type { Clock, Timer } from "../base/clock.ts";
import type { FarEnd } from "../base/far-end.ts";

/** So often a pipe that is behind is looked at. */
const LOOK_MS = 50;

export class SlowReader {
  readonly #clock: Clock;
  readonly #pipe: FarEnd;
  readonly #found: () => void;
  #timer: Timer | undefined = undefined;
  /** The pipe's count of read messages when none had been read for a while. Until it changes, nobody reads. */
  #unreadSince = -1;

  /** `found` is called when nobody has read for a while. */
  constructor(clock: Clock, pipe: FarEnd, found: () => void) {
    this.#clock = clock;
    this.#pipe = pipe;
    this.#found = found;
  }

  /** Nobody has read since a look. */
  get isFound(): boolean {
    return this.#pipe.messagesReceived === this.#unreadSince;
  }

  lookLater(): void {
    if (this.#timer !== undefined) return;
    const { messagesReceived } = this.#pipe;
    this.#timer = this.#clock.setTimer(() => {
      this.#timer = undefined;
      if (!this.#pipe.isBehind) return;
      if (this.#pipe.messagesReceived === messagesReceived) this.#unreadSince = messagesReceived;
      this.#found();
    }, LOOK_MS);
  }

  stop(): void {
    if (this.#timer !== undefined) this.#clock.clearTimer(this.#timer);
  }
}
