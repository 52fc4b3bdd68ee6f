/**
 * The errors of calls that block, by pyzmq's names: one class, and two of its
 * kinds that programs catch by name.
 */

import { type ErrorDetails, ZmqError } from "../base/errors.ts";

/** EAGAIN: the call would have to wait and must not, or its time-out was over. */
export class Again extends ZmqError {
  constructor(details: ErrorDetails = {}) {
    super("EAGAIN", details);
  }
}

/**
 * ETERM: the context was terminated while a call waited. A name for programs that catch it: `term` does not go on while
 * sockets are open, so no call of this package throws it.
 */
export class ContextTerminated extends ZmqError {
  constructor(details: ErrorDetails = {}) {
    super("ETERM", details);
  }
}
