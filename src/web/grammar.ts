/** The endpoints of a page: inproc, and ws and wss to connect to, which are URLs as the browser reads them. */

import {
  formatWs,
  type Grammar,
  parseInproc,
  type Reading,
  type Role,
  readEndpoint,
  refused,
  type SchemeReaders,
  WS_PORTS,
  type WsEndpoint,
} from "../base/endpoint-grammar.ts";

const READERS: SchemeReaders = {
  inproc: parseInproc,
  ws: (rest, reading) => parseWs("ws", rest, reading),
  wss: (rest, reading) => parseWs("wss", rest, reading),
};

export const PAGE_GRAMMAR: Grammar = {
  parse: (text, role, ipv6) => readEndpoint(text, role, ipv6, READERS, absent),
  format(endpoint) {
    return endpoint.scheme === "ws" || endpoint.scheme === "wss" ? formatWs(endpoint) : endpoint.text;
  },
};

function absent(scheme: string, role: Role): string {
  if (role === "bind") return "a page binds inproc:// alone: bind the other side, and connect to it here";
  return `a page has no ${scheme}://, but ws://, wss:// and inproc://; 'zmq proxy' joins ws to tcp (docs/browsers.md)`;
}

function parseWs(scheme: "ws" | "wss", rest: string, { text, role, ipv6 }: Reading): WsEndpoint {
  const { hostname = "", port, pathname, search, username }: Partial<URL> = urlOf(text) ?? {};
  // A URL may hold much that is mended silently: what is left out, or stands in another place, is a mistake here.
  const isHost = /^[\w.:[\]-]+$/.test(hostname);
  if (!isHost || username !== "" || port === "0" || !/^(?!\/)[\x21\x22\x24-\x7e]+$/.test(rest)) {
    if (role === "bind") throw refused("EPROTONOSUPPORT", text, absent(scheme, role));
    throw refused("EINVAL", text, `expected ${scheme}://host:port/path, with other characters percent-encoded`);
  }
  const host = hostname.replaceAll(/[[\]]/g, "");
  if (host.includes(":") && !ipv6) throw refused("EINVAL", text, "an IPv6 address needs the option ipv6 = true");
  return { scheme, text, host, port: Number(port) || WS_PORTS[scheme], path: `${pathname}${search}` };
}

function urlOf(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined; // No URL.
  }
}
