/** The moment ahead of a sleep: it is given where it is of use. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "../../test/fake-clock.ts";
import { ASLEEP, AWAKE } from "./bell.ts";
import { Patience } from "./patience.ts";

test("a thread that is rung need not sleep; after looks in vain it sleeps at once, each time twice as often", () => {
  const words = new Int32Array([ASLEEP]);
  const bell = { words, index: 0 };
  const patience = new Patience(new FakeClock(), 10);
  /** So many sleeps until it looks again. */
  const sleeps = () => {
    words[0] = AWAKE;
    let count = 0;
    while (!patience.isRung(bell)) count++;
    words[0] = ASLEEP;
    return count;
  };
  assert.equal(sleeps(), 0);
  for (const expected of [1, 1, 1]) {
    assert.equal(patience.isRung(bell), false);
    assert.equal(sleeps(), expected, "an answer in time makes up for a look in vain");
  }
  const before: number[] = [];
  for (let i = 0; i < 10; i++) {
    let count = 0;
    words[0] = ASLEEP;
    while (looks(patience, bell) === 0) count++;
    before.push(count);
  }
  assert.deepEqual(before, [0, 1, 3, 7, 15, 31, 63, 127, 255, 255]);
});

/** How often the word is looked at. */
function looks(patience: Patience, bell: { readonly words: Int32Array; readonly index: number }): number {
  const { load } = Atomics;
  let count = 0;
  Object.assign(Atomics, {
    load: (words: Int32Array, index: number) => {
      count++;
      return load(words, index);
    },
  });
  try {
    patience.isRung(bell);
  } finally {
    Object.assign(Atomics, { load });
  }
  return count;
}
