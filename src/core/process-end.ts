/** What becomes of a context's messages when the process ends. */

import type { Lingering } from "./platform.ts";

/** So long the end of the process may be held up by messages that an I/O thread has not sent. */
const FINISH_MS = 1000;

/** Closes the open sockets that have something left to send. True while any closed one still sends. */
export function lingers(context: Lingering): boolean {
  const all = [...context.sockets];
  for (const socket of all) if (!socket.core.isClosed && !socket.endpoints.isIdle) context.closeSocket(socket);
  return [...context.sockets].some(({ core }) => core.isClosed);
}

/** Writes what is batched as far as the kernel takes it at once. */
export function flushNow(context: Lingering): void {
  const { sockets, startedEngine: engine } = context;
  const flush = () => {
    for (const { endpoints } of sockets) for (const endpoint of endpoints.all) endpoint.flushNow();
  };
  flush();
  if (engine?.finish === undefined) return;
  let timeoutMs = 0;
  for (const { core } of sockets) {
    const { linger } = core.options;
    timeoutMs = Math.max(timeoutMs, linger < 0 ? FINISH_MS : Math.min(linger, FINISH_MS));
  }
  if (timeoutMs > 0) engine.finish(timeoutMs, flush);
}
