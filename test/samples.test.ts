/**
 * The programs printed in the README and in docs/: compiled as strict TypeScript, run as printed against the source, and
 * what they print compared with what the page says. tsx and tsc resolve `zmq-ts` to `src/index.ts` by the `paths` of
 * tsconfig.json.
 */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { asCommonJs, programsOf } from "../scripts/readme.ts";

const root = resolve(fileURLToPath(import.meta.url), "../..");
const pages = ["README.md", ...readdirSync(join(root, "docs")).filter((name) => name.endsWith(".md"))].map((name) => ({
  name,
  text: readFileSync(join(root, name === "README.md" ? "" : "docs", name), "utf8"),
}));
const samples = pages.flatMap(({ name, text }) => programsOf(text).map((program) => ({ page: name, ...program })));

mkdirSync(join(root, ".build"), { recursive: true });
const folder = mkdtempSync(join(root, ".build", "samples-"));
after(() => rmSync(folder, { recursive: true, force: true }));

test("the pages show the programs that they should", () => {
  assert.deepEqual(
    samples.map(({ page, title }) => `${page}: ${title}`),
    [
      "README.md: Request and reply",
      "README.md: Publish and subscribe",
      "README.md: Pipeline",
      "browsers.md: A program that binds",
      "draft.md: The draft socket types",
      "draft.md: Groups",
      "multicast.md: Multicast",
      "reliability.md: Asking until an answer comes",
      "security.md: A server that knows its clients",
      "sync.md: Calls that block",
    ],
  );
});

test("what begins with an import is a whole program, and what it prints is shown", () => {
  for (const { name, text } of pages) {
    const begun = [...text.matchAll(/^```(?:ts|js)\nimport /gm)].length;
    assert.equal(begun, programsOf(text).length, name);
  }
});

test("all programs compile as strict TypeScript", async () => {
  const files = samples.map(({ code }, index) => write(`strict-${index}.mts`, code));
  const settings = {
    extends: "../../tsconfig.json",
    compilerOptions: { exactOptionalPropertyTypes: false, noUncheckedIndexedAccess: false },
    include: [],
    files: [...files, join(root, "src/security/libsodium-sumo.d.ts")],
  };
  const project = write("tsconfig.json", JSON.stringify(settings));
  const tsc = join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin", "tsc");
  assert.equal(await output([tsc, "-p", project]), "");
});

for (const [index, { page, title, code, output: printed }] of samples.entries()) {
  test(`"${title}" prints what ${page} says, without a warning, and ends`, async () => {
    assert.equal(await output(["--import", "tsx", write(`${index}.mts`, code)]), printed);
  });
}

test("the first program is JavaScript too, and runs by require", async () => {
  const [first] = samples;
  assert.ok(first);
  assert.equal(await output(["--import", "tsx", write("first.cjs", asCommonJs(first.code))]), first.output);
});

function write(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

/** What a process prints, errors and warnings too. */
async function output(args: string[]): Promise<string> {
  const options = { cwd: root, timeout: 60_000, killSignal: "SIGKILL" } as const;
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, options).catch((error) => error);
  return stdout + stderr;
}
