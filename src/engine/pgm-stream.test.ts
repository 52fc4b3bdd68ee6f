import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "../../test/fake-clock.ts";
import { PgmStream, type PgmStreamOwner } from "./pgm-stream.ts";

test("what is held for a source counts with all of the packet, however short its APDU is", () => {
  let held = 0;
  const owner: PgmStreamOwner = {
    clock: new FakeClock(),
    limits: { maxFrameBytes: -1, maxFrames: 1 },
    reachPackets: 1000,
    isFull: false,
    deliver() {},
    lost() {},
    broken() {},
    nak() {},
    askForSpm() {},
    hold(bytes) {
      held += bytes;
      return true;
    },
    due() {},
  };
  const tsi = { gsi: new Uint8Array(6), port: 1 };
  const stream = new PgmStream(owner, "", tsi, { address: "192.0.2.1", port: 1 }, new Uint8Array(4));
  stream.data(1, 0, Uint8Array.of(0xff, 0xff), false);
  stream.data(3, 0, new Uint8Array(60_000).subarray(24, 26), false);
  assert.equal(held, 60_000);
  stream.close();
  assert.equal(held, 0);
});
