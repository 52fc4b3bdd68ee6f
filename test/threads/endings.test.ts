/** Threads that end, in every way, while others are connected to them. */

import assert from "node:assert/strict";
import { test } from "node:test";
import * as zmq from "../../src/index.ts";
import { program } from "../api/child.ts";
import { thread } from "./worker.ts";

const ENTRY = new URL("../../src/index.ts", import.meta.url).href;

/** Resolves when `socket` has as many connected peers. */
async function peers(socket: zmq.Socket, count: number): Promise<void> {
  while (socket.peers.filter(({ connected }) => connected).length !== count) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Binds `name`, tells so on its control PAIR, waits for a word and ends in the way that `how` says. */
const ending = async ({ Pull, Pair }: typeof zmq, how: string) => {
  const pull = new Pull({ receiveHighWaterMark: 1 });
  await pull.bind(`inproc://${how}`);
  const control = new Pair();
  control.connect(`inproc://control-${how}`);
  await control.send("bound");
  await control.receive();
  switch (how) {
    case "exit":
      process.exit(0);
      break;
    case "throw":
      setImmediate(() => {
        throw new Error("thrown on purpose");
      });
      await new Promise(() => {});
      break;
    case "block":
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
      break;
    case "end":
      break;
    default:
      await pull.receive();
      for (;;) await new Promise((resolve) => setTimeout(resolve, 1000));
  }
};

for (const how of ["exit", "throw", "end", "terminate", "block"]) {
  test(`a thread that ends (${how}) is a peer that left: its name is free, what it had not taken is dropped and told`, async () => {
    await using control = new zmq.Pair();
    await control.bind(`inproc://control-${how}`);
    const { worker, ended } = thread(ending, how);
    worker.on("error", () => {}); // thrown on purpose
    await control.receive();
    await using push = new zmq.Push({ sendHighWaterMark: 100, linger: 0 });
    push.connect(`inproc://${how}`);
    await peers(push, 1);
    for (let i = 0; i < 20; i++) await push.send(new Uint8Array(100_000)); // more than is in shared memory at a time
    const drops: string[] = [];
    push.events.on("drop", ({ reason }) => drops.push(reason));
    await control.send("end");
    if (how === "terminate" || how === "block") {
      if (how === "block") await new Promise((resolve) => setTimeout(resolve, 100));
      await worker.terminate();
    }
    await ended;
    while (push.peers.length > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.ok(drops.length > 0 && drops.every((reason) => reason === "disconnected"), `${drops}`);
    await using pull = new zmq.Pull();
    pull.bindSync(`inproc://${how}`);
  });
}

test("what a thread had sent before it ended is received", async () => {
  await using pull = new zmq.Pull({ receiveHighWaterMark: 5 });
  await pull.bind("inproc://last-words");
  const { ended } = thread(async ({ Push }) => {
    const push = new Push();
    push.connect("inproc://last-words");
    for (let i = 0; i < 500; i++) await push.send(`${i}`);
  }, undefined);
  for (let i = 0; i < 500; i++) assert.equal(String(await pull.receive()), `${i}`);
  await ended;
});

test("what a thread had written when it called process.exit is received", async () => {
  await using pull = new zmq.Pull();
  await pull.bind("inproc://exits");
  const { ended } = thread(async ({ Push }) => {
    const push = new Push();
    push.connect("inproc://exits");
    await push.send("first");
    while (push.peers[0]?.connected !== true) await new Promise((resolve) => setTimeout(resolve, 1));
    for (let i = 0; i < 200; i++) push.send(`${i}`);
    process.exit();
  }, undefined);
  assert.equal(String(await pull.receive()), "first");
  for (let i = 0; i < 200; i++) assert.equal(String(await pull.receive()), `${i}`);
  await ended;
});

test("a request to a thread that was terminated waits for the next one to bind its name", async () => {
  const server = async ({ Reply }: typeof zmq, answer: string) => {
    const reply = new Reply();
    for (;;) {
      try {
        await reply.bind("inproc://service");
        break;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }
    for await (const _ of reply) await reply.send(answer);
  };
  await using request = new zmq.Request({ relaxed: true, correlate: true });
  const first = thread(server, "first");
  request.connect("inproc://service");
  await request.send("who?");
  assert.equal(String(await request.receive()), "first");
  await first.worker.terminate();
  while (request.peers.length > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  const second = thread(server, "second");
  request.connect("inproc://service");
  await request.send("who?");
  assert.equal(String(await request.receive()), "second");
  await second.worker.terminate();
});

test("a thread that was started by another ends with it, and its peers see it", async () => {
  await using control = new zmq.Pair();
  await control.bind("inproc://grandparent");
  const outer = thread(
    async ({ Pair }) => {
      const { Worker } = await import("node:worker_threads");
      const { ENTRY } = process.env;
      new Worker(
        `import("tsx/esm/api").then(({ register }) => { register(); return import(process.env.ENTRY); }).then(async (zmq) => {
        const pull = new zmq.Pull();
        await pull.bind("inproc://grandchild");
        await pull.receive();
      });`,
        { eval: true, env: { ...process.env, ENTRY } },
      );
      const control = new Pair();
      control.connect("inproc://grandparent");
      await control.receive();
    },
    undefined,
    { ...process.env, ENTRY: new URL("../../src/index.ts", import.meta.url).href },
  );
  await using push = new zmq.Push({ linger: 0 });
  push.connect("inproc://grandchild");
  await peers(push, 1);
  await outer.worker.terminate();
  while (push.peers.length > 0) await new Promise((resolve) => setTimeout(resolve, 5));
});

test("a worker with a bound or connected socket and nothing to wait for ends by itself", async () => {
  await using pull = new zmq.Pull();
  await pull.bind("inproc://idle");
  const { ended } = thread(async ({ Push, Pull }) => {
    const push = new Push();
    push.connect("inproc://idle");
    await new Pull().bind("inproc://idle-too");
    await push.send("one");
  }, undefined);
  assert.equal(String(await pull.receive()), "one");
  await ended;
});

test("a thread that a program terminates which did not load the library is a peer that left", {
  timeout: 60_000,
}, async () => {
  const { stdout, stderr } = await program(`
    const { Worker, setEnvironmentData } = await import("node:worker_threads");
    setEnvironmentData("zmq-ts inproc 1", undefined); // as if the library were not here
    const run = (task) => new Worker(
      \`import("tsx/esm/api").then(({ register }) => { register(); return import("${ENTRY}"); }).then(async (zmq) => {
        const { parentPort } = await import("node:worker_threads"); \${task} })\`,
      { eval: true });
    setTimeout(() => process.exit(1), 50_000).unref();
    const stays = run(\`const pull = new zmq.Pull();
      await pull.bind("inproc://stays");
      console.log(String(await pull.receive()));
      parentPort.postMessage("heard");
      while (pull.peers.length > 0) await new Promise((resolve) => setTimeout(resolve, 5));
      console.log("left");
      for (;;) {
        try { await new zmq.Reply().bind("inproc://of-the-other"); break; } catch (error) { if (error.code !== "EADDRINUSE") throw error; }
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      console.log("free");
      process.exit();\`);
    const ends = run(\`const reply = new zmq.Reply(); await reply.bind("inproc://of-the-other");
      const push = new zmq.Push(); push.connect("inproc://stays"); await push.send("hello");
      await new Promise((resolve) => setTimeout(resolve, 50_000));\`);
    stays.once("message", () => ends.terminate());
    stays.once("exit", () => process.exit());
  `);
  assert.equal(stdout, "hello\nleft\nfree\n", stderr);
});
