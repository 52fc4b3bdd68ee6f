/**
 * The end of a Node process: messages that were accepted still leave. When
 * nothing else keeps the process alive, sockets that have something left to
 * send are closed and linger; at `process.exit()` what is batched is handed to
 * the kernel.
 */

import { systemClock } from "../base/clock.ts";
import type { Lingering } from "../core/platform.ts";

/** As zeromq.js: how long a process may linger before its developer is told why it does not end. */
const PATIENCE_MS = 500;

const clock = systemClock();
const contexts = new Set<Lingering>();
let isInstalled = false;

export const lifetime = {
  began(context: Lingering): void {
    contexts.add(context);
    if (isInstalled) return;
    isInstalled = true;
    process.on("beforeExit", linger);
    process.on("exit", () => {
      for (const each of contexts) each.flushNow();
    });
  },
  ended(context: Lingering): void {
    contexts.delete(context);
  },
};

function linger(): void {
  const lingering = [...contexts].filter((context) => context.linger());
  if (lingering.length === 0) return;
  clock.setTimer(() => {
    if (!lingering.some((context) => contexts.has(context) && context.linger())) return;
    const advice = lingering.some((context) => context.blocky)
      ? " Set 'context.blocky = false' to change this behaviour."
      : "";
    process.stderr.write(
      `(node:${process.pid}) WARNING: Waiting for queued ZeroMQ messages to be delivered.${advice}\n`,
    );
  }, PATIENCE_MS);
}
