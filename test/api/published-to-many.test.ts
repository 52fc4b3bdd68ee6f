/** A message that goes to many subscribers is encoded once: each gets what it would have got alone. */

import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import * as zmq from "../../src/index.ts";

const open: zmq.Socket[] = [];
function opened<S extends zmq.Socket>(socket: S): S {
  open.push(socket);
  return socket;
}
afterEach(() => {
  for (const each of open.splice(0).reverse()) {
    if (!each.closed) each.linger = 0;
    each.close();
  }
});

/** Of a message: its number, and a body of the size that goes with it. */
const bodyOf = (n: number) => Buffer.alloc([0, 20, 200, 5000, 30_000][n % 97 === 0 ? 4 : n % 4] as number, n);
const topicOf = (n: number) => `${["a", "b", "ab", "c"][(n * 7) % 4]}.${n}`;

test("subscribers with other topics, over other transports and slow ones get theirs, complete and in order", async () => {
  const publisher = opened(
    new zmq.XPublisher({ noDrop: true, verbosity: "allSubs", sendHighWaterMark: 50, sendTimeout: -1 }),
  );
  const address = await publisher.bind("tcp://127.0.0.1:*");
  await publisher.bind("inproc://published-to-many");
  const wants = ["", "", "a", "ab", "b", "", "c", ""];
  const subscribers = wants.map((topic, i) => {
    const subscriber = opened(new zmq.Subscriber({ receiveHighWaterMark: i % 3 === 0 ? 5 : 1000 }));
    subscriber.connect(i === 5 ? "inproc://published-to-many" : address);
    subscriber.subscribe(topic);
    return subscriber;
  });
  for (const _ of wants) await publisher.receive();
  const count = 3000;
  const buffer = Buffer.alloc(20);
  const reading = subscribers.map(async (subscriber, i) => {
    const expected = Array.from({ length: count }, (_, n) => n).filter((n) =>
      topicOf(n).startsWith(wants[i] as string),
    );
    for (const n of expected) {
      if (n % 500 === 0) await new Promise((resolve) => setTimeout(resolve, i));
      const [topic, body] = await subscriber.receive();
      assert.equal(String(topic), topicOf(n));
      assert.ok(
        n % 4 === 1 && n % 97 !== 0 ? body?.every((octet) => octet === (n & 255)) : bodyOf(n).equals(body as Buffer),
      );
    }
  });
  for (let n = 0; n < count; n++) {
    // A small buffer is the caller's again as soon as the message was taken.
    const isSmall = n % 4 === 1 && n % 97 !== 0;
    await publisher.send([topicOf(n), isSmall ? buffer.fill(n) : bodyOf(n)]);
  }
  await Promise.all(reading);
});

test("a subscriber that does not read misses messages at its mark, and the others none", async () => {
  const publisher = opened(new zmq.Publisher({ sendHighWaterMark: 10 }));
  const address = await publisher.bind("tcp://127.0.0.1:*");
  const [deaf, ...good] = Array.from({ length: 5 }, () => {
    const subscriber = opened(new zmq.Subscriber({ receiveHighWaterMark: 1 }));
    subscriber.connect(address);
    subscriber.subscribe("");
    return subscriber;
  });
  await publisher.connected({ count: 5 });
  await deaf?.connected();
  while (publisher.peers.some(({ subscriptions }) => subscriptions?.length !== 1)) await new Promise(setImmediate);
  const body = Buffer.alloc(10_000, "x");
  for (let n = 0; n < 2000; n++) {
    await publisher.send([`${n}`, body]);
    for (const subscriber of good) assert.equal(String((await subscriber.receive())[0]), `${n}`);
  }
  assert.ok((publisher.drops.highWaterMark ?? 0) > 0);
  for (let n = 0; n < 10; n++) assert.equal(String((await (deaf as zmq.Subscriber).receive())[0]), `${n}`);
});

test("under CURVE each connection is sealed for itself", async () => {
  const [server, client] = [zmq.curveKeyPair(), zmq.curveKeyPair()];
  const publisher = opened(
    new zmq.Publisher({
      curveServer: true,
      curveSecretKey: server.secretKey,
      curvePublicKey: server.publicKey,
      noDrop: true,
    }),
  );
  const address = await publisher.bind("tcp://127.0.0.1:*");
  const subscribers = Array.from({ length: 5 }, () => {
    const subscriber = opened(
      new zmq.Subscriber({
        curveServerKey: server.publicKey,
        curvePublicKey: client.publicKey,
        curveSecretKey: client.secretKey,
      }),
    );
    subscriber.connect(address);
    subscriber.subscribe("");
    return subscriber;
  });
  await publisher.connected({ count: 5 });
  await new Promise((resolve) => setTimeout(resolve, 50));
  for (let n = 0; n < 50; n++) await publisher.send(`${n}`);
  for (const subscriber of subscribers) {
    for (let n = 0; n < 50; n++) assert.equal(String(await subscriber.receive()), `${n}`);
  }
});
