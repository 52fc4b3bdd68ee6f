/**
 * More attacks, of the kinds that `bench/hostile.ts` has not, on a server of each type beside libzmq:
 * `tsx bench/hostile-more.ts [--seconds 2] [--only identity]`.
 *
 * The server echoes (REP, ROUTER, DEALER, PAIR, STREAM), reads (PULL, SUB) or publishes (PUB, XPUB). A good peer in a
 * process of its own asks one request at a time, or sends or takes as much as it can. Told are messages of the good peer
 * per second of the server's processor time as a part of those without an attack, the server's memory, and the longest
 * time in which its event loop stood still, as far as it had the processor.
 */

import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { connect, type Socket as TcpSocket } from "node:net";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { bytes, command, frame } from "../test/fake-link.ts";
import { GOOD, peer, pour, REQUEST } from "./hostile-attacks.ts";
import { ATTACKS, plainGreeting, property, type Server } from "./hostile-more-attacks.ts";
import { WEB_GOOD, webPeer } from "./hostile-web-attacks.ts";

const BEAT_MS = 10;
const WARM_MS = 1000;
const WARM_MESSAGES = 1000;

/** Whom a server of this type talks to, and what its good peer sends. */
const PEERS: Readonly<Record<Server, { type: string; piece: Uint8Array }>> = {
  PULL: { type: "PUSH", piece: frame(0, GOOD) },
  SUB: { type: "PUB", piece: frame(0, GOOD) },
  REP: { type: "REQ", piece: REQUEST },
  ROUTER: { type: "DEALER", piece: frame(0, GOOD) },
  DEALER: { type: "DEALER", piece: frame(0, GOOD) },
  PAIR: { type: "PAIR", piece: frame(0, GOOD) },
  PUB: { type: "SUB", piece: command("SUBSCRIBE") },
  STREAM: { type: "", piece: GOOD },
  "PULL with PLAIN": { type: "PUSH", piece: frame(0, GOOD) },
  "PULL over ws": { type: "PUSH", piece: WEB_GOOD },
};
const ANSWERS: readonly Server[] = ["REP", "ROUTER", "DEALER", "STREAM"];

/** Processor time of this process. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

async function serve(module: string, server: Server): Promise<void> {
  const zmq = (await import(module)) as typeof import("../src/index.ts");
  let count = 0;
  let stopMs = 0;
  let last = performance.now();
  let lastCpu = cpuMs();
  setInterval(() => {
    const now = performance.now();
    const cpu = cpuMs();
    stopMs = Math.max(stopMs, Math.min(now - last, cpu - lastCpu) - BEAT_MS);
    last = now;
    lastCpu = cpu;
  }, BEAT_MS);
  const bind = async (socket: { bind(address: string): Promise<void>; lastEndpoint: string | null }): Promise<void> => {
    await socket.bind(server === "PULL over ws" ? "ws://127.0.0.1:*" : "tcp://127.0.0.1:*");
    process.send?.({ port: Number(/:(\d+)\/?$/.exec(socket.lastEndpoint ?? "")?.[1]) });
    setInterval(() => {
      process.send?.({ count, rss: process.memoryUsage.rss(), cpuMs: cpuMs(), stopMs });
      stopMs = 0;
    }, 100);
  };
  if (server === "PUB") {
    const socket = new zmq.Publisher();
    await bind(socket);
    for (count = 1; ; count++) {
      await socket.send(GOOD);
      if (count % 100 === 0) await new Promise(setImmediate);
    }
  }
  if (server.startsWith("PULL") || server === "SUB") {
    const isPlain = server === "PULL with PLAIN";
    const socket = server === "SUB" ? new zmq.Subscriber() : new zmq.Pull(isPlain ? { plainServer: true } : {});
    if (server === "SUB") (socket as InstanceType<typeof zmq.Subscriber>).subscribe("g");
    if (server === "PULL with PLAIN") await refuseAll(zmq);
    await bind(socket);
    for await (const [body] of socket) if (body?.length === GOOD.length) count++;
    return;
  }
  const types = { REP: zmq.Reply, ROUTER: zmq.Router, DEALER: zmq.Dealer, PAIR: zmq.Pair, STREAM: zmq.Stream };
  const socket = new types[server as keyof typeof types]() as InstanceType<typeof zmq.Pair>;
  await bind(socket);
  for (;;) {
    const message = await socket.receive().catch(() => undefined); // zeromq.js: EAGAIN now and then.
    if (message?.at(-1)?.length === GOOD.length) count++;
    if (!message?.at(-1)?.length || server === "PAIR") continue; // Nothing: to a STREAM it means the end.
    await socket.send(message).catch(() => {}); // To a peer that left.
  }
}

/** A ZAP handler, the same for both. */
async function refuseAll(zmq: typeof import("../src/index.ts")): Promise<void> {
  const handler = new zmq.Router();
  await handler.bind("inproc://zeromq.zap.01");
  const answer = async (): Promise<void> => {
    for await (const message of handler) {
      const at = message.findIndex((part) => part.length === 0);
      const isGood = message.at(-1)?.toString() === "right";
      await handler.send([...message.slice(0, at + 3), isGood ? "200" : "400", "", "", ""]);
    }
  };
  answer();
}

function behave(port: number, server: Server): void {
  const { type, piece } = PEERS[server];
  const answers = (tcp: TcpSocket): void => {
    let got = 0;
    tcp.on("data", (chunk) => {
      got += chunk.length;
      for (; got >= piece.length; got -= piece.length) tcp.write(piece);
    });
    tcp.write(piece);
  };
  if (server === "STREAM") {
    const tcp = connect({ port, host: "127.0.0.1", noDelay: true });
    tcp.on("connect", () => answers(tcp));
  } else if (server === "PULL with PLAIN") {
    const tcp = connect({ port, host: "127.0.0.1", noDelay: true }, () => {
      tcp.write(bytes(plainGreeting, command("HELLO", Buffer.from("\x05admin\x05right"))));
      setTimeout(() => tcp.write(command("INITIATE", property("Socket-Type", "PUSH"))), 200);
      setTimeout(() => pour(tcp, piece), 400);
    });
    tcp.resume();
  } else if (server === "PULL over ws") webPeer(port, (tcp) => pour(tcp, piece));
  else if (ANSWERS.includes(server)) peer(port, type, answers);
  else if (server === "PUB") peer(port, type, (tcp) => void tcp.write(piece));
  else peer(port, type, (tcp) => pour(tcp, piece));
}

async function measure(module: string, server: Server, attack: string, seconds: number) {
  const children: ChildProcess[] = [];
  const child = (...args: string[]): ChildProcess => {
    const made = fork(fileURLToPath(import.meta.url), args, { execArgv: ["--no-warnings", "--import", "tsx"] });
    children.push(made);
    return made;
  };
  try {
    const under = child("serve", module, server);
    const [{ port }] = (await once(under, "message")) as [{ port: number }];
    let told = { count: 0, rss: 0, cpuMs: 0, stopMs: 0 };
    let stopMs = 0;
    let rss = 0;
    let isAlive = true;
    under.on("message", (next: typeof told) => {
      told = next;
      stopMs = Math.max(stopMs, told.stopMs);
      rss = Math.max(rss, told.rss);
    });
    under.on("exit", () => {
      isAlive = false;
    });
    child("behave", String(port), server);
    while (told.count < WARM_MESSAGES) await once(under, "message");
    if (attack !== "") await once(child("attack", String(port), attack), "message");
    await new Promise((resolve) => setTimeout(resolve, WARM_MS));
    const before = told;
    stopMs = 0;
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    if (!isAlive) return undefined;
    return { rate: (told.count - before.count) / ((told.cpuMs - before.cpuMs) / 1000), rssMb: rss / 2 ** 20, stopMs };
  } finally {
    for (const each of children) each.kill("SIGKILL");
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { seconds: { type: "string" }, only: { type: "string" } } });
  const seconds = Number(values.seconds ?? 2);
  const modules = { "zmq-ts": new URL("../src/index.ts", import.meta.url).href, libzmq: "zeromq" };
  const alone = new Map<string, number>();
  console.log(
    "| attack | zmq-ts of alone | resident MB | longest stop ms | libzmq of alone | resident MB | longest stop ms |",
  );
  console.log("|---|---|---|---|---|---|---|");
  for (const [name, [server]] of Object.entries(ATTACKS)) {
    if (values.only !== undefined && !new RegExp(values.only).test(name)) continue;
    const cells: string[] = [];
    for (const [library, module] of Object.entries(modules)) {
      const key = `${library} ${server}`;
      if (!alone.has(key)) alone.set(key, (await measure(module, server, "", seconds))?.rate ?? Number.NaN);
      const told = await measure(module, server, name, seconds);
      if (told === undefined) cells.push("died", "", "");
      else
        cells.push((told.rate / (alone.get(key) as number)).toFixed(2), told.rssMb.toFixed(0), told.stopMs.toFixed(0));
    }
    console.log(`| ${name} (${server}) | ${cells.join(" | ")} |`);
  }
}

const [role, first = "", second = ""] = process.argv.slice(2);
if (role === "serve") await serve(first, second as Server);
else if (role === "behave") behave(Number(first), second as Server);
else if (role === "attack") {
  process.send?.("attacking");
  ATTACKS[second]?.[1](Number(first));
} else await main();
