/** A sender in a worker thread, for rounds.ts: sends all, then says so until it is ended. */

import { workerData } from "node:worker_threads";
import { Context, type ContextHandle, Push } from "../../src/index.ts";
import { Random } from "../fuzz/random.ts";
import { Sender, type SendingPlan, type SendingSocket } from "./sender.ts";

interface ThreadData {
  readonly plan: Omit<SendingPlan, "signal">;
  readonly seed: number;
  readonly to: readonly string[];
  /** That of the receivers' context; absent: they are reached by other transports. */
  readonly handle?: ContextHandle;
  readonly options: ConstructorParameters<typeof Push>[0];
}

const { plan, seed, to, handle, options } = workerData as ThreadData;
const push = new Push({ ...options, ...(handle !== undefined && { context: Context.from(handle) }) });
for (const endpoint of to) push.connect(endpoint);
const sender = new Sender(push as unknown as SendingSocket, new Random(seed), {
  ...plan,
  signal: new AbortController().signal,
});
await sender.run();
for (;;) await sender.end();
