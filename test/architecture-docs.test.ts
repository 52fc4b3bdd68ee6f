/** Each file and folder that docs/architecture.md names is there. */

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const page = readFileSync(join(root, "docs", "architecture.md"), "utf8");

/** A path in backquotes: with a slash or the ending of a file, and nothing else that a path has not. */
const PATH = /`([\w@.-]+(?:\/[\w.-]*)+|[\w.-]+\.(?:ts|js|json|md))`/g;

/** What the build writes, and packages. */
const ELSEWHERE = /^(dist\/|lib\/|zmq-ts\/|index\.cjs$|node_modules\/|zeromq\/)/;

test("each file and folder that docs/architecture.md names is there", () => {
  const paths = new Set([...page.matchAll(PATH)].map((match) => match[1] as string).filter((p) => !ELSEWHERE.test(p)));
  assert.ok(paths.size > 60, `${paths.size} paths were found`);
  const missing = [...paths].filter(
    (path) => !["", "src", "scripts"].some((base) => existsSync(join(root, base, path))),
  );
  assert.deepEqual(missing, []);
});

test("each layer that test/layers.test.ts knows has a row in the table of layers", () => {
  const rules = readFileSync(join(root, "test", "layers.test.ts"), "utf8");
  const table = /const LAYERS[^{]*\{([^}]*)\}/.exec(rules)?.[1] ?? "";
  const layers = [...table.matchAll(/^ {2}"?([\w-]+)"?: \[/gm)].map((match) => match[1] as string);
  assert.ok(layers.length > 10);
  const rows = page.slice(page.indexOf("## Layers"), page.indexOf("## Sending"));
  const missing = layers.filter((layer) => layer !== "entry" && !new RegExp(`\`${layer}(/|\\.ts)\``).test(rows));
  assert.deepEqual(missing, []);
});
