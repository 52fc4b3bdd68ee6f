/** Every pair of types over a link that breaks at each byte in turn; see every-offset.ts. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { atEveryOffset, PAIRINGS, runPairing, runRequest } from "./every-offset.ts";
import { MODES } from "./faulty-transport.ts";
import { runStream, STREAM_PAIRINGS } from "./stream-offsets.ts";

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

for (const pairing of STREAM_PAIRINGS) {
  for (const [name, mode] of Object.entries(MODES)) {
    test(`${pairing.name}: all bytes arrive, and each connection is told of, ${name}`, async () => {
      await runStream(pairing, mode);
    });
  }
  test(`${pairing.name}: a cut at any byte ends the bytes of that connection, and nothing reaches the next`, async () => {
    assert.ok((await atEveryOffset((faults) => runStream(pairing, faults), ALL)) === 300);
  });
}
