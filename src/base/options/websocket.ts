/**
 * Options of ws and wss that libzmq does not have: who may come in from a page, and an HTTP server that runs already.
 */

import type { SocketTypeName } from "../socket-types.ts";
import { type Option, type Row, textOf, traits } from "./kinds.ts";

/** A server of `node:http` or `node:https`, as far as it is used here. */
export interface WebServer {
  on(event: "upgrade", listener: (...args: unknown[]) => void): unknown;
  off(event: "upgrade", listener: (...args: unknown[]) => void): unknown;
  address(): string | { readonly address: string; readonly port: number } | null;
}

/** A peer that asks to be let in, as `wsAccept` sees it. */
export interface WebSocketRequest {
  /** Path and query, as they came: `/feed?token=abc`. */
  readonly target: string;
  /** The Host header. */
  readonly host: string;
  /** The page that asks, such as `https://app.example`; undefined for programs, which send none. */
  readonly origin: string | undefined;
  /** The dialects that it offers. */
  readonly protocols: readonly string[];
  /** By names in small letters; the values of a header that came several times are joined by `, `. */
  readonly headers: Readonly<Record<string, string>>;
  /** The IP address of the peer, or of the proxy before it. */
  readonly remoteAddress: string;
}

/** True lets the peer in; false or an error refuses it with 403. */
export type WebSocketAccept = (request: WebSocketRequest) => boolean | Promise<boolean>;

type OwnRow = Row<SocketTypeName, "rw">;

function origins(
  row: OwnRow,
): Option<readonly string[], readonly string[], readonly string[] | string | null, SocketTypeName, "rw"> {
  return {
    ...traits(row),
    default: [],
    expected: 'a list of origins, without a path, such as "https://app.example", or "*"; text with commas too',
    check(input) {
      const values = Array.isArray(input)
        ? input.map(textOf)
        : textOf(input)
            .split(",")
            .filter((value) => value !== "");
      return values.every((value) => /^(\*|null|[a-z][a-z0-9+.-]*:\/\/[^/\s*]+)$/i.test(value)) ? values : undefined;
    },
    show: (value) => value,
  };
}

function webServer(row: OwnRow): Option<WebServer | null, WebServer | null, WebServer | null, SocketTypeName, "rw"> {
  return {
    ...traits(row),
    default: null,
    expected: "a server of node:http or node:https, or null",
    check(input) {
      if (input !== null && !isWebServer(input)) throw new TypeError("Option value must be an HTTP server or null");
      return input;
    },
    show: (value) => value,
  };
}

function isWebServer(value: unknown): value is WebServer {
  if (typeof value !== "object" || value === null) return false;
  const { on, off, address } = value as Partial<Record<keyof WebServer, unknown>>;
  return typeof on === "function" && typeof off === "function" && typeof address === "function";
}

function acceptHook(
  row: OwnRow,
): Option<WebSocketAccept | null, WebSocketAccept | null, WebSocketAccept | null, SocketTypeName, "rw"> {
  return {
    ...traits(row),
    default: null,
    expected: "a function, or null",
    check(input) {
      if (input !== null && !isHook(input)) throw new TypeError("Option value must be a function or null");
      return input;
    },
    show: (value) => value,
  };
}

function isHook(value: unknown): value is WebSocketAccept {
  return typeof value === "function";
}

export const WEBSOCKET_OPTIONS = {
  /** Not in libzmq. Pages that may connect to bound ws and wss endpoints besides those of the same host and port: their origins, or `*` for all. Programs send no origin, and are let in. Default empty. */
  wsAllowedOrigins: origins({ id: -20 }),
  /** Not in libzmq. Asked about each peer that asks for a bound ws or wss endpoint: it sees the upgrade request, and refuses it by returning false. Default null. */
  wsAccept: acceptHook({ id: -21 }),
  /** Not in libzmq. An HTTP or HTTPS server that runs already: `bind` takes over the path of a ws or wss endpoint there, instead of listening itself. Default null. */
  wsServer: webServer({ id: -22 }),
};
