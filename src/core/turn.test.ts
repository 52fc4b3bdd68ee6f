import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "../../test/fake-clock.ts";
import { Turn } from "./turn.ts";

/** Operations that follow each other, of 0.01 ms each, until the turn or the stretch is over. */
function untilOver(turn: Turn, clock: FakeClock): number {
  let count = 0;
  do {
    clock.advance(0.01);
    count++;
  } while (turn.spend() && count < 10_000);
  return count;
}

test("operations that follow each other are over after some milliseconds, and go on in the next turn", () => {
  const clock = new FakeClock();
  const turn = new Turn(clock);
  const isOver = () => turn.isOver;
  assert.ok(untilOver(turn, clock) < 1100);
  let went = 0;
  turn.wait({ turnBegan: () => went++ });
  assert.equal(went, 0);
  clock.turn();
  assert.equal(went, 1);
  assert.equal(isOver(), false);
});

test("those that wait go on first come, first served, each in a stretch of its own", () => {
  const clock = new FakeClock();
  const turn = new Turn(clock);
  untilOver(turn, clock);
  const order: string[] = [];
  const resting = (name: string) => ({
    turnBegan() {
      assert.equal(turn.isOver, false, `${name} has its own stretch`);
      order.push(name);
    },
  });
  const [a, b, c] = [resting("a"), resting("b"), resting("c")];
  for (const each of [a, b, c, a]) turn.wait(each);
  clock.turn();
  assert.deepEqual(order, ["a", "b", "c"]);
});
