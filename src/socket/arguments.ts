/**
 * The check of argument counts, in zeromq.js's words: a callback that would
 * never be called is a mistake worth telling.
 */

/** Throws TypeError when more arguments were `given` than the `most` that mean something. */
export function expectArguments(most: number, given: number): void {
  if (given <= most) return;
  throw new TypeError(`Expected ${most} argument${most === 1 ? "" : "s"} but received ${given}`);
}
