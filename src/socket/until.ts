/**
 * Waiting for a condition of a socket: that peers are connected, that a topic
 * has a subscriber, that all has left. Checked again whenever the socket's
 * readiness or its peers change, and, where that does not tell, now and then.
 */

import type { Timer } from "../base/clock.ts";
import { ZmqError } from "../base/errors.ts";
import type { SocketCore, Watcher } from "./core.ts";

/**
 * Resolves when `condition` holds. Rejects with the signal's reason, or EAGAIN when the socket closes first. With
 * `recheckMs` the condition is looked at this often besides: for what the socket is not told of, such as that a
 * connection has handed its last bytes over.
 */
export function waitUntil(
  core: SocketCore,
  condition: () => boolean,
  signal: AbortSignal | undefined,
  keeper: object,
  recheckMs?: number,
): Promise<void> {
  if (signal?.aborted) return Promise.reject(signal.reason);
  if (condition()) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const finish = (settle: () => void) => {
      core.unwatch(watcher);
      if (timer !== undefined) core.clock.clearTimer(timer);
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
    const recheck = (afterMs: number): void => {
      timer = core.clock.setTimer(() => {
        recheck(afterMs); // before the look, which may clear it
        watcher.changed();
      }, afterMs);
    };
    let timer: Timer | undefined;
    if (recheckMs !== undefined) recheck(recheckMs);
    core.clock.hold();
    core.watch(watcher);
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}
