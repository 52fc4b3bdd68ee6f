/** Tests of behaviour through the public API hold on libzmq too, or `deviations.ts` says why not. */

import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { after, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { DEVIATIONS, FOLDERS, NOT_RUN } from "./deviations.ts";
import { type Outcome, runOnLibzmq } from "./run.ts";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const files = FOLDERS.flatMap((folder) => readdirSync(join(root, folder)).map((name) => `${folder}/${name}`))
  .filter((file) => file.endsWith(".test.ts"))
  .sort();

/** Rows whose test failed somewhere. */
const found = new Set<string>();

/** Whether a test of a file is expected to fail. */
function isExpected(file: string, name: string): boolean {
  const row = DEVIATIONS[name];
  return row !== undefined && (row.only?.some((part) => file.includes(part)) ?? true);
}

/** What is not as the table says, by test: an error without a row, or a row without an error. */
function surprises(file: string, outcomes: ReadonlyMap<string, Outcome>): Map<string, string> {
  const all = new Map<string, string>();
  for (const [name, outcome] of outcomes) {
    if (outcome.kind === "lacking") continue;
    if (outcome.kind === "failed") {
      if (isExpected(file, name)) found.add(name);
      else all.set(name, outcome.error);
    } else if (isExpected(file, name) && !DEVIATIONS[name]?.sometimes)
      all.set(name, "passes: its row in deviations.ts is out of date");
  }
  return all;
}

describe("on libzmq, or with a reason", { concurrency: 3 }, () => {
  for (const file of files.filter((each) => !(each in NOT_RUN))) {
    test(file, { timeout: 110_000 }, async (context) => {
      const outcomes = await runOnLibzmq(file);
      let wrong = surprises(file, outcomes);
      // A busy machine shows in a test that waits, and not twice.
      if (wrong.size > 0) wrong = surprises(file, await runOnLibzmq(file, { only: [...wrong.keys()] }));
      const lacking = [...outcomes].filter(([, { kind }]) => kind === "lacking");
      context.diagnostic(`${outcomes.size} tests, ${lacking.length} of which ask for what zeromq.js lacks`);
      assert.deepEqual(Object.fromEntries(wrong), {});
      assert.ok(outcomes.size > 0);
    });
  }

  after(() => {
    assert.deepEqual(
      Object.keys(DEVIATIONS).filter((name) => !found.has(name) && !DEVIATIONS[name]?.sometimes),
      [],
      "no such deviation any more",
    );
  });
});

test("every file that does not run on libzmq exists", () => {
  for (const file of Object.keys(NOT_RUN)) assert.ok(files.includes(file), file);
});
