/** How a process and its threads live and end: each program of `lives.js` in a process of its own. */

import assert from "node:assert/strict";
import { Worker } from "node:worker_threads";
import * as zmq from "zmq-ts";
import { check, freeAddress, sleep } from "./check.js";
import { start } from "./runtime.js";

const CLEAN = { code: 0, stderr: "" };

check("loading the package prints nothing and lets the process end", async () => {
  assert.deepEqual(await start("./lives.js", ["load"]).ended, { ...CLEAN, stdout: "" });
});

check("sockets that only exist keep no process alive", async () => {
  assert.deepEqual(await start("./lives.js", ["idle"]).ended, { ...CLEAN, stdout: "connected\n" });
});

check("a pending receive keeps the process alive", async () => {
  const { line, ended } = start("./lives.js", ["receive"]);
  await line("waiting");
  // Time is what is asked about here: an idle process has no event to wait for.
  const isOver = await Promise.race([ended.then(() => true), sleep(700).then(() => false)]);
  assert.equal(isOver, false);
});

check("a receive that times out lets the process end", async () => {
  assert.deepEqual(await start("./lives.js", ["timeout"]).ended, { ...CLEAN, stdout: "EAGAIN\n" });
});

for (const [name, life] of [
  ["what was sent at the end of a process leaves, though the connection was not made yet", "send"],
  ["what was sent before process.exit arrives", "exit"],
]) {
  check(name, async ({ open }) => {
    const pull = open(zmq.Pull);
    await pull.bind("tcp://127.0.0.1:*");
    const { ended } = start("./lives.js", [life, pull.lastEndpoint]);
    for (let n = 0; n < 1000; n++) assert.deepEqual((await pull.receive()).map(String), [`${n}`, "x".repeat(20)]);
    assert.deepEqual(await ended, { ...CLEAN, stdout: "began\n" });
  });
}

for (const transport of ["tcp", "ipc"]) {
  check(
    `bytes that are there before their connection is looked at are not lost, over ${transport}`,
    async ({ open }) => {
      const pull = open(zmq.Pull);
      await pull.bind(freeAddress(transport));
      for (let round = 0; round < 3; round++) {
        const { line, ended } = start("./lives.js", ["send", pull.lastEndpoint]);
        await line("began");
        const until = performance.now() + 150; // Nothing is accepted meanwhile.
        while (performance.now() < until);
        for (let n = 0; n < 1000; n++) assert.equal(String((await pull.receive())[0]), `${n}`);
        assert.deepEqual(await ended, { ...CLEAN, stdout: "began\n" });
      }
    },
  );
}

check("a process with linger 0 and a message for nobody ends at once", async () => {
  const begun = performance.now();
  assert.deepEqual(await start("./lives.js", ["linger"]).ended, { ...CLEAN, stdout: "" });
  assert.ok(performance.now() - begun < 5000);
});

for (const method of ["bind", "bindSync"]) {
  check(`${method} in a worker of a cluster binds in that process, and for it alone`, async () => {
    const { stdout, ...end } = await start("./cluster.js", [method]).ended;
    assert.deepEqual({ ...end, stdout }, { ...CLEAN, stdout: "bound\nEADDRINUSE\nreceived\n" });
  });
}

check("a worker thread serves over tcp", async ({ open }) => {
  const worker = new Worker(new URL("./worker.js", import.meta.url));
  try {
    const address = await new Promise((resolve, reject) => {
      worker.once("message", resolve);
      worker.once("error", reject);
    });
    const request = open(zmq.Request);
    request.connect(address);
    for (let n = 0; n < 1000; n++) {
      await request.send(String(n));
      assert.equal(String(await request.receive()), `${n} from a thread`);
    }
  } finally {
    await worker.terminate();
  }
});

check("a frame that is posted to a thread arrives whole", async ({ open }) => {
  const pull = open(zmq.Pull);
  await pull.bind("tcp://127.0.0.1:*");
  const push = open(zmq.Push);
  push.connect(pull.lastEndpoint);
  await push.send([Buffer.alloc(100, 1), Buffer.alloc(100_000, 2)]);
  const [small, large] = await pull.receive();
  const worker = new Worker(new URL("./worker.js", import.meta.url), { workerData: "sum" });
  try {
    const summed = new Promise((resolve, reject) => {
      worker.on("message", (message) => typeof message === "number" && resolve(message));
      worker.once("error", reject);
    });
    worker.postMessage([small, large], [large.buffer]);
    assert.equal(await summed, 200_100);
    assert.ok(small.every((byte) => byte === 1));
  } finally {
    await worker.terminate();
  }
});

check("a small frame that is posted with a transfer list takes no other with it", async ({ open }) => {
  const pull = open(zmq.Pull);
  await pull.bind("tcp://127.0.0.1:*");
  const push = open(zmq.Push);
  push.connect(pull.lastEndpoint);
  await push.send([Buffer.alloc(100, 1), Buffer.alloc(100, 2)]);
  const [one, other] = await pull.receive();
  const { port1, port2 } = new MessageChannel();
  try {
    port1.postMessage(one, [one.buffer]);
  } catch (error) {
    assert.equal(error.name, "DataCloneError"); // Node 20 copies instead.
  } finally {
    port1.close();
    port2.close();
  }
  assert.equal(other.length, 100, "another frame was taken");
  assert.ok(other.every((byte) => byte === 2));
});
