/** A short run of every target, with the same inputs in each run. `npm run fuzz` goes on where this ends. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fuzz } from "./run.ts";
import type { Target } from "./target.ts";
import { TARGETS } from "./targets.ts";

const INPUTS = 6000;

describe("fuzzing", () => {
  for (const target of TARGETS) {
    it(`${target.name}: no input breaks a promise`, async () => {
      const { inputs } = await fuzz(target, { seed: 1, seconds: 20, inputs: INPUTS });
      assert.ok(inputs > 0);
    });
  }

  it("a finding names the input that it came from", async () => {
    const broken: Target = {
      name: "broken",
      make: (random) => random.bytes(2),
      check(input) {
        if ((input[0] as number) > 250) throw new Error("too large");
      },
    };
    let command: RegExpExecArray | null = null;
    try {
      await fuzz(broken, { seed: 9, seconds: 20, inputs: 10_000 });
    } catch (error) {
      command = /--seed 9 --first (\d+) --inputs 1\nf[b-f]/.exec(String(error));
    }
    assert.ok(command);
    const first = Number(command[1]);
    await assert.rejects(fuzz(broken, { seed: 9, seconds: 20, inputs: 1, first }), /broken/);
  });
});
