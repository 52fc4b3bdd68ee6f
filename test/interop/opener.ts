/**
 * Sockets of both sides for one test, closed when it is over.
 */

import { afterEach, test } from "node:test";
import type { Socket } from "../../src/index.ts";
import type { Peer, PeerSocket, TypeName } from "./peer.ts";

export const ANY_PORT = "tcp://127.0.0.1:*";
export const ANY_WS_PORT = "ws://127.0.0.1:*/interop";

export function schemeOf(address: string): string {
  return address.slice(0, address.indexOf(":"));
}

export function hex(text: string): string {
  return Buffer.from(text).toString("hex");
}

/** A test that cannot hang. */
export function it(name: string, body: () => Promise<void>): void {
  test(name, { timeout: 60_000 }, body);
}

/** Call in a `describe`. `peer` is asked at each use, for a test may have replaced the process. `anyPort`: where `bound` binds. */
export function opener(peer: () => Peer, anyPort: string = ANY_PORT) {
  const open: { close(): unknown }[] = [];
  afterEach(async () => {
    for (const socket of open.splice(0)) await socket.close();
  });

  function ours<S extends Socket>(socket: S): S {
    open.push({
      close() {
        if (!socket.closed) socket.linger = 0;
        socket.close();
      },
    });
    return socket;
  }

  /** A libzmq socket. */
  async function theirs(type: TypeName, options: Record<string, unknown> = {}): Promise<PeerSocket> {
    const from = peer();
    const socket = await from.open(type, options);
    open.push({ close: () => (from.isAlive ? socket.close() : undefined) });
    return socket;
  }

  /** Ours, bound to a free port. */
  async function bound<S extends Socket>(socket: S): Promise<S & { readonly lastEndpoint: string }> {
    await ours(socket).bind(anyPort);
    return socket as S & { readonly lastEndpoint: string };
  }

  /** Closed with the sockets. */
  function later<T extends { close(): unknown }>(what: T): T {
    open.push(what);
    return what;
  }

  return { ours, theirs, bound, later };
}

/** Resolves when a socket tells of an event. Register before what causes it. */
export function eventOf(socket: Socket, type: "handshake" | "disconnect" | "connect:retry" | "accept"): Promise<void> {
  return new Promise((resolve) => {
    socket.events.on(type, () => resolve());
  });
}

/** Turns the event loop until something holds. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
}
