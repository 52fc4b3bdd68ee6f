/**
 * How a thread notices that another one ends without a word, by `terminate`:
 * its parent knows, but need not have loaded the library. So a port is handed to
 * it, which closes with it. Node hands it on from thread to thread by way of the
 * main thread, which need not know the library either.
 *
 * In a file of Jest's the process is a copy that hears of no such message; and
 * other runtimes were not tried. There the parent must have loaded the library.
 */

import * as workerThreads from "node:worker_threads";
import type { WatchThread } from "../thread/directory.ts";

/** Of what a port is handed over with. */
const KEY = "zmq-ts watch 1";

/** The code with which a message fails to a thread that is not there. */
const NO_THREAD = "ERR_WORKER_MESSAGING_FAILED";

type PostMessageToThread = (
  threadId: number,
  value: unknown,
  transferred: readonly workerThreads.MessagePort[],
) => Promise<void>;

/** Those of this thread, and those that were handed to it: open as long as it lives. */
const kept = new Set<workerThreads.MessagePort>();

/** Lets other threads watch this one. What watches them; undefined where the runtime has not what it takes: Node before 20.19 and 22.5. */
export function watchThreads(): WatchThread | undefined {
  // Not by name: an import of what is missing is an error.
  const { postMessageToThread } = workerThreads as { readonly postMessageToThread?: PostMessageToThread };
  if (postMessageToThread === undefined || process.versions.bun !== undefined || "Deno" in globalThis) return undefined;
  process.on("workerMessage", (value: unknown) => {
    const port = (value as { readonly [KEY]?: workerThreads.MessagePort } | null)?.[KEY];
    if (port === undefined) return;
    port.unref();
    kept.add(port);
    port.once("close", () => kept.delete(port));
  });
  return (threadId, ended) => watch(postMessageToThread, threadId, ended);
}

function watch(postMessageToThread: PostMessageToThread, threadId: number, ended: () => void): void {
  if (threadId === 0) return; // the main thread, with which all end
  const { port1, port2 } = new workerThreads.MessageChannel();
  port1.unref();
  kept.add(port1);
  const over = (): void => {
    if (kept.delete(port1)) ended();
  };
  port1.on("close", over);
  postMessageToThread(threadId, { [KEY]: port2 }, [port2]).catch((error: { readonly code?: unknown }) => {
    if (error.code === NO_THREAD) over();
  });
}
