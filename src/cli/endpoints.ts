/**
 * Endpoints of the command line. Besides libzmq's `scheme://address` there are
 * short forms for tcp: `:5555`, `5555` and `host:5555`.
 */

import { parseEndpoint } from "../base/endpoint.ts";
import type { Role } from "../base/endpoint-grammar.ts";
import { type Socket, ZmqError } from "../index.ts";
import { describe, Failure, usage } from "./failure.ts";
import { note } from "./terminal.ts";

export interface EndpointFlags {
  readonly bind?: readonly string[];
  readonly connect?: readonly string[];
}

const EXAMPLE = "tcp://127.0.0.1:5555, ipc:///tmp/feed, or :5555 for short";

/** The endpoint that `text` stands for. Throws a usage error that names the flag. */
export function expand(text: string, role: Role, flag: string): string {
  const endpoint = lengthened(text, role);
  try {
    parseEndpoint(endpoint, role, true);
  } catch (error) {
    const wrong = (error instanceof ZmqError && error.detail) || describe(error);
    throw usage(`${flag} ${text}: ${wrong}; an endpoint is such as ${EXAMPLE}`, error);
  }
  return endpoint;
}

function lengthened(text: string, role: Role): string {
  if (text.includes("://")) return text;
  const [, host = "", port] = /^(?:(.*):)?(\d+|\*)$/.exec(text) ?? [];
  if (port === undefined) return text;
  return `tcp://${host === "" ? (role === "bind" ? "*" : "127.0.0.1") : host}:${port}`;
}

/** Endpoints of a socket, as `unbind` and `disconnect` know them. */
export interface Attached {
  readonly bound: readonly string[];
  readonly connected: readonly string[];
}

/** Binds and connects a socket as the flags say. Bound wildcard ports are told on stderr. */
export async function attach(socket: Socket, flags: EndpointFlags): Promise<Attached> {
  const bind = (flags.bind ?? []).map((text) => expand(text, "bind", "--bind"));
  const connected = (flags.connect ?? []).map((text) => expand(text, "connect", "--connect"));
  const bound: string[] = [];
  for (const endpoint of bind) bound.push(await bindTo(socket, endpoint));
  for (const endpoint of connected) connectTo(socket, endpoint);
  return { bound, connected };
}

/** Ends all connections; messages that have arrived can still be received. */
export function detach(socket: Socket, { bound, connected }: Attached): void {
  for (const endpoint of bound) socket.unbindSync(endpoint);
  for (const endpoint of connected) {
    try {
      socket.disconnect(endpoint);
    } catch (error) {
      // An endpoint whose peer does not speak our language is given up by itself.
      if (!(error instanceof ZmqError) || error.code !== "ENOENT") throw error;
    }
  }
}

/** Binds; resolves to the endpoint that a wildcard became and says it on stderr. */
export async function bindTo(socket: Socket, endpoint: string, name = ""): Promise<string> {
  try {
    await socket.bind(endpoint);
  } catch (error) {
    throw new Failure(`cannot bind to ${endpoint}: ${reason(error)}`, undefined, error);
  }
  const bound = socket.lastEndpoint ?? endpoint;
  if (bound !== endpoint || process.stderr.isTTY) note(`${name}bound to ${bound}`);
  return bound;
}

export function connectTo(socket: Socket, endpoint: string): void {
  try {
    socket.connect(endpoint);
  } catch (error) {
    throw new Failure(`cannot connect to ${endpoint}: ${reason(error)}`, undefined, error);
  }
}

/** The text of an error without the endpoint, which the sentence has already. */
function reason(error: unknown): string {
  return describe(error).replace(/ \([^)]*:\/\/[^)]*\)$/, "");
}

/** Throws a usage error when there is no endpoint at all. */
export function requireEndpoint(command: string, flags: EndpointFlags): void {
  if ((flags.bind?.length ?? 0) + (flags.connect?.length ?? 0) > 0) return;
  throw usage(`${command}: expected at least one --bind or --connect with an endpoint such as ${EXAMPLE}`);
}
