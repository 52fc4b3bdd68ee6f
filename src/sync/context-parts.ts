/**
 * The working part of each blocking context, and that of each blocking socket,
 * for the files that make them. Users of the classes cannot reach it.
 */

import { ZmqError } from "../base/errors.ts";
import type { ContextCore, OpenSocket } from "../core/context-core.ts";
import type { Waiter } from "./waiter.ts";

export interface ContextParts {
  readonly core: ContextCore;
  readonly waiter: Waiter;
  /** What `setsockopt` of the context says for sockets that are made later, by number. */
  readonly defaults: ReadonlyMap<number, unknown>;
}

/** A context, for files that do not know its class. */
export interface AnyContext {
  readonly closed: boolean;
  term(): void;
  destroy(linger?: number): void;
}

export interface SocketParts {
  readonly open: OpenSocket;
  readonly waiter: Waiter;
}

/** A socket, for files that do not know its class. */
export interface AnySocket {
  readonly closed: boolean;
  /** POLLIN and POLLOUT, as far as they hold now. Throws ENOTSOCK when the socket is closed. */
  readonly events: number;
}

const contexts = new WeakMap<object, ContextParts>();
const sockets = new WeakMap<object, SocketParts>();

export function noteContext(context: AnyContext, parts: ContextParts): void {
  contexts.set(context, parts);
}

export function noteSocket(socket: AnySocket, parts: SocketParts): void {
  sockets.set(socket, parts);
}

/** Throws TypeError for what is no context of the blocking API. */
export function contextParts(context: AnyContext): ContextParts {
  const parts = contexts.get(context);
  if (parts === undefined) throw new TypeError("Context must be a context object of zmq-ts/sync");
  return parts;
}

/** Throws TypeError for what is no socket of the blocking API, and ENOTSOCK for one that is closed. */
export function socketParts(socket: AnySocket): SocketParts {
  const parts = sockets.get(socket);
  if (parts === undefined) throw new TypeError("Socket must be a socket object of zmq-ts/sync");
  if (parts.open.core.isClosed) throw new ZmqError("ENOTSOCK");
  return parts;
}
