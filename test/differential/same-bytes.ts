/** The cases as tests: libzmq and ours end alike, or the case says why not. */

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { isDeepStrictEqual } from "node:util";
import type { Case } from "./case.ts";
import { type Ending, Side } from "./compare.ts";

/** On a busy machine a side that is only slow may seem to have said all. What really differs differs each time. */
const PLAYS = 3;

/** libzmq raises `handshake` when a WebSocket is open, and again when the peers know each other: ours then alone. */
function withoutOpening({ isWebSocket = false }: Case, theirs: Ending): Ending {
  if (!isWebSocket || theirs.events[0] !== "handshake") return theirs;
  return { ...theirs, events: theirs.events.slice(1) };
}

export function sameBytes(cases: readonly Case[]): void {
  describe("the same bytes to libzmq and to ours", { concurrency: 24 }, () => {
    const libzmq = Side.libzmq();
    const ours = Side.ours();
    after(() => Promise.all([libzmq.close(), ours.close()]));

    for (const play of cases) {
      it(play.name, { timeout: 60_000 }, async () => {
        for (let plays = 1; ; plays++) {
          const [told, mine] = await Promise.all([libzmq.play(play), ours.play(play)]);
          const theirs = withoutOpening(play, told);
          const isAsSaid = isDeepStrictEqual(mine, theirs) === (play.differs === undefined);
          if (!isAsSaid && plays < PLAYS) continue;
          if (play.differs === undefined) assert.deepEqual(mine, theirs);
          else assert.notDeepEqual(mine, theirs, `no difference any more: ${play.differs}`);
          break;
        }
      });
    }
  });
}
