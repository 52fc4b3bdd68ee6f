import assert from "node:assert/strict";
import { test } from "node:test";
import { StillLoop } from "../../test/sync/still-loop.ts";
import { BlockingClock } from "./blocking-clock.ts";
import { type BlockingInbox, maySleep, Waiter } from "./waiter.ts";

/** Time that goes on only while the thread sleeps, and mail that comes then. */
function sleeper(mail: { readonly atMs: number; take(): void }[] = []) {
  const loop = new StillLoop();
  const clock = new BlockingClock(loop);
  const slept: number[] = [];
  const inbox: BlockingInbox = {
    poll() {
      const due = mail.filter(({ atMs }) => atMs <= loop.time);
      for (const each of due) {
        mail.splice(mail.indexOf(each), 1);
        each.take();
      }
      return due.length > 0;
    },
    block(timeoutMs) {
      slept.push(timeoutMs);
      const next = Math.min(...mail.map(({ atMs }) => atMs - loop.time));
      const ms = timeoutMs < 0 ? next : Math.min(timeoutMs, next);
      if (ms === Number.POSITIVE_INFINITY) throw new Error("slept for ever");
      loop.time += ms;
      return inbox.poll();
    },
  };
  return { clock, waiter: new Waiter(clock, inbox), slept, now: () => loop.time };
}

test("what is there already is found without a wait", () => {
  const { waiter, slept } = sleeper();
  assert.equal(
    waiter.until(() => true, -1),
    true,
  );
  assert.deepEqual(slept, []);
});

test("the thread sleeps until there is mail, and looks again", () => {
  let isThere = false;
  const { waiter, slept, now } = sleeper([
    {
      atMs: 70,
      take() {
        isThere = true;
      },
    },
  ]);
  assert.equal(
    waiter.until(() => isThere, -1),
    true,
  );
  assert.equal(now(), 70);
  assert.deepEqual(slept, [-1]);
});

test("mail that is of no use does not end the wait, and does not prolong it", () => {
  const { waiter, now } = sleeper([
    { atMs: 10, take() {} },
    { atMs: 20, take() {} },
  ]);
  assert.equal(
    waiter.until(() => false, 50),
    false,
  );
  assert.equal(now(), 50);
});

test("with a time-out of 0 the mail is looked through once and nothing sleeps", () => {
  let isThere = false;
  const { waiter, slept } = sleeper([
    {
      atMs: 0,
      take() {
        isThere = true;
      },
    },
  ]);
  assert.equal(
    waiter.until(() => isThere, 0),
    true,
  );
  assert.equal(
    waiter.until(() => false, 0),
    false,
  );
  assert.deepEqual(slept, []);
});

test("timers fire while a call blocks", () => {
  const { clock, waiter, now } = sleeper();
  let hasFired = false;
  clock.setTimer(() => {
    hasFired = true;
  }, 30);
  assert.equal(
    waiter.until(() => hasFired, -1),
    true,
  );
  assert.equal(now(), 30);
});

test("work without end does not outlast the time-out", () => {
  const loop = new StillLoop();
  const clock = new BlockingClock(loop);
  const again = () => {
    loop.time++;
    clock.yield(again);
  };
  again();
  const waiter = new Waiter(clock, { poll: () => true, block: () => true });
  assert.equal(
    waiter.until(() => false, 100),
    false,
  );
  assert.equal(loop.time, 101);
});

test("calls that never wait take in the mail from time to time", () => {
  let taken = 0;
  const { waiter } = sleeper([
    {
      atMs: 0,
      take() {
        taken++;
      },
    },
  ]);
  for (let i = 0; i < 100; i++) waiter.until(() => true, -1);
  assert.equal(taken, 1);
});

test("a thread that must not sleep is told so by the call that would, and by no other", (t) => {
  t.mock.method(Atomics, "wait", () => {
    throw new TypeError("Atomics.wait cannot be called in this context");
  });
  assert.equal(maySleep(), false);
  const { waiter } = sleeper();
  assert.equal(
    waiter.until(() => true, -1),
    true,
  );
  assert.throws(() => waiter.until(() => false, -1), { code: "ENOTSUP", message: /must not sleep.*use a worker/ });
});
