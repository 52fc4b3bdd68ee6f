/**
 * The names by which endpoints are ended. As in libzmq, where unbind and
 * disconnect are one call: text that is the endpoint's own comes first, then the
 * address that it stands for. Names of hosts are not looked up, but localhost is
 * known.
 */

import type { Endpoint, Grammar, Role } from "../base/endpoint-grammar.ts";
import { ZmqError } from "../base/errors.ts";
import type { SocketTypeName } from "../base/socket-types.ts";
import { IN_PAGE } from "../base/target.ts";
import type { EngineEndpoint } from "../engine/engine-endpoint.ts";

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
  if (IN_PAGE || endpoint.scheme !== "tcp" || endpoint.host !== "localhost") return [endpoint];
  return LOOPBACK.map((host) => ({ ...endpoint, host }));
}

/** The error for an endpoint that is not there; it names the existing ones. */
export function noSuchEndpoint(address: string, bound: Iterable<Named>, connected: Iterable<Named>): ZmqError {
  return new ZmqError("ENOENT", { address, detail: `bound: ${listed(bound)}; connected: ${listed(connected)}` });
}

type Named = Pick<EngineEndpoint, "endpoint" | "isClosing">;

function listed(endpoints: Iterable<Named>): string {
  const names: string[] = [];
  for (const { endpoint, isClosing } of endpoints) if (!isClosing) names.push(endpoint);
  const more = names.length - MOST_NAMED;
  if (more > 0) names.splice(MOST_NAMED, more, `and ${more} more`);
  return names.join(", ") || "none";
}

/** Multicast is for publishers and subscribers; by udp RADIO connects, and DISH and DGRAM bind. DGRAM has nothing else. Throws ENOCOMPATPROTO. */
export function expectCompatible(type: SocketTypeName, text: string, role?: "bind" | "connect"): void {
  if (IN_PAGE) return; // Its grammar knows no such endpoint.
  const isPubSub = type === "PUB" || type === "SUB" || type === "XPUB" || type === "XSUB";
  const roleByUdp = type === "RADIO" ? "connect" : type === "DISH" || type === "DGRAM" ? "bind" : undefined;
  const isUdp = text.startsWith("udp:");
  const isWrong = isUdp ? roleByUdp === undefined || (role ?? roleByUdp) !== roleByUdp : type === "DGRAM";
  if (isWrong || (/^e?pgm:/.test(text) && !isPubSub)) throw new ZmqError("ENOCOMPATPROTO", { address: text });
}
