/** What a program sees of the sockets of a proxy that runs in their I/O thread. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Worker } from "node:worker_threads";
import "../io-threads.ts";
import {
  Context,
  Dealer,
  type DropEvent,
  // biome-ignore lint/suspicious/noShadowRestrictedNames: zeromq.js's name
  Proxy,
  Publisher,
  Router,
  Subscriber,
  XPublisher,
  XSubscriber,
} from "../../src/index.ts";
import { bound, closing, compute, until } from "./moved-proxy.ts";

const limit = { timeout: 20_000 };

test("peers, events, drops and options of its sockets are those of the program while a proxy runs", limit, async () => {
  const context = new Context({ ioThreads: 1 });
  const front = new Dealer({ context });
  const back = new Router({ context });
  await front.bind("tcp://127.0.0.1:*");
  await back.bind("tcp://127.0.0.1:*");
  const source = new Dealer();
  source.connect(front.lastEndpoint as string);
  await front.connected();
  const events: string[] = [];
  for (const type of ["accept", "handshake", "disconnect"] as const) back.events.on(type, () => events.push(type));
  const over = new Proxy(front, back).run();
  assert.throws(() => front.receive(), { code: "EBUSY" });
  assert.throws(() => back.send("x"), { code: "EBUSY" });
  const worker = new Dealer({ routingId: "worker" });
  worker.connect(back.lastEndpoint as string);
  await back.connected();
  const [peer] = back.peers;
  assert.deepEqual([String(peer?.routingId), peer?.connected, peer?.dialed], ["worker", true, false]);
  assert.equal(peer?.metadata["Socket-Type"], "DEALER");
  assert.equal(front.peers.length, 1);
  await source.send(["nobody", "1"]);
  await source.send(["worker", "2"]);
  assert.equal(String(await worker.receive()), "2");
  assert.deepEqual(back.drops, { unroutable: 1 });
  assert((back.peers[0]?.bytesSent ?? 0) > 0);
  worker.close();
  const again = new Dealer({ routingId: "again" });
  again.connect(back.lastEndpoint as string);
  await until(() => back.peers.length === 1 && String(back.peers[0]?.routingId) === "again");
  assert.deepEqual(events.sort(), ["accept", "accept", "disconnect", "handshake", "handshake"]);
  // More endpoints are served by the proxy too; inproc, which the I/O thread has not, is refused.
  await assert.rejects(front.bind("inproc://moved"), { code: "EBUSY" });
  assert.throws(() => front.connect("inproc://moved"), { code: "EBUSY" });
  const other = new Dealer();
  const there = await other.bind("tcp://127.0.0.1:*");
  front.connect(there);
  await other.send(["again", "3"]);
  assert.equal(String(await again.receive()), "3");
  front.disconnect(there);
  back.close();
  await over;
  assert.equal(front.closed, true);
  await closing(source, again, other, context);
});

test("a proxy whose socket loses its last endpoint goes on, and serves the next one", limit, async () => {
  const context = new Context({ ioThreads: 1 });
  const front = new Router({ context });
  const back = new Dealer({ context });
  const [frontEnd, backEnd] = await bound(front, back);
  const made = new Proxy(front, back);
  const over = made.run();
  const worker = new Dealer();
  worker.connect(backEnd);
  for (let round = 0, at = frontEnd; round < 3; round++) {
    const client = new Dealer();
    client.connect(at);
    await client.send(`${round}`);
    const [id = "", body] = await worker.receive();
    assert.equal(String(body), `${round}`);
    await worker.send([id, "!"]);
    assert.equal(String(await client.receive()), "!");
    await front.unbind(at);
    await until(() => front.peers.length === 0);
    client.close();
    at = await front.bind("tcp://127.0.0.1:*");
  }
  made.terminate();
  await over;
  await closing(worker, context);
});

test("peers show queues, counts and subscriptions of a proxy's sockets as they are", limit, async () => {
  const context = new Context({ ioThreads: 1 });
  const front = new XSubscriber({ context });
  const back = new XPublisher({ context });
  const [frontEnd, backEnd] = await bound(front, back);
  const pub = new Publisher();
  pub.connect(frontEnd);
  const [early, late] = [new Subscriber(), new Subscriber()];
  early.connect(backEnd);
  early.subscribe("a");
  await front.send(await back.receive()); // as a program that forwards by itself
  await back.send("a before");
  await early.receive();
  const made = new Proxy(front, back);
  const over = made.run();
  late.connect(backEnd);
  const joined = back.subscriberJoined("late");
  late.subscribe("late", "a");
  await joined;
  await pub.subscriberJoined("a");
  await pub.send("a");
  await pub.send("nobody");
  for (const sub of [early, late]) assert.equal(String(await sub.receive()), "a");
  const shown = back.peers.map((peer) => [peer.messagesSent, peer.sendQueueLength, peer.subscriptions?.map(String)]);
  assert.deepEqual(shown, [
    [2, 0, ["a"]],
    [1, 0, ["a", "late"]],
  ]);
  assert.equal(back.topicsCount, 2);
  const [peer] = front.peers;
  assert.deepEqual([peer?.messagesReceived, peer?.receiveQueueLength, peer?.subscriptions], [1, 0, null]);
  made.pause();
  await pub.send("a waits");
  await until(() => front.peers[0]?.receiveQueueLength === 1);
  made.resume();
  assert.equal(String(await late.receive()), "a waits");
  made.terminate();
  await over;
  await closing(pub, early, late, context);
});

test("a drop event tells of messages that a proxy drops, as many as the program takes", limit, async () => {
  const context = new Context({ ioThreads: 1 });
  const front = new Dealer({ context });
  const back = new Router({ context });
  const [frontEnd] = await (async () => {
    await front.bind("tcp://127.0.0.1:*");
    return [front.lastEndpoint as string, await back.bind("tcp://127.0.0.1:*")];
  })();
  const drops: DropEvent[] = [];
  const over = new Proxy(front, back).run();
  back.events.on("drop", (event) => drops.push(event));
  const source = new Dealer();
  source.connect(frontEnd);
  for (let i = 0; i < 3; i++) await source.send([`nobody ${i}`, "x"]);
  await until(() => drops.length === 3);
  assert.deepEqual(
    drops.map(({ reason, address, firstFrame }) => [reason, address, String(firstFrame)]),
    [0, 1, 2].map((i) => ["unroutable", "", `nobody ${i}`]),
  );
  // While the program computes they are counted, and some are told.
  for (let i = 0; i < 5000; i++) await source.send(["nobody", "x"]);
  await source.drained();
  compute(() => back.drops.unroutable === 5003);
  await source.send(["nobody", "last"]);
  await until(() => back.drops.unroutable === 5004);
  await until(() => drops.length > 1000);
  front.close();
  await over;
  await closing(source, context);
});

test("a proxy whose thread ends rejects with EMTHREAD, and its sockets are closed", limit, async () => {
  for (const when of ["running", "paused", "not begun"] as const) {
    let thread: Worker | undefined;
    process.once("worker", (started) => {
      thread = started;
    });
    const context = new Context({ ioThreads: 1 });
    const front = new Router({ context });
    const back = new Dealer({ context });
    const [frontEnd] = await bound(front, back);
    const client = new Dealer({ linger: 0 });
    client.connect(frontEnd);
    await front.connected();
    const made = new Proxy(front, back);
    const told = new Promise((resolve) => front.events.on("close:error", resolve));
    if (when === "not begun") {
      await thread?.terminate();
      await told;
      assert.throws(() => made.run(), { code: "EINVAL" });
      front.close();
      back.close();
    } else {
      const over = assert.rejects(made.run(), { code: "EMTHREAD", message: "The I/O thread ended" });
      if (when === "paused") made.pause();
      await thread?.terminate();
      await over;
      await told;
      assert.deepEqual([front.closed, back.closed], [true, true], when);
      assert.throws(() => made.pause(), { code: "EBADF" });
    }
    await closing(client, context);
  }
});
