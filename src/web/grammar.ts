/** The endpoints of a page: inproc, and ws and wss to connect to. */

import {
  formatWs,
  type Grammar,
  parseInproc,
  parseWs,
  type Role,
  readEndpoint,
  type SchemeReaders,
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
