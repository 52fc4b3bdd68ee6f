/** Calls that wait: for time-outs, signals, high-water marks, several sockets, the end of a block. */

import assert from "node:assert/strict";
import * as zmq from "zmq-ts";
import { absent, check, freeAddress, pair } from "./check.js";

check("receiving times out with EAGAIN", async ({ open }) => {
  const pull = open(zmq.Pull, { receiveTimeout: 50 });
  await pull.bind(freeAddress("tcp"));
  const begun = performance.now();
  await assert.rejects(pull.receive(), { code: "EAGAIN" });
  assert.ok(performance.now() - begun >= 45);
});

check("sending to nobody times out with EAGAIN", async ({ open }) => {
  const push = open(zmq.Push, { sendTimeout: 50 });
  await push.bind(freeAddress("tcp"));
  await assert.rejects(push.send("x"), { code: "EAGAIN" });
});

check("an AbortSignal ends what waits, with its reason", async ({ open }) => {
  const pull = open(zmq.Pull);
  await pull.bind(freeAddress("tcp"));
  const controller = new AbortController();
  const reason = new Error("enough");
  const waiting = [pull.receive({ signal: controller.signal }), pull.connected({ signal: controller.signal })];
  controller.abort(reason);
  for (const call of waiting) await assert.rejects(call, (error) => error === reason);
  await assert.rejects(pull.receive({ signal: AbortSignal.timeout(20) }), { name: "TimeoutError" });
});

check("the high-water mark holds a sender up, and a reader lets it go on", async ({ open }) => {
  const [pull, push] = await pair(
    open,
    "tcp",
    [zmq.Pull, { receiveHighWaterMark: 2 }],
    [zmq.Push, { sendHighWaterMark: 2 }],
  );
  push.sendTimeout = 100;
  const big = Buffer.alloc(1_000_000);
  let sent = 0;
  await assert.rejects(
    (async () => {
      for (; sent < 100; sent++) await push.send(big);
    })(),
    { code: "EAGAIN" },
  );
  push.sendTimeout = -1;
  const rest = push.send("last");
  for (let n = 0; n < sent; n++) assert.equal((await pull.receive())[0].length, big.length);
  assert.equal(String(await pull.receive()), "last");
  await rest;
});

check("calls at once are answered in their order", async ({ open }) => {
  const [pull, push] = await pair(open, "tcp", [zmq.Pull], [zmq.Push]);
  const received = Promise.all(Array.from({ length: 100 }, () => pull.receive()));
  await Promise.all(Array.from({ length: 100 }, (_, n) => push.send(String(n))));
  assert.deepEqual(
    (await received).map(String),
    Array.from({ length: 100 }, (_, n) => `${n}`),
  );
});

check("for await over a socket ends when it is closed", async ({ open }) => {
  const [pull, push] = await pair(open, "tcp", [zmq.Pull], [zmq.Push]);
  for (let n = 0; n < 10; n++) await push.send(String(n));
  let received = 0;
  for await (const [text] of pull) {
    assert.equal(String(text), `${received++}`);
    if (received === 10) setTimeout(() => pull.close(), 10);
  }
  assert.equal(received, 10);
});

check("a Poller waits for the first of several sockets", async ({ open }) => {
  const [first] = await pair(open, "tcp", [zmq.Pull], [zmq.Push]);
  const [second, push] = await pair(open, "tcp", [zmq.Pull], [zmq.Push]);
  const poller = new zmq.Poller();
  poller.register(first);
  poller.register(second);
  assert.deepEqual(await poller.poll({ timeoutMs: 20 }), []);
  const found = poller.poll();
  await push.send("x");
  assert.deepEqual(
    (await found).map(({ socket }) => socket === second),
    [true],
  );
});

check("other timers and callbacks run while a loop sends and receives", async ({ open }) => {
  const [pull, push] = await pair(open, "inproc", [zmq.Pull], [zmq.Push]);
  let ticks = 0;
  const timer = setInterval(() => {
    ticks += 1;
  }, 1);
  // Counted, not timed: a busy machine has slow timers, and a loop that starves them would never see the tenth.
  for (let n = 0; n < 1_000_000 && ticks < 10; n++) {
    await push.send("x");
    await pull.receive();
  }
  clearInterval(timer);
  assert.ok(ticks >= 10);
});

check("await using closes", async () => {
  let usingSockets;
  try {
    ({ usingSockets } = await import("./await-using.js"));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    absent("no such syntax");
  }
  const [text, sockets] = await usingSockets(zmq);
  assert.equal(text, "used");
  assert.ok(sockets.every((socket) => socket.closed));
});

check("Symbol.asyncDispose closes", async ({ open }) => {
  const pull = open(zmq.Pull);
  await pull[Symbol.asyncDispose]();
  assert.ok(pull.closed);
});
