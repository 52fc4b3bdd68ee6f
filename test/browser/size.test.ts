/** What a page downloads. `npm run size` prints the figures, which are in docs/browsers.md. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { pageSizes } from "../../scripts/size.ts";

test("a page's bundle is no larger than the docs say, and has no class that it does not use", async () => {
  const sizes = await pageSizes();
  for (const { name, gzipped, limit } of sizes) {
    assert.ok(gzipped <= limit, `${name}: ${gzipped} bytes gzipped, at most ${limit}`);
  }
  const [all, two] = sizes;
  assert.ok(all !== undefined && two !== undefined && two.gzipped < all.gzipped * 0.9);
});
