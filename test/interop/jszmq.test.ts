/**
 * Bare ZWS 2.0 with jszmq, either side binding: its server chooses whatever name comes first, its client knows no other.
 */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { createInterface } from "node:readline";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import * as zmq from "../../src/index.ts";

/** jszmq in a process of its own. */
class Peer {
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

  async end(): Promise<void> {
    const gone = once(this.#process, "exit");
    this.#process.stdin.end();
    await gone;
  }
}

interface Ours {
  linger: number;
  close(): void;
  connect(address: string): void;
  bind(address: string): Promise<void>;
  readonly lastEndpoint: string | null;
  connected(): Promise<void>;
  send(message: string[]): Promise<void>;
  receive(): Promise<Uint8Array[]>;
  subscriberJoined(topic: string): Promise<void>;
}

type Flow = (ours: Ours, theirs: Peer) => Promise<void>;

const text = async (ours: Ours): Promise<string[]> => (await ours.receive()).map(String);
const LONG = "x".repeat(100_000);

const outward: Flow = async (ours, theirs) => {
  for (const message of [["one"], ["two", "", "parts"], [LONG]]) {
    await ours.send(message);
    assert.deepEqual(await theirs.receive(), message);
  }
};
const inward: Flow = async (ours, theirs) => {
  await ours.connected();
  for (const message of [["one"], ["two", "", "parts"], [LONG]]) {
    theirs.send(...message);
    assert.deepEqual(await text(ours), message);
  }
};

const PAIRS: readonly (readonly [string, () => object, string, Flow])[] = [
  ["PUSH", () => new zmq.Push(), "pull", outward],
  ["PULL", () => new zmq.Pull(), "push", inward],
  ["PAIR", () => new zmq.Pair(), "pair", outward],
  ["DEALER", () => new zmq.Dealer(), "dealer", inward],
  [
    "PUB",
    () => new zmq.Publisher(),
    "sub",
    async (ours, theirs) => {
      await ours.subscriberJoined("");
      await outward(ours, theirs);
    },
  ],
  [
    "SUB",
    () => {
      const socket = new zmq.Subscriber();
      socket.subscribe("");
      return socket;
    },
    "xpub",
    async (ours, theirs) => {
      await ours.connected();
      assert.deepEqual(await theirs.receive(), ["\x01"]);
      await inward(ours, theirs);
    },
  ],
  [
    "REQ",
    () => new zmq.Request(),
    "rep",
    async (ours, theirs) => {
      await ours.send(["question"]);
      assert.deepEqual(await theirs.receive(), ["question"]);
      theirs.send("answer", "two");
      assert.deepEqual(await text(ours), ["answer", "two"]);
    },
  ],
  [
    "REP",
    () => new zmq.Reply(),
    "req",
    async (ours, theirs) => {
      theirs.send("question");
      assert.deepEqual(await text(ours), ["question"]);
      await ours.send(["answer"]);
      assert.deepEqual(await theirs.receive(), ["answer"]);
    },
  ],
  [
    "ROUTER",
    () => new zmq.Router(),
    "dealer",
    async (ours, theirs) => {
      await ours.connected();
      theirs.send("hello");
      const [id, hello] = await ours.receive();
      assert.equal(String(hello), "hello");
      await (ours as unknown as zmq.Router).send([id as Uint8Array, "back"]);
      assert.deepEqual(await theirs.receive(), ["back"]);
    },
  ],
];

async function freeAddress(): Promise<string> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  return `ws://127.0.0.1:${typeof address === "object" ? address?.port : 0}/x`;
}

describe("jszmq", () => {
  for (const weBind of [true, false]) {
    for (const [name, make, theirs, flow] of PAIRS) {
      const title = `${name} and ${theirs} of jszmq exchange messages, ${weBind ? "we bind" : "jszmq binds"}`;
      it(title, { timeout: 20_000 }, async () => {
        const ours = make() as Ours;
        if (weBind) await ours.bind("ws://127.0.0.1:*/x");
        const address = weBind ? String(ours.lastEndpoint) : await freeAddress();
        const peer = new Peer(theirs, weBind ? "connect" : "bind", address);
        try {
          assert.deepEqual(await peer.receive(), ["open"]);
          if (!weBind) ours.connect(address);
          await flow(ours, peer);
        } finally {
          ours.linger = 0;
          ours.close();
          await peer.end();
        }
      });
    }
  }
});
