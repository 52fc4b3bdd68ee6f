/** The other side: waiting for subscribers, and telling the user what happens to connections. */

import type { Message } from "../../base/message.ts";
import type { Publisher } from "../../index.ts";
import { describe } from "../failure.ts";
import type { Input } from "../input.ts";
import type { Shutdown } from "../shutdown.ts";
import { note, warn } from "../terminal.ts";
import type { SocketFlags } from "./flags.ts";
import type { Job } from "./job.ts";
import type { AnySocket } from "./kinds.ts";

/** Subscriptions follow the handshake at once; what has not come by then is for other topics. */
const SUBSCRIPTION_MS = 100;
/** After this time without a peer a person is told what we wait for. */
const PATIENCE_MS = 1000;

/** Holds the input back until there is a subscriber, so that the first messages are not published to nobody. */
export async function* untilSubscribed(job: Job, input: Input): AsyncGenerator<readonly Message[]> {
  let isWaiting = true;
  for await (const batch of input) {
    if (isWaiting) {
      isWaiting = false;
      await subscriber(job, batch[0] ?? []);
    }
    yield batch;
  }
}

async function subscriber(job: Job, [topic]: Message): Promise<void> {
  const { stopping } = job.shutdown;
  const within = (ms: number | undefined) =>
    ms === undefined ? stopping : AbortSignal.any([stopping, AbortSignal.timeout(ms)]);
  try {
    await job.socket.connected({ signal: within(job.timeoutMs) });
  } catch (error) {
    if (stopping.aborted) {
      job.isCutShort = true;
      throw stopping.reason;
    }
    throw job.timedOut("no subscriber", error);
  }
  try {
    const publisher = job.socket as unknown as Publisher;
    await publisher.subscriberJoined(topic ?? "", { signal: within(SUBSCRIPTION_MS) });
  } catch {
    // Subscribed to other topics: what it does not want is not sent to it anyway.
  }
}

/** Shows handshake errors once each, with `--verbose` all events; gives up early when nobody is there to deliver to. */
export function watch(socket: AnySocket, flags: SocketFlags, shutdown: Shutdown): void {
  const told = new Set<string>();
  for (const type of ["handshake:error:auth", "handshake:error:protocol", "handshake:error:other"] as const) {
    socket.events.on(type, (event) => {
      const error = "error" in event ? describe(event.error) : "unknown";
      const address = "address" in event ? event.address : "";
      const line = `${address}: handshake failed: ${error}`;
      if (told.has(line)) return;
      told.add(line);
      warn(line);
    });
  }
  if (flags.verbose) {
    for (const type of [
      "accept",
      "bind",
      "connect",
      "connect:delay",
      "connect:retry",
      "disconnect",
      "handshake",
    ] as const) {
      socket.events.on(type, (event) => note(`${type} ${"address" in event ? event.address : ""}`));
    }
  }
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
