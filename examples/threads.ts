/**
 * Worker threads for programs of this folder. Nothing here is needed elsewhere: with compiled programs, and from Node 22
 * on, `new Worker(new URL("./worker.js", import.meta.url), { workerData })` is all.
 */

import { isMainThread, Worker, workerData } from "node:worker_threads";

interface ThreadData {
  readonly part: string;
  readonly data: unknown;
}

/** Starts a thread that runs `part` of the program `url`, which calls `inThread`. */
export function startThread(url: string, part: string, data?: unknown): Worker {
  // Node 20 does not compile TypeScript in a thread by itself.
  const source = `import("tsx/esm/api").then(({ register }) => { register(); return import(${JSON.stringify(url)}); });`;
  const given: ThreadData = { part, data };
  return new Worker(source, { eval: true, workerData: given });
}

/** Runs the part for which this thread was started. False in the main thread. */
export function inThread(parts: Record<string, (data: never) => Promise<void>>): boolean {
  if (isMainThread) return false;
  const { part, data } = workerData as ThreadData;
  void parts[part]?.(data as never);
  return true;
}
