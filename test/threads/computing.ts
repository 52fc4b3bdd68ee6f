/**
 * A program that computes, with its connections in an I/O thread: what its peers, in a process of their own, see
 * meanwhile. For a test of a second, and for `npx tsx bench/io-thread.ts --computing`, which takes ten.
 */

import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type * as Library from "../../src/index.ts";

const HEARTBEAT_MS = 500;
/** A machine that is busy gives a thread its turn so late. */
const PATIENCE_MS = 1500;
/** The program computes no longer, whatever its peers have not seen. */
const MOST_SECONDS = 40;
/** Messages that a peer sends, and that the program had sent. */
const INCOMING = 100_000;
const OUTGOING = 10_000;
/** Waits for the ends of two pipes that have the usual marks. */
const USUAL_MARK = 1000;

interface Addresses {
  readonly pull: string;
  readonly narrow: string;
  readonly push: string;
  readonly front: string;
  readonly back: string;
}

/** What the peers saw while the program computed. */
interface Seen {
  /** Connections with heartbeats of HEARTBEAT_MS that were lost. */
  readonly lost: number;
  /** Milliseconds until each PING was answered. */
  readonly pings: readonly number[];
  /** Messages of the program that had arrived, in order, and when the last one had. */
  readonly arrived: number;
  readonly arrivedMs: number;
  /** Messages that a peer could send to a socket that holds USUAL_MARK, its own USUAL_MARK included. */
  readonly taken: number;
  /** Milliseconds until each request was answered through the proxy of the program. */
  readonly answers: readonly number[];
}

export interface Figures extends Seen {
  readonly seconds: number;
  /** Messages that had waited, in order, when the program had computed and their sender had gone. */
  readonly waited: number;
  readonly sent: number;
}

/** Blocks this thread for `seconds`, and until its peers have seen something of everything. Rejects when the peers fail. */
export async function computing(
  { Context, Dealer, Proxy: ProxyOf, Pull, Push, Router }: typeof Library,
  library: string,
  seconds: number,
): Promise<Figures> {
  const context = new Context({ ioThreads: 1 });
  const pull = new Pull({ context, receiveHighWaterMark: INCOMING });
  const narrow = new Pull({ context, receiveHighWaterMark: USUAL_MARK });
  const push = new Push({ context, sendHighWaterMark: 0 });
  const front = new Router({ context });
  const back = new Dealer({ context });
  const all = { pull, narrow, push, front, back };
  const addresses: Record<string, string> = {};
  for (const [name, socket] of Object.entries(all)) addresses[name] = await socket.bind("tcp://127.0.0.1:*");
  const proxy = new ProxyOf(front, back).run();
  const self = fileURLToPath(import.meta.url);
  const folder = mkdtempSync(join(tmpdir(), "zmq-computing-"));
  const seenFile = join(folder, "seen");
  const given = ["--import", "tsx", self, library, `${seconds}`, JSON.stringify(addresses), seenFile];
  const peers = spawn(process.execPath, given, { stdio: ["pipe", "pipe", "inherit"] });
  let printed = "";
  peers.stdout.setEncoding("utf8").on("data", (text) => {
    printed += text;
  });
  const over = new Promise<void>((resolve, reject) => {
    peers.once("exit", (code) => (code === 0 ? resolve() : reject(new Error(`the peers ended with ${code}`))));
  });
  await Promise.all([pull, narrow, push].map((socket) => socket.connected()));
  for (let i = 0; i < OUTGOING; i++) await push.send(`${i}`);
  peers.stdin.end("\n");
  await new Promise(setImmediate);
  const begun = performance.now();
  let computed = 0;
  // A thread that computes hears nothing: the end is a file.
  for (let isSeen = false; !isSeen && computed < MOST_SECONDS; ) {
    const slice = performance.now() + 20;
    while (performance.now() < slice);
    isSeen = existsSync(seenFile);
    computed = (performance.now() - begun) / 1000;
  }
  await over;
  rmSync(folder, { recursive: true });
  let waited = 0;
  while (waited < INCOMING && String(await pull.receive()) === `${waited}`) waited++;
  front.close();
  await proxy;
  for (const socket of [pull, narrow, push]) socket.close();
  await context.close();
  return { seconds: computed, waited, sent: INCOMING, ...(JSON.parse(printed) as Seen) };
}

/** The peers, for `seconds` from the first octet of stdin on. */
async function see(library: string, seconds: number, addresses: Addresses, seenFile: string): Promise<Seen> {
  const { Pull, Push, Reply, Request } = (await import(library)) as typeof Library;
  const heartbeats = { heartbeatInterval: HEARTBEAT_MS, heartbeatTimeout: PATIENCE_MS };
  const sender = new Push({ ...heartbeats, sendHighWaterMark: 0 });
  // Without heartbeats: a PING waits behind the messages that there is no room for, as with libzmq.
  const narrow = new Push({ sendHighWaterMark: USUAL_MARK, sendTimeout: PATIENCE_MS });
  const receiver = new Pull({ ...heartbeats, receiveHighWaterMark: 0 });
  const reply = new Reply();
  const request = new Request({ receiveTimeout: 1000 * MOST_SECONDS });
  let lost = 0;
  for (const socket of [sender, receiver]) socket.events.on("disconnect", () => lost++);
  sender.connect(addresses.pull);
  narrow.connect(addresses.narrow);
  receiver.connect(addresses.push);
  reply.connect(addresses.back);
  request.connect(addresses.front);
  void (async () => {
    for await (const question of reply) await reply.send(question);
  })();
  const pings: number[] = [];
  const ping = await pinging(Number(addresses.pull.split(":").at(-1)));
  await new Promise((resolve) => process.stdin.once("data", resolve));
  const begun = performance.now();
  let arrivedMs = 0;
  let arrived = 0;
  const receiving = (async () => {
    for (; arrived < OUTGOING; arrived++) {
      if (String(await receiver.receive()) !== `${arrived}`) return;
      arrivedMs = performance.now() - begun;
    }
  })();
  for (let i = 0; i < INCOMING; i++) await sender.send(`${i}`);
  await sender.drained();
  let taken = 0;
  const body = Buffer.alloc(10_000);
  const taking = (async () => {
    for (; taken < 100_000; taken++) await narrow.send(body);
  })().catch(() => {});
  const answers: number[] = [];
  do {
    const asked = performance.now();
    await request.send("?");
    await request.receive();
    answers.push(performance.now() - asked);
    pings.push(await ping());
    await new Promise((resolve) => setTimeout(resolve, 5));
  } while (performance.now() - begun < seconds * 1000);
  await taking;
  await Promise.race([receiving, new Promise((resolve) => setTimeout(resolve, MOST_SECONDS * 500))]);
  const seen = { lost, pings, arrived, arrivedMs, taken, answers };
  writeFileSync(seenFile, "");
  return seen;
}

/** A connection that is asked by PING and answers with how many milliseconds the PONG took. */
async function pinging(port: number): Promise<() => Promise<number>> {
  const link = connect(port, "127.0.0.1");
  const greeting = Buffer.alloc(64);
  greeting.set([0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0x7f, 3, 1]);
  greeting.write("NULL", 12);
  const ready = Buffer.from("\x05READY\x0bSocket-Type\0\0\0\x04PUSH", "latin1");
  const seen = (word: string) =>
    new Promise<void>((resolve) => {
      let received = "";
      const look = (chunk: Buffer) => {
        received += chunk.toString("latin1");
        if (!received.includes(word)) return;
        link.off("data", look);
        resolve();
      };
      link.on("data", look);
    });
  const welcomed = seen("READY");
  link.write(greeting);
  link.write(Buffer.concat([Buffer.from([4, ready.length]), ready]));
  await welcomed;
  return async () => {
    const sentAt = performance.now();
    link.write(Buffer.from("\x04\x07\x04PING\0\0", "latin1"));
    await seen("PONG");
    return performance.now() - sentAt;
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , library = "", seconds = "", addresses = "{}", seenFile = ""] = process.argv;
  console.log(JSON.stringify(await see(library, Number(seconds), JSON.parse(addresses), seenFile)));
  process.exit();
}
