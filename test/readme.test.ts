/**
 * Runs every program of README.md as printed, against the source, and compares what it prints with the README. tsx
 * resolves `zmq-ts` to `src/index.ts` by the `paths` of tsconfig.json.
 */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { asCommonJs, programsOf } from "../scripts/readme.ts";

const root = resolve(fileURLToPath(import.meta.url), "../..");
const programs = programsOf(readFileSync(join(root, "README.md"), "utf8"));

mkdirSync(join(root, ".build"), { recursive: true });
const folder = mkdtempSync(join(root, ".build", "readme-"));
after(() => rmSync(folder, { recursive: true, force: true }));

test("the README shows request-reply, publish-subscribe and a pipeline", () => {
  assert.deepEqual(
    programs.map((program) => program.title),
    ["Request and reply", "Publish and subscribe", "Pipeline"],
  );
});

for (const [index, { title, code, output }] of programs.entries()) {
  test(`"${title}" prints what the README says, and ends`, async () => {
    assert.equal(await run(`${index}.mjs`, code), output);
  });
}

test("the first program also runs by require", async () => {
  const [first] = programs;
  assert.ok(first);
  assert.equal(await run("first.cjs", asCommonJs(first.code)), first.output);
});

/** What `code` prints, run from a file of its own; rejects when it fails or does not end. */
async function run(name: string, code: string): Promise<string> {
  const file = join(folder, name);
  writeFileSync(file, code);
  const { stdout } = await promisify(execFile)(process.execPath, ["--import", "tsx", file], {
    cwd: root,
    timeout: 30_000,
    killSignal: "SIGKILL",
  });
  return stdout;
}
