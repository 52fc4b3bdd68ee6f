/** The end of a socket command: accepted messages leave, within linger, and the others are reported. */

import { context } from "../../index.ts";
import { endpointsOf } from "../../socket/core-of.ts";
import { deadline } from "../deadline.ts";
import { grouped } from "../numbers.ts";
import type { Shutdown } from "../shutdown.ts";
import { warn } from "../terminal.ts";
import type { AnySocket } from "./kinds.ts";
import { withReason } from "./last-reason.ts";

/** The time for an orderly end of connections when the command was told to hurry. */
const CLOSING_MS = 200;

/** Closes the socket. False when messages were given up: by a second signal, or because it took longer than `timeoutMs`. */
export async function deliver(socket: AnySocket, shutdown: Shutdown, timeoutMs: number | undefined): Promise<boolean> {
  const { linger } = socket;
  const limits = [timeoutMs, linger > 0 ? linger : undefined].filter((ms) => ms !== undefined);
  const signal = deadline(shutdown.abandoning, limits.length === 0 ? undefined : Math.min(...limits));
  if (linger === 0 || endpointsOf(socket).isIdle) return await close(socket, signal, true);
  try {
    await socket.drained({ signal });
    return await close(socket, signal, true);
  } catch {
    // Cut short; messages that are left are counted here.
    const left = socket.peers.reduce((sum, peer) => sum + peer.sendQueueLength, 0);
    const what = left === 0 ? "messages" : left === 1 ? "1 message" : `${grouped(left)} messages`;
    const why = socket.peers.some((peer) => peer.connected)
      ? "the peer did not take them"
      : withReason(socket, "no peer");
    warn(`${what} not delivered: ${why}`);
    return await close(socket, signal, false);
  }
}

/** Resolves to `isDelivered` once the connections are closed. */
async function close(socket: AnySocket, signal: AbortSignal, isDelivered: boolean): Promise<boolean> {
  if (!isDelivered) socket.linger = 0;
  socket.close();
  const cut = new Promise<void>((resolve) => {
    if (signal.aborted) setTimeout(resolve, CLOSING_MS).unref();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
  await Promise.race([context.close(), cut]);
  return isDelivered;
}
