/** The basics, each started by its one command; every part is a process. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { run } from "./testing.ts";

test("hello: three greetings are answered", async (t) => {
  const endpoint = await run(t, "hello-server", "tcp://127.0.0.1:*").endpoint();
  const output = await run(t, "hello-client", endpoint).output();
  for (const name of ["World", "Moon", "Stars"]) assert.match(output, new RegExp(`got "Hello ${name}"`));
});

test("weather: each client takes the mean of its own place", async (t) => {
  const output = await run(t, "weather").output();
  const [, bergen] = output.match(/Bergen: (\S+) degrees, the mean of 20 readings/) ?? [];
  const [, quito] = output.match(/Quito: (\S+) degrees, the mean of 20 readings/) ?? [];
  assert.ok(Number(bergen) >= 0 && Number(bergen) <= 10, output);
  assert.ok(Number(quito) >= 25 && Number(quito) <= 35, output);
});

test("pipeline: every task has a result, and the kill signal ends the workers", async (t) => {
  const output = await run(t, "pipeline").output();
  const [, results, ...byWorker] =
    output.match(/(\d+) results, at most \d+ words; by worker: (\d+), (\d+), (\d+)/) ?? [];
  assert.equal(results, "1000");
  assert.equal(output.match(/killed after \d+ tasks/g)?.length, 3);
  for (const count of byWorker) assert.ok(Number(count) > 100, output);
});

test("load-balancing-broker: the quick worker does most", async (t) => {
  const output = await run(t, "load-balancing-broker").output();
  const [, quick, slow] = output.match(/quick worker did (\d+) jobs, the slow one (\d+)/) ?? [];
  assert.equal(Number(quick) + Number(slow), 180);
  assert.ok(Number(quick) > Number(slow), output);
});

test("async-client-server: replies come in the order in which they are done", async (t) => {
  const output = await run(t, "async-client-server").output();
  for (const name of ["ann", "bob"]) {
    const replies = [...output.matchAll(new RegExp(`${name} got reply (\\d)`, "g"))].map(([, id]) => id);
    assert.deepEqual(replies.toSorted(), ["1", "2", "3", "4"]);
    assert.notDeepEqual(replies, ["1", "2", "3", "4"]);
    assert.equal(replies.at(-1), "1", "the one that takes longest is the last");
  }
});

test("pub-sub-envelopes: only the first frame is looked at, by its beginning", async (t) => {
  const output = await run(t, "pub-sub-envelopes").output();
  assert.deepEqual(
    [...output.matchAll(/"B" got \[(\w+)\]/g)].map(([, key]) => key),
    ["B", "Berlin", "B"],
  );
  assert.equal(output.match(/"" got /g)?.length, 5);
});

test("synchronised-publisher: nobody misses a message", async (t) => {
  const output = await run(t, "synchronised-publisher").output();
  assert.equal(output.match(/received 10000 messages/g)?.length, 3);
});

test("identity-check: the router sees names as they are", async (t) => {
  assert.deepEqual((await run(t, "identity-check").output()).split("\n"), [
    "REQ without a name  [5 octets, the first 0] [] [hello]",
    "REQ named PEER      [PEER] [] [hello]",
    "DEALER named OTHER  [OTHER] [hello]",
  ]);
});

test("multi-worker-service: several processes answer behind one address", async (t) => {
  const output = await run(t, "multi-worker-service").output();
  assert.match(output, /primes below 1000: 168 /);
  assert.match(output, /primes below 100000: 9592 /);
  assert.equal(new Set(output.match(/process \d+/g)).size, 3);
});

test("multithreaded-service: several threads answer behind one address", async (t) => {
  const output = await run(t, "multithreaded-service").output();
  assert.match(output, /primes below 1000: 168 /);
  assert.match(output, /primes below 100000: 9592 /);
  assert.equal(new Set(output.match(/thread \d+/g)).size, 3);
});

test("busy-workers: heartbeats are answered while the workers compute", async (t) => {
  const output = await run(t, "busy-workers").output();
  assert.equal(output.match(/\d+ primes below \d+/g)?.length, 2);
  assert.match(output, /0 connections were lost meanwhile/);
});

test("frame-grabber: every picture arrives right, and not as a copy", async (t) => {
  assert.match(await run(t, "frame-grabber").output(), /60 of 60 pictures were right, and in shared memory/);
});

test("job-queue: every job is done or given up after three tries", async (t) => {
  const output = await run(t, "job-queue").output();
  assert.equal(output.match(/job 13 fails every time/g)?.length, 3);
  assert.match(output, /19 jobs done, given up: job 13$/);
});

test("rpc: answers overtake each other, and errors and time limits reject", async (t) => {
  const output = await run(t, "rpc").output();
  assert.deepEqual(output.split("\n"), [
    "42",
    'error: there is no method "divide"',
    "after 100 ms",
    "error: slow: no answer within 300 ms",
  ]);
});

test("graceful-shutdown: what was accepted is done and sent", {
  skip: process.platform === "win32" && "Windows has no SIGTERM",
}, async (t) => {
  const output = await run(t, "graceful-shutdown").output();
  assert.match(output, /stopping: 3 jobs are still at work\n(\w+ is done\n){3}nothing was lost$/);
});

test("last-value-cache: a new reader gets the last value, and the others miss nothing when it comes and goes", async (t) => {
  const output = await run(t, "last-value-cache").output();
  assert.equal(output.match(/MSFT: 3 prices, the first one the last value, 0 missed/g)?.length, 3);
  assert.match(output, /MSFT: 60 prices, the first one the last value, 0 missed/);
});
