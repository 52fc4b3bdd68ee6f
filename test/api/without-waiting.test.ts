/** `trySend` and `tryReceive`. */

import assert from "node:assert/strict";
import { test } from "node:test";
import * as zmq from "../../src/index.ts";
import { flat, joined, numbers, opened, turn } from "./joined.ts";

test("trySend takes messages up to the high-water marks and then says false", async () => {
  const [pull, push] = await joined(new zmq.Pull({ receiveHighWaterMark: 2 }), new zmq.Push({ sendHighWaterMark: 3 }));
  const taken = numbers(10).filter((text) => push.trySend(text));
  assert.deepEqual(taken, numbers(5));
  assert.deepEqual(flat(await pull.receiveMany()), numbers(5));
  assert.equal(push.trySend("again"), true);
});

test("trySend says false where there is no peer, and tryReceive undefined where there is no message", () => {
  assert.equal(opened(new zmq.Push()).trySend("x"), false);
  assert.equal(opened(new zmq.Dealer()).tryReceive(), undefined);
  assert.equal(opened(new zmq.Pull({ receiveTimeout: 0 })).tryReceive(), undefined);
});

test("trySend does not overtake sends that wait", async () => {
  const [pull, push] = await joined(new zmq.Pull({ receiveHighWaterMark: 1 }), new zmq.Push({ sendHighWaterMark: 1 }));
  const sent = [push.send("0"), push.send("1"), push.send("2")];
  assert.equal(push.trySend("3"), false);
  const received = [String(pull.tryReceive())];
  assert.equal(push.trySend("3"), false);
  await Promise.all([...sent, turn()]);
  for (let next = pull.tryReceive(); next !== undefined; next = pull.tryReceive()) received.push(String(next));
  assert.deepEqual(received, ["0", "1", "2"]);
});

test("tryReceive leaves to calls that wait what they wait for", async () => {
  const [pull, push] = await joined(new zmq.Pull(), new zmq.Push());
  const first = pull.receive();
  push.trySend("0");
  push.trySend("1");
  assert.equal(String(pull.tryReceive()), "1");
  assert.equal(String(await first), "0");
  assert.equal(pull.tryReceive(), undefined);
});

test("calls without waiting throw what their kin reject with", async () => {
  const [reply, request] = await joined(new zmq.Reply(), new zmq.Request());
  assert.throws(() => request.tryReceive(), { code: "EFSM" });
  assert.throws(() => reply.trySend("x"), { code: "EFSM" });
  assert.equal(request.trySend("question"), true);
  assert.throws(() => request.trySend("question"), { code: "EFSM" });
  assert.equal(request.tryReceive(), undefined);
  assert.equal(String(reply.tryReceive()), "question");
  assert.throws(() => reply.tryReceive(), { code: "EFSM" });
  assert.equal(reply.trySend("answer"), true);
  assert.equal(String(request.tryReceive()), "answer");
  const router = opened(new zmq.Router({ mandatory: true }));
  assert.throws(() => router.trySend(["nobody", "x"]), { code: "EHOSTUNREACH" });
  const mute = opened(new zmq.Pull()) as unknown as zmq.Push;
  assert.throws(() => mute.trySend("x"), { code: "ENOTSUP" });
  await assert.rejects(mute.sendMany(["x"]), { code: "ENOTSUP" });
  const deaf = opened(new zmq.Push()) as unknown as zmq.Pull;
  assert.throws(() => deaf.tryReceive(), { code: "ENOTSUP" });
  await assert.rejects(deaf.receiveMany(), { code: "ENOTSUP" });
  const closed = opened(new zmq.Dealer());
  closed.close();
  for (const call of [
    () => closed.trySend("x"),
    () => closed.tryReceive(),
    () => closed.sendMany([]),
    () => closed.receiveMany(),
  ]) {
    assert.throws(call, { code: "EBADF" });
  }
});

test("a call without waiting is not held up by a turn that is over", async () => {
  const [pull, push] = await joined(new zmq.Pull({ receiveHighWaterMark: 0 }), new zmq.Push({ sendHighWaterMark: 0 }));
  for (let n = 0; n < 5000; n++) assert.equal(push.trySend(`${n}`), true);
  for (let n = 0; n < 5000; n++) assert.equal(String(pull.tryReceive()), `${n}`);
});
