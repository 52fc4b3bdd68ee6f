/**
 * The working part of each socket, for the files of the library that act on sockets from outside. Users of the class
 * cannot reach it.
 */

import type { OpenSocket } from "../core/context-core.ts";
import type { Endpoints } from "../core/endpoints.ts";
import type { SocketCore } from "../core/socket-core.ts";
import type { Context } from "./context.ts";

/** A socket, for files that the class `Socket` itself is made of. */
export interface AnySocket {
  readonly context: Context;
  readonly closed: boolean;
  readonly lastEndpoint: string | null;
  close(): void;
}

const opened = new WeakMap<object, OpenSocket>();

/** Notes the working part of a new socket. */
export function noteSocket(socket: AnySocket, open: OpenSocket): void {
  opened.set(socket, open);
}

/** Whether `value` is a socket of this library. */
export function isSocket(value: unknown): boolean {
  return typeof value === "object" && value !== null && opened.has(value);
}

/** Throws TypeError for what is no socket. */
export function coreOf(socket: AnySocket): SocketCore {
  return openOf(socket).core;
}

/** Throws TypeError for what is no socket. */
export function endpointsOf(socket: AnySocket): Endpoints {
  return openOf(socket).endpoints;
}

function openOf(socket: AnySocket): OpenSocket {
  const open = opened.get(socket);
  if (open === undefined) throw new TypeError("Socket must be a socket object");
  return open;
}
