/** Blocking sockets of several threads: they meet at inproc names, with each other and with asynchronous sockets. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { type TestContext, test } from "node:test";
import { Worker } from "node:worker_threads";
import { Pull, Request } from "../../src/index.ts";
import * as zmq from "../../src/sync.ts";

/** A thread with `zmq` and `given`; it says that it is ready by what it posts. */
function start(t: TestContext, body: string, given: unknown = undefined): Worker {
  const worker = new Worker(
    `const { parentPort, workerData } = require("node:worker_threads");
    import(workerData.tsx).then(async ({ tsImport }) => {
      const zmq = await tsImport(workerData.sync, workerData.sync);
      const { given } = workerData;
      ${body}
    }).catch((error) => setImmediate(() => { throw error; }));`,
    {
      eval: true,
      execArgv: [],
      workerData: {
        tsx: import.meta.resolve("tsx/esm/api"),
        sync: new URL("../../src/sync.ts", import.meta.url).href,
        given,
      },
    },
  );
  t.after(() => worker.terminate());
  return worker;
}

test("two threads block on each other over inproc, in one context", (t) => {
  const context = new zmq.Context();
  t.after(() => context.destroy(0));
  const server = context.socket(zmq.REP);
  server.rcvtimeo = 60_000;
  server.bind("inproc://service");
  start(
    t,
    `const context = zmq.Context.from(given);
    const client = context.socket(zmq.REQ);
    client.connect("inproc://service");
    for (let n = 0; n < 1000; n++) {
      client.send("question " + n);
      if (client.recvString() !== "answer to question " + n) throw new Error("not the answer to " + n);
    }
    client.sendJson("done");
    context.destroy();`,
    context.handle,
  );
  for (let n = 0; n < 1000; n++) server.send(`answer to ${server.recvString()}`);
  assert.equal(server.recvJson(), "done");
});

test("an asynchronous socket asks a thread that blocks, in the default context of both", async (t) => {
  const worker = start(
    t,
    `const socket = zmq.Context.instance().socket(zmq.REP);
    socket.bind("inproc://blocking-worker");
    parentPort.postMessage("ready");
    for (;;) socket.send(socket.recvString() + "!");`,
  );
  await once(worker, "message");
  const request = new Request();
  t.after(() => request.close());
  request.connect("inproc://blocking-worker");
  for (const text of ["a", "b", "c"]) {
    await request.send(text);
    assert.equal(await request.receiveString(), `${text}!`);
  }
});

test("a sender that blocks waits for room at a receiver of another thread, and all arrives in order", async (t) => {
  const pull = new Pull({ receiveHighWaterMark: 10 });
  t.after(() => pull.close());
  await pull.bind("inproc://slow-receiver");
  start(
    t,
    `const socket = zmq.Context.instance().socket(zmq.PUSH);
    socket.sndhwm = 10;
    socket.connect("inproc://slow-receiver");
    for (let n = 0; n < 2000; n++) socket.send(String(n));
    socket.close();`,
  );
  for (let n = 0; n < 2000; n++) {
    assert.equal(String((await pull.receive())[0]), `${n}`);
    if (n % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
});

test("the names of a thread that is terminated while it blocks are free again", async (t) => {
  const bind = `const socket = zmq.Context.instance().socket(zmq.REP);
    socket.bind("inproc://of-one-that-ends");
    parentPort.postMessage("ready");
    socket.recv();`;
  const first = start(t, bind);
  await once(first, "message");
  await first.terminate();
  const second = start(t, bind);
  assert.deepEqual(await once(second, "message"), ["ready"]);
});
