/** Tells the user what happens to connections: failed handshakes, waiting, and with `--verbose` all of it. */

import { SOCKET_TYPES, type SocketTypeName } from "../../base/socket-types.ts";
import type { Event } from "../../index.ts";
import { endpointsOf } from "../../socket/core-of.ts";
import { describe, Failure } from "../failure.ts";
import type { Shutdown } from "../shutdown.ts";
import { note, warn } from "../terminal.ts";
import type { SocketFlags } from "./flags.ts";
import type { AnySocket, Kind } from "./kinds.ts";
import { noteReasons } from "./last-reason.ts";

/** After this time without a peer, a person is told that the command waits for one. */
const PATIENCE_MS = 1000;
/** The events that `--verbose` shows. */
const EVENTS = [
  "accept",
  "bind",
  "close",
  "connect",
  "connect:delay",
  "connect:retry",
  "disconnect",
  "handshake",
] as const;
/** The resolver's codes for a name that is probably misspelt; the library goes on trying. */
const UNRESOLVED = new Set<unknown>(["ENOTFOUND", "EAI_AGAIN"]);

/** Gives up early when there is no peer to deliver to, and tells a person at a terminal that the command waits for one. */
export function watch(socket: AnySocket, kind: Kind, flags: SocketFlags, shutdown: Shutdown): void {
  noteReasons(socket);
  watchHandshakes(socket, kind.type, shutdown);
  watchNames(socket);
  if (flags.verbose) narrate(socket);
  shutdown.stopping.addEventListener("abort", () => {
    const isHopeless = shutdown.isSignalled && !socket.closed && !socket.peers.some((peer) => peer.connected);
    if (isHopeless) shutdown.abandon();
  });
  if (!process.stderr.isTTY) return;
  const timer = setTimeout(() => {
    if (socket.closed || socket.peers.some((peer) => peer.connected)) return;
    note(`waiting for a peer${flags.connect === undefined ? "" : ` at ${flags.connect.join(", ")}`}; Ctrl-C ends`);
  }, PATIENCE_MS);
  timer.unref();
}

function narrate(socket: AnySocket): void {
  for (const type of EVENTS) socket.events.on(type, (event) => note(`${type} ${addressOf(event)}${reasonOf(event)}`));
}

/** Tells of host names that do not resolve, once each: a peer that is not there yet has a name at least. */
function watchNames(socket: AnySocket): void {
  const told = new Set<string>();
  socket.events.on("close", ({ address, cause }) => {
    const code = (cause as { code?: unknown } | undefined)?.code;
    if (!UNRESOLVED.has(code) || told.has(address)) return;
    told.add(address);
    warn(`${address}: the host name does not resolve (${code}); trying again`);
  });
}

/**
 * Tells of handshakes that fail, each reason once. Peers that refuse each
 * other's socket types just close: that is told when it happens twice, and ends
 * the command when it was the last endpoint.
 */
function watchHandshakes(socket: AnySocket, type: SocketTypeName, shutdown: Shutdown): void {
  const told = new Set<string>();
  /** A peer that refuses us for good is not tried again: without any endpoint left there is nothing to wait for. */
  const tell = (line: string, isCertain: boolean) =>
    setImmediate(() => {
      if (!socket.closed && endpointsOf(socket).isEmpty) shutdown.fail(new Failure(line));
      else if (isCertain && !told.has(line)) warn(line);
      if (isCertain) told.add(line);
    });
  for (const failure of ["handshake:error:auth", "handshake:error:protocol"] as const) {
    socket.events.on(failure, (event) => {
      open.delete(keyOf(event));
      if ("error" in event) tell(`${addressOf(event)}: handshake failed: ${describe(event.error)}`, true);
    });
  }
  const { peers } = SOCKET_TYPES[type];
  const fitting = peers.length === 0 ? "" : `; expected a peer of type ${peers.join(", ")} with the same security`;
  /** Connections without a handshake, and how often one ended so. */
  const open = new Set<string>();
  const refusals = new Map<string, number>();
  const began = (event: Event) => open.add(keyOf(event));
  const ended = (event: Event) => {
    if (!open.delete(keyOf(event))) return;
    const address = addressOf(event);
    const times = (refusals.get(address) ?? 0) + 1;
    refusals.set(address, times);
    tell(`${address}: handshake failed: one side closes the connection${fitting}`, times === 2);
  };
  socket.events.on("connect", began);
  socket.events.on("accept", began);
  socket.events.on("handshake", (event) => void open.delete(keyOf(event)));
  socket.events.on("handshake:error:other", ended);
  socket.events.on("disconnect", ended);
}

function reasonOf(event: Event): string {
  return "cause" in event && event.cause !== undefined ? `: ${describe(event.cause)}` : "";
}

function addressOf(event: Event): string {
  return "address" in event ? event.address : "";
}

/** A connection: those of a bound endpoint differ by the peer's address. */
function keyOf(event: Event): string {
  return `${addressOf(event)} ${("remoteAddress" in event && event.remoteAddress) || ""}`;
}
