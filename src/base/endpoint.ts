/**
 * Endpoints: one grammar for all transports, `scheme://rest`, with libzmq's
 * codes for what is wrong (zmq_tcp(7), zmq_ipc(7), zmq_inproc(7), zmq_udp(7),
 * zmq_pgm(7); 45/ZWS for ws).
 *
 * Stricter than libzmq where that only puts a mistake off: a port beyond 65535
 * is refused instead of cut to 16 bits, and what can never connect (port 0, a
 * wildcard path, an IPv6 address without IPv6) fails at `connect`. Wider where
 * that is harmless: `connect` takes a trailing slash as `bind` does, and a ws
 * URL without port. Resolves no names and no interfaces.
 */

import { fromText } from "./bytes.ts";
import { type ErrorCode, ZmqError } from "./errors.ts";
import { isIPv6, isMulticast } from "./ip.ts";

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

/** Schemes that libzmq may have and this library has not, and why. */
const ABSENT: Readonly<Record<string, string>> = {
  tipc: "no JavaScript runtime reaches TIPC sockets",
  vmci: "no JavaScript runtime reaches VMCI sockets",
  vsock: "no JavaScript runtime reaches vsock sockets",
  norm: "the NORM protocol is not part of this library",
};
const SCHEMES = "tcp, ipc, inproc, ws, wss, udp, pgm or epgm";

/** sizeof(sockaddr_un.sun_path) on Linux, its final NUL included. */
const IPC_PATH_BYTES = 108;
const WS_PORTS = { ws: 80, wss: 443 } as const;

/**
 * Reads an endpoint. `ipv6` is the option of that name. Throws a TypeError for
 * anything but a string, and a ZmqError whose `detail` says what is wrong:
 * EINVAL, EPROTONOSUPPORT (unknown scheme), ENAMETOOLONG (ipc), ENODEV (an IPv6
 * address to bind while `ipv6` is false).
 */
export function parseEndpoint(text: unknown, role: Role, ipv6: boolean): Endpoint {
  if (typeof text !== "string") throw new TypeError("Address must be a string");
  const separator = text.indexOf("://");
  if (separator <= 0) throw refused("EINVAL", text, "expected scheme://address");
  const scheme = text.slice(0, separator);
  const rest = text.slice(separator + 3);
  if (rest === "") throw refused("EINVAL", text, `expected an address after ${scheme}://`);
  const context = { text, role, ipv6 };
  switch (scheme) {
    case "tcp":
      return parseTcp(rest, context);
    case "ipc":
      return parseIpc(rest, context);
    case "inproc":
      return { scheme, text, name: rest };
    case "ws":
    case "wss":
      return parseWs(scheme, rest, context);
    case "udp":
      return parseUdp(rest, context);
    case "pgm":
    case "epgm":
      return parsePgm(scheme, rest, context);
    default: {
      const reason = Object.hasOwn(ABSENT, scheme) ? (ABSENT[scheme] as string) : `expected ${SCHEMES}`;
      throw refused("EPROTONOSUPPORT", text, `scheme ${JSON.stringify(scheme)}: ${reason}`);
    }
  }
}

/** `[source;]host:port[/]` */
function parseTcp(rest: string, context: Context): TcpEndpoint {
  const address = rest.endsWith("/") ? rest.slice(0, -1) : rest;
  const semicolon = address.lastIndexOf(";");
  const target = parseAddress(address.slice(semicolon + 1), context);
  if (semicolon < 0) return { scheme: "tcp", text: context.text, ...target };
  if (context.role === "bind") throw refused("EINVAL", context.text, "a source address is for connect only");
  return { scheme: "tcp", text: context.text, ...target, source: parseSource(address.slice(0, semicolon), context) };
}

function parseIpc(path: string, { text, role }: Context): IpcEndpoint {
  if (path.includes("\0")) throw refused("EINVAL", text, "an ipc path holds no NUL");
  if (path === "*") {
    if (role === "connect") throw refused("EINVAL", text, "the wildcard * is for bind only");
    return { scheme: "ipc", text, path: "", abstract: false, wildcard: true };
  }
  const abstract = path.startsWith("@");
  if (path === "@") throw refused("EINVAL", text, "expected a name after ipc://@");
  const size = fromText(path).length;
  if (size >= IPC_PATH_BYTES) {
    throw refused("ENAMETOOLONG", text, `the path has ${size} bytes, at most ${IPC_PATH_BYTES - 1} fit`);
  }
  return { scheme: "ipc", text, path: abstract ? path.slice(1) : path, abstract, wildcard: false };
}

/** `host[:port][/path]`: the port may be absent on connect, as in any URL. */
function parseWs(scheme: "ws" | "wss", rest: string, context: Context): WsEndpoint {
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

/** `[interface;]host:port`; an interface is for multicast groups only. */
function parseUdp(rest: string, context: Context): UdpEndpoint {
  const semicolon = rest.lastIndexOf(";");
  const target = parseAddress(rest.slice(semicolon + 1), context);
  if (semicolon < 0) return { scheme: "udp", text: context.text, ...target };
  if (!isMulticast(target.host)) {
    throw refused("EINVAL", context.text, "an interface goes with a multicast group, 224.0.0.0/4 or ff00::/8");
  }
  const iface = parseHost(rest.slice(0, semicolon), { ...context, role: "bind" });
  return { scheme: "udp", text: context.text, iface, ...target };
}

/** `interface;group[,group...][;sendGroup]:port`, the same for both roles. */
function parsePgm(scheme: "pgm" | "epgm", rest: string, { text }: Context): PgmEndpoint {
  const context: Context = { text, role: "connect", ipv6: true };
  const colon = rest.lastIndexOf(":");
  const [iface = "", received, sent, ...more] = rest.slice(0, Math.max(colon, 0)).split(";");
  if (received === undefined || more.length > 0) {
    throw refused("EINVAL", text, "expected interface;group:port or interface;group,group;sendGroup:port");
  }
  const port = parsePort(rest.slice(colon + 1), context);
  const groups = received.split(",").map((group) => parseGroup(group, context));
  const endpoint = { scheme, text, iface: iface === "" ? "" : parseHost(iface, context), groups, port };
  return sent === undefined ? endpoint : { ...endpoint, sendGroup: parseGroup(sent, context) };
}

interface Context {
  readonly text: string;
  readonly role: Role;
  readonly ipv6: boolean;
}

/** `host:port`, split at the last colon. */
function parseAddress(address: string, context: Context): { host: string; port: number } {
  const colon = address.lastIndexOf(":");
  if (colon < 0) throw refused("EINVAL", context.text, "expected host:port");
  return { host: parseHost(address.slice(0, colon), context), port: parsePort(address.slice(colon + 1), context) };
}

function parsePort(port: string, { text, role }: Context): number {
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
function parseHost(host: string, { text, role, ipv6 }: Context): string {
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

/** `host[:port]`; the host is an address or an interface. */
function parseSource(source: string, context: Context): SourceAddress {
  const [, host, port] = /^(\[.*\]|[^:]*|.*::.*)(?::(\d+|\*))?$/.exec(source) ?? [];
  if (host === undefined) throw refused("EINVAL", context.text, "expected host or host:port as source address");
  return {
    host: parseHost(host, context),
    port: port === undefined ? 0 : parsePort(port, { ...context, role: "bind" }),
  };
}

function parseGroup(group: string, context: Context): string {
  const host = parseHost(group, context);
  if (isMulticast(host)) return host;
  throw refused("EINVAL", context.text, `${JSON.stringify(group)} is not a multicast group`);
}

function refused(code: ErrorCode, address: string, detail: string): ZmqError {
  return new ZmqError(code, { address, detail });
}

/** `127.0.0.1:80`, `[::1]:80`. */
export function formatHost(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/**
 * The canonical text of an endpoint, as LAST_ENDPOINT has it: wildcards as
 * addresses, no trailing slash. Transports hand in what they bound:
 * `formatEndpoint({ ...endpoint, port })`.
 */
export function formatEndpoint(endpoint: Endpoint): string {
  switch (endpoint.scheme) {
    case "tcp": {
      const { source } = endpoint;
      const from = source === undefined ? "" : `${formatHost(source.host, source.port)};`;
      return `tcp://${from}${formatHost(endpoint.host, endpoint.port)}`;
    }
    case "ipc":
      if (endpoint.wildcard) return "ipc://*";
      return `ipc://${endpoint.abstract ? "@" : ""}${endpoint.path}`;
    case "inproc":
      return `inproc://${endpoint.name}`;
    case "ws":
    case "wss":
      return `${endpoint.scheme}://${formatHost(endpoint.host, endpoint.port)}${endpoint.path}`;
    case "udp": {
      const iface = endpoint.iface === undefined ? "" : `${endpoint.iface};`;
      return `udp://${iface}${formatHost(endpoint.host, endpoint.port)}`;
    }
    case "pgm":
    case "epgm": {
      const groups = endpoint.groups.map(bracketed).join(",");
      const sent = endpoint.sendGroup === undefined ? "" : `;${bracketed(endpoint.sendGroup)}`;
      return `${endpoint.scheme}://${bracketed(endpoint.iface)};${groups}${sent}:${endpoint.port}`;
    }
  }
}

function bracketed(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}
