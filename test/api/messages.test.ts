/**
 * Sending and receiving as programs for zeromq.js know it: what may be sent,
 * whose memory it is, who waits for whom, how loops end.
 */

import assert from "node:assert/strict";
import { after, beforeEach, test } from "node:test";
import * as zmq from "../../src/index.ts";

let left: zmq.Pair;
let right: zmq.Pair;
let count = 0;

beforeEach(async () => {
  left?.close();
  right?.close();
  left = new zmq.Pair();
  right = new zmq.Pair();
  const address = `inproc://messages-${count++}`;
  await left.bind(address);
  right.connect(address);
});

after(() => {
  left.close();
  right.close();
});

async function received(): Promise<string[]> {
  return (await right.receive()).map(String);
}

const BYTES = [104, 105];

for (const [name, message, expected] of [
  ["a string", "hé", "hé"],
  ["a number", 15.99, "15.99"],
  ["null", null, ""],
  ["a Buffer", Buffer.from(BYTES), "hi"],
  ["a typed array", new Uint16Array([0x6968]), "hi"],
  ["a view of a part", new Uint8Array([0, ...BYTES, 0]).subarray(1, 3), "hi"],
  ["a DataView", new DataView(new Uint8Array(BYTES).buffer), "hi"],
  ["an ArrayBuffer", new Uint8Array(BYTES).buffer, "hi"],
  ["a SharedArrayBuffer", new SharedArrayBuffer(2), "\0\0"],
] as const) {
  test(`${name} is sent as its bytes`, async () => {
    await left.send(message);
    assert.deepEqual(await received(), [expected]);
  });
}

test("anything else is sent as its text", async () => {
  await left.send({ toString: () => "an object" } as unknown as string);
  assert.deepEqual(await received(), ["an object"]);
});

test("an array is one message", async () => {
  await left.send(["a", null, 3, Buffer.from("d")]);
  assert.deepEqual(await received(), ["a", "", "3", "d"]);
});

test("received frames are Buffers", async () => {
  await left.send("text");
  const [frame] = await right.receive();
  assert.ok(Buffer.isBuffer(frame));
});

test("large bodies over inproc share the sender's memory, there and back", async () => {
  const body = Buffer.alloc(2048);
  await left.send(body);
  await right.send(await right.receive());
  const [back] = await left.receive();
  back?.writeUInt8(0x40, 0);
  assert.equal(body[0], 0x40);
});

test("sends queue and resolve in order", async () => {
  const push = new zmq.Push();
  const order: number[] = [];
  const sending = [1, 2, 3].map((number) => push.send(String(number)).then(() => order.push(number)));
  const pull = new zmq.Pull();
  await pull.bind("inproc://in-order");
  push.connect("inproc://in-order");
  await Promise.all(sending);
  assert.deepEqual(order, [1, 2, 3]);
  for (const expected of ["1", "2", "3"]) assert.equal(String((await pull.receive())[0]), expected);
});

test("receives queue and are served in order", async () => {
  const receiving = [right.receive(), right.receive()];
  await left.send("first");
  await left.send("second");
  assert.deepEqual((await Promise.all(receiving)).map(String), ["first", "second"]);
});

test("thousands of sends and receives leave the event loop its turns", async () => {
  left.sendHighWaterMark = 0;
  right.receiveHighWaterMark = 0;
  let turns = 0;
  let isOver = false;
  const countTurns = (): void => {
    turns++;
    if (!isOver) setImmediate(countTurns);
  };
  setImmediate(countTurns);
  for (let i = 0; i < 5000; i++) await left.send("x");
  const afterSending = turns;
  for (let i = 0; i < 5000; i++) await right.receive();
  isOver = true;
  assert.ok(afterSending >= 3, `${afterSending} turns while sending`);
  assert.ok(turns - afterSending >= 3, `${turns - afterSending} turns while receiving`);
});

test("a loop ends quietly when its socket is closed", async () => {
  await left.send("one");
  const seen: string[] = [];
  for await (const [frame] of right) {
    seen.push(String(frame));
    setImmediate(() => right.close());
  }
  assert.deepEqual(seen, ["one"]);
});

test("leaving a loop leaves the socket open", async () => {
  await left.send("one");
  await left.send("two");
  for await (const _ of right) break;
  assert.equal(right.closed, false);
  assert.deepEqual(await received(), ["two"]);
});

test("a loop throws what is not the end of its socket", async () => {
  const request = new zmq.Request({ receiveTimeout: 10 });
  await assert.rejects(
    async () => {
      for await (const _ of request) assert.fail("nothing can come");
    },
    { code: "EFSM" },
  );
  request.close();
});

test("readable and writable say what would not wait", async () => {
  assert.equal(right.readable, false);
  assert.equal(left.writable, true);
  await left.send("x");
  assert.equal(right.readable, true);
  right.close();
  assert.equal(right.readable, false);
  assert.equal(right.writable, false);
});

test("a subscriber's send checks its message first", () => {
  const subscriber = new zmq.Subscriber() as unknown as { send(): Promise<void> };
  assert.throws(() => subscriber.send(), /^TypeError: Message must be present$/);
});

test("what a socket cannot do rejects with ENOTSUP", async () => {
  const subscriber = new zmq.Subscriber() as unknown as zmq.Pair;
  const publisher = new zmq.Publisher() as unknown as zmq.Pair;
  await assert.rejects(subscriber.send("x"), { code: "ENOTSUP" });
  await assert.rejects(publisher.receive(), { code: "ENOTSUP" });
});

test("a router's connect gives its peer the routing id", async () => {
  const router = new zmq.Router({ mandatory: true });
  const dealer = new zmq.Dealer();
  await dealer.bind("tcp://127.0.0.1:*");
  router.connect(dealer.lastEndpoint ?? "", { routingId: "peer" });
  await router.send(["peer", "hello"]);
  assert.deepEqual((await dealer.receive()).map(String), ["hello"]);
  await dealer.send("back");
  assert.deepEqual((await router.receive()).map(String), ["peer", "back"]);
  router.close();
  dealer.close();
});
