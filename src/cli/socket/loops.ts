/**
 * One loop for each role. Each ends by itself at the end of its input, after
 * its number of messages, or by an error that `Job.failureOf` explains.
 */

import type { Message } from "../../base/message.ts";
import { detach } from "../endpoints.ts";
import type { Input } from "../input.ts";
import type { Job } from "./job.ts";

/** The change of a message: to an answer, or to the message that is printed in its place. */
export type Change = (message: Message) => Promise<Message | undefined>;

/** Sends all of the input, `job.limit` messages at most. Resolves to how many were sent. */
export async function sendAll(job: Job, input: Input, limit: number): Promise<number> {
  let sent = 0;
  for await (const batch of input) {
    for (let i = 0; i < batch.length; i++) {
      await job.sendInput(batch[i] as Message);
      if (++sent >= limit) return sent;
      if (job.shutdown.abandoning.aborted) throw job.shutdown.abandoning.reason;
    }
  }
  return sent;
}

/** Prints messages that come, `limit` at most. When told to stop, also those that have arrived until then. */
export async function receiveAll(job: Job, limit: number, change?: Change): Promise<void> {
  for (let received = 1; ; received++) {
    let message: Message;
    try {
      message = await job.receive();
    } catch (error) {
      if (job.shutdown.stopping.aborted && !job.output.isGone) await receiveRest(job, limit - received + 1, change);
      throw error;
    }
    await printed(job, message, change);
    if (received >= limit) return;
  }
}

/** Closes the connections and prints the messages in the socket's queues. */
async function receiveRest(job: Job, most: number, change: Change | undefined): Promise<void> {
  detach(job.socket, job.attached);
  for (let left = most; left > 0 && !job.output.isGone; left--) {
    const message = await job.receiveArrived();
    if (message === undefined) return;
    await printed(job, message, change);
  }
}

async function printed(job: Job, message: Message, change: Change | undefined): Promise<void> {
  const shown = change === undefined ? message : await change(message);
  if (shown === undefined) return;
  const blocked = job.print(shown);
  if (blocked !== undefined) await blocked;
}

/** Sends a request and prints its reply, for each message of the input. */
export async function requestAll(job: Job, input: Input, change?: Change): Promise<void> {
  let replies = 0;
  for await (const batch of input) {
    for (const request of batch) {
      await job.send(request);
      await printed(job, await job.receive(), change);
      if (++replies >= job.limit || job.shutdown.stopping.aborted) return;
    }
  }
}

/** Prints each message and sends the result of `answer`; undefined ends it. */
export async function answerAll(job: Job, answer: Change): Promise<void> {
  for (let answered = 1; answered <= job.limit; answered++) {
    const message = await job.receive();
    const blocked = job.print(message);
    if (blocked !== undefined) await blocked;
    const reply = await answer(message);
    if (reply === undefined) return;
    await job.send(reply);
    if (job.shutdown.stopping.aborted) return;
  }
}
