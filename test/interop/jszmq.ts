/** jszmq, which speaks bare ZWS 2.0: a peer of it, and how each pair of types exchanges messages. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { TypeName } from "./peer.ts";

/** jszmq in a process of its own. */
export class JszmqPeer {
  readonly #process;
  readonly #lines: AsyncIterator<string>;

  constructor(type: string, how: "bind" | "connect", address: string) {
    const file = fileURLToPath(new URL("jszmq-peer.js", import.meta.url));
    this.#process = spawn(process.execPath, [file, type, how, address], {
      stdio: ["pipe", "pipe", "inherit"],
      env: { ...process.env, NODE_OPTIONS: "" },
    });
    this.#lines = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
  }

  send(...frames: string[]): void {
    this.#process.stdin.write(`${JSON.stringify(frames)}\n`);
  }

  async receive(): Promise<string[]> {
    return JSON.parse((await this.#lines.next()).value);
  }

  /** It is bound, or was told to connect. */
  async opened(): Promise<void> {
    assert.deepEqual(await this.receive(), ["open"]);
  }

  async end(): Promise<void> {
    const gone = once(this.#process, "exit");
    this.#process.stdin.end();
    await gone;
  }
}

/** What a flow needs of a socket of ours, wherever it is. */
export interface Ours {
  connected(): Promise<void>;
  send(message: string[]): Promise<void>;
  receive(): Promise<Uint8Array[]>;
  subscribe(...topics: string[]): void;
  subscriberJoined(topic: string): Promise<void>;
}

type Flow = (ours: Ours, theirs: JszmqPeer) => Promise<void>;

const text = async (ours: Ours): Promise<string[]> => (await ours.receive()).map(String);
/** Shorter than what a page may send without a relay. */
const LONG = "x".repeat(60_000);
const MESSAGES = [["one"], ["two", "", "parts"], [LONG]];

const outward: Flow = async (ours, theirs) => {
  for (const message of MESSAGES) {
    await ours.send(message);
    assert.deepEqual(await theirs.receive(), message);
  }
};
const inward: Flow = async (ours, theirs) => {
  await ours.connected();
  for (const message of MESSAGES) {
    theirs.send(...message);
    assert.deepEqual(await text(ours), message);
  }
};
const publish: Flow = async (ours, theirs) => {
  await ours.subscriberJoined("");
  await outward(ours, theirs);
};
/** A publisher that tells nobody of subscriptions repeats a probe until one has arrived. */
const follow: Flow = async (ours, theirs) => {
  const first = ours.receive();
  for (let isThere = false; !isThere; ) {
    theirs.send("probe");
    isThere = await Promise.race([first.then(() => true), new Promise<false>((no) => setTimeout(no, 5, false))]);
  }
  theirs.send("over");
  while ((await text(ours))[0] !== "over");
  await inward(ours, theirs);
};
/** We ask, with an envelope of ours before the question; theirs sees it behind the frames that it adds. */
const ask =
  (envelope: readonly string[], seen: readonly string[]): Flow =>
  async (ours, theirs) => {
    for (const question of MESSAGES) {
      await ours.send([...envelope, ...question]);
      assert.deepEqual(await theirs.receive(), [...seen, ...question]);
      theirs.send(...seen, "answer", ...question);
      assert.deepEqual(await text(ours), [...envelope, "answer", ...question]);
    }
  };
/** Theirs asks, and we answer behind as many frames of ours as we keep. */
const answer =
  (envelope: readonly string[], kept: number): Flow =>
  async (ours, theirs) => {
    await ours.connected();
    for (const question of MESSAGES) {
      theirs.send(...envelope, ...question);
      const asked = await ours.receive();
      assert.deepEqual(asked.slice(kept).map(String), question);
      await ours.send([...asked.slice(0, kept), "answer"] as string[]);
      assert.deepEqual(await theirs.receive(), [...envelope, "answer"]);
    }
  };

export interface JszmqPair {
  readonly ours: TypeName;
  readonly theirs: string;
  readonly flow: Flow;
  readonly options?: object;
}

/** jszmq's ROUTER has ZWS's flags octet in front of the routing id that it got. */
const NAMED = "\0me";

export const JSZMQ_PAIRS: readonly JszmqPair[] = [
  { ours: "PUSH", theirs: "pull", flow: outward },
  { ours: "PULL", theirs: "push", flow: inward },
  { ours: "PAIR", theirs: "pair", flow: outward },
  { ours: "DEALER", theirs: "dealer", flow: inward },
  { ours: "DEALER", theirs: "rep", flow: ask([""], []) },
  { ours: "DEALER", theirs: "router", flow: ask([], [NAMED]), options: { routingId: "me" } },
  { ours: "REQ", theirs: "rep", flow: ask([], []) },
  { ours: "REQ", theirs: "router", flow: ask([], [NAMED, ""]), options: { routingId: "me" } },
  { ours: "REP", theirs: "req", flow: answer([], 0) },
  { ours: "REP", theirs: "dealer", flow: answer([""], 0) },
  { ours: "ROUTER", theirs: "dealer", flow: answer([], 1) },
  { ours: "ROUTER", theirs: "req", flow: answer([], 2) },
  { ours: "PUB", theirs: "sub", flow: publish },
  { ours: "XPUB", theirs: "sub", flow: publish },
  {
    ours: "PUB",
    theirs: "xsub",
    flow: async (ours, theirs) => {
      await ours.connected();
      theirs.send("\x01");
      await publish(ours, theirs);
    },
  },
  {
    ours: "SUB",
    theirs: "pub",
    flow: async (ours, theirs) => {
      ours.subscribe("");
      await follow(ours, theirs);
    },
  },
  {
    ours: "SUB",
    theirs: "xpub",
    flow: async (ours, theirs) => {
      ours.subscribe("");
      await ours.connected();
      assert.deepEqual(await theirs.receive(), ["\x01"]);
      await inward(ours, theirs);
    },
  },
  {
    ours: "XSUB",
    theirs: "xpub",
    flow: async (ours, theirs) => {
      await ours.send(["\x01"]);
      assert.deepEqual(await theirs.receive(), ["\x01"]);
      await inward(ours, theirs);
    },
  },
];

export async function freeAddress(): Promise<string> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  return `ws://127.0.0.1:${typeof address === "object" ? address?.port : 0}/x`;
}
