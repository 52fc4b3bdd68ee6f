/**
 * The end of a Node process: messages that were accepted still leave. When
 * nothing else keeps the process alive, sockets that have something left to
 * send are closed and linger; at `process.exit()` what is batched is handed to
 * the kernel.
 */

import type { Clock } from "../base/clock.ts";
import type { Lingering, Platform } from "../core/platform.ts";
import { flushNow, lingers } from "../core/process-end.ts";

/** As zeromq.js: how long a process may linger before its developer is told why it does not end. */
const PATIENCE_MS = 500;

export function processLifetime(clock: Clock): NonNullable<Platform["lifetime"]> {
  const contexts = new Set<Lingering>();
  let isInstalled = false;
  return {
    began(context) {
      contexts.add(context);
      if (isInstalled) return;
      isInstalled = true;
      process.on("beforeExit", () => linger(clock, contexts));
      process.on("exit", () => {
        for (const each of contexts) flushNow(each);
      });
    },
    ended(context) {
      contexts.delete(context);
    },
  };
}

function linger(clock: Clock, contexts: ReadonlySet<Lingering>): void {
  const lingering = [...contexts].filter(lingers);
  if (lingering.length === 0) return;
  clock.setTimer(() => {
    if (!lingering.some((context) => contexts.has(context) && lingers(context))) return;
    const advice = lingering.some((context) => context.options.blocky)
      ? " Set 'context.blocky = false' to change this behaviour."
      : "";
    process.stderr.write(
      `(node:${process.pid}) WARNING: Waiting for queued ZeroMQ messages to be delivered.${advice}\n`,
    );
  }, PATIENCE_MS);
}
