/**
 * The programs printed in a Markdown file, and what they print: each ```ts block with imports that a ```text block follows. They are
 * compiled and run as printed (`test/samples.test.ts`). The first one of the README is JavaScript too, and runs on the
 * packed package: `node --import tsx scripts/readme.ts DIR` writes it as `first.mjs`, as `first.cjs` (`require`) and its
 * output as `first.txt`.
 */

import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

export interface Program {
  /** The heading above it. */
  readonly title: string;
  readonly code: string;
  readonly output: string;
}

/** The programs of `markdown` in order. */
export function programsOf(markdown: string): Program[] {
  const programs: Program[] = [];
  let title = "";
  for (const [, heading, code, output] of markdown.matchAll(PART)) {
    if (heading !== undefined) title = heading;
    else if (code !== undefined && output !== undefined) programs.push({ title, code, output });
  }
  return programs;
}

/** A heading, or a program, which has imports, with its output below it. */
const PART = /^#+ (.+)$|^```ts\n(import (?:(?!```).*\n)+)^```\n+(?:[^\n`#]+\n+)?```text\n([\s\S]*?)^```$/gm;

/** The same program for `require`, in an async function because CommonJS has no top-level await. */
export function asCommonJs(code: string): string {
  const imports = /^import (\{[^}]*\}) from ("[^"]+");$/gm;
  const required = [...code.matchAll(imports)].map(([, names, from]) => `const ${names} = require(${from});\n`);
  return `${required.join("")}(async () => {\n${code.replace(imports, "")}})();\n`;
}

if (process.argv[1] && pathToFileURL(resolve(process.argv[1])).href === import.meta.url) {
  const folder = process.argv[2];
  if (!folder) throw new Error("usage: readme.ts DIR");
  const [first] = programsOf(readFileSync(fileURLToPath(new URL("../README.md", import.meta.url)), "utf8"));
  if (!first) throw new Error("README.md has no program with its output");
  writeFileSync(join(folder, "first.mjs"), first.code);
  writeFileSync(join(folder, "first.cjs"), asCommonJs(first.code));
  writeFileSync(join(folder, "first.txt"), first.output);
}
