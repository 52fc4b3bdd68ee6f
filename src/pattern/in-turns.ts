/**
 * Work in parts, over several turns of the event loop. The topics of a departed
 * subscriber are removed like this: there may be a million, and to remove them all
 * at once took 1.3 seconds.
 */

import type { PatternHost } from "./pattern.ts";

/** Topics in one turn: about a millisecond. */
export const TOPICS_AT_ONCE = 2000;

/** Calls `step`, now and in later turns, until it returns true. */
export function inTurns(host: PatternHost, step: () => boolean): void {
  while (!step()) {
    if (host.later === undefined) continue;
    host.later(() => inTurns(host, step));
    return;
  }
}
