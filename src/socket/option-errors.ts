/**
 * Misspelt options. Sockets and contexts are sealed, so that the assignment of
 * one throws the engine's own TypeError, as in zeromq.js. When it came from the
 * options of a constructor it gets a `detail` here, but not in pages. A later
 * assignment is the program's own: the library is not called in it.
 */

import { closestName } from "../base/closest-name.ts";
import { isOptionName, optionRow, optionsOf } from "../base/options.ts";
import type { SocketTypeName } from "../base/socket-types.ts";
import { IN_PAGE } from "../base/target.ts";

/** The error of assigning `options` to a socket of `type`, with a `detail`. */
export function socketOptionError(error: unknown, options: object, socket: object, type: SocketTypeName): unknown {
  if (IN_PAGE) return error;
  return explained(error, options, socket, (name) => {
    const { on = [] } = isOptionName(name) ? optionRow(name) : {};
    if (on.length > 0) return `not an option of ${type} sockets, only of ${on.join(", ")}`;
    return `not an option of ${type} sockets${nearest(name, optionsOf(type))}`;
  });
}

/** As `socketOptionError`, for a context. `names` are its options. */
export function contextOptionError(
  error: unknown,
  options: object,
  context: object,
  names: readonly string[],
): unknown {
  if (IN_PAGE) return error;
  return explained(error, options, context, (name) => `not an option of contexts${nearest(name, names)}`);
}

/** The same error; its `detail` names the option that `owner` does not have. */
function explained(error: unknown, options: object, owner: object, advice: (name: string) => string): unknown {
  const name = Object.keys(options).find((each) => !(each in owner));
  if (name === undefined || !(error instanceof TypeError) || "detail" in error) return error;
  return Object.assign(error, { detail: `${name}: ${advice(name)}` });
}

function nearest(name: string, candidates: readonly string[]): string {
  const near = closestName(name, candidates);
  return near === undefined ? "" : `; the nearest is ${near}`;
}
