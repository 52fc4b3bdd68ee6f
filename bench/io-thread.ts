/**
 * What an I/O thread takes off the thread of the sockets, and what it costs: `npx tsx bench/io-thread.ts [rounds]`. The
 * build in dist sends to, and receives from, a process of its own over tcp, with `ioThreads` 0 and 1 in turns; medians
 * of the rounds. The processor time is that of the sockets' thread (Linux: /proc). And how long a peer waits for the
 * answer to a PING while the program computes.
 *
 * `npx tsx bench/io-thread.ts --computing [seconds]`: what peers see of a program that computes for so long, 10 by
 * default, without a turn of its event loop.
 */

import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import type { connect } from "node:net";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { computing } from "../test/threads/computing.ts";

const library = new URL("../dist/index.js", import.meta.url).href;
const zmq = (await import(library)) as typeof import("../src/index.ts");
const { Context, Pull, Push } = zmq;

const ROWS = [
  { size: 64, count: 200_000 },
  { size: 1024, count: 100_000 },
  { size: 65_536, count: 5000 },
  { size: 1 << 20, count: 400 },
] as const;

interface Figures {
  /** Messages a second. */
  readonly rate: number;
  /** Microseconds of the sockets' thread a message. */
  readonly cost: number;
}

const [first = "3", role, address = "", size = "0", count = "0"] = process.argv.slice(2);
if (first === "peer") {
  if (role === "sends") await sendAll(new Push({ linger: -1 }), address, Number(size), Number(count));
  else {
    const pull = new Pull();
    pull.connect(address);
    for (let i = 0; i < Number(count); i++) await pull.receive();
    pull.close();
  }
} else if (first === "--computing") await showComputing(Number(role ?? 10));
else await measureAll(Number(first));

async function showComputing(seconds: number): Promise<void> {
  const figures = await computing(zmq, library, seconds);
  const { lost, pings, answers, arrived, arrivedMs, taken, waited } = figures;
  const times = (all: readonly number[]): string => {
    const sorted = [...all].sort((a, b) => a - b);
    return `${all.length}, median ${sorted[all.length >> 1]?.toFixed(2)} ms, most ${sorted.at(-1)?.toFixed(2)} ms`;
  };
  console.log(`the program computed for ${figures.seconds.toFixed(1)} s`);
  console.log(`connections with heartbeats of 500 ms that were lost: ${lost}`);
  console.log(`PINGs answered: ${times(pings)}`);
  console.log(`requests answered through the proxy: ${times(answers)}`);
  console.log(`messages that it had sent: ${arrived} arrived within ${arrivedMs.toFixed(0)} ms`);
  console.log(`messages that waited for it in order: ${waited}`);
  console.log(`messages that a peer could send with high-water marks of 1000 on both sides: ${taken}`);
}

async function measureAll(rounds: number): Promise<void> {
  for (const { size, count } of ROWS) {
    for (const what of ["sends", "receives"] as const) {
      const figures: [Figures[], Figures[]] = [[], []];
      for (let round = 0; round < rounds; round++) {
        for (const ioThreads of [0, 1] as const) figures[ioThreads].push(await measure(what, size, count, ioThreads));
      }
      const shown = figures.map((all, ioThreads) => {
        return `ioThreads ${ioThreads}: ${Math.round(median(all, "rate")).toLocaleString("en")}/s, ${median(all, "cost").toFixed(2)} us`;
      });
      const ratios = (["rate", "cost"] as const).map((name) =>
        (median(figures[1], name) / median(figures[0], name)).toFixed(2),
      );
      console.log(`${size} B, ${what}: ${shown.join(" | ")} | rate x ${ratios[0]}, processor time x ${ratios[1]}`);
    }
  }
  for (const ioThreads of [0, 1])
    console.log(`PING answered while computing, ioThreads ${ioThreads}: ${await ping(ioThreads)}`);
  process.exit();
}

async function measure(what: "sends" | "receives", size: number, count: number, ioThreads: number): Promise<Figures> {
  const context = new Context({ ioThreads });
  const socket = what === "sends" ? new Push({ context, linger: -1 }) : new Pull({ context });
  await socket.bind("tcp://127.0.0.1:*");
  const self = fileURLToPath(import.meta.url);
  const peerRole = what === "sends" ? "receives" : "sends";
  const peer = spawn(
    process.execPath,
    ["--import", "tsx", self, "peer", peerRole, socket.lastEndpoint as string, `${size}`, `${count}`],
    { stdio: "inherit" },
  );
  const ended = new Promise((resolve) => peer.once("exit", resolve));
  await socket.connected();
  if (socket instanceof Pull) await socket.receive();
  const begun = performance.now();
  const used = mainThreadUs();
  if (socket instanceof Pull) for (let i = 1; i < count; i++) await socket.receive();
  else {
    const body = Buffer.alloc(size, 1);
    for (let i = 0; i < count; i++) await socket.send(body);
    await socket.drained();
  }
  const figures = {
    rate: count / ((performance.now() - begun) / 1000),
    cost: (mainThreadUs() - used) / count,
  };
  await ended;
  socket.close();
  await context.close();
  return figures;
}

async function sendAll(push: InstanceType<typeof Push>, address: string, size: number, count: number): Promise<void> {
  push.connect(address);
  const body = Buffer.alloc(size, 1);
  for (let i = 0; i < count; i++) await push.send(body);
  push.close();
}

/** Asked by a peer in a worker, while this thread turns its event loop every 20 ms. */
async function ping(ioThreads: number): Promise<string> {
  const context = new Context({ ioThreads });
  const pull = new Pull({ context });
  await pull.bind("tcp://127.0.0.1:*");
  const port = Number((pull.lastEndpoint as string).split(":").at(-1));
  const worker = new Worker(`const __name = (f) => f; (${peerThatPings})(require("node:net").connect, ${port})`, {
    eval: true,
    execArgv: [],
  });
  const times = new Promise<number[]>((resolve) => worker.once("message", resolve));
  let isOver = false;
  void times.then(() => {
    isOver = true;
  });
  while (!isOver) {
    for (const end = performance.now() + 20; performance.now() < end; );
    await new Promise(setImmediate);
  }
  pull.close();
  await context.close();
  const sorted = (await times).sort((a, b) => a - b);
  return `median ${(sorted[sorted.length >> 1] as number).toFixed(2)} ms, most ${(sorted.at(-1) as number).toFixed(2)} ms`;
}

/** Runs in a worker. */
function peerThatPings(connectTo: typeof connect, port: number): void {
  const link = connectTo(port, "127.0.0.1");
  const greeting = Buffer.alloc(64);
  greeting.set([0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0x7f, 3, 1]);
  greeting.write("NULL", 12);
  link.write(greeting);
  const ready = Buffer.concat([Buffer.from("\x05READY\x0bSocket-Type\0\0\0\x04PUSH", "latin1")]);
  link.write(Buffer.concat([Buffer.from([4, ready.length]), ready]));
  const times: number[] = [];
  let received = "";
  let sentAt = 0;
  const next = () => {
    sentAt = performance.now();
    link.write(Buffer.from("\x04\x07\x04PING\0\0", "latin1"));
  };
  setTimeout(next, 500);
  link.on("data", (chunk) => {
    received += chunk.toString("latin1");
    if (!received.endsWith("PONG")) return;
    received = "";
    times.push(performance.now() - sentAt);
    if (times.length < 100) setTimeout(next, 3);
    else (require("node:worker_threads") as typeof import("node:worker_threads")).parentPort?.postMessage(times);
  });
}

function mainThreadUs(): number {
  return Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, "utf8").split(" ")[0]) / 1000;
}

function median(all: readonly Figures[], name: keyof Figures): number {
  return all.map((figures) => figures[name]).sort((a, b) => a - b)[all.length >> 1] ?? 0;
}
