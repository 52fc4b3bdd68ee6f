/** PUB and XPUB wait for a subscriber, RADIO for a member of the group. */

import type { Message } from "../../base/message.ts";
import { deadline } from "../deadline.ts";
import type { Input } from "../input.ts";
import type { Job } from "./job.ts";

/** Subscriptions follow the handshake at once; a subscription that has not come by then is for other topics. */
const SUBSCRIPTION_MS = 100;

/** Holds the input back until there is a subscriber, so that the first messages are not lost. */
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
  try {
    await job.socket.connected({ signal: deadline(stopping, job.timeoutMs) });
  } catch (error) {
    if (stopping.aborted) {
      job.isCutShort = true;
      throw stopping.reason;
    }
    throw job.timedOut("no subscriber", error);
  }
  try {
    const joined = Reflect.get(job.socket, job.kind.type === "RADIO" ? "groupJoined" : "subscriberJoined");
    await Reflect.apply(joined, job.socket, [topic ?? "", { signal: deadline(stopping, SUBSCRIPTION_MS) }]);
  } catch {
    // Subscribed to other topics: it gets nothing in either case.
  }
}
