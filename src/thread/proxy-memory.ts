/** What two threads share of a proxy while it moves, and then. */

import { STATISTICS_NUMBERS } from "../engine/moving-proxy.ts";

/** Values of the word by which the two threads meet. */
export const MOVING = 0;
export const CUT = 1;
export const ANSWERED = 2;

const DROP_REASONS = 16;
/** Numbers that the two threads share of a proxy: its statistics, and what its sockets drop, by reason. */
export const PROXY_NUMBERS = STATISTICS_NUMBERS + 2 * DROP_REASONS;

export function dropsOf(numbers: Float64Array, side: 0 | 1): Float64Array {
  const begin = STATISTICS_NUMBERS + side * DROP_REASONS;
  return numbers.subarray(begin, begin + DROP_REASONS);
}
