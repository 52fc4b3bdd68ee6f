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
import {
  type Endpoint,
  formatHost,
  formatWs,
  type Grammar,
  type IpcEndpoint,
  type PgmEndpoint,
  parseAddress,
  parseHost,
  parseInproc,
  parsePort,
  parseWs,
  type Reading,
  type Role,
  readEndpoint,
  refused,
  type SchemeReaders,
  type SourceAddress,
  type TcpEndpoint,
  type UdpEndpoint,
} from "./endpoint-grammar.ts";
import { isMulticast } from "./ip.ts";

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

const READERS: SchemeReaders = {
  tcp: parseTcp,
  ipc: parseIpc,
  inproc: parseInproc,
  ws: (rest, reading) => parseWs("ws", rest, reading),
  wss: (rest, reading) => parseWs("wss", rest, reading),
  udp: parseUdp,
  pgm: (rest, reading) => parsePgm("pgm", rest, reading),
  epgm: (rest, reading) => parsePgm("epgm", rest, reading),
};

/** As `Grammar.parse`, for all endpoints. */
export function parseEndpoint(text: unknown, role: Role, ipv6: boolean): Endpoint {
  return readEndpoint(text, role, ipv6, READERS, absent);
}

function absent(scheme: string): string {
  const reason = Object.hasOwn(ABSENT, scheme) ? (ABSENT[scheme] as string) : `expected ${SCHEMES}`;
  return `scheme ${JSON.stringify(scheme)}: ${reason}`;
}

/** `[source;]host:port[/]` */
function parseTcp(rest: string, context: Reading): TcpEndpoint {
  const address = rest.endsWith("/") ? rest.slice(0, -1) : rest;
  const semicolon = address.lastIndexOf(";");
  const target = parseAddress(address.slice(semicolon + 1), context);
  if (semicolon < 0) return { scheme: "tcp", text: context.text, ...target };
  if (context.role === "bind") throw refused("EINVAL", context.text, "a source address is for connect only");
  return { scheme: "tcp", text: context.text, ...target, source: parseSource(address.slice(0, semicolon), context) };
}

function parseIpc(path: string, { text, role }: Reading): IpcEndpoint {
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

/** `[interface;]host:port`; an interface is for multicast groups only. */
function parseUdp(rest: string, context: Reading): UdpEndpoint {
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
function parsePgm(scheme: "pgm" | "epgm", rest: string, { text }: Reading): PgmEndpoint {
  const context: Reading = { text, role: "connect", ipv6: true };
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

/** `host[:port]`; the host is an address or an interface. */
function parseSource(source: string, context: Reading): SourceAddress {
  const [, host, port] = /^(\[.*\]|[^:]*|.*::.*)(?::(\d+|\*))?$/.exec(source) ?? [];
  if (host === undefined) throw refused("EINVAL", context.text, "expected host or host:port as source address");
  return {
    host: parseHost(host, context),
    port: port === undefined ? 0 : parsePort(port, { ...context, role: "bind" }),
  };
}

function parseGroup(group: string, context: Reading): string {
  const host = parseHost(group, context);
  if (isMulticast(host)) return host;
  throw refused("EINVAL", context.text, `${JSON.stringify(group)} is not a multicast group`);
}

/** As `Grammar.format`: `formatEndpoint({ ...endpoint, port })`. */
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
      return formatWs(endpoint);
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

/** All endpoints. */
export const GRAMMAR: Grammar = { parse: parseEndpoint, format: formatEndpoint };
