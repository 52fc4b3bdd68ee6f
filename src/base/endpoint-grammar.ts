/**
 * What all endpoints have in common, and those that browsers know too: `scheme://rest`, hosts and ports, inproc and ws.
 * See endpoint.ts for the whole grammar. Resolves no names and no interfaces.
 */

import { type ErrorCode, ZmqError } from "./errors.ts";
import { isIPv6 } from "./ip.ts";

export type Role = "bind" | "connect";

interface Given {
  /** As the user wrote it. */
  readonly text: string;
}

/** Where a connection comes from. */
export interface SourceAddress {
  /** An address, or the name of an interface. */
  readonly host: string;
  /** 0: any. */
  readonly port: number;
}

export interface TcpEndpoint extends Given {
  readonly scheme: "tcp";
  /** A name, an address without brackets, or on bind the name of an interface. The wildcard is `0.0.0.0`, with IPv6 `::`. */
  readonly host: string;
  /** 0: ephemeral, on bind only. */
  readonly port: number;
  readonly source?: SourceAddress;
}

export interface IpcEndpoint extends Given {
  readonly scheme: "ipc";
  /** A file, or the abstract name without its `@`; empty for the wildcard. */
  readonly path: string;
  /** A name outside the file system (Linux). */
  readonly abstract: boolean;
  /** The transport makes up a path; on bind only. */
  readonly wildcard: boolean;
}

export interface InprocEndpoint extends Given {
  readonly scheme: "inproc";
  readonly name: string;
}

export interface WsEndpoint extends Given {
  readonly scheme: "ws" | "wss";
  /** As for tcp. */
  readonly host: string;
  /** As for tcp; on connect 80 for ws and 443 for wss when absent. */
  readonly port: number;
  /** Begins with a slash; may hold a query. */
  readonly path: string;
}

export interface UdpEndpoint extends Given {
  readonly scheme: "udp";
  /** The interface, by address or name, of a multicast group. */
  readonly iface?: string;
  /** As for tcp; a multicast group is an address. */
  readonly host: string;
  readonly port: number;
}

export interface PgmEndpoint extends Given {
  readonly scheme: "pgm" | "epgm";
  /** By address or name; empty: the default one. */
  readonly iface: string;
  /** The groups received from, one or more; the first is sent to, unless there is a `sendGroup`. */
  readonly groups: readonly string[];
  readonly sendGroup?: string;
  readonly port: number;
}

export type Endpoint = TcpEndpoint | IpcEndpoint | InprocEndpoint | WsEndpoint | UdpEndpoint | PgmEndpoint;

/** The endpoints that a platform knows. */
export interface Grammar {
  /**
   * Reads an endpoint. `ipv6` is the option of that name. Throws a TypeError for anything but a string, and a ZmqError
   * whose `detail` says what is wrong: EINVAL, EPROTONOSUPPORT (unknown scheme), ENAMETOOLONG (ipc), ENODEV (an IPv6
   * address to bind while `ipv6` is false).
   */
  parse(text: unknown, role: Role, ipv6: boolean): Endpoint;
  /**
   * The canonical text of an endpoint, as LAST_ENDPOINT has it: wildcards as addresses, no trailing slash. Transports
   * hand in what they bound.
   */
  format(endpoint: Endpoint): string;
}

/** An endpoint that is being read. */
export interface Reading {
  readonly text: string;
  readonly role: Role;
  readonly ipv6: boolean;
}

export type SchemeReaders = Readonly<Record<string, (rest: string, reading: Reading) => Endpoint>>;

export const WS_PORTS = { ws: 80, wss: 443 } as const;

/** As `Grammar.parse`, by the readers of the schemes. `absent` says why there is none for another scheme. */
export function readEndpoint(
  text: unknown,
  role: Role,
  ipv6: boolean,
  readers: SchemeReaders,
  absent: (scheme: string, role: Role) => string,
): Endpoint {
  if (typeof text !== "string") throw new TypeError("Address must be a string");
  const separator = text.indexOf("://");
  if (separator <= 0) throw refused("EINVAL", text, "expected scheme://address");
  const scheme = text.slice(0, separator);
  const rest = text.slice(separator + 3);
  if (rest === "") throw refused("EINVAL", text, `expected an address after ${scheme}://`);
  const read = Object.hasOwn(readers, scheme) ? readers[scheme] : undefined;
  if (read === undefined) throw refused("EPROTONOSUPPORT", text, absent(scheme, role));
  return read(rest, { text, role, ipv6 });
}

export function parseInproc(name: string, { text }: Reading): InprocEndpoint {
  return { scheme: "inproc", text, name };
}

/** `host[:port][/path]`: the port may be absent on connect, as in any URL. */
export function parseWs(scheme: "ws" | "wss", rest: string, context: Reading): WsEndpoint {
  const slash = rest.search(/[/?]/);
  const authority = slash < 0 ? rest : rest.slice(0, slash);
  const tail = slash < 0 ? "" : rest.slice(slash);
  if (!/^[\x21-\x7e]*$/.test(tail) || tail.includes("#")) {
    throw refused("EINVAL", context.text, "the path holds a character that must be percent-encoded");
  }
  const hasPort = /:[^\]:]*$/.test(authority);
  const address = !hasPort && context.role === "connect" ? `${authority}:${WS_PORTS[scheme]}` : authority;
  const path = tail.startsWith("/") ? tail : `/${tail}`;
  return { scheme, text: context.text, ...parseAddress(address, context), path };
}

export function formatWs({ scheme, host, port, path }: WsEndpoint): string {
  return `${scheme}://${formatHost(host, port)}${path}`;
}

/** `host:port`, split at the last colon. */
export function parseAddress(address: string, context: Reading): { host: string; port: number } {
  const colon = address.lastIndexOf(":");
  if (colon < 0) throw refused("EINVAL", context.text, "expected host:port");
  return { host: parseHost(address.slice(0, colon), context), port: parsePort(address.slice(colon + 1), context) };
}

export function parsePort(port: string, { text, role }: Reading): number {
  const isEphemeral = port === "*" || port === "0";
  if (isEphemeral && role === "bind") return 0;
  const value = /^\d{1,9}$/.test(port) ? Number(port) : 0;
  if (isEphemeral || value < 1 || value > 65535) {
    const ephemeral = role === "bind" ? ", or * or 0 for any" : "";
    throw refused("EINVAL", text, `expected a port from 1 to 65535${ephemeral}, not ${JSON.stringify(port)}`);
  }
  return value;
}

/** A host name, an address with or without brackets, or the wildcard. */
export function parseHost(host: string, { text, role, ipv6 }: Reading): string {
  if (host === "*") {
    if (role === "connect") throw refused("EINVAL", text, "the wildcard * is for bind only");
    return ipv6 ? "::" : "0.0.0.0";
  }
  const bare = host.startsWith("[") && host.endsWith("]") ? host.slice(1, -1) : host;
  if (bare.includes(":")) {
    const [address = "", zone, ...more] = bare.split("%");
    if (!isIPv6(address) || zone === "" || more.length > 0 || !/^[\w.-]*$/.test(zone ?? "")) {
      throw refused("EINVAL", text, `${JSON.stringify(host)} is not an IPv6 address`);
    }
    if (!ipv6) {
      throw refused(role === "bind" ? "ENODEV" : "EINVAL", text, "an IPv6 address needs the option ipv6 = true");
    }
    return bare;
  }
  if (!/^\w[\w.-]*$/.test(bare)) throw refused("EINVAL", text, `${JSON.stringify(host)} is not a host`);
  return bare;
}

export function refused(code: ErrorCode, address: string, detail: string): ZmqError {
  return new ZmqError(code, { address, detail });
}

/** `127.0.0.1:80`, `[::1]:80`. */
export function formatHost(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
