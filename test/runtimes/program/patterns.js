/** Every socket type, over every transport. */

import assert from "node:assert/strict";
import * as zmq from "zmq-ts";
import { check, freeAddress, pair } from "./check.js";

for (const transport of ["tcp", "ipc", "inproc"]) {
  const named = (name, run) => check(`${name} over ${transport}`, run);

  named("PUSH and PULL, in order, each message once", async ({ open }) => {
    const [pull, push] = await pair(open, transport, [zmq.Pull], [zmq.Push]);
    for (let n = 0; n < 1000; n++) await push.send(["task", String(n)]);
    for (let n = 0; n < 1000; n++) assert.deepEqual((await pull.receive()).map(String), ["task", `${n}`]);
  });

  named("REQ and REP", async ({ open }) => {
    const [reply, request] = await pair(open, transport, [zmq.Reply], [zmq.Request]);
    for (const text of ["one", "two", "three"]) {
      await request.send(text);
      const [question] = await reply.receive();
      await reply.send([question, "!"]);
      assert.deepEqual((await request.receive()).map(String), [text, "!"]);
    }
  });

  named("DEALER and ROUTER", async ({ open }) => {
    const [router, dealer] = await pair(open, transport, [zmq.Router], [zmq.Dealer, { routingId: "dealer" }]);
    await dealer.send(["", "question"]);
    const [peer, ...frames] = await router.receive();
    assert.deepEqual([`${peer}`, ...frames.map(String)], ["dealer", "", "question"]);
    await router.send([peer, "", "answer"]);
    assert.deepEqual((await dealer.receive()).map(String), ["", "answer"]);
  });

  named("PUB and SUB, with filters", async ({ open }) => {
    const [publisher, subscriber] = await pair(open, transport, [zmq.Publisher], [zmq.Subscriber]);
    subscriber.subscribe("cats", "cows");
    await publisher.subscriberJoined("cats");
    await publisher.subscriberJoined("cows");
    for (const topic of ["cats", "dogs", "cows"]) await publisher.send([topic, "x"]);
    assert.equal(String((await subscriber.receive())[0]), "cats");
    assert.equal(String((await subscriber.receive())[0]), "cows");
  });

  named("XPUB and XSUB", async ({ open }) => {
    const [xpub, xsub] = await pair(open, transport, [zmq.XPublisher], [zmq.XSubscriber]);
    await xsub.send(Buffer.from([1, 65]));
    assert.deepEqual([...(await xpub.receive())[0]], [1, 65]);
    await xpub.send(["A", "news"]);
    assert.deepEqual((await xsub.receive()).map(String), ["A", "news"]);
    await xsub.send(Buffer.from([0, 65]));
    assert.deepEqual([...(await xpub.receive())[0]], [0, 65]);
  });

  named("PAIR", async ({ open }) => {
    const [left, right] = await pair(open, transport, [zmq.Pair], [zmq.Pair]);
    await Promise.all([left.send("to the right"), right.send("to the left")]);
    assert.equal(String(await right.receive()), "to the right");
    assert.equal(String(await left.receive()), "to the left");
  });
}

check("STREAM", async ({ open }) => {
  const [server, client] = await pair(open, "tcp", [zmq.Stream], [zmq.Stream]);
  const [peer, nothing] = await server.receive();
  assert.equal(nothing.length, 0);
  const [own] = await client.receive();
  await client.send([own, "raw bytes"]);
  let text = "";
  while (text.length < 9) text += (await server.receive())[1];
  assert.equal(text, "raw bytes");
  await server.send([peer, "back"]);
  assert.equal(String((await client.receive())[1]), "back");
});

check("several connections share the work", async ({ open }) => {
  const push = open(zmq.Push);
  await push.bind(freeAddress("tcp"));
  const pulls = [1, 2, 3].map(() => open(zmq.Pull));
  for (const pull of pulls) pull.connect(push.lastEndpoint);
  await push.connected({ count: 3 });
  for (let n = 0; n < 30; n++) await push.send(String(n));
  for (const pull of pulls) for (let n = 0; n < 10; n++) await pull.receive();
});
