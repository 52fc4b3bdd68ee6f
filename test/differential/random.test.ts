/** A short run of random streams, the same each time; `npm run differential` is the long one. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Random } from "../fuzz/random.ts";
import { compare } from "./alike.ts";
import { CASES } from "./cases.ts";
import type { Ending } from "./compare.ts";
import { generate } from "./generate.ts";
import { describeDifference, differential } from "./run.ts";

test("random streams end alike, or differ for a reason that is known", { timeout: 120_000 }, async (context) => {
  const { inputs, known, differences } = await differential(1, 0, 300, 40);
  context.diagnostic(`${inputs} streams; known differences: ${JSON.stringify(known)}`);
  assert.deepEqual(differences.map(describeDifference), []);
  assert.ok(inputs >= 40);
});

test("the same seed makes the same streams, of every type", () => {
  const make = (seed: number) => Array.from({ length: 200 }, (_, index) => generate(new Random(0), seed, index));
  assert.deepEqual(make(3), make(3));
  assert.notDeepEqual(make(3), make(4));
  assert.equal(new Set(make(3).map(({ type }) => type)).size, 10);
});

test("a message more, a connection kept, and an event less are differences without a reason", () => {
  const [play] = CASES;
  assert.ok(play);
  const ending: Ending = { messages: ["6869"], events: ["handshake", "disconnect"], sent: "ff00", isKept: false };
  assert.deepEqual(compare(play, ending, { ...ending }), { isAlike: true });
  for (const other of [{ messages: ["6869", "6869"] }, { isKept: true }, { events: ["handshake"] }, { sent: "ff01" }]) {
    assert.deepEqual(compare(play, ending, { ...ending, ...other }), { isAlike: false, reason: undefined });
  }
});
