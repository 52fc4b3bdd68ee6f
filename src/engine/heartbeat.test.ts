import assert from "node:assert/strict";
import { test } from "node:test";
import { Heartbeat } from "./heartbeat.ts";

const heartbeat = (heartbeatInterval: number, heartbeatTimeout = -1, heartbeatTimeToLive = 0): Heartbeat =>
  new Heartbeat({ heartbeatInterval, heartbeatTimeout, heartbeatTimeToLive }, 1000);

test("without an interval nothing is ever due", () => {
  const machine = heartbeat(0);
  assert.equal(machine.nextDeadline, Number.POSITIVE_INFINITY);
  assert.equal(machine.takePing(1e9), false);
  assert.equal(machine.isExpired(1e9), false);
});

test("a PING is due at every interval, whatever arrives", () => {
  const machine = heartbeat(200);
  assert.equal(machine.nextDeadline, 1200);
  assert.equal(machine.takePing(1199), false);
  assert.equal(machine.takePing(1200), true);
  assert.equal(machine.takePing(1200), false);
  machine.received();
  assert.equal(machine.nextDeadline, 1400);
  assert.equal(machine.takePing(1400), true);
});

test("a silent peer is given up one timeout after the first PING, and the timeout is the interval by default", () => {
  const machine = heartbeat(200);
  machine.takePing(1200);
  assert.equal(machine.isExpired(1399), false);
  assert.equal(machine.isExpired(1400), true);
});

test("later PINGs do not move a timeout that runs", () => {
  const machine = heartbeat(200, 500);
  for (const now of [1200, 1400, 1600]) assert.equal(machine.takePing(now), true);
  assert.equal(machine.isExpired(1699), false);
  assert.equal(machine.isExpired(1700), true);
});

test("any frame ends the timeout until the next PING", () => {
  const machine = heartbeat(200, 100);
  machine.takePing(1200);
  assert.equal(machine.nextDeadline, 1300);
  machine.received();
  assert.equal(machine.nextDeadline, 1400);
  assert.equal(machine.isExpired(1350), false);
  machine.takePing(1400);
  assert.equal(machine.isExpired(1500), true);
});

test("a timeout of 0 never gives up", () => {
  const machine = heartbeat(200, 0);
  machine.takePing(1200);
  assert.equal(machine.isExpired(1e6), false);
});

test("a PING that could not be sent in its time is owed once and keeps no timer spinning", () => {
  const machine = heartbeat(200);
  assert.equal(machine.isExpired(1250), false);
  assert.equal(machine.nextDeadline, 1450);
  assert.equal(machine.isExpired(1450), false);
  assert.equal(machine.takePing(1500), true);
  assert.equal(machine.takePing(1500), false);
  assert.equal(machine.isExpired(1699), false);
  assert.equal(machine.isExpired(1700), true);
});

test("a peer's TTL counts even where no heartbeats are sent, and the next frame cancels it", () => {
  const machine = heartbeat(0);
  machine.received();
  machine.pinged(5, 2000);
  assert.equal(machine.nextDeadline, 2500);
  assert.equal(machine.isExpired(2499), false);
  assert.equal(machine.isExpired(2500), true);
  machine.received();
  assert.equal(machine.isExpired(2500), false);
  assert.equal(machine.nextDeadline, Number.POSITIVE_INFINITY);
});

test("a TTL of 0 starts nothing, and a TTL that runs is not made longer", () => {
  const machine = heartbeat(0);
  machine.pinged(0, 2000);
  assert.equal(machine.nextDeadline, Number.POSITIVE_INFINITY);
  machine.pinged(5, 2000);
  machine.pinged(50, 2100);
  assert.equal(machine.nextDeadline, 2500);
});

test("while reading is paused no silence is the peer's, and afterwards it has its full time", () => {
  const machine = heartbeat(200, 300);
  machine.takePing(1200);
  machine.pinged(10, 1210);
  machine.paused(true, 1250);
  assert.equal(machine.isExpired(60_000), false);
  assert.ok(machine.nextDeadline > 60_000, "only PINGs are due");
  assert.equal(machine.takePing(60_000), true);
  machine.paused(false, 70_000);
  assert.equal(machine.isExpired(70_299), false);
  assert.equal(machine.isExpired(70_300), true);
  machine.received();
  machine.pinged(10, 80_000);
  machine.paused(true, 80_500);
  machine.paused(false, 90_000);
  assert.equal(machine.isExpired(90_999), false);
  assert.equal(machine.isExpired(91_000), true);
});

test("a PING that cannot leave starts the timeout as if it had, and bytes that leave instead end it", () => {
  const machine = heartbeat(200, 300);
  machine.blocked(1000, 1100);
  assert.equal(machine.isExpired(1199), false);
  machine.blocked(1000, 1200);
  assert.equal(machine.nextDeadline, 1400);
  machine.blocked(900, 1400);
  machine.blocked(900, 1500);
  assert.equal(machine.isExpired(1699), false, "100 bytes left before 1400");
  machine.blocked(900, 1700);
  assert.equal(machine.isExpired(1700), true);
  machine.drained();
  assert.equal(machine.isExpired(1700), false);
  machine.blocked(900, 1800);
  assert.equal(machine.isExpired(2099), false);
  assert.equal(machine.isExpired(2100), true);
});

test("a timeout that runs when the link blocks goes on, unless bytes leave", () => {
  const machine = heartbeat(200, 300);
  machine.takePing(1200);
  machine.blocked(1000, 1400);
  assert.equal(machine.isExpired(1500), true);
  machine.blocked(999, 1500);
  assert.equal(machine.isExpired(1500), false);
});

test("who looks long after a deadline was asleep: the peer is asked once more, and given up if it is silent again", () => {
  const machine = heartbeat(200);
  machine.takePing(1200);
  assert.equal(machine.isExpired(60_000), false);
  assert.equal(machine.takePing(60_000), true);
  assert.equal(machine.nextDeadline, 60_200);
  machine.received();
  assert.equal(machine.takePing(60_200), true);
  assert.equal(machine.isExpired(90_000), false, "it was heard since");
  machine.takePing(90_000);
  assert.equal(machine.isExpired(120_000), true);
});

test("a peer's TTL begins anew as well when this side was asleep", () => {
  const machine = heartbeat(0);
  machine.pinged(5, 2000);
  assert.equal(machine.isExpired(60_000), false);
  assert.equal(machine.takePing(60_000), false, "PINGs are not sent at all");
  assert.equal(machine.isExpired(60_499), false);
  assert.equal(machine.isExpired(60_500), true);
});

test("after a wake-up a PING is due at once, and the peer has its timeout, but five seconds at most", () => {
  const machine = heartbeat(20_000);
  machine.woke(2000);
  assert.equal(machine.takePing(2000), true);
  assert.equal(machine.isExpired(6999), false);
  assert.equal(machine.isExpired(7000), true);
  machine.received();
  assert.equal(machine.isExpired(7000), false);
  const quick = heartbeat(200);
  quick.woke(1100);
  assert.equal(quick.takePing(1100), true);
  assert.equal(quick.isExpired(1300), true);
});

test("a wake-up asks nothing of peers that get no PING", () => {
  const machine = heartbeat(0);
  machine.woke(2000);
  assert.equal(machine.takePing(2000), false);
  assert.equal(machine.nextDeadline, Number.POSITIVE_INFINITY);
});

test("the TTL we announce is in whole tenths of a second, at most 65.5 s", () => {
  assert.equal(heartbeat(1, -1, 0).ttlDeciseconds, 0);
  assert.equal(heartbeat(1, -1, 99).ttlDeciseconds, 0);
  assert.equal(heartbeat(1, -1, 60_099).ttlDeciseconds, 600);
  assert.equal(heartbeat(1, -1, 6_553_599).ttlDeciseconds, 655);
});

test("a silent one sends no PING, but minds the peer's", () => {
  const machine = new Heartbeat({ heartbeatInterval: 100, heartbeatTimeout: 50, heartbeatTimeToLive: 1000 }, 0, true);
  assert.equal(machine.ttlDeciseconds, 10);
  assert.equal(machine.takePing(100), false);
  machine.pinged(1, 100);
  assert.equal(machine.isExpired(200), true);
});
