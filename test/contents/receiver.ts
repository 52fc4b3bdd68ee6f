/** Receives in one of the ways that there are, until it is closed, and hands on all messages. */

import type { Random } from "../fuzz/random.ts";
import type { Holder } from "./holder.ts";
import type { Content } from "./messages.ts";

/** What both APIs of this library have. */
export interface ReceivingSocket {
  readonly closed: boolean;
  receive(options?: { signal?: AbortSignal }): Promise<Uint8Array[]>;
  tryReceive(): Uint8Array[] | undefined;
  receiveMany(options?: { max?: number }): Promise<Uint8Array[][]>;
  batches(options?: { max?: number }): AsyncIterable<Uint8Array[][]>;
  [Symbol.asyncIterator](): AsyncIterator<Uint8Array[], undefined>;
}

export const WAYS = [
  "receive",
  "many at a time",
  "without waiting",
  "loop",
  "loop of batches",
  "called off",
  "mixed",
] as const;
export type Way = (typeof WAYS)[number];

/** `slow`: rests now and then, so that what comes must wait. */
export async function receive(
  socket: ReceivingSocket,
  way: Way,
  isSlow: boolean,
  random: Random,
  holder: Holder,
  came: (content: Content, message: Uint8Array[]) => void,
): Promise<void> {
  const take = async (message: Uint8Array[]): Promise<void> => {
    const content = holder.took(message);
    if (content !== undefined) came(content, message);
    if (isSlow && random.oneIn(30)) await new Promise<void>((resolve) => setTimeout(resolve, random.below(70)));
  };
  const takeMany = async (messages: Uint8Array[][]): Promise<void> => {
    holder.tookBatch(messages);
    for (const message of messages) await take(message);
  };
  const once = async (by: Way): Promise<void> => {
    switch (by) {
      case "many at a time":
        await takeMany(await socket.receiveMany({ max: 1 + random.below(300) }));
        break;
      case "without waiting": {
        const message = socket.tryReceive();
        if (message !== undefined) await take(message);
        else await new Promise<void>((resolve) => setImmediate(resolve));
        break;
      }
      case "called off": {
        const caller = new AbortController();
        setImmediate(() => caller.abort());
        await take(await socket.receive({ signal: caller.signal })).catch(ignoreAbort);
        break;
      }
      default:
        await take(await socket.receive());
    }
  };
  try {
    if (way === "loop")
      for await (const message of { [Symbol.asyncIterator]: () => socket[Symbol.asyncIterator]() }) await take(message);
    else if (way === "loop of batches")
      for await (const messages of socket.batches({ max: 1 + random.below(300) })) await takeMany(messages);
    else {
      while (!socket.closed) {
        const by =
          way === "mixed" ? random.pick(["receive", "many at a time", "without waiting", "called off"] as const) : way;
        await once(by).catch(ignoreAbort);
      }
    }
  } catch (error) {
    const { code } = error as { code?: string };
    if (code !== "EAGAIN" && code !== "EBADF") throw error; // Closed while it waited.
  }
}

function ignoreAbort(error: unknown): void {
  if ((error as Error).name !== "AbortError") throw error;
}
