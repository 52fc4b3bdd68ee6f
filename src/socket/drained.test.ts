/** `drained()` over tcp: it resolves once all has left, also when nothing else happens to the socket. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Relay } from "../../test/faults/relay.ts";
import { Random } from "../../test/fuzz/random.ts";
import { Context, Pull, Push } from "../index.ts";

test("drained resolves when messages that waited for a peer have left", async () => {
  const push = new Push();
  await push.bind("tcp://127.0.0.1:*");
  const pull = new Pull();
  pull.connect(push.lastEndpoint ?? "");
  for (let n = 0; n < 10; n++) await push.send(`${n}`);
  await push.drained({ signal: AbortSignal.timeout(10_000) });
  assert.equal((await pull.receive())[0]?.toString(), "0");
  push.close();
  pull.close();
});

test("drained resolves when messages to a connected peer have left", async () => {
  const push = new Push();
  await push.bind("tcp://127.0.0.1:*");
  const pull = new Pull();
  pull.connect(push.lastEndpoint ?? "");
  await push.connected();
  await push.send("one");
  await push.drained({ signal: AbortSignal.timeout(10_000) });
  push.close();
  pull.close();
});

test("drained waits as long as there is no peer", async () => {
  const push = new Push({ linger: 0 });
  push.connect("ipc:///nowhere-to-be-found");
  await push.send("one");
  await assert.rejects(push.drained({ signal: AbortSignal.timeout(30) }), { name: "TimeoutError" });
  push.close();
});

test("drained resolves when a peer over inproc has come", async () => {
  const push = new Push();
  push.connect("inproc://drained");
  await push.send("one");
  const drained = push.drained({ signal: AbortSignal.timeout(10_000) });
  const pull = new Pull();
  await pull.bind("inproc://drained");
  await drained;
  push.close();
  pull.close();
});

test("drained resolves when a slow peer reads what the kernel had refused", async () => {
  const push = new Push();
  await push.bind("tcp://127.0.0.1:*");
  const pull = new Pull({ receiveHighWaterMark: 1 });
  pull.connect(push.lastEndpoint ?? "");
  await push.connected();
  for (let n = 0; n < 200; n++) await push.send(Buffer.alloc(100_000));
  let isDrained = false;
  const drained = push.drained({ signal: AbortSignal.timeout(10_000) }).then(() => {
    isDrained = true;
  });
  await new Promise(setImmediate);
  assert.equal(isDrained, false);
  for (let n = 0; n < 200; n++) await pull.receive();
  await drained;
  push.close();
  pull.close();
});

for (const ioThreads of [0, 1]) {
  const where = ioThreads === 0 ? "" : ", in an I/O thread";
  test(`drained resolves when the last message was lost with its connection${where}`, async () => {
    const context = new Context({ ioThreads });
    const pull = new Pull({ context });
    await pull.bind("tcp://127.0.0.1:0");
    const random = Object.assign(new Random(1), { below: (limit: number) => limit - 1 });
    const relay = await Relay.start(pull.lastEndpoint as string, { random, mostBytes: 4_000_000 });
    const push = new Push({ context, reconnectInterval: 1 });
    push.connect(relay.endpoint);
    await push.send(Buffer.alloc(64_000_000)); // More than the kernel keeps.
    await push.drained({ signal: AbortSignal.timeout(10_000) });
    assert.ok(relay.cuts > 0);
    push.close();
    pull.close();
    relay.close();
    await context.close();
  });
}

test("drained leaves the event loop free while one of two peers does not read, in an I/O thread", async () => {
  const context = new Context({ ioThreads: 1 });
  const pulls = [new Pull({ receiveHighWaterMark: 1 }), new Pull()];
  const push = new Push({ context });
  for (const pull of pulls) {
    await pull.bind("tcp://127.0.0.1:0");
    push.connect(pull.lastEndpoint as string);
  }
  await push.connected({ count: 2 });
  for (let i = 0; i < 6; i++) await push.send(Buffer.alloc(16_000_000));
  const drained = push.drained({ signal: AbortSignal.timeout(10_000) });
  await pulls[1]?.receiveMany();
  for (const _ of "turns") await new Promise<void>((resolve) => setTimeout(resolve, 1));
  for (let i = 0; i < 3; i++) await pulls[0]?.receive();
  await drained;
  push.close();
  for (const pull of pulls) pull.close();
  await context.close();
});
