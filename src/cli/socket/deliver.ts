/** The end of a socket command: what was accepted leaves, within linger, and what did not is told. */

import { context } from "../../index.ts";
import { grouped } from "../numbers.ts";
import type { Shutdown } from "../shutdown.ts";
import { warn } from "../terminal.ts";
import type { AnySocket } from "./kinds.ts";

/** Closes the socket. False when messages were given up: by a second signal, or because it took longer than `timeoutMs`. */
export async function deliver(socket: AnySocket, shutdown: Shutdown, timeoutMs: number | undefined): Promise<boolean> {
  const { linger } = socket;
  const limits = [timeoutMs, linger > 0 ? linger : undefined].filter((ms) => ms !== undefined);
  const patience = limits.map((ms) => AbortSignal.timeout(ms));
  const signal = AbortSignal.any([shutdown.abandoning, ...patience]);
  let isDelivered = true;
  if (linger !== 0) {
    try {
      await socket.drained({ signal });
    } catch {
      // Cut short; what is left is counted here.
      isDelivered = false;
      const left = socket.peers.reduce((sum, peer) => sum + peer.sendQueueLength, 0);
      const peers = socket.peers.some((peer) => peer.connected) ? "the peer did not take them" : "no peer";
      warn(`${left === 0 ? "messages" : grouped(left)} not delivered: ${peers}`);
    }
  }
  if (!isDelivered) socket.linger = 0;
  socket.close();
  await Promise.race([context.close(), new Promise((resolve) => signal.addEventListener("abort", resolve))]);
  return isDelivered;
}
