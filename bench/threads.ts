/**
 * Two worker threads that talk over inproc: `npx tsx bench/threads.ts [rounds]`. This library (the build in dist),
 * zeromq.js, a MessagePort that copies, and libzmq in C with two threads, in turns; medians of the rounds.
 */

import { execFileSync, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { MessageChannel, Worker } from "node:worker_threads";
import { DEFAULTS, encodeJob } from "./peers/job.ts";
import { compileC } from "./peers.ts";

interface Row {
  /** One after the other, awaited; a hundred in a call; a request and its answer. */
  readonly kind: "flood" | "many" | "roundtrip";
  readonly size: number;
  readonly count: number;
}

const ROWS: readonly Row[] = [
  { kind: "flood", size: 64, count: 2_000_000 },
  { kind: "many", size: 64, count: 4_000_000 },
  { kind: "flood", size: 1024, count: 300_000 },
  { kind: "flood", size: 65_536, count: 20_000 },
  { kind: "flood", size: 1 << 20, count: 1500 },
  { kind: "roundtrip", size: 64, count: 20_000 },
];

const LIBRARIES = {
  "zmq-ts": new URL("../dist/index.js", import.meta.url).href,
  "zeromq.js": "zeromq",
  MessagePort: "MessagePort",
};

const [first = "3", job = ""] = process.argv.slice(2);
if (first === "one") {
  const { row, library } = JSON.parse(job);
  console.log(await measure(row, library));
  process.exit();
}
const rounds = Number(first);
const libzmq = compileC();

for (const row of ROWS) {
  const figures = new Map<string, number[]>();
  for (let round = 0; round < rounds; round++) {
    for (const [name, library] of Object.entries(LIBRARIES)) {
      // It is not in zeromq.js, nor has a port it.
      if (row.kind === "many" && name !== "zmq-ts") continue;
      // zeromq.js is slower by far: less of it tells as much.
      const count = name === "zeromq.js" ? Math.ceil(row.count / 5) : row.count;
      note(figures, name, count / inProcess({ ...row, count }, library));
    }
    note(figures, "libzmq, C", inC(row));
  }
  const what = { flood: "messages a second", many: "messages a second, many at a time", roundtrip: "round trip, us" };
  const title = `${row.size} B, ${what[row.kind]}`;
  const shown = [...figures].map(([name, rates]) => {
    const rate = rates.sort((a, b) => a - b)[rates.length >> 1] ?? 0;
    return `${name} ${row.kind === "roundtrip" ? (1e6 / rate).toFixed(1) : Math.round(rate).toLocaleString("en")}`;
  });
  console.log(`${title}: ${shown.join(" | ")}`);
}

function note(figures: Map<string, number[]>, name: string, rate: number): void {
  figures.set(name, [...(figures.get(name) ?? []), rate]);
}

/** Seconds; in a process of its own, for zeromq.js may take its process with it when a thread that uses it ends. */
function inProcess(row: Row, library: string): number {
  const args = ["--import", "tsx", fileURLToPath(import.meta.url), "one", JSON.stringify({ row, library })];
  const { stdout } = spawnSync(process.execPath, args, { encoding: "utf8", timeout: 120_000 });
  return Number(stdout.trim().split("\n")[0] || Number.NaN);
}

async function measure({ kind, size, count }: Row, library: string): Promise<number> {
  const { port1, port2 } = new MessageChannel();
  const start = (end: "bound" | "connected", port: typeof port1) =>
    new Worker(new URL("./threads-peer.js", import.meta.url), {
      // As in C, where 200 ms go ahead: code is compiled, and memory is there.
      workerData: { library, kind, end, size, count, warmup: Math.ceil(count / 400) * 100, port },
      transferList: [port],
      execArgv: [],
    });
  const bound = start("bound", port1);
  await new Promise((resolve, reject) => bound.once("message", resolve).once("error", reject));
  const connected = start("connected", port2);
  const measuring = kind === "roundtrip" ? connected : bound;
  const { seconds } = await new Promise<{ seconds: number }>((resolve, reject) => {
    measuring.once("message", resolve);
    for (const each of [bound, connected]) each.once("error", reject);
  });
  await Promise.all([bound.terminate(), connected.terminate()]);
  return seconds;
}

/** Messages, or round trips, a second of libzmq between two threads of C. */
function inC({ kind, size }: Row): number {
  const job = encodeJob({
    ...DEFAULTS,
    kind: kind === "roundtrip" ? "roundtrip" : "pipeline",
    role: "both",
    endpoint: "inproc://bench",
    size,
    durationMs: 1000,
    warmupMs: 200,
  });
  const [program = "", ...args] = libzmq.command;
  const lines = execFileSync(program, [...args, ...job], { encoding: "utf8", input: "" })
    .trim()
    .split("\n");
  const results = lines.map((line) => JSON.parse(line)).filter(({ result }) => result !== undefined);
  const { count = 0, seconds = 1 } = results[0]?.result ?? {};
  return count / seconds;
}
