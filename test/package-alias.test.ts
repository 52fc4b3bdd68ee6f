/**
 * This package in the place of `zeromq`, as `"overrides": { "zeromq": "npm:zmq-ts" }` puts it there: programs that
 * name `zeromq` and `zeromq/v5-compat` run, by `import` and by `require`. Asked of `dist`.
 */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const root = resolve(fileURLToPath(import.meta.url), "../..");
let folder: string;

before(() => {
  mkdirSync(join(root, ".build"), { recursive: true });
  folder = mkdtempSync(join(root, ".build", "alias-"));
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(root, join(folder, "node_modules", "zeromq"), "junction");
});

after(() => rmSync(folder, { recursive: true, force: true }));

const PIPELINE = `
  const push = new zmq.Push();
  await push.bind("tcp://127.0.0.1:*");
  const pull = new zmq.Pull();
  pull.connect(push.lastEndpoint);
  await push.send(["some", "work"]);
  for await (const [some, work] of pull) {
    console.log(some.toString(), work.toString());
    break;
  }
`;

const V5 = `
  const [rep, req] = [v5.socket("rep"), v5.socket("req")];
  rep.on("message", (question) => rep.send(question + " yourself"));
  req.on("message", (answer) => {
    console.log(String(answer));
    rep.close();
    req.close();
  });
  rep.bind("inproc://v5", () => {
    req.connect("inproc://v5");
    req.send("hello");
  });
`;

test("require", async () => {
  const code = `const zmq = require("zeromq"), v5 = require("zeromq/v5-compat"); (async () => { ${PIPELINE} ${V5} })();`;
  assert.equal(await run("program.cjs", code), "some work\nhello yourself\n");
});

test("import of all names", async () => {
  const code = `import * as zmq from "zeromq"; import * as v5 from "zeromq/v5-compat"; ${PIPELINE} ${V5}`;
  assert.equal(await run("names.mjs", code), "some work\nhello yourself\n");
});

test("import of the default, as Node makes one for CommonJS modules", async () => {
  const code = `import zmq from "zeromq"; import v5 from "zeromq/v5-compat.js"; ${PIPELINE} ${V5}`;
  assert.equal(await run("default.mjs", code), "some work\nhello yourself\n");
});

test("both entries and both ways of loading share one library", async () => {
  const code = `
    import { createRequire } from "node:module";
    import * as zmq from "zeromq";
    import v5 from "zeromq/v5-compat";
    const require = createRequire(import.meta.url);
    const pull = new zmq.Pull();
    await pull.bind("inproc://shared");
    const push = require("zeromq/v5-compat").socket("push");
    push.connect("inproc://shared");
    push.send("met");
    console.log(String(await pull.receive()), require("zeromq").context === zmq.context, v5.socket === require("zeromq/v5-compat.js").socket);
    push.close();
  `;
  assert.equal(await run("shared.mjs", code), "met true true\n");
});

/** What a program prints; its errors and warnings count as output. */
async function run(name: string, code: string): Promise<string> {
  writeFileSync(join(folder, name), code);
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [join(folder, name)], {
    cwd: folder,
    timeout: 60_000,
    killSignal: "SIGKILL",
  });
  return stdout + stderr;
}
