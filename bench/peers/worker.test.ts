import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULTS, decodeJob, encodeJob } from "./job.ts";
import { checkEnd, endMark, Ring } from "./worker.ts";

test("a job survives its way through the arguments", () => {
  const job = { ...DEFAULTS, kind: "dealers", role: "client", endpoint: "ipc:///tmp/a=b", iterate: true } as const;
  assert.deepEqual(decodeJob(encodeJob(job)), job);
});

test("the ring notices a lost, a repeated and a swapped message", () => {
  const ring = new Ring(64);
  ring.check(ring.messages[7]!, 7);
  ring.check(ring.messages[0]!, 256);
  assert.throws(() => ring.check(ring.messages[8]!, 7), /message 7: number 8 came, expected 7/);
  assert.throws(() => ring.check(ring.messages[6]!, 7));
});

test("the end mark notices lost messages and a message of a wrong size", () => {
  checkEnd(Buffer.from(endMark(1000, "topic")), 1000);
  assert.throws(() => checkEnd(Buffer.from(endMark(1000)), 744), /lost messages: 1000 sent, 744 received/);
  assert.throws(() => checkEnd(Buffer.alloc(63), 5), /unexpected size 63/);
});
