/** The pages in the package lead nowhere outside of it. */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, posix, resolve } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const root = resolve(fileURLToPath(import.meta.url), "../..");

test("every link of a packed page leads to a packed file", async () => {
  const isWindows = process.platform === "win32";
  const args = ["pack", "--dry-run", "--json", "--ignore-scripts"];
  const options = { cwd: root, shell: isWindows };
  const { stdout } = await promisify(execFile)(isWindows ? "npm.cmd" : "npm", args, options);
  const [{ files }] = JSON.parse(stdout) as [{ files: { path: string }[] }];
  const packed = new Set(files.map(({ path }) => path));
  const pages = [...packed].filter((path) => path.endsWith(".md"));
  assert.ok(pages.length > 5);
  const astray = pages.flatMap((page) =>
    [...readFileSync(join(root, page), "utf8").matchAll(LINK)]
      .map(([, to = ""]) => posix.join(posix.dirname(page), to))
      .filter((path) => !packed.has(path))
      .map((path) => `${page}: ${path}`),
  );
  assert.deepEqual(astray, []);
});

/** A relative link; its anchor is left out. */
const LINK = /\]\((?!https?:|#)([^)#\s]+)/g;
