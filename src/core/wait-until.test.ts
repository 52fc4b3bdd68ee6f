/** Waiting for a condition: the process is held exactly as long as somebody waits. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "../../test/fake-clock.ts";
import { defaultOptions } from "../base/options.ts";
import { PATTERNS } from "./patterns.ts";
import { SocketCore } from "./socket-core.ts";
import { Turn } from "./turn.ts";
import { waitUntil } from "./wait-until.ts";

class HoldingClock extends FakeClock {
  holds = 0;
  override ref(): void {
    this.holds++;
  }
  override unref(): void {
    this.holds--;
  }
}

test("a wait ends once, though a watcher before it makes the news come round again", async () => {
  const clock = new HoldingClock();
  const core = new SocketCore(
    "PULL",
    defaultOptions("PULL", { ipv6: false, blocky: true }),
    new Turn(clock),
    PATTERNS.PULL,
  );
  let isAgain = false;
  core.watch({
    changed() {
      if (isAgain) return;
      isAgain = true;
      core.notify();
    },
  });
  let isTrue = false;
  const waited = waitUntil(
    { cores: [core], look: () => isTrue },
    { timeoutMs: -1, signal: undefined, keeper: undefined },
  );
  assert.equal(clock.holds, 1);
  isTrue = true;
  core.notify();
  await waited;
  assert.equal(clock.holds, 0);
});
