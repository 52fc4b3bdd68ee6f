/**
 * Workers that compute for seconds without a pause, and a boss that gives up peers which do not answer its heartbeats. The
 * workers keep their connections, because an I/O thread serves them.
 *
 *     node --import tsx examples/busy-workers.ts
 *
 * Parts: boss [TASKS RESULTS], worker TASKS RESULTS [IO_THREADS]. With 0 I/O threads the boss loses its workers.
 *
 * From parts.ts: `program` starts the parts. A copy of a part needs none of it.
 */

import { context, Pull, Push } from "zmq-ts";
import { program } from "./parts.ts";

const HEARTBEATS = { heartbeatInterval: 200, heartbeatTimeout: 1500 };
const WORKERS = 2;

async function boss(tasks = "tcp://127.0.0.1:5577", results = "tcp://127.0.0.1:5578") {
  const push = new Push(HEARTBEATS);
  const pull = new Pull(HEARTBEATS);
  let lost = 0;
  for (const socket of [push, pull]) socket.events.on("disconnect", () => lost++);
  await push.bind(tasks);
  await pull.bind(results);
  await push.connected({ count: WORKERS });
  for (let i = 0; i < WORKERS; i++) await push.send("3000");
  for (let i = 0; i < WORKERS; i++) console.log(String(await pull.receive()));
  console.log(`${lost} connections were lost meanwhile`);
  for (let i = 0; i < WORKERS; i++) await push.send("end");
  push.close();
  pull.close();
}

async function worker(tasks: string, results: string, ioThreads = "1") {
  context.ioThreads = Number(ioThreads); // before the first socket
  const pull = new Pull();
  const push = new Push();
  pull.connect(tasks);
  push.connect(results);
  for await (const [task] of pull) {
    if (String(task) === "end") break;
    await push.send(primesFor(Number(task)));
  }
  pull.close();
  push.close();
}

/** Looks for primes for so many milliseconds. Nothing else in this thread gets its turn. */
function primesFor(ms: number): string {
  const end = performance.now() + ms;
  let count = 0;
  let n = 2;
  for (; performance.now() < end; n++) {
    let divisor = 2;
    while (divisor * divisor <= n && n % divisor !== 0) divisor++;
    if (divisor * divisor > n) count++;
  }
  return `${count} primes below ${n}`;
}

await program(import.meta.url, { boss, worker }, async (stage) => {
  const [tasks, results] = [stage.address("tasks"), stage.address("results")];
  const counting = stage.start("busy-workers boss", tasks, results);
  for (let i = 0; i < WORKERS; i++) stage.start("busy-workers worker", tasks, results);
  await counting.ended;
});
