/**
 * What is left to a well-behaved peer beside a hostile one, and what memory
 * that costs: `tsx bench/hostile.ts [--seconds 3] [--only ping]`.
 *
 * A server (PULL, PUB, REP, XPUB, some with CURVE) of ours, and of libzmq through zeromq.js, runs in a
 * process of its own; so do a good peer, which sends or receives 64-byte
 * messages as fast as it can (at a REP: has them answered), and the attacker. Good peer and attacker write
 * bytes to TCP themselves and are the same for both servers. Rates are per
 * second of the server's processor time, so that what else runs on the machine
 * counts less; compare a row with the first one of its server.
 */

import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import type { Socket as TcpSocket } from "node:net";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { subscriptionFrame } from "../src/base/message.ts";
import { command, frame } from "../test/fake-link.ts";
import { ATTACKS, type Attack, ask, GOOD, peer, pour, REQUEST, type Server } from "./hostile-attacks.ts";
import { curvePeer, pourSealed, SEALED_BYTES, SERVER_OPTIONS } from "./hostile-curve.ts";

const WARM_MS = 1000;
const WARM_MESSAGES = 1000;
const BEAT_MS = 10;

/** The process under attack. Tells its port, then what it received and its memory. */
async function serve(module: string, type: Server): Promise<void> {
  const zmq = (await import(module)) as typeof import("../src/index.ts");
  let count = 0;
  let stopMs = 0;
  let last = performance.now();
  const report = (): void => {
    const { user, system } = process.cpuUsage();
    process.send?.({ count, rss: process.memoryUsage.rss(), cpuMs: (user + system) / 1000, stopMs });
    stopMs = 0;
  };
  setInterval(() => {
    const now = performance.now();
    stopMs = Math.max(stopMs, now - last - BEAT_MS);
    last = now;
  }, BEAT_MS);
  const security = type.endsWith("CURVE") ? SERVER_OPTIONS : {};
  if (type.startsWith("PULL")) {
    const socket = new zmq.Pull(security);
    await socket.bind("tcp://127.0.0.1:*");
    process.send?.({ port: Number(socket.lastEndpoint?.split(":").at(-1)) });
    setInterval(report, 100);
    if (type.endsWith("not read")) return;
    for await (const [body] of socket) if (body?.length === GOOD.length) count++;
    return;
  }
  if (type.startsWith("REP")) {
    const socket = new zmq.Reply(security);
    await socket.bind("tcp://127.0.0.1:*");
    process.send?.({ port: Number(socket.lastEndpoint?.split(":").at(-1)) });
    setInterval(report, 100);
    const isOurs = "receiveFrom" in socket;
    for (;;) {
      const message =
        isOurs && type.endsWith("receiveFrom") ? (await socket.receiveFrom()).message : await socket.receive();
      if (message[0]?.length === GOOD.length) count++;
      await socket.send(message);
    }
  }
  const socket = type.startsWith("XPUB") ? new zmq.XPublisher(security) : new zmq.Publisher(security);
  if (type === "XPUB" && socket instanceof zmq.XPublisher) readAll(socket);
  await socket.bind("tcp://127.0.0.1:*");
  process.send?.({ port: Number(socket.lastEndpoint?.split(":").at(-1)) });
  setInterval(report, 100);
  for (let i = 1; ; i++) {
    await socket.send(GOOD);
    if (i % 100 === 0) await new Promise(setImmediate);
  }
}

async function readAll(socket: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of socket);
}

function behave(port: number, server: Server): void {
  if (server.endsWith("that is not read")) return;
  if (server.startsWith("REP")) ask(REQUEST)(port);
  if (server === "PULL") peer(port, "PUSH", (tcp) => pour(tcp, frame(0, GOOD)));
  if (server === "PULL with CURVE") {
    curvePeer(port, "PUSH", (tcp, encoder) => pourSealed(tcp, encoder, (each) => each.encode([GOOD])));
  }
  if (!server.includes("PUB")) return;
  const size = GOOD.length + 2 + (server.endsWith("CURVE") ? SEALED_BYTES : 0);
  let received = 0;
  setInterval(() => process.send?.({ count: Math.floor(received / size) }), 100);
  const count = (tcp: TcpSocket): void => {
    tcp.on("data", (chunk) => {
      received += chunk.length;
    });
  };
  if (!server.endsWith("CURVE")) {
    peer(port, "SUB", (tcp) => {
      count(tcp);
      tcp.write(command("SUBSCRIBE", Buffer.from("g")));
    });
  } else {
    curvePeer(port, "SUB", (tcp, encoder) => {
      count(tcp);
      encoder.encode([subscriptionFrame({ kind: "subscribe", topic: Buffer.from("g") })]);
      tcp.write(Buffer.concat(encoder.take()));
      encoder.sent();
    });
  }
}

interface Figures {
  readonly rate: number;
  readonly rssMb: number;
  /** The longest time in which the server's event loop stood still, during the measurement. */
  readonly stopMs: number;
}

async function measure(module: string, name: string, seconds: number): Promise<Figures | undefined> {
  const { server } = ATTACKS[name] as Attack;
  const children: ChildProcess[] = [];
  const child = (...args: string[]): ChildProcess => {
    const made = fork(fileURLToPath(import.meta.url), args, { execArgv: ["--no-warnings", "--import", "tsx"] });
    children.push(made);
    return made;
  };
  try {
    const under = child("serve", module, server);
    const [{ port }] = (await once(under, "message")) as [{ port: number }];
    let counted = 0;
    let rss = 0;
    let cpuMs = 0;
    let stopMs = 0;
    let isAlive = true;
    under.on("message", (told: { count: number; rss: number; cpuMs: number; stopMs: number }) => {
      cpuMs = told.cpuMs;
      rss = Math.max(rss, told.rss);
      stopMs = Math.max(stopMs, told.stopMs);
      if (server.startsWith("PULL") || server.startsWith("REP")) counted = told.count;
    });
    under.on("exit", () => {
      isAlive = false;
    });
    const good = child("behave", String(port), server);
    good.on("message", (told: { count: number }) => {
      counted = told.count;
    });
    while (counted < WARM_MESSAGES && !server.endsWith("not read"))
      await new Promise((resolve) => setTimeout(resolve, BEAT_MS));
    await once(child("attack", String(port), name), "message");
    await new Promise((resolve) => setTimeout(resolve, 2 * WARM_MS));
    const before = counted;
    const cpuBefore = cpuMs;
    stopMs = 0;
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    const rate = (counted - before) / ((cpuMs - cpuBefore) / 1000);
    return isAlive ? { rate, rssMb: rss / 2 ** 20, stopMs } : undefined;
  } finally {
    for (const each of children) each.kill("SIGKILL");
  }
}

/** With `only`: the attacks that have it in their name, and what their servers do without one. */
function isWanted(name: string, server: Server, only: string | undefined): boolean {
  if (only === undefined || name.includes(only)) return true;
  if (!name.startsWith("nobody")) return false;
  return Object.entries(ATTACKS).some(([other, attack]) => other.includes(only) && attack.server === server);
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { seconds: { type: "string" }, only: { type: "string" } } });
  const seconds = Number(values.seconds ?? 3);
  const servers = { "zmq-ts": new URL("../src/index.ts", import.meta.url).href, libzmq: "zeromq" };
  console.log(
    "| attack | zmq-ts msg per CPU s | of alone | resident MB | longest stop ms | libzmq msg per CPU s | of alone | resident MB | longest stop ms |",
  );
  console.log("|---|---|---|---|---|---|---|---|---|");
  const alone = new Map<string, number>();
  for (const [name, { server }] of Object.entries(ATTACKS)) {
    if (!isWanted(name, server, values.only)) continue;
    const cells: string[] = [];
    for (const [library, module] of Object.entries(servers)) {
      const figures = await measure(module, name, seconds);
      if (figures === undefined) cells.push("died", "", "", "");
      else {
        const key = `${library} ${server}`;
        if (name.startsWith("nobody")) alone.set(key, figures.rate);
        const part = figures.rate / (alone.get(key) ?? Number.NaN);
        const { rate, rssMb, stopMs } = figures;
        cells.push(Math.round(rate).toString(), part.toFixed(2), rssMb.toFixed(0), stopMs.toFixed(0));
      }
    }
    console.log(`| ${name.trim()} (${server}) | ${cells.join(" | ")} |`);
  }
}

const [role, first = "", second = ""] = process.argv.slice(2);
if (role === "serve") await serve(first, second as Server);
else if (role === "behave") behave(Number(first), second as Server);
else if (role === "attack") {
  process.send?.("attacking");
  ATTACKS[second]?.run(Number(first));
} else await main();
