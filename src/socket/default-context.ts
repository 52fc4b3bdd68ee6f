/**
 * The global context: the one that sockets use when they are given none. Each
 * entry makes it, with the platform it knows, before any socket can exist.
 */

import type { Context } from "./context.ts";

let current: Context | undefined;

export function defaultContext(): Context {
  if (current === undefined) throw new Error("no entry of the library was loaded");
  return current;
}

export function setDefaultContext(context: Context): void {
  current = context;
}
