/** What a program whose calls block does as a process: it can be interrupted, it ends by itself, and what it sent arrives. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import { Pair, Pull, Request } from "../../src/index.ts";
import { Blocking } from "./child.ts";

test("Ctrl-C ends a program that waits", async (t) => {
  const child = new Blocking(
    t,
    `const socket = context.socket(zmq.REP);
    console.log(socket.bind("tcp://127.0.0.1:*"));
    socket.recv();`,
  );
  await child.line();
  child.child.kill("SIGINT");
  assert.equal((await child.ended).signal, "SIGINT");
});

test("with a handler of its own for SIGINT, a program hears of it when its call returns: a time-out sees to that", async (t) => {
  const child = new Blocking(
    t,
    `let isOver = false;
    process.on("SIGINT", () => { isOver = true; });
    const socket = context.socket(zmq.PULL);
    socket.rcvtimeo = 50;
    console.log(socket.bind("tcp://127.0.0.1:*"));
    while (!isOver) {
      try {
        socket.recv();
      } catch (error) {
        if (!(error instanceof zmq.Again)) throw error;
      }
      await new Promise((resolve) => setImmediate(resolve)); // here the handler runs
    }
    console.log("interrupted");
    context.destroy();`,
  );
  await child.line();
  child.child.kill("SIGINT");
  assert.equal(await child.output(), "interrupted\n");
});

for (const [end, how] of Object.entries({
  "returns at its end": "",
  "terminates its context": "socket.close(); context.term(); console.log('all has left');",
})) {
  test(`what was sent arrives when the program ${end}`, async (t) => {
    const pull = new Pull();
    t.after(() => pull.close());
    const address = await pull.bind("tcp://127.0.0.1:*");
    const child = new Blocking(
      t,
      `const socket = context.socket(zmq.PUSH);
      socket.connect(process.argv[1]);
      const body = Buffer.alloc(100_000);
      for (let n = 0; n < 100; n++) socket.sendMultipart([String(n), body]);
      ${how}`,
      [address],
    );
    for (let n = 0; n < 100; n++) assert.equal(String((await pull.receive())[0]), `${n}`);
    await child.output();
  });
}

test("what was sent on a connection arrives when the program calls process.exit, within a second", async (t) => {
  const pair = new Pair();
  t.after(() => pair.close());
  const address = await pair.bind("tcp://127.0.0.1:*");
  const child = new Blocking(
    t,
    `const socket = context.socket(zmq.PAIR);
    socket.connect(process.argv[1]);
    socket.recv();
    const body = Buffer.alloc(100_000);
    for (let n = 0; n < 30; n++) socket.sendMultipart([String(n), body]);
    process.exit();`,
    [address],
  );
  await pair.send("go");
  for (let n = 0; n < 30; n++) assert.equal(String((await pair.receive())[0]), `${n}`);
  await child.output();
});

test("a program with open sockets and nothing to send ends by itself", async (t) => {
  const child = new Blocking(
    t,
    `const socket = context.socket(zmq.PULL);
    socket.bind("tcp://127.0.0.1:*");
    console.log("done");`,
  );
  assert.equal(await child.output(), "done\n");
});

test("after its calls a program may go back to its event loop, where connections go on", async (t) => {
  const child = new Blocking(
    t,
    `const { Push } = await import(${JSON.stringify(new URL("../../src/index.ts", import.meta.url).href)});
    const socket = context.socket(zmq.PULL);
    const push = new Push();
    push.connect(socket.bind("tcp://127.0.0.1:*"));
    await push.send("asynchronous");
    await push.connected();
    await push.drained();
    console.log(socket.recvString());
    await push.close();
    context.destroy();`,
  );
  assert.equal(await child.output(), "asynchronous\n");
});

test("a worker blocks while its parent does other things, and both talk over tcp", async (t) => {
  const worker = new Worker(
    `const { parentPort, workerData } = require("node:worker_threads");
    import(workerData.tsx).then(async ({ tsImport }) => {
      const zmq = await tsImport(workerData.sync, workerData.sync);
      const context = new zmq.Context();
      const socket = context.socket(zmq.REP);
      parentPort.postMessage(socket.bind("tcp://127.0.0.1:*"));
      for (let n = 0; n < 3; n++) socket.send(socket.recv() + "!");
      context.destroy();
    });`,
    {
      eval: true,
      execArgv: [],
      workerData: {
        tsx: import.meta.resolve("tsx/esm/api"),
        sync: new URL("../../src/sync.ts", import.meta.url).href,
      },
    },
  );
  const ended = once(worker, "exit");
  const [address] = await once(worker, "message");
  const request = new Request();
  t.after(() => request.close());
  request.connect(address);
  for (const text of ["a", "b", "c"]) {
    await request.send(text);
    assert.equal(await request.receiveString(), `${text}!`);
  }
  assert.deepEqual(await ended, [0]);
});
