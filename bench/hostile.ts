/**
 * What is left to a well-behaved peer beside a hostile one, and what memory
 * that costs: `tsx bench/hostile.ts [--seconds 3] [--only ping]`.
 *
 * A server (PULL or PUB, with or without CURVE) of ours, and of libzmq through zeromq.js, runs in a
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
import { subscriptionMessage } from "../src/wire/command.ts";
import type { Encoder } from "../src/wire/encoder.ts";
import { bytes, command, frame, GREETING, ready, repeated } from "../test/fake-link.ts";
import { curvePeer, helloFlood, pourSealed, SEALED_BYTES, SERVER_OPTIONS } from "./hostile-curve.ts";

type Server = "PULL" | "PUB" | "PULL with CURVE" | "PUB with CURVE" | "PULL that is not read";

const WARM_MS = 1000;
const CHUNK_BYTES = 65_536;
const PING = command("PING", [0, 0], Buffer.from("context"));
const EMPTY_FRAMES: readonly Uint8Array[] = Array.from({ length: 60_000 }, () => new Uint8Array(0));
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

function times(count: number, attack: (port: number) => void): (port: number) => void {
  return (port) => {
    for (let i = 0; i < count; i++) attack(port);
  };
}

function curveFlood(type: "PUSH" | "SUB", encode: (encoder: Encoder) => void): (port: number) => void {
  return (port) => curvePeer(port, type, (tcp, encoder) => pourSealed(tcp, encoder, encode));
}

/** The body of a command. */
const body = (name: string, ...data: readonly number[]): Uint8Array => bytes([name.length], Buffer.from(name), data);

/** Connects, sends a greeting, closes, and again: what connections alone cost. */
function connects(atOnce: number): (port: number) => void {
  return (port) => {
    const again = (): void => {
      const tcp = connect({ port, host: "127.0.0.1", noDelay: true });
      tcp.on("error", () => {}); // "close" follows.
      tcp.on("close", () => setImmediate(again));
      tcp.on("connect", () => tcp.write(GREETING));
      tcp.on("data", () => tcp.resetAndDestroy());
    };
    for (let i = 0; i < atOnce; i++) again();
  };
}

/** Comes, leaves as much as a queue holds, and comes again. */
function visit(port: number): void {
  peer(
    port,
    "PUSH",
    (tcp) => tcp.end(repeated(frame(0, new Uint8Array(1000)), 1000)),
    () => setImmediate(visit, port),
  );
}

const ATTACKS: Readonly<Record<string, Attack>> = {
  nobody: { server: "PULL", run() {} },
  "PING flood": { server: "PULL", run: flood("PUSH", PING) },
  "PING flood, answers unread": { server: "PULL", run: flood("PUSH", PING, false) },
  "endless empty frames with MORE": { server: "PULL", run: flood("PUSH", frame(1, [])) },
  "PING flood of 16 peers": { server: "PULL", run: times(16, flood("PUSH", PING)) },
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
  "nobody  ": { server: "PULL with CURVE", run() {} },
  "sealed PING flood": {
    server: "PULL with CURVE",
    run: curveFlood("PUSH", (encoder) => encoder.encodeCommand(body("PING", 0, 0, 1))),
  },
  "sealed PING flood of 8 peers": {
    server: "PULL with CURVE",
    run: times(
      8,
      curveFlood("PUSH", (encoder) => encoder.encodeCommand(body("PING", 0, 0, 1))),
    ),
  },
  "sealed unknown commands": {
    server: "PULL with CURVE",
    run: curveFlood("PUSH", (encoder) => encoder.encodeCommand(body("X"))),
  },
  "sealed empty frames with MORE": {
    server: "PULL with CURVE",
    run: curveFlood("PUSH", (encoder) => encoder.encode(EMPTY_FRAMES.slice())),
  },
  "sealed empty messages": {
    server: "PULL with CURVE",
    run: curveFlood("PUSH", (encoder) => encoder.encode([new Uint8Array(0)])),
  },
  "HELLO flood, 64 at a time": { server: "PULL with CURVE", run: helloFlood(true, 64) },
  "HELLO flood that does not open": { server: "PULL with CURVE", run: helloFlood(false, 64) },
  "connects without HELLO, 64 at a time": { server: "PULL with CURVE", run: connects(64) },
  "nobody   ": { server: "PUB with CURVE", run() {} },
  "sealed subscriptions and cancellations": {
    server: "PUB with CURVE",
    run: curveFlood("SUB", (encoder) => {
      encoder.encode([subscriptionMessage({ kind: "subscribe", topic: GOOD })]);
      encoder.encode([subscriptionMessage({ kind: "cancel", topic: GOOD })]);
    }),
  },
  "sealed messages to a publisher": {
    server: "PUB with CURVE",
    run: curveFlood("SUB", (encoder) => encoder.encode([new Uint8Array(0)])),
  },
  "peers that come, leave 1 MB and go": { server: "PULL that is not read", run: times(8, visit) },
};

/** The process under attack. Tells its port, then what it received and its memory. */
async function serve(module: string, type: Server): Promise<void> {
  const zmq = (await import(module)) as typeof import("../src/index.ts");
  let count = 0;
  const report = (): void => {
    const { user, system } = process.cpuUsage();
    process.send?.({ count, rss: process.memoryUsage.rss(), cpuMs: (user + system) / 1000 });
  };
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
  const socket = new zmq.Publisher(security);
  await socket.bind("tcp://127.0.0.1:*");
  process.send?.({ port: Number(socket.lastEndpoint?.split(":").at(-1)) });
  setInterval(report, 100);
  for (let i = 1; ; i++) {
    await socket.send(GOOD);
    if (i % 100 === 0) await new Promise(setImmediate);
  }
}

function behave(port: number, server: Server): void {
  if (server === "PULL that is not read") return;
  if (server === "PULL") peer(port, "PUSH", (tcp) => pour(tcp, frame(0, GOOD)));
  if (server === "PULL with CURVE") {
    curvePeer(port, "PUSH", (tcp, encoder) => pourSealed(tcp, encoder, (each) => each.encode([GOOD])));
  }
  if (server.startsWith("PULL")) return;
  const size = GOOD.length + 2 + (server === "PUB" ? 0 : SEALED_BYTES);
  let received = 0;
  setInterval(() => process.send?.({ count: Math.floor(received / size) }), 100);
  const count = (tcp: TcpSocket): void => {
    tcp.on("data", (chunk) => {
      received += chunk.length;
    });
  };
  if (server === "PUB") {
    peer(port, "SUB", (tcp) => {
      count(tcp);
      tcp.write(command("SUBSCRIBE", Buffer.from("g")));
    });
  } else {
    curvePeer(port, "SUB", (tcp, encoder) => {
      count(tcp);
      encoder.encode([subscriptionMessage({ kind: "subscribe", topic: Buffer.from("g") })]);
      tcp.write(Buffer.concat(encoder.take()));
      encoder.sent();
    });
  }
}

interface Figures {
  readonly rate: number;
  readonly rssMb: number;
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
    let isAlive = true;
    under.on("message", (told: { count: number; rss: number; cpuMs: number }) => {
      cpuMs = told.cpuMs;
      rss = Math.max(rss, told.rss);
      if (server.startsWith("PULL")) counted = told.count;
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
