/** inproc between worker threads: connections, names, contexts. */

import assert from "node:assert/strict";
import { test } from "node:test";
import * as draft from "../../src/draft.ts";
import * as zmq from "../../src/index.ts";
import { thread } from "./worker.ts";

const texts = (frames: readonly Uint8Array[]) => frames.map((frame) => Buffer.from(frame).toString());

test("a worker's socket talks to one of the main thread, with nothing set up", async () => {
  await using reply = new zmq.Reply();
  await reply.bind("inproc://main");
  const worker = thread(async ({ Request }) => {
    const request = new Request();
    request.connect("inproc://main");
    const answers: string[] = [];
    for (const question of ["one", "two"]) {
      await request.send([question, "part"]);
      answers.push(String(await request.receive()));
    }
    return answers;
  }, undefined);
  for (let i = 0; i < 2; i++) {
    const [question, part] = texts(await reply.receive());
    await reply.send(`${question}-${part}`);
  }
  assert.deepEqual(await worker.result, ["one-part", "two-part"]);
});

test("connecting comes before binding, in whichever thread", async () => {
  await using pull = new zmq.Pull();
  pull.connect("inproc://later");
  const worker = thread(async ({ Push }) => {
    const push = new Push();
    await push.bind("inproc://later");
    await push.send("bound after");
  }, undefined);
  assert.deepEqual(texts(await pull.receive()), ["bound after"]);
  await worker.result;
});

test("two workers meet at a name", async () => {
  const bound = thread(async ({ Pair }) => {
    const pair = new Pair({ linger: 0 });
    await pair.bind("inproc://workers");
    await pair.send(["foo", "bar"]);
    return (await pair.receive()).map(String);
  }, undefined);
  const connected = thread(async ({ Pair }) => {
    const pair = new Pair({ linger: 0 });
    pair.connect("inproc://workers");
    await pair.send(await pair.receive());
  }, undefined);
  assert.deepEqual(await bound.result, ["foo", "bar"]);
  await connected.result;
});

test("a name that another thread has bound is in use, at the call, until it is unbound or that thread ends", async () => {
  await using pair = new zmq.Pair();
  const worker = thread(async ({ Pair }) => {
    const pair = new Pair();
    pair.bindSync("inproc://taken");
    const back = new Pair();
    back.connect("inproc://taken-control");
    await back.send("bound");
    await back.receive();
    pair.unbindSync("inproc://taken");
    pair.bindSync("inproc://taken-too");
    await back.send("unbound");
    await back.receive();
    process.exit();
  }, undefined);
  await using control = new zmq.Pair();
  await control.bind("inproc://taken-control");
  await control.receive();
  assert.throws(() => pair.bindSync("inproc://taken"), { code: "EADDRINUSE", address: "inproc://taken" });
  await control.send("go on");
  await control.receive();
  pair.bindSync("inproc://taken");
  assert.throws(() => pair.bindSync("inproc://taken-too"), { code: "EADDRINUSE" });
  await control.send("end");
  await worker.ended;
  pair.bindSync("inproc://taken-too");
});

test("a new context belongs to its thread; its handle makes it that of another", async () => {
  const context = new zmq.Context({ maxSockets: 10 });
  await using reply = new zmq.Reply({ context });
  await reply.bind("inproc://private");
  const worker = thread(async ({ Context, Request, Reply }, handle) => {
    const own = new Reply({ context: new Context() });
    await own.bind("inproc://private");
    const context = Context.from(handle);
    const request = new Request({ context });
    request.connect("inproc://private");
    await request.send("hello");
    const [answer] = await request.receive();
    own.close();
    request.close();
    return `${answer} ${context.maxSockets}`;
  }, context.handle);
  assert.deepEqual(texts(await reply.receive()), ["hello"]);
  await reply.send("world");
  assert.equal(await worker.result, "world 10");
  assert.throws(() => zmq.Context.from({} as zmq.ContextHandle), { code: "EINVAL" });
  const { region, id } = context.handle;
  for (const none of [-1, 0, 2, id + 1, 1e9, 1e300, 2 ** 53])
    assert.throws(() => zmq.Context.from({ region, id: none }), { code: "EINVAL" }, `${none}`);
});

test("the options of the default context are the same in all threads", async () => {
  zmq.context.ioThreads = 3;
  try {
    assert.equal(await thread(({ context }) => context.ioThreads, undefined).result, 3);
  } finally {
    zmq.context.ioThreads = 1;
  }
});

test("a publisher filters for the subscribers of other threads", async () => {
  await using xpub = new zmq.XPublisher();
  await xpub.bind("inproc://topics");
  const workers = ["a", "b"].map((topic) =>
    thread(async ({ Subscriber }, topic) => {
      const subscriber = new Subscriber();
      subscriber.subscribe(topic);
      subscriber.connect("inproc://topics");
      return (await subscriber.receive()).map(String);
    }, topic),
  );
  for (const _ of workers) assert.equal((await xpub.receive())[0]?.[0], 1);
  await xpub.send(["b", "2"]);
  await xpub.send(["a", "1"]);
  assert.deepEqual(await Promise.all(workers.map(({ result }) => result)), [
    ["a", "1"],
    ["b", "2"],
  ]);
});

test("a ROUTER addresses peers of other threads by their routing ids", async () => {
  await using router = new zmq.Router({ mandatory: true });
  await router.bind("inproc://router");
  const workers = ["first", "second"].map((routingId) =>
    thread(async ({ Dealer }, routingId) => {
      const dealer = new Dealer({ routingId });
      dealer.connect("inproc://router");
      await dealer.send("here");
      return (await dealer.receive()).map(String);
    }, routingId),
  );
  for (const _ of workers) await router.receive();
  assert.equal(router.peers.length, 2);
  await router.send(["second", "to the second"]);
  await router.send(["first", "to the first"]);
  assert.deepEqual(await Promise.all(workers.map(({ result }) => result)), [["to the first"], ["to the second"]]);
});

test("the marks of both sides are added", async () => {
  await using pull = new zmq.Pull({ receiveHighWaterMark: 3 });
  await pull.bind("inproc://marks");
  const worker = thread(async ({ Push }) => {
    const push = new Push({ sendHighWaterMark: 5, sendTimeout: 0 });
    push.connect("inproc://marks");
    await push.send("connected");
    const { setTimeout: delay } = await import("node:timers/promises");
    while (push.peers[0]?.connected !== true) await delay(1);
    let sent = 1;
    try {
      for (; sent < 100; sent++) await push.send(`${sent}`);
    } catch {
      // the mark
    }
    push.linger = 0;
    return sent;
  }, undefined);
  assert.equal(await worker.result, 8);
});

test("the ZAP handler may be in another thread", async () => {
  const worker = thread(async ({ Reply }) => {
    const handler = new Reply();
    await handler.bind("inproc://zeromq.zap.01");
    for (let i = 0; i < 2; i++) {
      const [version = "", id = "", , , , , username = ""] = await handler.receive();
      const isGood = String(username) === "good";
      await handler.send([version, id, isGood ? "200" : "400", "", isGood ? "someone" : "", ""]);
    }
    handler.close();
  }, undefined);
  await using server = new zmq.Pull({ plainServer: true });
  await server.bind("tcp://127.0.0.1:*");
  const { setTimeout: delay } = await import("node:timers/promises");
  await delay(300);
  await using bad = new zmq.Push({ plainUsername: "bad", plainPassword: "x" });
  const refused = new Promise((resolve) => bad.events.on("handshake:error:auth", resolve));
  bad.connect(server.lastEndpoint as string);
  await refused;
  bad.close();
  await using good = new zmq.Push({ plainUsername: "good", plainPassword: "x" });
  good.connect(server.lastEndpoint as string);
  await good.send("let in");
  assert.deepEqual(texts(await server.receive()), ["let in"]);
  await worker.result;
});

test("a large message arrives whole in memory of its own, and those of many small ones as well", async () => {
  await using pull = new zmq.Pull();
  await pull.bind("inproc://large");
  const worker = thread(async ({ Push }) => {
    const push = new Push();
    push.connect("inproc://large");
    await push.send([new Uint8Array(3_000_001).fill(7), "tail"]);
    for (let i = 0; i < 10_000; i++) await push.send(`${i}`);
  }, undefined);
  const [large, tail] = await pull.receive();
  assert.equal(large?.length, 3_000_001);
  assert.ok(large?.every((octet) => octet === 7));
  assert.ok(large.buffer instanceof ArrayBuffer);
  assert.equal(String(tail), "tail");
  for (let i = 0; i < 10_000; i++) assert.equal(String(await pull.receive()), `${i}`);
  await worker.result;
});

test("frames over memory that may be passed by reference arrive as views of it, in order with others", async () => {
  await using pair = new zmq.Pair();
  await pair.bind("inproc://reference");
  const worker = thread(async ({ Pair }) => {
    const pair = new Pair();
    pair.connect("inproc://reference");
    for (let i = 0; i < 100; i++) {
      const [name, frame] = await pair.receive();
      if (frame === undefined || String(name) !== String(i)) throw new Error(`${name} instead of ${i}`);
      if (!(frame.buffer instanceof SharedArrayBuffer) || frame.length !== 5000 || frame[0] !== i)
        throw new Error("a copy");
      frame[1] = 200 + (i % 50);
      await pair.send([name as Uint8Array]);
    }
    pair.close();
  }, undefined);
  for (let i = 0; i < 100; i++) {
    const memory = new SharedArrayBuffer(10_000);
    zmq.passByReference(memory);
    const frame = new Uint8Array(memory, 100, 5000);
    frame[0] = i;
    await pair.send([String(i), frame]);
    await pair.receive();
    assert.equal(frame[1], 200 + (i % 50), "written by the other thread");
  }
  await worker.result;
  assert.throws(() => zmq.passByReference(new ArrayBuffer(8) as never), TypeError);
});

test("frames over shared memory that was not named, and small ones, arrive as copies", async () => {
  await using pull = new zmq.Pull();
  await pull.bind("inproc://copied");
  const worker = thread(async ({ Push, passByReference }) => {
    const push = new Push();
    push.connect("inproc://copied");
    await push.send(new Uint8Array(new SharedArrayBuffer(9000)).fill(1));
    const memory = new SharedArrayBuffer(9000);
    passByReference(memory);
    await push.send(new Uint8Array(memory, 0, 500).fill(2));
  }, undefined);
  for (const [length, octet] of [
    [9000, 1],
    [500, 2],
  ]) {
    const [frame] = await pull.receive();
    assert.ok(frame?.buffer instanceof ArrayBuffer);
    assert.equal(frame.length, length);
    assert.ok(frame.every((each) => each === octet));
  }
  await worker.result;
});

test("the draft socket types meet between threads", async () => {
  await using server = new draft.Server();
  await using gather = new draft.Gather();
  await using radio = new draft.Radio();
  await using channel = new draft.Channel();
  for (const [i, socket] of [server, gather, radio, channel].entries()) await socket.bind(`inproc://draft-${i}`);
  const { result } = thread(
    async (_, entry) => {
      const { Client, Scatter, Dish, Channel } = (await import(entry)) as typeof import("../../src/draft.ts");
      const [client, scatter, dish, channel] = [new Client(), new Scatter(), new Dish(), new Channel()];
      for (const [i, socket] of [client, scatter, dish, channel].entries()) socket.connect(`inproc://draft-${i}`);
      dish.join("group");
      await client.send("question");
      await scatter.send("work");
      await channel.send("hello");
      const [answer, [heard, { group }], [word]] = [
        await client.receive(),
        await dish.receive(),
        await channel.receive(),
      ];
      return `${answer[0]} ${heard} ${group} ${word}`;
    },
    new URL("../../src/draft.ts", import.meta.url).href,
  );
  const [question, { routingId }] = await server.receive();
  assert.equal(String(question), "question");
  assert.equal(String(await gather.receive()), "work");
  assert.equal(String(await channel.receive()), "hello");
  await server.send("answer", { routingId });
  while (radio.peers.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  await new Promise((resolve) => setTimeout(resolve, 200)); // JOIN is on its way
  await radio.send("news", { group: "group" });
  await channel.send("back");
  assert.equal(await result, "answer news group back");
});

test("XSUB, manual XPUB and REQ behind a proxy work between threads", async () => {
  await using xpub = new zmq.XPublisher();
  await using xsub = new zmq.XSubscriber();
  xpub.bindSync("inproc://proxy-out");
  xsub.bindSync("inproc://proxy-in");
  const proxy = new zmq.Proxy(xsub, xpub);
  const running = proxy.run();
  const publisher = thread(async ({ Publisher }) => {
    const publisher = new Publisher();
    publisher.connect("inproc://proxy-in");
    await publisher.subscriberJoined("news");
    await publisher.send(["news", "through a proxy"]);
  }, undefined);
  const subscriber = thread(async ({ Subscriber }) => {
    const subscriber = new Subscriber();
    subscriber.subscribe("news");
    subscriber.connect("inproc://proxy-out");
    return (await subscriber.receive()).map(String);
  }, undefined);
  assert.deepEqual(await subscriber.result, ["news", "through a proxy"]);
  await publisher.result;
  proxy.terminate();
  await running;
});
