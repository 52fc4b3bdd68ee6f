/** Worker threads that run a function of a test with the sources of the library, in every Node. */

import { Worker } from "node:worker_threads";

const ENTRY = new URL("../../src/index.ts", import.meta.url).href;

export interface Thread<T> {
  readonly worker: Worker;
  /** What the function returned; rejects with what it threw. */
  readonly result: Promise<T>;
  /** Resolves when the thread has ended. */
  readonly ended: Promise<void>;
}

/**
 * Runs `task` in a thread of its own. It may use nothing around it: `zmq` is the library, `data` what was given. The
 * thread ends when nothing is left to do.
 */
export function thread<T, D>(
  task: (zmq: typeof import("../../src/index.ts"), data: D) => Promise<T> | T,
  data: D,
  env?: NodeJS.ProcessEnv,
): Thread<T> {
  const source = `
    globalThis.__name = (named) => named; // tsx calls it around each function
    const { parentPort, workerData } = require("node:worker_threads");
    import("tsx/esm/api").then(({ register }) => { register(); return import(${JSON.stringify(ENTRY)}); }).then(
      async (zmq) => parentPort.postMessage({ value: await (${task.toString()})(zmq, workerData) }),
    ).catch((error) => parentPort.postMessage({ error: String(error && error.stack || error), code: error && error.code }));`;
  const worker = new Worker(source, { eval: true, workerData: data, ...(env !== undefined && { env }) });
  const ended = new Promise<void>((resolve) => worker.once("exit", () => resolve()));
  const result = new Promise<T>((resolve, reject) => {
    worker.once("message", ({ value, error, code }) => {
      if (error === undefined) resolve(value);
      else reject(Object.assign(new Error(error), { code }));
    });
    worker.once("error", reject);
    worker.once("exit", () => reject(new Error("the thread ended without a result")));
  });
  result.catch(() => {}); // a test may not want it
  return { worker, result, ended };
}
