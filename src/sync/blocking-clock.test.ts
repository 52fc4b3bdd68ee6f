import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "../../test/fake-clock.ts";
import { StillLoop } from "../../test/sync/still-loop.ts";
import { BlockingClock } from "./blocking-clock.ts";

function clocks(): { readonly loop: FakeClock; readonly clock: BlockingClock; readonly ran: string[] } {
  const loop = new FakeClock();
  return { loop, clock: new BlockingClock(loop), ran: [] };
}

test("what is deferred runs within a call that blocks, also what that defers", () => {
  const { clock, ran } = clocks();
  clock.defer(() => {
    ran.push("first");
    clock.defer(() => ran.push("second"));
  });
  assert.equal(clock.runDeferred(), true);
  assert.deepEqual(ran, ["first", "second"]);
  assert.equal(clock.runDeferred(), false);
});

test("what is deferred and yielded runs in the event loop when no call blocks", () => {
  const { loop, clock, ran } = clocks();
  clock.defer(() => ran.push("deferred"));
  clock.yield(() => ran.push("yielded"));
  loop.turn();
  assert.deepEqual(ran, ["deferred", "yielded"]);
});

test("a task runs once, though a call that blocked ran it before the event loop turned", () => {
  const { loop, clock, ran } = clocks();
  clock.defer(() => ran.push("deferred"));
  clock.yield(() => ran.push("yielded"));
  assert.equal(clock.work(), true);
  loop.turn();
  assert.deepEqual(ran, ["deferred", "yielded"]);
});

test("a timer fires once, though a call that blocked fired it before the event loop turned", () => {
  const { loop, clock, ran } = clocks();
  clock.setTimer(() => ran.push("timer"), 0);
  assert.equal(clock.work(), true);
  assert.equal(loop.pending, 0);
  clock.setTimer(() => ran.push("timer in the loop"), 5);
  loop.advance(5);
  assert.equal(clock.work(), false);
  assert.deepEqual(ran, ["timer", "timer in the loop"]);
});

test("a loop of calls that never lets the event loop turn asks it for one turn of each kind", () => {
  const loop = new StillLoop();
  const clock = new BlockingClock(loop);
  for (let i = 0; i < 1000; i++) {
    clock.defer(() => {});
    clock.yield(() => {});
    clock.work();
  }
  assert.equal(loop.asked, 2);
});

test("timers fire in the order in which they are due, and not before", () => {
  const loop = new StillLoop();
  const clock = new BlockingClock(loop);
  const ran: string[] = [];
  clock.setTimer(() => ran.push("late"), 20);
  clock.setTimer(() => ran.push("early"), 10);
  clock.clearTimer(clock.setTimer(() => ran.push("cleared"), 5));
  assert.equal(clock.idleMs, 10);
  assert.equal(clock.work(), false);
  loop.time = 10;
  assert.equal(clock.work(), true);
  assert.deepEqual(ran, ["early"]);
  assert.equal(clock.idleMs, 10);
  loop.time = 50;
  assert.equal(clock.idleMs, 0);
  clock.work();
  assert.deepEqual(ran, ["early", "late"]);
  assert.equal(clock.idleMs, Number.POSITIVE_INFINITY);
});

test("a task that throws does not run again, and those behind it still run", () => {
  const { clock, ran } = clocks();
  clock.defer(() => {
    throw new Error("of the task");
  });
  clock.defer(() => ran.push("behind"));
  assert.throws(() => clock.runDeferred(), /of the task/);
  clock.runDeferred();
  assert.deepEqual(ran, ["behind"]);
});
