/**
 * A filter subscribes to two publishers by topic, and publishes both together:
 *
 *     system PUB ──tcp──┐
 *                       ├──▶ SUB filter PUB ──ipc──▶ SUB reader
 *     text   PUB ──tcp──┘
 *
 *     node --import tsx examples/filter.ts
 *
 * Parts: system ADDRESS AMOUNT [TOPIC…], text ADDRESS AMOUNT [TOPIC…], filter OUT TOPICS FEED…, reader IN TOPICS FEEDS.
 *
 * A publisher sends each topic's messages numbered, [topic, number, text], and last of all [end, feed, totals], so that
 * the reader can tell whether any is missing. None may be: each publisher starts when its subscribers are there (no
 * slow joiner), and no queue has a limit (no high-water mark at which PUB drops).
 *
 * From parts.ts: `program` starts the parts, `bound` prints the endpoint, `until` counts messages or seconds,
 * `watched` shows counters to the tour. A copy of a part needs none of them.
 */

import { readdirSync, readFileSync } from "node:fs";
import { freemem, loadavg, totalmem } from "node:os";
import { extname, join } from "node:path";
import { setInterval as every } from "node:timers/promises";
import { Publisher, Subscriber } from "zmq-ts";
import { bound, program, until, watched } from "./parts.ts";

const UNLIMITED = { sendHighWaterMark: 0 };
const END = "end";

async function system(address = "tcp://127.0.0.1:5556", amount = "10s", ...topics: string[]) {
  await publish("system", address, amount, topics, 20, function* () {
    while (true) {
      const { user, system } = process.cpuUsage();
      yield ["cpu", `${((user + system) / 1000).toFixed(0)} ms used by this process`];
      yield ["memory", `${(freemem() / 2 ** 20).toFixed(0)} of ${(totalmem() / 2 ** 20).toFixed(0)} MiB free`];
      yield ["load", `${loadavg()[0]?.toFixed(2)}`];
    }
  });
}

async function text(address = "tcp://127.0.0.1:5557", amount = "10s", ...topics: string[]) {
  await publish("text", address, amount, topics, 100, function* () {
    while (true) {
      for (const file of readdirSync(import.meta.dirname)) {
        const topic = extname(file).slice(1); // "ts" or "md"
        if (topic === "") continue;
        for (const line of readFileSync(join(import.meta.dirname, file), "utf8").split("\n")) {
          yield [topic, `${file}: ${line}`];
        }
      }
    }
  });
}

/** Publishes what `source` yields, `perTick` messages each 50 ms, once there are subscribers of `topics`. */
async function publish(
  feed: string,
  address: string,
  amount: string,
  topics: string[],
  perTick: number,
  source: () => Generator<[topic: string, text: string], never>,
) {
  const socket = new Publisher(UNLIMITED);
  await socket.bind(address);
  bound(socket);
  for (const topic of [...topics, END]) await socket.subscriberJoined(topic);

  const counters = watched({ sent: 0, last: "" });
  const totals: Record<string, number> = {};
  const messages = source();
  const isOver = until(amount);
  for await (const _ of every(50)) {
    for (let n = 0; n < perTick && !isOver(counters.sent); n++) {
      const [topic, text] = messages.next().value;
      const number = (totals[topic] ?? 0) + 1;
      totals[topic] = number;
      await socket.send([topic, `${number}`, text]);
      counters.sent++;
      counters.last = `${topic}: ${text}`;
    }
    if (isOver(counters.sent)) break;
  }
  await socket.send([END, feed, JSON.stringify(totals)]);
  console.log(`published ${counters.sent} messages: ${JSON.stringify(totals)}`);
}

async function filter(out: string, topics = "cpu,load,md", ...feeds: string[]) {
  const output = new Publisher(UNLIMITED);
  await output.bind(out);
  bound(output);
  await output.subscriberJoined(END); // what comes before its reader would be lost

  const input = new Subscriber({ receiveHighWaterMark: 0 });
  input.subscribe(END, ...topics.split(","));
  for (const feed of feeds) input.connect(feed);

  const counters = watched({ passed: 0 });
  let ended = 0;
  for await (const message of input) {
    await output.send(message);
    if (message[0]?.toString() !== END) counters.passed++;
    else if (++ended === feeds.length) break;
  }
  console.log(`passed on ${counters.passed} messages of ${topics}`);
}

async function reader(address: string, topics = "cpu,load,md", feeds = "2") {
  const socket = new Subscriber({ receiveHighWaterMark: 0 });
  socket.connect(address);
  for (const topic of [...topics.split(","), END]) socket.subscribe(topic);

  const counters = watched({ received: 0, lost: 0, last: "" });
  const numbers = new Map(topics.split(",").map((topic) => [topic, 0]));
  let ended = 0;
  for await (const [first, second, third] of socket) {
    const topic = `${first}`;
    if (topic === END) {
      for (const [name, total] of Object.entries(JSON.parse(`${third}`))) {
        if (numbers.has(name)) counters.lost += Math.abs(Number(total) - (numbers.get(name) ?? 0));
      }
      if (++ended === Number(feeds)) break;
      continue;
    }
    const number = Number(second);
    const expected = (numbers.get(topic) ?? 0) + 1;
    if (number !== expected) console.log(`${topic}: message ${number} came, expected ${expected}`);
    numbers.set(topic, expected); // so a gap shows in the totals
    counters.received++;
    counters.last = `${topic}: ${third}`;
  }
  console.log(`received ${counters.received}, lost ${counters.lost}; the last: ${counters.last}`);
  if (counters.lost > 0) process.exitCode = 1;
}

await program(import.meta.url, { system, text, filter, reader }, async (stage) => {
  const feeds = [
    stage.start("filter system", "tcp://127.0.0.1:*", "200", "cpu", "load"),
    stage.start("filter text", "tcp://127.0.0.1:*", "2000", "md"),
  ];
  const out = stage.address("filtered");
  stage.start("filter filter", out, "cpu,load,md", ...(await Promise.all(feeds.map((feed) => feed.endpoint))));
  await stage.start("filter reader", out, "cpu,load,md", "2").ended;
});
