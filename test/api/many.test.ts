/** Calls for many messages at a time. */

import assert from "node:assert/strict";
import { test } from "node:test";
import * as draft from "../../src/draft.ts";
import * as zmq from "../../src/index.ts";
import { flat, joined, numbers, opened, turn } from "./joined.ts";

test("receiveMany resolves with what is there, at least one and max at most", async () => {
  const [pull, push] = await joined(new zmq.Pull(), new zmq.Push());
  await push.sendMany(numbers(7));
  assert.deepEqual(flat(await pull.receiveMany({ max: 3 })), ["0", "1", "2"]);
  assert.deepEqual(flat(await pull.receiveMany()), ["3", "4", "5", "6"]);
  const waits = pull.receiveMany();
  await push.send("last");
  assert.deepEqual(flat(await waits), ["last"]);
});

test("receiveMany waits as receive: its time-out, its signal, the end of the socket", async () => {
  const pull = opened(new zmq.Pull({ receiveTimeout: 1 }));
  await assert.rejects(pull.receiveMany(), { code: "EAGAIN" });
  pull.receiveTimeout = 0;
  await assert.rejects(pull.receiveMany(), { code: "EAGAIN" });
  pull.receiveTimeout = -1;
  const controller = new AbortController();
  const calledOff = pull.receiveMany({ signal: controller.signal });
  controller.abort(new Error("called off"));
  await assert.rejects(calledOff, { message: "called off" });
  await assert.rejects(pull.receiveMany({ signal: controller.signal }), { message: "called off" });
  const waits = pull.receiveMany();
  pull.close();
  await assert.rejects(waits, { code: "EAGAIN" });
});

test("what is no count, no signal or no list of messages is refused at the call", async () => {
  const pair = opened(new zmq.Pair());
  assert.throws(() => pair.receiveMany({ max: 0 }), RangeError);
  assert.throws(() => pair.batches({ max: Number.NaN }), RangeError);
  assert.throws(() => Reflect.apply(pair.receiveMany, pair, [{ max: "2" }]), TypeError);
  assert.throws(() => Reflect.apply(pair.receiveMany, pair, [5]), TypeError);
  assert.throws(() => Reflect.apply(pair.sendMany, pair, ["text"]), TypeError);
  assert.throws(() => Reflect.apply(pair.sendMany, pair, [Buffer.from("bytes")]), TypeError);
  assert.throws(() => Reflect.apply(pair.sendMany, pair, [["a", undefined]]), TypeError);
  await pair.sendMany([]);
});

test("calls that receive one and calls that receive many are served in the order of the calls", async () => {
  const [pull, push] = await joined(new zmq.Pull(), new zmq.Push());
  const calls = [pull.receive(), pull.receiveMany({ max: 2 }), pull.receive(), pull.receiveMany()];
  for (const text of numbers(3)) await push.send(text);
  await push.sendMany(numbers(4, 3));
  const seen = (await Promise.all(calls)).map(String);
  while (pull.readable) seen.push(String(await pull.receive()));
  assert.equal(seen.join(), numbers(7).join());
});

test("a loop of batches and a loop of await share the messages of a socket, each once and in order", async () => {
  const [pull, push] = await joined(new zmq.Pull(), new zmq.Push());
  const [batched, single]: [number[], number[]] = [[], []];
  const loops = [
    (async () => {
      for await (const messages of pull.batches({ max: 10 })) batched.push(...flat(messages).map(Number));
    })(),
    (async () => {
      for await (const message of pull) single.push(Number(message));
    })(),
  ];
  for (let n = 0; n < 100; n++) {
    await push.sendMany(numbers(50, 50 * n));
    if (n % 10 === 0) await turn();
  }
  await push.drained();
  while (batched.length + single.length < 5000) await turn();
  pull.close();
  await Promise.all(loops);
  assert.ok(batched.length > 0 && single.length > 0);
  const ascending = (a: number, b: number) => a - b;
  assert.deepEqual(batched, batched.toSorted(ascending));
  assert.deepEqual(single, single.toSorted(ascending));
  assert.deepEqual([...batched, ...single].sort(ascending), numbers(5000).map(Number));
});

test("a loop of batches ends when the socket is closed, and leaves it open when it is left", async () => {
  const [pull, push] = await joined(new zmq.Pull(), new zmq.Push());
  await push.sendMany(["0", "1"]);
  for await (const messages of pull.batches({ max: 1 })) {
    assert.deepEqual(flat(messages), ["0"]);
    break;
  }
  const seen: string[] = [];
  for await (const messages of pull.batches()) {
    seen.push(...flat(messages));
    setImmediate(() => pull.close());
  }
  assert.deepEqual(seen, ["1"]);
});

test("a signal ends a loop of batches", async () => {
  const pull = opened(new zmq.Pull());
  const controller = new AbortController();
  setImmediate(() => controller.abort(new Error("called off")));
  await assert.rejects(
    async () => {
      for await (const _ of pull.batches({ signal: controller.signal })) assert.fail("no message was sent");
    },
    { message: "called off" },
  );
});

test("a batch of a request or reply socket is one message, in lock-step", async () => {
  const [reply, request] = await joined(new zmq.Reply(), new zmq.Request());
  const other = opened(new zmq.Request());
  other.connect(reply.lastEndpoint as string);
  await request.send("question");
  await other.send("other question");
  assert.deepEqual(flat(await reply.receiveMany()), ["question"]);
  reply.sendTimeout = 0;
  await assert.rejects(reply.sendMany(["answer", "too many"]), { code: "EFSM", sent: 1 });
  assert.deepEqual(flat(await request.receiveMany()), ["answer"]);
});

test("sendMany resolves when all are taken, at high-water marks too, ahead of what is sent later", async () => {
  const [pull, push] = await joined(new zmq.Pull({ receiveHighWaterMark: 3 }), new zmq.Push({ sendHighWaterMark: 4 }));
  const order: string[] = [];
  const sends = [
    push.sendMany(numbers(100)).then(() => order.push("first")),
    push.send("single").then(() => order.push("single")),
    push.sendMany(numbers(100, 100)).then(() => order.push("second")),
  ];
  const seen: string[] = [];
  for await (const messages of pull.batches({ max: 7 })) {
    seen.push(...flat(messages));
    if (seen.length === 201) break;
  }
  await Promise.all(sends);
  assert.deepEqual(order, ["first", "single", "second"]);
  assert.deepEqual(seen, [...numbers(100), "single", ...numbers(100, 100)]);
});

test("sendMany tells how many were taken when its time is up or it is called off", async () => {
  const [, push] = await joined(
    new zmq.Pull({ receiveHighWaterMark: 1 }),
    new zmq.Push({ sendHighWaterMark: 2, sendTimeout: 0 }),
  );
  await assert.rejects(push.sendMany(numbers(10)), { code: "EAGAIN", sent: 3 });
  push.sendTimeout = 1;
  await assert.rejects(push.sendMany(numbers(10)), { code: "EAGAIN", sent: 0 });
  push.sendTimeout = -1;
  const controller = new AbortController();
  const reason = new Error("called off");
  const waits = push.sendMany(["x"], { signal: controller.signal });
  controller.abort(reason);
  assert.equal(await waits.catch((error) => error), reason);
  assert.equal("sent" in reason, false);
});

test("the reason of a signal is the cause of the error of a sendMany that was called off half-way", async () => {
  const [, push] = await joined(new zmq.Pull({ receiveHighWaterMark: 1 }), new zmq.Push({ sendHighWaterMark: 2 }));
  const controller = new AbortController();
  const waits = push.sendMany(numbers(10), { signal: controller.signal });
  controller.abort();
  await assert.rejects(waits, { name: "AbortError", sent: 3, cause: controller.signal.reason });
});

test("a message that can never be sent ends its sendMany, and those before it are sent", async () => {
  const [router, dealer] = await joined(new zmq.Router({ mandatory: true }), new zmq.Dealer({ routingId: "A" }));
  await dealer.send("here");
  await router.receive();
  const messages = ["A", "A", "nobody", "A"].map((id, n) => [id, `${n}`]);
  await assert.rejects(router.sendMany(messages), { code: "EHOSTUNREACH", sent: 2 });
  assert.deepEqual(flat(await dealer.receiveMany()), ["0", "1"]);
});

test("sendMany of a ROUTER waits for the peer that has no room, in order for each peer", async () => {
  const router = new zmq.Router({ mandatory: true, sendHighWaterMark: 2 });
  const [, a] = await joined(router, new zmq.Dealer({ routingId: "A", receiveHighWaterMark: 1 }));
  const [, b] = await joined(router, new zmq.Dealer({ routingId: "B", receiveHighWaterMark: 1 }));
  for (const dealer of [a, b]) {
    await dealer.send("here");
    await router.receive();
  }
  const all = numbers(20).map((text) => [Number(text) % 4 === 0 ? "B" : "A", text]);
  const sent = router.sendMany(all);
  const later = router.send(["A", "later"]);
  const seen: string[] = [];
  const reading = (async () => {
    for await (const message of a) if (seen.push(String(message)) === 16) break;
  })();
  const other: string[] = [];
  while (other.length < 5) other.push(String(await b.receive()));
  await Promise.all([sent, later, reading]);
  assert.deepEqual(other, ["0", "4", "8", "12", "16"]);
  assert.deepEqual(
    seen.filter((text) => text !== "later"),
    numbers(20).filter((text) => Number(text) % 4 !== 0),
  );
});

test("what is sent by sendMany leaves although the socket is closed at once, more than a turn completes too", async () => {
  const pull = opened(new zmq.Pull({ receiveHighWaterMark: 0 }));
  await pull.bind("inproc://many-closed");
  const push = new zmq.Push({ sendHighWaterMark: 0 });
  push.connect("inproc://many-closed");
  const sent = push.sendMany(numbers(20_000));
  push.close();
  await sent;
  let seen = 0;
  while (seen < 20_000) for (const message of await pull.receiveMany()) assert.equal(String(message), `${seen++}`);
});

test("timers run while batches go round, and while a long sendMany is under way", async () => {
  const [left, right] = await joined(new zmq.Pair({ sendHighWaterMark: 0 }), new zmq.Pair({ sendHighWaterMark: 0 }));
  let fired = false;
  void (async () => {
    for await (const messages of left.batches()) await left.sendMany(messages);
  })().catch(() => undefined);
  setTimeout(() => {
    fired = true;
  }, 1);
  for (let rounds = 0; !fired; rounds++) {
    if (rounds === 200_000) assert.fail("no timer has fired");
    await right.sendMany(["x", "y"]);
    await right.receiveMany();
  }
  fired = false;
  setTimeout(() => {
    fired = true;
  }, 1);
  await right.sendMany(numbers(100_000));
  assert.ok(fired);
});

test("a REQ may be asked by many calls while another socket's batch loop runs", async () => {
  const [pull, push] = await joined(new zmq.Pull(), new zmq.Push());
  const [reply, request] = await joined(new zmq.Reply(), new zmq.Request());
  void (async () => {
    for await (const _ of pull.batches());
  })();
  void (async () => {
    for (;;) await push.sendMany(numbers(500));
  })().catch(() => undefined);
  void (async () => {
    for await (const message of reply) await reply.send(message);
  })();
  for (const text of numbers(20)) {
    await request.send(text);
    assert.equal(String(await request.receive()), text);
  }
});

test("many calls work on every socket that can, over tcp too", async () => {
  const pull = opened(new zmq.Pull());
  const address = await pull.bind("tcp://127.0.0.1:*");
  const push = opened(new zmq.Push());
  push.connect(address);
  await push.sendMany(numbers(5000));
  let seen = 0;
  while (seen < 5000) for (const message of await pull.receiveMany()) assert.equal(String(message), `${seen++}`);
});

test("a poller hears that many calls have changed what a socket can do", async () => {
  const [pull, push] = await joined(new zmq.Pull({ receiveHighWaterMark: 1 }), new zmq.Push({ sendHighWaterMark: 1 }));
  await push.sendMany(["0", "1"]);
  const poller = new zmq.Poller();
  poller.register(push, { writable: true });
  const polled = poller.poll();
  assert.equal(flat(await pull.receiveMany()).length, 2);
  assert.equal((await polled)[0]?.writable, true);
});

test("draft sockets send many to one peer or group, and receive many as they receive one", async () => {
  const [server, client] = await joined(new draft.Server(), new draft.Client());
  await client.sendMany(["0", "1"]);
  const [first, second] = await server.receiveMany();
  assert.equal(`${first?.[0]}${second?.[0]}`, "01");
  const routingId = first?.[1].routingId as number;
  await server.sendMany(["2", "3"], { routingId });
  assert.equal(server.trySend("4", { routingId }), true);
  assert.throws(() => server.trySend("5", { routingId: 12345 }), { code: "EHOSTUNREACH" });
  assert.deepEqual(flat(await client.receiveMany()), ["2", "3", "4"]);
  await assert.rejects(Reflect.apply(client.sendMany, client, [[["two", "frames"]]]), { code: "EINVAL" });
  assert.throws(() => Reflect.apply(client.trySend, client, [["two", "frames"]]), { code: "EINVAL" });
});

// --- Types, for the compiler ---

export async function typed(pull: zmq.Pull, push: zmq.Push, stream: zmq.Stream, server: draft.Server): Promise<void> {
  const one: zmq.Message[] | undefined = pull.tryReceive();
  const many: zmq.Message[][] = await pull.receiveMany({ max: 5 });
  for await (const batch of stream.batches()) {
    const pairs: [zmq.Message, zmq.Message][] = batch;
    await stream.sendMany(pairs);
  }
  const taken: boolean = push.trySend("x");
  // @ts-expect-error: a SERVER is told the peer.
  server.trySend("x");
  // @ts-expect-error: PULL does not send.
  pull.sendMany([]);
  // @ts-expect-error: PUSH does not receive.
  push.receiveMany();
  await push.sendMany(new Set([one?.[0] ?? null, `${taken}`, ...many.flat()]));
}
