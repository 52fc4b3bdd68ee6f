/** The program of docs/security.md runs as printed, against the source, and prints what the page says. */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { programsOf } from "../scripts/readme.ts";

const root = resolve(fileURLToPath(import.meta.url), "../..");
const programs = programsOf(readFileSync(join(root, "docs", "security.md"), "utf8"));

test("docs/security.md shows a server that knows its clients", () => {
  assert.deepEqual(
    programs.map(({ title }) => title),
    ["A server that knows its clients"],
  );
});

for (const { title, code, output } of programs) {
  test(`"${title}" prints what docs/security.md says, and ends`, async (t) => {
    mkdirSync(join(root, ".build"), { recursive: true });
    const folder = mkdtempSync(join(root, ".build", "security-"));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    const file = join(folder, "program.mjs");
    writeFileSync(file, code);
    const options = { cwd: root, timeout: 30_000, killSignal: "SIGKILL" } as const;
    const { stdout, stderr } = await promisify(execFile)(process.execPath, ["--import", "tsx", file], options);
    assert.equal(stdout, output);
    assert.doesNotMatch(stderr, /ZMQ_/, "no warning");
  });
}
