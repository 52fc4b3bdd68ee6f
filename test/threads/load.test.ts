/** A small run of load.ts. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./load.ts";

test("a hundred thousand messages of many sizes between four threads arrive whole and in order", async () => {
  assert.equal(await load(100_000), 99_996);
});
