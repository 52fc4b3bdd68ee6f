/**
 * The tour, `npm start`: programs of this folder at work together, every part a process, every arrow a socket. Two
 * feeds publish over tcp, a filter subscribes to both by topic and publishes over ipc; clients of the calculator are
 * answered by workers behind a router; a pipeline fans tasks out and collects the results. It ends by itself, counts
 * what was sent against what arrived, and exits with 1 when anything is missing.
 *
 *     npm start                  or, for another time than 12 seconds: npm start -- 30
 */

import { perform } from "./parts.ts";
import type { Running } from "./stage.ts";
import { Board, type Lane } from "./tour/board.ts";

const TOPICS = ["cpu", "memory", "load", "md", "ts"];
const ADDRESSES = ["filtered", "calculators", "tasks", "results", "control"];
type Five = [string, string, string, string, string];
const seconds = Number(process.argv[2] ?? 12);
if (!(seconds > 0)) throw new RangeError(`expected a number of seconds, got ${process.argv[2]}`);
const time = `${seconds}s`;
const board = new Board(process.stdout, seconds);

await perform(
  async (stage) => {
    board.countStarting(stage.processes);
    const [filtered, back, tasks, results, control] = ADDRESSES.map((name) => stage.address(name)) as Five;
    const sink = stage.start("pipeline sink", results, control, "3");
    const workers = times(3, () => stage.start("pipeline worker", tasks, results, control));
    const ventilator = stage.start("pipeline ventilator", tasks, results, time, "3");

    const router = stage.start("router router", "tcp://127.0.0.1:*", back);
    const calculators = times(3, () => stage.start("calculator worker", back));

    const system = stage.start("filter system", "tcp://127.0.0.1:*", time, ...TOPICS.slice(0, 3));
    const text = stage.start("filter text", "tcp://127.0.0.1:*", time, ...TOPICS.slice(3));
    const reader = stage.start("filter reader", filtered, TOPICS.join(), "2");

    // These must know which port the others found.
    const [front, ...feeds] = await Promise.all([router, system, text].map((part) => part.endpoint));
    const filter = stage.start("filter filter", filtered, TOPICS.join(), ...feeds);
    const clients = times(2, () => stage.start("calculator client", front ?? "", time));

    board.show([
      {
        title: "PUBLISH AND FILTER",
        flow: "system, text ─PUB tcp─▶ filter ─PUB ipc─▶ reader",
        rows: [
          { label: "system", verb: "published", parts: [system], counter: "sent" },
          { label: "text", verb: "published", parts: [text], counter: "sent" },
          { label: "filter", verb: "passed on", parts: [filter], counter: "passed" },
          { label: "reader", verb: "received", parts: [reader], counter: "received" },
        ],
      },
      {
        title: "REQUEST AND REPLY",
        flow: "client ×2 ─REQ tcp─▶ ROUTER│DEALER ─ipc─▶ REP worker ×3",
        rows: [
          { label: "client", verb: "answered", parts: clients, counter: "answered" },
          { label: "router", verb: "passed on", parts: [router], counter: "forwarded" },
          { label: "worker", verb: "answered", parts: calculators, counter: "answered" },
        ],
      },
      {
        title: "PIPELINE",
        flow: "ventilator ─PUSH ipc─▶ worker ×3 ─PUSH ipc─▶ sink ─kill─▶ worker",
        rows: [
          { label: "ventilator", verb: "sent", parts: [ventilator], counter: "sent" },
          { label: "worker", verb: "done", parts: workers, counter: "done" },
          { label: "sink", verb: "collected", parts: [sink], counter: "received" },
        ],
      },
    ] satisfies Lane[]);

    await ended([system, text, filter, reader, ...clients, ventilator, sink, ...workers]);
    await Promise.all([...calculators, router].map((part) => part.stop()));

    const asked = total(clients, "asked");
    const sent = total([ventilator], "sent");
    board.summarize([
      {
        text: "messages passed the filter",
        figures: [total([filter], "passed"), total([reader], "received")],
        faults: total([reader], "lost"),
      },
      {
        text: "sums were asked and answered",
        figures: [asked, total(clients, "answered"), total(calculators, "answered"), total([router], "forwarded") / 2],
        faults: total(clients, "wrong"),
      },
      {
        text: "tasks were done, each once",
        figures: [sent, total(workers, "done"), total([sink], "received")],
        faults: total([sink], "lost") + total([sink], "twice"),
      },
    ]);
  },
  (part, line) => board.note(part, line),
);

/** Resolves when all have ended; a part whose work shows a fault fails, and the counters will tell why. */
async function ended(parts: readonly Running[]): Promise<void> {
  await Promise.all(parts.map((part) => part.ended));
}

function total(parts: readonly Running[], counter: string): number {
  return parts.reduce((sum, { counters }) => sum + Number(counters[counter] ?? 0), 0);
}

function times<T>(count: number, make: () => T): T[] {
  return Array.from({ length: count }, make);
}
