/** Every pair of types over a link that breaks at each byte in turn; see every-offset.ts. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { atEveryOffset, PAIRINGS, runPairing, runRequest } from "./every-offset.ts";
import { MODES } from "./faulty-transport.ts";

const ALL = Object.values(MODES);

for (const pairing of PAIRINGS) {
  for (const [name, mode] of Object.entries(MODES)) {
    test(`${pairing.name}: all arrives, ${name}`, async () => {
      await runPairing(pairing, mode);
    });
  }
  test(`${pairing.name}: goes on after a cut at any byte, and nothing is torn, doubled or reordered`, async () => {
    const step = pairing.name.includes("CURVE") ? 4 : 1; // for its time; `npm run faults` cuts at each
    assert.ok((await atEveryOffset((faults) => runPairing(pairing, faults), ALL, step)) > 300);
  });
}

for (const isBound of [false, true]) {
  test(`${isBound ? "bound REQ" : "REQ"}: each request is answered after a cut at any byte`, async () => {
    assert.ok((await atEveryOffset((faults) => runRequest(isBound, faults), ALL)) > 300);
  });
}
