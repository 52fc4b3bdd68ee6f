import assert from "node:assert/strict";
import { test } from "node:test";
import { faultRun } from "./faults.ts";

test("over a network that loses, doubles, delays and reorders, nothing wrong, twice or out of order is delivered", () => {
  let delivered = 0;
  for (let seed = 1; seed <= 12; seed++) {
    const run = faultRun(seed, 3000);
    assert.equal(run.missed, 0, `seed ${seed}`);
    delivered += run.delivered;
  }
  assert.ok(delivered > 5000);
});
