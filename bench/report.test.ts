import assert from "node:assert/strict";
import { test } from "node:test";
import { Measured, makeRow, median } from "./report.ts";
import { WORKLOADS } from "./workloads.ts";

const peer = (name: string) => ({ name, about: "", command: [] });
const workload = (name: string) => WORKLOADS.find((one) => one.name === name)!;

test("the median of an even count lies between the two in the middle", () => {
  assert.equal(median([4, 1, 3, 2]), 2.5);
});

test("a rate is better when it is higher, and a ratio pairs the measurements of one round", () => {
  const row = workload("push-pull-tcp-64B");
  const measured = new Measured();
  for (const count of [10, 20, 30]) measured.add(row, peer("zmq-ts"), { count, seconds: 1 });
  for (const count of [5, 5, 10]) measured.add(row, peer("libzmq"), { count, seconds: 1 });
  const ratio = makeRow(row, "zmq-ts", measured).ratios.libzmq;
  assert.deepEqual(ratio, { median: 3, least: 2, most: 4, wanted: 1.2 });
});

test("a latency is better when it is lower", () => {
  const row = workload("req-rep-tcp-64B");
  const measured = new Measured();
  measured.add(row, peer("zmq-ts"), { p50us: 50 });
  measured.add(row, peer("libzmq"), { p50us: 100 });
  assert.equal(makeRow(row, "zmq-ts", measured).ratios.libzmq?.median, 2);
});

test("a failed round leaves the other pairs as they were", () => {
  const row = workload("push-pull-tcp-64B");
  const measured = new Measured();
  measured.addFailure(row, peer("zmq-ts"), "lost messages");
  measured.add(row, peer("zmq-ts"), { count: 20, seconds: 1 });
  for (const count of [1, 10]) measured.add(row, peer("libzmq"), { count, seconds: 1 });
  const { ratios, failures } = makeRow(row, "zmq-ts", measured);
  assert.equal(ratios.libzmq?.median, 2);
  assert.deepEqual(failures, ["lost messages"]);
});
