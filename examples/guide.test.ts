/** docs/guide.md and examples/README.md say what is true: the code they show, what it prints, the programs there are. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { run } from "./testing.ts";

const read = (path: string) => readFileSync(new URL(path, import.meta.url), "utf8");
const guide = read("../docs/guide.md");
const names = readdirSync(new URL(".", import.meta.url)).filter((name) => name.endsWith(".ts"));
const support = ["parts.ts", "stage.ts", "testing.ts", "threads.ts"];
const programs = names.filter((name) => !name.endsWith(".test.ts") && !support.includes(name));

test("the guide and the README lead to every program, and to none that is not there", () => {
  for (const [text, known] of [
    [guide, programs],
    [read("README.md"), [...programs, ...support]],
  ] as const) {
    const linked = [...text.matchAll(/\]\((?:\.\.\/examples\/)?([\w-]+\.ts)\)/g)].map(([, name]) => name);
    assert.deepEqual([...new Set(linked)].sort(), [...known].sort());
  }
});

test("the code in the guide is that of the program which the text before it names", () => {
  const parts = guide.matchAll(/\[([\w-]+\.ts)\]|^```ts\n([\s\S]*?)^```$/gm);
  let name = "";
  let excerpts = 0;
  for (const [, link, code] of parts) {
    if (link !== undefined) name = link;
    else if (code !== undefined) {
      assert.ok(read(name).includes(code), `${name} does not contain\n${code}`);
      excerpts++;
    }
  }
  assert.ok(excerpts > 8);
});

test("every program says in its head how to start it", () => {
  for (const name of programs) {
    const command = name === "tour.ts" ? "npm start" : `node --import tsx examples/${name}`;
    assert.ok(read(name).startsWith("/**\n") && read(name).includes(` *     ${command}\n`.trimEnd()), name);
  }
});

const outputs = guide.matchAll(/^node --import tsx examples\/([\w-]+)\.ts\n```\n\n```text\n([\s\S]*?)^```$/gm);
for (const [, name = "", output = ""] of outputs) {
  test(`${name} prints what the guide says`, async (t) => {
    assert.equal(`${await run(t, name).output()}\n`, output);
  });
}
