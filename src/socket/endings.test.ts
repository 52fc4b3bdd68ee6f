/** What a socket refuses: endpoints that are ended twice, bytes that are gone, operations that its type has not. */

import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import { test } from "node:test";
import { Dealer, Pair, Publisher, Push, Router, Subscriber } from "../index.ts";

test("an endpoint that was disconnected and lingers cannot be disconnected again", () => {
  const push = new Push({ linger: 5000 });
  push.connect("ipc:///nowhere-to-be-found");
  push.send("waits");
  push.disconnect("ipc:///nowhere-to-be-found");
  assert.throws(() => push.disconnect("ipc:///nowhere-to-be-found"), { code: "ENOENT" });
  push.connect("ipc:///nowhere-to-be-found");
  push.disconnect("ipc:///nowhere-to-be-found");
  assert.equal(push.peers.length, 1, "the new connection ended, the old one lingers");
  push.linger = 0;
  push.close();
});

test("unbind ends the endpoint that is bound, not the one before it that lingers", async () => {
  const dealer = new Dealer({ linger: 30_000, sendTimeout: 0 });
  await dealer.bind("tcp://127.0.0.1:*");
  const address = dealer.lastEndpoint ?? "";
  const deaf = new Router({ receiveHighWaterMark: 1, linger: 0 });
  deaf.connect(address);
  await dealer.connected();
  const body = Buffer.alloc(1 << 20);
  for (let isFull = false; !isFull; ) {
    await dealer.send(body).catch(() => {
      isFull = true;
    });
  }
  await dealer.unbind(address);
  await assert.rejects(dealer.unbind(address), { code: "ENOENT", address });
  await dealer.bind(address);
  await dealer.unbind(address);
  const attempt = net.connect(Number(address.split(":")[2]), "127.0.0.1");
  const [error] = await Promise.race([once(attempt, "error"), once(attempt, "connect").then(() => [undefined])]);
  attempt.destroy();
  assert.equal(error?.code, "ECONNREFUSED");
  deaf.close();
  dealer.close();
});

test("bytes that were transferred away are refused, and harm no peer", async () => {
  const publisher = new Publisher();
  await publisher.bind("tcp://127.0.0.1:*");
  const subscriber = new Subscriber();
  subscriber.subscribe("");
  subscriber.connect(publisher.lastEndpoint ?? "");
  await publisher.subscriberJoined();
  for (const bytes of [Buffer.from(new ArrayBuffer(10)), new Uint8Array(10)]) {
    structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
    assert.throws(() => publisher.send(bytes), TypeError);
  }
  await publisher.send(["", new Uint8Array(0), "still here"]);
  assert.deepEqual((await subscriber.receive()).map(String), ["", "", "still here"]);
  publisher.close();
  subscriber.close();
});

test("bytes that are transferred away while they wait do not break the connection", async () => {
  const pair = new Pair();
  await pair.bind("tcp://127.0.0.1:*");
  const other = new Pair();
  other.connect(pair.lastEndpoint ?? "");
  const bytes = Buffer.from(new ArrayBuffer(1000));
  await other.send(["waits", bytes]); // there is no link yet
  await other.send("behind it");
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
  assert.deepEqual((await pair.receive()).map(String), ["waits", ""]);
  assert.equal(String(await pair.receive()), "behind it");
  pair.close();
  other.close();
});

test("an operation that the type has not is refused by name", async () => {
  const publisher = new Publisher();
  const subscriber = new Subscriber();
  const send = Reflect.get(subscriber, "send") as Publisher["send"];
  const receive = Reflect.get(publisher, "receive") as Subscriber["receive"];
  await assert.rejects(send.call(subscriber as never, "x"), { code: "ENOTSUP", detail: "SUB sockets cannot send" });
  await assert.rejects(receive.call(publisher as never), { code: "ENOTSUP", detail: "PUB sockets cannot receive" });
  publisher.close();
  subscriber.close();
});
