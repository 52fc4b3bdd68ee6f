/**
 * A service that stops gracefully: at SIGTERM or SIGINT it takes no further work, finishes the work it has, sends the
 * results, and ends. Nothing that it accepted is lost. Copy `service` and the lines with signals; here the third job ends the service.
 *
 *     node --import tsx examples/graceful-shutdown.ts
 */

import { setTimeout as wait } from "node:timers/promises";
import { context, Dealer, Router } from "zmq-ts";

/** Results that the peer does not take are given up then; the default waits for ever. */
const LINGER_MS = 2000;

async function service(socket: Router, stop: AbortSignal, work: (job: string) => Promise<string>): Promise<void> {
  const atWork = new Set<Promise<void>>();
  const handle = async (client: Uint8Array, job: string) => socket.send([client, await work(job)]);
  try {
    while (true) {
      const [client, job] = await socket.receive({ signal: stop });
      if (client === undefined || job === undefined) continue;
      const handled: Promise<void> = handle(client, `${job}`).finally(() => atWork.delete(handled));
      atWork.add(handled);
    }
  } catch (error) {
    if (!stop.aborted) throw error;
  }
  console.log(`stopping: ${atWork.size} jobs are still at work`);
  await Promise.all(atWork);
  socket.close(); // the results still leave, for LINGER_MS at most
}

const stopping = new AbortController();
for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => stopping.abort());

const router = new Router({ linger: LINGER_MS });
const endpoint = await router.bind("tcp://127.0.0.1:*");
const ended = service(router, stopping.signal, async (job) => {
  if (job === "three") process.kill(process.pid, "SIGTERM"); // as a supervisor would
  await wait(50);
  return `${job} is done`;
});

const client = new Dealer();
client.connect(endpoint);
for (const job of ["one", "two", "three"]) await client.send(job);
for (let n = 0; n < 3; n++) console.log(`${await client.receiveString()}`);
client.close();

await ended;
await context.close(); // resolves when everything has been sent
console.log("nothing was lost");
