/** The same bytes to libzmq and to ours: both end alike, or the case says why not. */

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { CASES } from "./cases.ts";
import { Side } from "./compare.ts";

describe("the same bytes to libzmq and to ours", { concurrency: 24 }, () => {
  const libzmq = Side.libzmq();
  const ours = Side.ours();
  after(() => Promise.all([libzmq.close(), ours.close()]));

  for (const play of CASES) {
    it(play.name, { timeout: 60_000 }, async () => {
      const [theirs, mine] = await Promise.all([libzmq.play(play), ours.play(play)]);
      if (play.differs === undefined) assert.deepEqual(mine, theirs);
      else assert.notDeepEqual(mine, theirs, `no difference any more: ${play.differs}`);
    });
  }
});
