/** Warns of secrets in files that others than their owner can read. */

import { statSync } from "node:fs";

/** Read or write permission of anyone but the owner. */
const OTHERS = 0o066;

/** `what` the file at `path` holds: "a secret key". `mode`: that of the file, where it is known. */
export function warnIfReadable(path: string, what: string, mode = statSync(path).mode): void {
  // Windows has no such modes.
  if ((mode & OTHERS) === 0 || process.platform === "win32") return;
  process.emitWarning(`${path} holds ${what} and has mode ${(mode & 0o777).toString(8)}; it should have 600`, {
    type: "SecurityWarning",
    code: "ZMQ_SECRET_READABLE",
  });
}
