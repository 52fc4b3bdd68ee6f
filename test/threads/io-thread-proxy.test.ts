/**
 * A proxy of sockets whose connections are in an I/O thread runs there. What any proxy does is tried over tcp with the
 * cases of test/socket-conformance/proxy.ts.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import "../io-threads.ts";
import {
  Context,
  Dealer,
  // biome-ignore lint/suspicious/noShadowRestrictedNames: zeromq.js's name
  Proxy,
  Publisher,
  Pull,
  Push,
  Reply,
  Request,
  Router,
  Subscriber,
  XPublisher,
  XSubscriber,
} from "../../src/index.ts";
import { TCP } from "../socket-conformance/bench.ts";
import { proxy } from "../socket-conformance/proxy.ts";
import { bound, closing, compute, until } from "./moved-proxy.ts";

const limit = { timeout: 20_000 };
const library = new URL("../../src/index.ts", import.meta.url).href;

/** A thread that runs the body of an async function of `zmq`, `words` and `data`; words[0] becomes 1 when it is done, -1 when it fails. */
function beside(body: string, words: Int32Array, data: object): Worker {
  const tsx = import.meta.resolve("tsx/esm/api");
  const source = `
    const { workerData: { words, data } } = require("node:worker_threads");
    import(${JSON.stringify(tsx)})
      .then(({ tsImport }) => tsImport(${JSON.stringify(library)}, ${JSON.stringify(import.meta.url)}))
      .then(async (zmq) => { ${body} })
      .then(() => Atomics.store(words, 0, 1), (error) => { console.error(error); Atomics.store(words, 0, -1); });
  `;
  return new Worker(source, { eval: true, execArgv: [], workerData: { words, data } });
}

function subscriptionsOf(socket: Publisher): string {
  return socket.peers
    .flatMap((peer) => peer.subscriptions ?? [])
    .map(String)
    .join();
}

test("a REQ is answered through a proxy while the program computes", limit, async () => {
  const context = new Context({ ioThreads: 1 });
  const front = new Router({ context });
  const back = new Dealer({ context });
  const [frontEnd, backEnd] = await bound(front, back);
  const made = new Proxy(front, back);
  const over = made.run();
  const words = new Int32Array(new SharedArrayBuffer(8));
  const worker = beside(
    `const reply = new zmq.Reply();
    reply.connect(data.backEnd);
    void (async () => { for await (const [question] of reply) await reply.send(question + "!"); })();
    const request = new zmq.Request();
    request.connect(data.frontEnd);
    for (let i = 0; i < 100; i++) {
      await request.send("" + i);
      const [answer] = await request.receive();
      if (String(answer) !== i + "!") throw new Error("answer " + answer);
      Atomics.store(words, 1, i + 1);
    }
    request.close();
    reply.close();`,
    words,
    { frontEnd, backEnd },
  );
  compute(() => Atomics.load(words, 0) !== 0);
  assert.deepEqual([...words], [1, 100]);
  assert.equal(made.statistics.frontEnd.received.messages, 100);
  made.terminate();
  await over;
  await worker.terminate();
  await context.close();
});

test("what was unread, written and subscribed to before a proxy runs is handed over in order", limit, async () => {
  const context = new Context({ ioThreads: 1 });
  const front = new Pull({ context });
  const back = new Push({ context });
  const [frontEnd] = await bound(front, back);
  const push = new Push();
  push.connect(frontEnd);
  const large = Buffer.alloc(100_000, 7);
  for (let i = 0; i < 600; i++) await push.send(i % 100 === 0 ? [`${i}`, large] : `${i}`);
  await push.drained();
  await front.connected();
  const later = "tcp://127.0.0.1:*";
  const far = new Pull();
  back.connect(await far.bind(later));
  await back.send("first");
  const over = new Proxy(front, back).run();
  assert.equal(String(await far.receive()), "first");
  for (let i = 0; i < 600; i++) {
    const [body, more] = await far.receive();
    assert.equal(String(body), `${i}`);
    assert.equal(more?.length, i % 100 === 0 ? large.length : undefined);
  }
  front.close();
  await over;
  await closing(push, far, context);
});

test("messages that stream while a proxy begins are neither lost nor overtaken", limit, async () => {
  const context = new Context({ ioThreads: 1 });
  for (let round = 0; round < 10; round++) {
    const front = new Router({ context });
    const back = new Dealer({ context });
    const [frontEnd, backEnd] = await bound(front, back);
    const clients = [new Dealer(), new Dealer(), new Dealer()];
    const worker = new Dealer();
    worker.connect(backEnd);
    for (const client of clients) client.connect(frontEnd);
    await front.connected({ count: 3 });
    await back.connected();
    let isRunning = true;
    const sent = clients.map(async (client, c) => {
      let count = 0;
      for (; isRunning; count++) {
        await client.send([`${c}`, `${count}`, "x".repeat(count % 7 === 0 ? 40_000 : 10)]);
        if (count % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      return count;
    });
    await new Promise((resolve) => setTimeout(resolve, 20));
    const over = new Proxy(front, back).run();
    const seen = [0, 0, 0];
    const ids = [new Set<string>(), new Set<string>(), new Set<string>()];
    const take = async () => {
      const [id, c, i] = await worker.receive();
      const index = Number(String(c));
      ids[index]?.add(String(id));
      assert.equal(Number(String(i)), seen[index], `client ${index}`);
      seen[index] = (seen[index] as number) + 1;
    };
    for (let i = 0; i < 300; i++) await take();
    isRunning = false;
    const counts = await Promise.all(sent);
    while (seen.some((count, i) => count < (counts[i] as number))) await take();
    assert.deepEqual(
      ids.map((each) => each.size),
      [1, 1, 1],
      "a routing id has changed",
    );
    front.close();
    await over;
    await closing(...clients, worker);
  }
  await context.close();
});

test("subscriptions made before, and while, a proxy runs are its own, and cancelled once", limit, async () => {
  const context = new Context({ ioThreads: 1 });
  const front = new XSubscriber({ context });
  const back = new XPublisher({ context });
  const [frontEnd, backEnd] = await bound(front, back);
  const pub = new Publisher();
  pub.connect(frontEnd);
  const [early, late] = [new Subscriber(), new Subscriber()];
  early.connect(backEnd);
  early.subscribe("a");
  assert.deepEqual((await back.receive()).map(String), ["\x01a"]);
  await front.send("\x01a"); // as a program that forwards by itself
  await pub.subscriberJoined("a");
  early.subscribe("b"); // unread when the proxy begins, or on its way
  const over = new Proxy(front, back).run();
  await pub.subscriberJoined("b");
  late.connect(backEnd);
  late.subscribe("a", "c");
  await pub.subscriberJoined("c");
  for (const topic of ["a", "b", "c", "d"]) await pub.send(topic);
  assert.deepEqual([String(await early.receive()), String(await early.receive())], ["a", "b"]);
  assert.deepEqual([String(await late.receive()), String(await late.receive())], ["a", "c"]);
  late.close();
  early.unsubscribe("b");
  await until(() => subscriptionsOf(pub) === "a");
  early.close();
  await until(() => subscriptionsOf(pub) === "");
  back.close();
  await over;
  await closing(pub, context);
});

test("a proxy with a peer by inproc, or one that a call waits on, runs where its sockets are", limit, async () => {
  const context = new Context({ ioThreads: 1 });
  const front = new Router({ context });
  const back = new Dealer({ context });
  await front.bind("tcp://127.0.0.1:*");
  await back.bind("inproc://workers");
  const made = new Proxy(front, back);
  const over = made.run();
  const reply = new Reply({ context });
  reply.connect("inproc://workers");
  const request = new Request({ context });
  request.connect(front.lastEndpoint as string);
  await request.send("?");
  await reply.receive();
  await reply.send("!");
  assert.equal(String(await request.receive()), "!");
  made.terminate();
  await over;
  await closing(request, reply, context);
});

test("a capture socket gets its copies, in order, when the program has computed", limit, async () => {
  const context = new Context({ ioThreads: 1 });
  const front = new Pull({ context });
  const back = new Push({ context });
  const [frontEnd, backEnd] = await bound(front, back);
  const capture = new Push();
  const captured = new Pull();
  await captured.bind("inproc://captured");
  capture.connect("inproc://captured");
  const made = new Proxy(front, back, { capture });
  const over = made.run();
  const words = new Int32Array(new SharedArrayBuffer(8));
  const worker = beside(
    `const pull = new zmq.Pull();
    pull.connect(data.backEnd);
    const push = new zmq.Push();
    push.connect(data.frontEnd);
    for (let i = 0; i < 500; i++) {
      await push.send(["" + i, "x".repeat(i)]);
      await pull.receive();
    }
    push.close();
    pull.close();`,
    words,
    { frontEnd, backEnd },
  );
  compute(() => Atomics.load(words, 0) !== 0);
  for (let i = 0; i < 500; i++) {
    const [number, body] = await captured.receive();
    assert.deepEqual([String(number), body?.length], [`${i}`, i]);
  }
  made.terminate();
  await over;
  assert.equal(capture.closed, false);
  await worker.terminate();
  await closing(capture, captured, context);
});

test("what a proxy has forwarded leaves when its sockets are closed", limit, async () => {
  const context = new Context({ ioThreads: 1 });
  const front = new Pull({ context });
  const back = new Push({ context, linger: -1 });
  const [frontEnd] = await bound(front, back);
  const made = new Proxy(front, back);
  const over = made.run();
  const far = new Pull();
  const there = await far.bind("tcp://127.0.0.1:*");
  await far.unbind(there);
  back.connect(there);
  const push = new Push();
  push.connect(frontEnd);
  for (let i = 0; i < 100; i++) await push.send(`${i}`);
  await until(() => made.statistics.backEnd.sent.messages === 100);
  made.terminate();
  await over;
  await far.bind(there);
  for (let i = 0; i < 100; i++) assert.equal(String(await far.receive()), `${i}`);
  await closing(push, far, context);
});

proxy(TCP);
