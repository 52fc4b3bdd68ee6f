/** The clock of an event loop that does not turn, as while a call blocks: time goes on, and nothing runs. */

import type { Clock, Timer } from "../../src/base/clock.ts";

export class StillLoop implements Clock {
  time = 0;
  /** Turns that were asked for. */
  asked = 0;

  now(): number {
    return this.time;
  }
  setTimer(): Timer {
    return {};
  }
  clearTimer(): void {}
  defer(): void {
    this.asked++;
  }
  yield(): void {
    this.asked++;
  }
  random32(): number {
    return 4;
  }
  ref(): void {}
  unref(): void {}
}
