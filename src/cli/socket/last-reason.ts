/** Why a socket has no peer, as far as its events tell: the last attempt that failed, or the last refusal. */

import { describe } from "../failure.ts";
import type { AnySocket } from "./kinds.ts";

const reasons = new WeakMap<AnySocket, string>();

/** Starts to listen. */
export function noteReasons(socket: AnySocket): void {
  const note = (text: string) => reasons.set(socket, text);
  socket.events.on("close", ({ cause }) => {
    if (cause !== undefined) note(describe(cause));
  });
  socket.events.on("disconnect", ({ cause }) => {
    note(cause === undefined ? "the peer closed the connection" : describe(cause));
  });
  for (const type of ["handshake:error:auth", "handshake:error:protocol"] as const) {
    socket.events.on(type, ({ error }) => note(`handshake failed: ${describe(error)}`));
  }
  socket.events.on("handshake", () => reasons.delete(socket));
}

/** `text`, and behind it the last reason for which there was no peer. */
export function withReason(socket: AnySocket, text: string): string {
  const reason = reasons.get(socket);
  return reason === undefined ? text : `${text} (${reason})`;
}
