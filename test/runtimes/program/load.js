/**
 * Many messages of random sizes, both ways at once, each compared with what was sent: when it arrives, and again when
 * some thousands more have come, so that memory which is used twice is found. `ZMQ_TS_LOAD` is how many messages.
 */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import * as zmq from "zmq-ts";
import { check, pair } from "./check.js";

const MESSAGES = Number(process.env.ZMQ_TS_LOAD ?? 20_000);
const KEPT = 2000;

/** All bodies are pieces of it, so that comparing needs no second copy. */
const pool = Buffer.alloc(1 << 20);
const random = randomNumbers(7);
for (let i = 0; i < pool.length; i += 4) pool.writeUInt32LE(random(), i);
const poolHash = hashOf(pool);

const server = zmq.curveKeyPair();
const client = zmq.curveKeyPair();
const curve = [
  { curveServer: true, curveSecretKey: server.secretKey },
  { curveServerKey: server.publicKey, curvePublicKey: client.publicKey, curveSecretKey: client.secretKey },
];

for (const [transport, mechanism, options] of [
  ["tcp", "NULL", [{}, {}]],
  ["ipc", "NULL", [{}, {}]],
  ["tcp", "CURVE", curve],
  ["inproc", "NULL", [{}, {}]],
]) {
  const run = async ({ open }) => {
    const [bound, connected] = options.map((each) => [zmq.Dealer, each]);
    const [left, right] = await pair(open, transport, bound, connected);
    await Promise.all([send(left, 1), send(right, 2), receive(left, 2), receive(right, 1)]);
    assert.equal(hashOf(pool), poolHash, "sending changed the sender's bytes");
  };
  check(`messages of random sizes each way, many of them, over ${transport}, ${mechanism}`, run, 30_000 + MESSAGES);
}

async function send(socket, seed) {
  const next = randomNumbers(seed);
  for (let n = 0; n < MESSAGES; n++) await socket.send([String(n), ...bodies(next)]);
}

async function receive(socket, seed) {
  const next = randomNumbers(seed);
  const kept = [];
  for (let n = 0; n < MESSAGES; n++) {
    const message = await socket.receive();
    const expected = bodies(next);
    compare(message, n, expected, "as it arrived");
    kept.push([message, n, expected]);
    if (kept.length > KEPT) compare(...kept.shift(), "after it was kept");
  }
  for (const each of kept) compare(...each, "after it was kept");
}

function compare(message, n, expected, when) {
  const isSame =
    message.length === expected.length + 1 &&
    message[0].toString() === String(n) &&
    expected.every((body, i) => body.equals(message[i + 1]));
  if (!isSame) throw new Error(`message ${n} is not what was sent, ${when}`);
}

/** One to three frames: most are small, some have kilobytes, few more than what is read at once. */
function bodies(next) {
  return Array.from({ length: 1 + (next() % 3) }, () => {
    const kind = next() % 1000;
    const size = next() % (kind < 800 ? 200 : kind < 990 ? 9000 : kind < 999 ? 70_000 : 400_000);
    const offset = next() % (pool.length - size);
    return pool.subarray(offset, offset + size);
  });
}

/** xorshift32. */
function randomNumbers(seed) {
  let state = seed * 0x9e3779b1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

function hashOf(bytes) {
  return createHash("sha256").update(bytes).digest("hex");
}
