/**
 * Waiting for a condition of a socket: that peers are connected, that a topic
 * has a subscriber, that all has left. Checked again whenever the socket's
 * readiness or its peers change and, where it matters, when all has left.
 */

import { ZmqError } from "../base/errors.ts";
import type { SocketCore, Watcher } from "./core.ts";

/**
 * Resolves when `condition` holds. Rejects with the signal's reason, or EAGAIN when the socket closes first. `tellsIdle`:
 * the condition is about what has left.
 */
export function waitUntil(
  core: SocketCore,
  condition: () => boolean,
  signal: AbortSignal | undefined,
  keeper: object,
  tellsIdle = false,
): Promise<void> {
  if (signal?.aborted) return Promise.reject(signal.reason);
  if (condition()) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const finish = (settle: () => void) => {
      core.unwatch(watcher);
      signal?.removeEventListener("abort", onAbort);
      core.clock.release();
      settle();
    };
    const onAbort = () => finish(() => reject((signal as AbortSignal).reason));
    const watcher: Watcher & { keeper: object } = {
      keeper,
      changed() {
        if (core.isClosed) finish(() => reject(new ZmqError("EAGAIN")));
        else if (condition()) finish(resolve);
      },
    };
    core.clock.hold();
    core.watch(watcher, tellsIdle);
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}
