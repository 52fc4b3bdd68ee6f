/**
 * A pipeline: the ventilator hands out tasks (PUSH), each to one of the workers, whose results the sink collects
 * (PULL). A task is a source file; its result is how many different words it has. When the sink has all results it
 * publishes a kill signal (PUB), which ends the workers.
 *
 *     node --import tsx examples/pipeline.ts
 *
 * Parts: ventilator TASKS RESULTS AMOUNT WORKERS, worker TASKS RESULTS CONTROL, sink RESULTS CONTROL WORKERS.
 *
 * Two starts are waited for: that all workers are connected, or the first would get the tasks of the others; and that
 * all have subscribed to the kill signal, or it would be lost on them. Tasks and results themselves are never lost
 * while their processes live: at a high-water mark PUSH waits. What a worker holds when it is killed is gone.
 *
 * From parts.ts: `program` starts the parts, `bound` prints the endpoint, `until` counts messages or seconds,
 * `watched` shows counters to the tour. A copy of a part needs none of them.
 */

import { readdirSync, readFileSync } from "node:fs";
import { Pull, Push, Subscriber, XPublisher } from "zmq-ts";
import { bound, program, until, watched } from "./parts.ts";

async function ventilator(tasks: string, results: string, amount = "100", workers = "1") {
  const output = new Push();
  await output.bind(tasks);
  bound(output);
  const sink = new Push();
  sink.connect(results);
  await output.connected({ count: Number(workers) });

  const counters = watched({ sent: 0, last: "" });
  const isOver = until(amount);
  for (const [name, text] of files()) {
    if (isOver(counters.sent)) break;
    await output.send([`${counters.sent}`, name, text]); // waits when all workers have their hands full
    counters.sent++;
    counters.last = name;
  }
  await sink.send(["total", `${counters.sent}`]);
  await output.drained();
  console.log(`sent ${counters.sent} tasks`);
}

async function worker(tasks: string, results: string, control: string) {
  const input = new Pull({ receiveHighWaterMark: 10 }); // what waits here waits for this worker alone
  const output = new Push();
  const signals = new Subscriber();
  signals.subscribe();
  signals.connect(control);
  output.connect(results);
  input.connect(tasks);
  void signals.receive().then(() => input.close());

  const counters = watched({ done: 0, last: "" });
  for await (const [number, name, text] of input) {
    const words = vocabulary(`${text}`);
    await output.send(["result", number ?? "", `${process.pid}`, `${words}`]);
    counters.done++;
    counters.last = `${name}: ${words} different words`;
  }
  console.log(`killed after ${counters.done} tasks`);
}

async function sink(results: string, control: string, workers = "1") {
  const input = new Pull();
  await input.bind(results);
  const signals = new XPublisher({ verbosity: "allSubs" });
  await signals.bind(control);
  bound(input);

  const counters = watched({ received: 0, most: 0, lost: 0, twice: 0, last: "" });
  const seen = new Set<number>();
  const byWorker = new Map<string, number>();
  let total = Number.POSITIVE_INFINITY;
  for await (const [kind, number, worker, words] of input) {
    if (`${kind}` === "total") total = Number(number);
    else {
      if (seen.has(Number(number))) counters.twice++;
      seen.add(Number(number));
      byWorker.set(`${worker}`, (byWorker.get(`${worker}`) ?? 0) + 1);
      counters.received++;
      counters.most = Math.max(counters.most, Number(words));
      counters.last = `task ${number}: ${words} different words`;
    }
    if (seen.size >= total) break;
  }
  counters.lost = total - seen.size;
  for (let joined = 0; joined < Number(workers); joined++) await signals.receive(); // one subscription each
  await signals.send("kill");
  console.log(
    `${counters.received} results, at most ${counters.most} words; by worker: ${[...byWorker.values()].join(", ")}`,
  );
}

/** The source files of the library, round and round. */
function* files(): Generator<[name: string, text: string]> {
  const folder = new URL("../src/", import.meta.url);
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));
  const all = names.map((name): [string, string] => [name, readFileSync(new URL(name, folder), "utf8")]);
  while (true) yield* all;
}

/** How many different words a text has. */
function vocabulary(text: string): number {
  return new Set(text.toLowerCase().match(/[a-z]+/g)).size;
}

await program(import.meta.url, { ventilator, worker, sink }, async (stage) => {
  const [tasks, results, control] = ["tasks", "results", "control"].map((name) => stage.address(name)) as [
    string,
    string,
    string,
  ];
  const sink = stage.start("pipeline sink", results, control, "3");
  const workers = [1, 2, 3].map(() => stage.start("pipeline worker", tasks, results, control));
  stage.start("pipeline ventilator", tasks, results, "1000", "3");
  await Promise.all([sink, ...workers].map((part) => part.ended));
});
