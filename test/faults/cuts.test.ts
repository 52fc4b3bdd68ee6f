/** A short run of each promise across a relay that cuts at random; `npm run faults` is the long one. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { halfOpen, PROMISES } from "./cuts.ts";

const SEED = 1;

for (const [name, run] of Object.entries(PROMISES)) {
  test(`${name} keeps its promises over 60 cuts`, { timeout: 60_000 }, async (context) => {
    const report = await run(60, SEED);
    context.diagnostic(JSON.stringify(report));
    assert.ok(report.cuts >= 60);
  });
}

test("heartbeats find connections that are half open, on both sides", { timeout: 60_000 }, async () => {
  const { longestMs } = await halfOpen(5, SEED);
  assert.ok((longestMs ?? 0) < 5000);
});
