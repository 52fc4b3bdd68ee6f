/** Every pair of types over WebSocket, in each dialect, over a link that breaks at bytes in turn; see every-offset.ts. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { atEveryOffset, overWebSocket, PAIRINGS, runRequest, SUBPROTOCOLS } from "./every-offset.ts";
import { MODES } from "./faulty-transport.ts";

const ALL = Object.values(MODES);
/** For its time: prime, so that each mode meets each place in a frame. `npm run faults` cuts at each byte. */
const STEP = 7;

for (const subprotocol of SUBPROTOCOLS) {
  for (const pairing of PAIRINGS) {
    const run = overWebSocket(pairing, subprotocol);
    if (run === undefined) continue;
    const name = `${pairing.name} over ${subprotocol}`;
    test(`${name}: all arrives, whatever the link does to pieces and writes`, async () => {
      for (const mode of ALL) await run(mode);
    });
    test(`${name}: goes on after a cut, and nothing is torn, doubled or reordered`, async () => {
      assert.ok((await atEveryOffset(run, ALL, STEP)) > 30);
    });
  }
  for (const isBound of [false, true]) {
    test(`${isBound ? "bound REQ" : "REQ"} over ${subprotocol}: each request is answered after a cut`, async () => {
      assert.ok((await atEveryOffset((faults) => runRequest(isBound, { ...faults, subprotocol }), ALL, STEP)) > 30);
    });
  }
}
