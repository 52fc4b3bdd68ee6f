/**
 * What is left to a well-behaved peer beside a hostile one, and what memory
 * that costs: `tsx bench/hostile.ts [--seconds 3] [--only ping]`.
 *
 * A server (PULL or PUB) of ours, and of libzmq through zeromq.js, runs in a
 * process of its own; so do a good peer, which sends or receives 64-byte
 * messages as fast as it can, and the attacker. Good peer and attacker write
 * bytes to TCP themselves and are the same for both servers. Rates are per
 * second of the server's processor time, so that what else runs on the machine
 * counts less; compare a row with the first one of its server.
 */

import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { connect, type Socket as TcpSocket } from "node:net";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { bytes, command, frame, GREETING, ready, repeated } from "../test/fake-link.ts";

type Server = "PULL" | "PUB";

const WARM_MS = 1000;
const CHUNK_BYTES = 65_536;
const PING = command("PING", [0, 0], Buffer.from("context"));
const GOOD = new Uint8Array(64).fill(0x67);

interface Attack {
  readonly server: Server;
  run(port: number): void;
}

/** Connects as `type` and hands over the connection behind the handshake. */
function peer(port: number, type: string, established: (tcp: TcpSocket) => void, closed?: () => void): void {
  const tcp = connect({ port, host: "127.0.0.1", noDelay: true });
  let length = 0;
  tcp.on("error", () => {}); // The server cut it off; "close" follows.
  tcp.on("close", () => closed?.());
  tcp.on("connect", () => tcp.write(GREETING));
  const count = (chunk: Uint8Array): void => {
    const before = length;
    length += chunk.length;
    if (before < 64 && length >= 64) tcp.write(ready(type, new Uint8Array(0)));
    if (length <= 66) return;
    tcp.off("data", count);
    tcp.resume();
    established(tcp);
  };
  tcp.on("data", count);
}

/** Writes the piece over and over, as fast as the server takes it. */
function pour(tcp: TcpSocket, piece: Uint8Array): void {
  const chunk = repeated(piece, Math.max(1, Math.floor(CHUNK_BYTES / piece.length)));
  const write = (): void => {
    for (let i = 0; i < 16; i++) {
      if (tcp.destroyed) return;
      if (!tcp.write(chunk)) {
        tcp.once("drain", write);
        return;
      }
    }
    setImmediate(write);
  };
  write();
}

/** Pours on one connection after the other: a server may cut them off. */
function flood(type: string, piece: Uint8Array, reads = true): (port: number) => void {
  return function again(port: number): void {
    const established = (tcp: TcpSocket): void => {
      if (!reads) tcp.pause();
      pour(tcp, piece);
    };
    peer(port, type, established, () => setTimeout(() => again(port), 10));
  };
}

const ATTACKS: Readonly<Record<string, Attack>> = {
  nobody: { server: "PULL", run() {} },
  "PING flood": { server: "PULL", run: flood("PUSH", PING) },
  "PING flood, answers unread": { server: "PULL", run: flood("PUSH", PING, false) },
  "endless empty frames with MORE": { server: "PULL", run: flood("PUSH", frame(1, [])) },
  "empty commands": { server: "PULL", run: flood("PUSH", frame(4, [])) },
  "unknown commands": { server: "PULL", run: flood("PUSH", command("X")) },
  "empty messages": { server: "PULL", run: flood("PUSH", frame(0, [])) },
  "200 frames of 2^40 octets": {
    server: "PULL",
    run(port) {
      for (let i = 0; i < 200; i++) {
        peer(port, "PUSH", (tcp) => {
          tcp.write(Uint8Array.of(2, 0, 0, 1, 0, 0, 0, 0, 0));
          setInterval(() => tcp.write(new Uint8Array(100)), 100);
        });
      }
    },
  },
  "10000 connections without a handshake": {
    server: "PULL",
    run(port) {
      let count = 0;
      const more = (): void => {
        for (let i = 0; i < 50 && count < 10_000; i++, count++) {
          connect({ port, host: "127.0.0.1" }).on("error", () => {}); // Refused or cut off: that is the point.
        }
        if (count < 10_000) setTimeout(more, 5);
      };
      more();
    },
  },
  "nobody ": { server: "PUB", run() {} },
  "a million subscriptions": {
    server: "PUB",
    run(port) {
      peer(port, "SUB", (tcp) => {
        let next = 0;
        const write = (): void => {
          const parts: Uint8Array[] = [];
          for (let i = 0; i < 1000; i++) parts.push(command("SUBSCRIBE", Buffer.from(`topic${next++}`)));
          if (next >= 1_000_000) return;
          if (tcp.write(bytes(...parts))) setImmediate(write);
          else tcp.once("drain", write);
        };
        write();
      });
    },
  },
  "subscribed and cancelled without end": {
    server: "PUB",
    run: flood("SUB", bytes(command("SUBSCRIBE", Buffer.from("x")), command("CANCEL", Buffer.from("x")))),
  },
  "messages to a publisher": { server: "PUB", run: flood("SUB", frame(0, [])) },
  "a subscriber that never reads": {
    server: "PUB",
    run(port) {
      peer(port, "SUB", (tcp) => {
        tcp.write(command("SUBSCRIBE"));
        tcp.pause();
      });
    },
  },
};

/** The process under attack. Tells its port, then what it received and its memory. */
async function serve(module: string, type: Server): Promise<void> {
  const zmq = (await import(module)) as typeof import("../src/index.ts");
  let count = 0;
  const report = (): void => {
    const { user, system } = process.cpuUsage();
    process.send?.({ count, rss: process.memoryUsage.rss(), cpuMs: (user + system) / 1000 });
  };
  if (type === "PULL") {
    const socket = new zmq.Pull();
    await socket.bind("tcp://127.0.0.1:*");
    process.send?.({ port: Number(socket.lastEndpoint?.split(":").at(-1)) });
    setInterval(report, 100);
    for await (const [body] of socket) if (body?.length === GOOD.length) count++;
    return;
  }
  const socket = new zmq.Publisher();
  await socket.bind("tcp://127.0.0.1:*");
  process.send?.({ port: Number(socket.lastEndpoint?.split(":").at(-1)) });
  setInterval(report, 100);
  for (let i = 1; ; i++) {
    await socket.send(GOOD);
    if (i % 100 === 0) await new Promise(setImmediate);
  }
}

function behave(port: number, server: Server): void {
  if (server === "PULL") {
    peer(port, "PUSH", (tcp) => pour(tcp, frame(0, GOOD)));
    return;
  }
  let received = 0;
  setInterval(() => process.send?.({ count: Math.floor(received / (GOOD.length + 2)) }), 100);
  peer(port, "SUB", (tcp) => {
    tcp.on("data", (chunk) => {
      received += chunk.length;
    });
    tcp.write(command("SUBSCRIBE", Buffer.from("g")));
  });
}

interface Figures {
  readonly rate: number;
  readonly rssMb: number;
}

async function measure(module: string, name: string, seconds: number): Promise<Figures | undefined> {
  const { server } = ATTACKS[name] as Attack;
  const children: ChildProcess[] = [];
  const child = (...args: string[]): ChildProcess => {
    const made = fork(fileURLToPath(import.meta.url), args, { execArgv: ["--import", "tsx"] });
    children.push(made);
    return made;
  };
  try {
    const under = child("serve", module, server);
    const [{ port }] = (await once(under, "message")) as [{ port: number }];
    let counted = 0;
    let rss = 0;
    let cpuMs = 0;
    let isAlive = true;
    under.on("message", (told: { count: number; rss: number; cpuMs: number }) => {
      cpuMs = told.cpuMs;
      rss = Math.max(rss, told.rss);
      if (server === "PULL") counted = told.count;
    });
    under.on("exit", () => {
      isAlive = false;
    });
    const good = child("behave", String(port), server);
    good.on("message", (told: { count: number }) => {
      counted = told.count;
    });
    child("attack", String(port), name);
    await new Promise((resolve) => setTimeout(resolve, 2 * WARM_MS));
    const before = counted;
    const cpuBefore = cpuMs;
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    const rate = (counted - before) / ((cpuMs - cpuBefore) / 1000);
    return isAlive ? { rate, rssMb: rss / 2 ** 20 } : undefined;
  } finally {
    for (const each of children) each.kill("SIGKILL");
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { seconds: { type: "string" }, only: { type: "string" } } });
  const seconds = Number(values.seconds ?? 3);
  const servers = { "zmq-ts": new URL("../src/index.ts", import.meta.url).href, libzmq: "zeromq" };
  console.log(
    "| attack | zmq-ts msg per CPU s | of alone | resident MB | libzmq msg per CPU s | of alone | resident MB |",
  );
  console.log("|---|---|---|---|---|---|---|");
  const alone = new Map<string, number>();
  for (const [name, { server }] of Object.entries(ATTACKS)) {
    if (values.only !== undefined && !name.startsWith("nobody") && !name.includes(values.only)) continue;
    const cells: string[] = [];
    for (const [library, module] of Object.entries(servers)) {
      const figures = await measure(module, name, seconds);
      if (figures === undefined) cells.push("died", "", "");
      else {
        const key = `${library} ${server}`;
        if (name.startsWith("nobody")) alone.set(key, figures.rate);
        const part = figures.rate / (alone.get(key) ?? Number.NaN);
        cells.push(Math.round(figures.rate).toString(), part.toFixed(2), figures.rssMb.toFixed(0));
      }
    }
    console.log(`| ${name.trim()} (${server}) | ${cells.join(" | ")} |`);
  }
}

const [role, first = "", second = ""] = process.argv.slice(2);
if (role === "serve") await serve(first, second as Server);
else if (role === "behave") behave(Number(first), second as Server);
else if (role === "attack") ATTACKS[second]?.run(Number(first));
else await main();
