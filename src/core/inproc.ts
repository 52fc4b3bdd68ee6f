/**
 * Where sockets find inproc. In a page it is brought by the socket classes, except a few that cannot meet one another by
 * it: a page of subscribers alone loads none of it.
 */

import { ZmqError } from "../base/errors.ts";
import { INPROC } from "../base/inproc.ts";
import { IN_PAGE } from "../base/target.ts";
import { INPROC_ENDPOINTS } from "./inproc-endpoint.ts";

export type InprocEndpoints = typeof INPROC_ENDPOINTS;

let endpoints = IN_PAGE ? undefined : INPROC_ENDPOINTS;

export function bringInproc(brought: InprocEndpoints): void {
  endpoints = brought;
}

/** Throws EPROTONOSUPPORT in a page that has none. */
export function inprocEndpoints(address: string = INPROC): InprocEndpoints {
  if (endpoints !== undefined) return endpoints;
  throw new ZmqError("EPROTONOSUPPORT", {
    address,
    detail: "the page imports no class that its sockets could meet there",
  });
}
