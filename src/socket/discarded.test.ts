/** Messages queued for a peer that is lost are counted in `drops`, by reason "disconnected", and told by the `drop` event. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { test } from "node:test";
import { Context, Dealer, type DropEvent, Pull, Push } from "../index.ts";

const BODY = Buffer.alloc(100_000, 1);

/** A PULL that never reads, played by a bare socket: its greeting and READY at once. */
async function deafPull(address: string) {
  const socket = connect(Number(address.slice(address.lastIndexOf(":") + 1)), "127.0.0.1");
  await once(socket, "connect");
  socket.pause();
  const greeting = Buffer.alloc(64);
  greeting.set([0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 1]);
  greeting.write("NULL", 12);
  const ready = Buffer.from("\x05READY\x0bSocket-Type\0\0\0\x04PULL", "latin1");
  socket.write(Buffer.concat([greeting, Buffer.from([4, ready.length]), ready]));
  return socket;
}

test("messages queued for an accepted peer that is lost are counted and told of", async () => {
  const push = new Push({ linger: 0, sendTimeout: 50 });
  await push.bind("tcp://127.0.0.1:*");
  const events: DropEvent[] = [];
  push.events.on("drop", (event) => events.push(event));
  const peer = await deafPull(push.lastEndpoint ?? "");
  await push.connected();
  await assert.rejects(
    (async () => {
      for (;;) await push.send(BODY);
    })(),
    { code: "EAGAIN" },
  );
  assert.deepEqual(push.drops, {});
  const gone = new Promise((resolve) => push.events.on("disconnect", resolve));
  peer.destroy();
  await gone;
  await new Promise(setImmediate);
  assert.equal(push.drops.disconnected, 1000, "the high-water mark's worth");
  assert.equal(events.length, 1000);
  assert.deepEqual(events[0], { type: "drop", reason: "disconnected", address: push.lastEndpoint });
  push.close();
});

test("what was not sent when the linger period ends is counted", async () => {
  const context = new Context();
  const free = new Dealer({ context });
  await free.bind("tcp://127.0.0.1:*");
  const address = free.lastEndpoint ?? "";
  await free.unbind(address);
  free.close();
  const dealer = new Dealer({ context, linger: 20 });
  dealer.connect(address);
  for (let n = 0; n < 7; n++) await dealer.send("x");
  dealer.close();
  await context.close();
  assert.deepEqual(dealer.drops, { disconnected: 7 });
});

for (const address of ["tcp://127.0.0.1:1", "inproc://nobody"]) {
  test(`what a disconnected endpoint held is counted, and drained resolves: ${address}`, async () => {
    const dealer = new Dealer({ linger: 0 });
    dealer.connect(address);
    for (let n = 0; n < 3; n++) await dealer.send("x");
    const drained = dealer.drained({ signal: AbortSignal.timeout(5000) });
    dealer.disconnect(address);
    assert.deepEqual(dealer.drops, { disconnected: 3 });
    assert.deepEqual(dealer.peers, []);
    await drained;
    dealer.close();
  });
}

test("nothing is counted when all was sent", async () => {
  const pull = new Pull();
  await pull.bind("tcp://127.0.0.1:*");
  const push = new Push();
  push.connect(pull.lastEndpoint ?? "");
  for (let n = 0; n < 100; n++) await push.send("x");
  push.close();
  for (let n = 0; n < 100; n++) await pull.receive();
  assert.deepEqual(push.drops, {});
  pull.close();
});
