/** `KeepAlive` of keep-alive.ts for pages, which no call keeps open. */

import type { Alive } from "./keep-alive.ts";

export class KeepAlive implements Alive {
  isRef = true;
  enter(): void {}
  leave(): void {}
}

export function together(_all: readonly Alive[]): Alive {
  return new KeepAlive();
}
