/**
 * The engine in an I/O thread: what a program sees of it, and what goes on there while the program computes. All else is
 * tried by the tests of sockets, which run in both ways; see test/io-threads.ts.
 */

import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import { Authenticator, Context, Pull, Push, Reply, Request, Subscriber, XPublisher } from "../../src/index.ts";

const limit = { timeout: 20_000 };

/** Keeps this thread from turning its event loop until `isOver`, looked at every millisecond. */
function compute(isOver: () => boolean): void {
  const word = new Int32Array(new SharedArrayBuffer(4));
  for (let ms = 0; !isOver(); ms++) {
    assert(ms < 15_000, "what the program waits for does not come to pass while it computes");
    Atomics.wait(word, 0, 0, 1);
  }
}

/** A worker that runs `program`, a function of `words`, which it shares with the test. */
function beside(program: string, words: Int32Array, data: object): Worker {
  const source = `
    const { workerData: { words, data } } = require("node:worker_threads");
    (${program})(words, data);
  `;
  return new Worker(source, { eval: true, execArgv: [], workerData: { words, data } });
}

test(
  "the mistakes of bind have the code, the number and the address that they have without a thread",
  limit,
  async () => {
    const context = new Context({ ioThreads: 1 });
    const first = new Pull({ context });
    const second = new Pull({ context });
    await first.bind("tcp://127.0.0.1:*");
    const address = first.lastEndpoint as string;
    const inUse = { code: "EADDRINUSE", errno: 98, address, message: "Address already in use" };
    await assert.rejects(second.bind(address), inUse);
    assert.throws(() => second.bindSync(address), inUse);
    assert.throws(() => second.connect("nope://x"), { code: "EPROTONOSUPPORT" });
    first.close();
    second.close();
    await context.close();
  },
);

test("frames of two PLAIN connections of one socket share no memory", limit, async () => {
  const context = new Context({ ioThreads: 1 });
  const authenticator = new Authenticator({ context, plain: { one: "1", two: "2" } });
  authenticator.start();
  const pull = new Pull({ context, plainServer: true, zapDomain: "d" });
  pull.bindSync("tcp://127.0.0.1:*");
  const pushes: Push[] = [];
  for (const [plainUsername, plainPassword] of [
    ["one", "1"],
    ["two", "2"],
  ] as const) {
    const push = new Push({ context, plainUsername, plainPassword });
    pushes.push(push);
    push.connect(pull.lastEndpoint as string);
    await push.send("of one of them");
  }
  const [first, second] = [await pull.receive(), await pull.receive()];
  assert.notEqual(first[0]?.buffer, second[0]?.buffer);
  for (const socket of [...pushes, pull]) socket.close();
  authenticator.stop();
  await context.close();
});

test("bindSync knows the port when it returns", limit, async () => {
  const context = new Context({ ioThreads: 1 });
  const pull = new Pull({ context });
  pull.bindSync("tcp://127.0.0.1:*");
  assert.match(pull.lastEndpoint as string, /^tcp:\/\/127\.0\.0\.1:\d+$/);
  const push = new Push({ context });
  push.connect(pull.lastEndpoint as string);
  await push.send("x");
  assert.equal(String((await pull.receive())[0]), "x");
  pull.close();
  push.close();
  await context.close();
});

test("while the program computes, PINGs are answered, and what it had sent leaves", limit, async () => {
  const context = new Context({ ioThreads: 1 });
  const push = new Push({ context });
  await push.bind("tcp://127.0.0.1:*");
  const words = new Int32Array(new SharedArrayBuffer(8));
  // A peer by hand: NULL handshake, then PINGs of which it counts the PONGs, and the messages that come.
  const peer = beside(
    `(words, { port }) => {
      const link = require("node:net").connect(port, "127.0.0.1");
      const greeting = Buffer.alloc(64); greeting[0] = 0xff; greeting[9] = 0x7f; greeting[10] = 3; greeting[11] = 1; greeting.write("NULL", 12);
      link.write(greeting);
      const body = Buffer.concat([Buffer.from("\\x05READY\\x0bSocket-Type"), Buffer.from([0, 0, 0, 4]), Buffer.from("PULL")]);
      link.write(Buffer.concat([Buffer.from([4, body.length]), body]));
      const ping = Buffer.concat([Buffer.from([4, 7]), Buffer.from("\\x04PING"), Buffer.from([0, 0])]);
      let all = Buffer.alloc(0);
      link.on("data", (chunk) => {
        all = Buffer.concat([all, chunk]);
        const text = all.toString("latin1");
        if (words[0] === 0 && text.includes("READY")) { words[0] = 1; Atomics.notify(words, 0); }
        const pongs = text.split("\\x04PONG").length - 1;
        const messages = text.split("work").length - 1;
        if (Atomics.load(words, 0) === 2 && pongs < 100) link.write(ping);
        Atomics.store(words, 1, pongs >= 100 && messages >= 100 ? 1 : 0);
      });
      setInterval(() => { if (Atomics.load(words, 0) === 2) { link.write(ping); } }, 5);
    }`,
    words,
    { port: Number(new URL((push.lastEndpoint as string).replace("tcp", "http")).port) },
  );
  await once(peer, "online");
  await push.connected();
  for (let i = 0; i < 100; i++) await push.send(`work ${i}`);
  Atomics.store(words, 0, 2);
  compute(() => Atomics.load(words, 1) === 1);
  await peer.terminate();
  push.linger = 0;
  push.close();
  await context.close();
});

test("messages that come while the program computes wait in order, up to the high-water mark", limit, async () => {
  const context = new Context({ ioThreads: 1 });
  const pull = new Pull({ context, receiveHighWaterMark: 20_000 });
  await pull.bind("tcp://127.0.0.1:*");
  const words = new Int32Array(new SharedArrayBuffer(8));
  const count = 20_000;
  const peer = beside(
    `(words, { port, count }) => {
      const link = require("node:net").connect(port, "127.0.0.1");
      const greeting = Buffer.alloc(64); greeting[0] = 0xff; greeting[9] = 0x7f; greeting[10] = 3; greeting.write("NULL", 12);
      link.write(greeting);
      const body = Buffer.concat([Buffer.from("\\x05READY\\x0bSocket-Type"), Buffer.from([0, 0, 0, 4]), Buffer.from("PUSH")]);
      link.write(Buffer.concat([Buffer.from([4, body.length]), body]));
      link.on("data", () => {});
      const frames = [];
      for (let i = 0; i < count; i++) { const text = String(i).padStart(100, "."); frames.push(Buffer.from([0, 100]), Buffer.from(text)); }
      // The kernel has all of it only once the receiver has read most.
      link.write(Buffer.concat(frames), () => { Atomics.store(words, 0, 1); });
    }`,
    words,
    { port: Number(new URL((pull.lastEndpoint as string).replace("tcp", "http")).port), count },
  );
  await once(peer, "online");
  compute(() => Atomics.load(words, 0) === 1);
  for (let i = 0; i < count; i++) assert.equal(Number(String((await pull.receive())[0]).replace(/^\.+/, "")), i);
  await peer.terminate();
  pull.close();
  await context.close();
});

test("a thread that ends fails what waits for it, and its connections are over", limit, async () => {
  let worker: Worker | undefined;
  process.once("worker", (started) => {
    worker = started;
  });
  const context = new Context({ ioThreads: 1 });
  const request = new Request({ context });
  const reply = new Reply({ context });
  await reply.bind("tcp://127.0.0.1:*");
  request.connect(reply.lastEndpoint as string);
  await request.connected();
  const received = assert.rejects(reply.receive(), { code: "EMTHREAD", message: "The I/O thread ended" });
  const told = new Promise((resolve) => request.events.on("close:error", resolve));
  await worker?.terminate();
  await received;
  await told;
  await assert.rejects(reply.bind("tcp://127.0.0.1:*"), { code: "EMTHREAD" });
  assert.equal(request.peers.length, 0);
  request.close();
  reply.close();
  await context.close();
});

test("affinity chooses the thread, and one that allows none is refused as in libzmq", limit, async () => {
  const context = new Context({ ioThreads: 2 });
  const names: Pull[] = [];
  for (const affinity of [1, 2, 3]) {
    const pull = new Pull({ context, affinity });
    await pull.bind("tcp://127.0.0.1:*");
    names.push(pull);
  }
  const none = new Pull({ context, affinity: 4 });
  await assert.rejects(none.bind("tcp://127.0.0.1:*"), { code: "EMTHREAD" });
  for (const pull of [...names, none]) pull.close();
  await context.close();
});

test("ws endpoints share a port, and its options stay in the program's thread", limit, async () => {
  const context = new Context({ ioThreads: 1 });
  const asked: string[] = [];
  const wsAccept = ({ target }: { readonly target: string }): boolean => asked.push(target) > 0;
  const one = new Pull({ context, wsAccept });
  const two = new Pull({ context, wsAccept });
  await one.bind("ws://127.0.0.1:*/one");
  await two.bind(String(one.lastEndpoint).replace("one", "two"));
  const push = new Push({ context, wsAccept });
  push.connect(String(two.lastEndpoint));
  await push.send("hello");
  assert.equal(String(await two.receive()), "hello");
  assert.deepEqual(asked, ["/two"]);
  for (const socket of [one, two, push]) socket.close();
  await context.close();
});

test(
  "an address is free when its socket is closed or unbound, while what was sent waits for a slow peer",
  limit,
  async () => {
    const context = new Context({ ioThreads: 1 });
    for (const end of ["close", "unbind"] as const) {
      const push = new Push({ context, linger: 60_000 });
      const address = await push.bind("tcp://127.0.0.1:*");
      const slow = new Pull({ receiveHighWaterMark: 1 });
      slow.connect(address);
      await push.connected();
      // More than the kernel and the rings hold.
      const body = Buffer.alloc(100_000);
      for (let isTaken = true; isTaken; ) {
        const signal = AbortSignal.timeout(50);
        isTaken = await push.send(body, { signal }).then(
          () => true,
          () => false,
        );
      }
      if (end === "close") push.close();
      else await push.unbind(address);
      const next = new Push({ context });
      assert.equal(await next.bind(address), address, end);
      slow.close();
      next.close();
      push.close();
    }
    await context.close();
  },
);

test("an address is free at once also with several threads", limit, async () => {
  const context = new Context({ ioThreads: 3 });
  let pull = new Pull({ context });
  const address = await pull.bind("tcp://127.0.0.1:*");
  for (let i = 0; i < 60; i++) {
    const next = new Pull({ context });
    if (i % 2 === 0) pull.close();
    else pull.unbindSync(address);
    if (i % 3 === 0) next.bindSync(address);
    else await next.bind(address);
    pull.close();
    pull = next;
  }
  pull.close();
  await context.close();
});

test("the memory of connections that are over is given back", limit, async () => {
  const context = new Context({ ioThreads: 1, maxSockets: 5000 });
  const before = process.memoryUsage().rss;
  for (let i = 0; i < 4000; i++) {
    const push = new Push({ context, linger: 0 });
    push.connect("tcp://127.0.0.1:1");
    push.close();
    if (i % 100 === 99) await new Promise((resolve) => setImmediate(resolve));
  }
  const megabytes = (process.memoryUsage().rss - before) / 1e6;
  assert(megabytes < 350, `${megabytes} MB`);
  await context.close();
});

test("the last events of a bound socket are close and end", limit, async () => {
  const context = new Context({ ioThreads: 1 });
  const pull = new Pull({ context });
  const seen: string[] = [];
  for (const type of ["bind", "close", "end"] as const) pull.events.on(type, () => seen.push(type));
  await pull.bind("tcp://127.0.0.1:*");
  const other = await pull.bind("tcp://127.0.0.1:*");
  await pull.unbind(other);
  const two = new Promise((resolve) => pull.events.on("close", resolve));
  await two;
  pull.close();
  await context.close();
  assert.deepEqual(seen, ["bind", "bind", "close", "close", "end"]);
});

test("what peers that are gone left unread has its limit, and nothing is lost", limit, async () => {
  const context = new Context({ ioThreads: 1 });
  const pull = new Pull({ context, departedHighWaterMarkBytes: 100_000 });
  await pull.bind("tcp://127.0.0.1:*");
  const [peers, each] = [30, 20];
  const body = Buffer.alloc(2000);
  for (let i = 0; i < peers; i++) {
    const push = new Push();
    push.connect(pull.lastEndpoint as string);
    await push.connected();
    for (let j = 0; j < each; j++) await push.send(body);
    push.close();
  }
  let received = 0;
  while (pull.tryReceive() !== undefined) received++;
  assert(received < (peers * each) / 2, `${received} of ${peers * each} messages were taken at once`);
  for (; received < peers * each; received++) await pull.receive();
  pull.close();
  await context.close();
});

test("a topic that is longer than a ring takes is subscribed to and cancelled, whoever subscribes", limit, async () => {
  const context = new Context({ ioThreads: 1 });
  const topics = [70_000, 200_000, 1_000_000].map((length) => "t".repeat(length));
  for (const [publishing, subscribing] of [
    [{ context }, {}],
    [{}, { context }],
  ] as const) {
    const pub = new XPublisher(publishing);
    const sub = new Subscriber(subscribing);
    await pub.bind("tcp://127.0.0.1:*");
    sub.connect(pub.lastEndpoint as string);
    for (const topic of topics) {
      sub.subscribe(topic);
      assert.equal(String(await pub.receive()), `\x01${topic}`);
      await pub.send(topic);
      assert.equal(String(await sub.receive()), topic);
      sub.unsubscribe(topic);
      assert.equal(String(await pub.receive()), `\x00${topic}`);
    }
    sub.close();
    pub.close();
  }
  await context.close();
});
