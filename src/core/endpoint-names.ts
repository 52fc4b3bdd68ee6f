/**
 * The names by which endpoints are ended. As in libzmq, where unbind and
 * disconnect are one call: text that is the endpoint's own comes first, then the
 * address that it stands for. Names of hosts are not looked up, but localhost is
 * known.
 */

import type { Endpoint, Grammar, Role } from "../base/endpoint-grammar.ts";
import { ZmqError } from "../base/errors.ts";

const ROLES: readonly Role[] = ["bind", "connect"];
const LOOPBACK = ["127.0.0.1", "::1"];
/** Endpoints that an error names. */
const MOST_NAMED = 5;

/**
 * What an endpoint that was written as `text` may be called: nothing when it is malformed beyond its scheme, for then
 * none can be there. Throws EINVAL for what has no scheme or no address, EPROTONOSUPPORT for a scheme that is unknown.
 */
export function resolvedNames(grammar: Grammar, text: string, ipv6: boolean): readonly string[] {
  for (const role of ROLES) {
    try {
      return loopbacks(grammar.parse(text, role, ipv6)).map(grammar.format);
    } catch (error) {
      if (!(error instanceof ZmqError) || error.code === "EPROTONOSUPPORT" || !/^.+:\/\/./s.test(text)) throw error;
    }
  }
  return [];
}

function loopbacks(endpoint: Endpoint): readonly Endpoint[] {
  if (endpoint.scheme !== "tcp" || endpoint.host !== "localhost") return [endpoint];
  return LOOPBACK.map((host) => ({ ...endpoint, host }));
}

/** The error for an endpoint that is not there; it names the existing ones. */
export function noSuchEndpoint(address: string, bound: readonly string[], connected: readonly string[]): ZmqError {
  return new ZmqError("ENOENT", { address, detail: `bound: ${listed(bound)}; connected: ${listed(connected)}` });
}

function listed(endpoints: readonly string[]): string {
  if (endpoints.length === 0) return "none";
  const more = endpoints.length > MOST_NAMED ? `, and ${endpoints.length - MOST_NAMED} more` : "";
  return `${endpoints.slice(0, MOST_NAMED).join(", ")}${more}`;
}
