/** Messages of every size and shape. */

import assert from "node:assert/strict";
import * as zmq from "zmq-ts";
import { check, pair } from "./check.js";

const SIZES = [0, 1, 127, 128, 129, 254, 255, 256, 257, 8191, 8192, 8193, 65_535, 65_536, 131_072, 131_073, 1_000_003];

for (const transport of ["tcp", "ipc", "inproc"]) {
  check(`frames of ${SIZES.length} sizes, one by one and as one message, over ${transport}`, async ({ open }) => {
    const [pull, push] = await pair(open, transport, [zmq.Pull], [zmq.Push]);
    const bodies = SIZES.map((size) => Buffer.alloc(size, size % 251));
    for (const body of bodies) await push.send(body);
    await push.send(bodies);
    for (const body of bodies) assert.ok(body.equals((await pull.receive())[0]), `${body.length} bytes`);
    const whole = await pull.receive();
    assert.equal(whole.length, bodies.length);
    for (const [i, body] of bodies.entries()) assert.ok(body.equals(whole[i]), `${body.length} bytes`);
  });

  check(`5 MB both ways over ${transport}`, async ({ open }) => {
    const [left, right] = await pair(open, transport, [zmq.Dealer], [zmq.Dealer]);
    const big = Buffer.alloc(5_000_000);
    for (let i = 0; i < big.length; i += 4) big.writeUInt32LE(i, i);
    const sent = [left.send(["left", big]), right.send(["right", big])];
    for (const [socket, from] of [
      [left, "right"],
      [right, "left"],
    ]) {
      const [name, body] = await socket.receive();
      assert.equal(String(name), from);
      assert.ok(big.equals(body));
    }
    await Promise.all(sent);
  });
}

check("received frames are Buffers, and keep their bytes while more arrive", async ({ open }) => {
  const [pull, push] = await pair(open, "tcp", [zmq.Pull], [zmq.Push]);
  const kept = [];
  const receiving = (async () => {
    for (let n = 0; n < 5000; n++) kept.push(await pull.receive());
  })();
  for (let n = 0; n < 5000; n++) await push.send([String(n), Buffer.alloc(n % 700, n)]);
  await receiving;
  for (const [n, [number, body]] of kept.entries()) {
    assert.ok(Buffer.isBuffer(body));
    assert.equal(number.toString(), `${n}`);
    assert.ok(body.length === n % 700 && body.every((byte) => byte === (n & 255)), `message ${n}`);
  }
});

check("a small frame that is kept keeps little memory besides", async ({ open }) => {
  const [pull, push] = await pair(open, "tcp", [zmq.Pull], [zmq.Push]);
  for (let n = 0; n < 500; n++) await push.send(Buffer.alloc(100, n));
  const memory = new Set();
  for (let n = 0; n < 500; n++) memory.add((await pull.receive())[0].buffer);
  for (const { byteLength } of memory) assert.ok(byteLength <= 16_384, `${byteLength} bytes`);
});

check("strings, typed arrays, ArrayBuffers, numbers and null are sent", async ({ open }) => {
  const [pull, push] = await pair(open, "tcp", [zmq.Pull], [zmq.Push]);
  const values = ["grüße", new Uint8Array([1, 2]).subarray(1), new Uint8Array([3]).buffer, 4, null];
  await push.send(values);
  assert.deepEqual(
    (await pull.receive()).map((frame) => frame.toString("hex")),
    [Buffer.from("grüße").toString("hex"), "02", "03", "34", ""],
  );
});

check("JSON, text and structured clones", async ({ open }) => {
  const [pull, push] = await pair(open, "tcp", [zmq.Pull], [zmq.Push]);
  await push.sendJson({ a: [1, null] });
  await push.sendString("text");
  await push.sendObject({ at: new Date(0), set: new Set([1]), bytes: new Uint8Array([7]) });
  assert.deepEqual(await pull.receiveJson(), { a: [1, null] });
  assert.equal(await pull.receiveString(), "text");
  const clone = await pull.receiveObject();
  assert.deepEqual([clone.at.getTime(), clone.set.has(1), clone.bytes[0]], [0, true, 7]);
});
