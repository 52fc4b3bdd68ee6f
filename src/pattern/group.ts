/**
 * Names of groups (48/RADIO-DISH). They end before the first NUL, for to libzmq they are strings of C.
 */

import { ZmqError } from "../base/errors.ts";

/** Octets of a group's name. */
export const LONGEST_GROUP = 255;

/** The name up to its first NUL. Throws EINVAL for one that is too long. */
export function groupOf(given: Uint8Array): Uint8Array {
  const name = beforeNul(given);
  if (name.length <= LONGEST_GROUP) return name;
  throw new ZmqError("EINVAL", { detail: `group: expected at most ${LONGEST_GROUP} bytes, not ${name.length}` });
}

/** The octets up to the first NUL: a view, where there is one. */
export function beforeNul(octets: Uint8Array): Uint8Array {
  const end = octets.indexOf(0);
  return end < 0 ? octets : octets.subarray(0, end);
}
