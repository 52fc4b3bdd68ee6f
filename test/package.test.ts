/**
 * What a user of the package gets, asked of `dist` in plain Node processes: `zmq-ts` names this package itself there,
 * through the `exports` of package.json. `npm test` builds `dist` first; alone, this file needs `npm run build`.
 */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const root = resolve(fileURLToPath(import.meta.url), "../..");
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

/** The names that zeromq.js 6 exports; a program written for it imports no others. */
const ZEROMQ_JS_NAMES =
  "version capability curveKeyPair context Context Socket Observer Proxy Pair Publisher Subscriber Request Reply " +
  "Dealer Router Pull Push XPublisher XSubscriber Stream";

test("import and require load the same instance", async () => {
  const output = await plainNode(`
    const required = require("zmq-ts");
    const imported = await import("zmq-ts");
    console.log(imported.context !== undefined, imported.context === required.context);
    console.log(Object.keys(imported).every((name) => imported[name] === required[name]));
  `);
  assert.equal(output, "true true\ntrue\n");
});

test("inproc meets across import and require", async () => {
  const output = await plainNode(`
    const { Request } = require("zmq-ts");
    const { Reply } = await import("zmq-ts");
    const reply = new Reply();
    await reply.bind("inproc://meeting");
    const request = new Request();
    request.connect("inproc://meeting");
    await request.send("hello");
    const [question] = await reply.receive();
    await reply.send(question + " yourself");
    console.log(String(await request.receive()));
  `);
  assert.equal(output, "hello yourself\n");
});

test("every name that zeromq.js exports is there", async () => {
  const output = await plainNode(
    `
    const imported = await import("zmq-ts");
    console.log(process.argv[1].split(" ").filter((name) => imported[name] === undefined).join(" "));
  `,
    [ZEROMQ_JS_NAMES],
  );
  assert.equal(output, "\n");
});

test("loading the package prints nothing and lets the process end", async () => {
  assert.equal(await plainNode(`await import("zmq-ts"); require("zmq-ts");`), "");
});

test("a class has one type, by import and by require", async () => {
  const folder = mkdtempSync(join(emptyFolder(), "types-"));
  try {
    writeFileSync(join(folder, "give.cts"), `import { Context } from "zmq-ts";\nexport const given = new Context();\n`);
    writeFileSync(
      join(folder, "take.mts"),
      `import { type Context } from "zmq-ts";\nimport { given } from "./give.cjs";\nexport const taken: Context = given;\n`,
    );
    const tsc = join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin", "tsc");
    const settings = ["--module", "node16", "--strict", "--noEmit", "--target", "es2022", "--types", "node"];
    const files = [join(folder, "give.cts"), join(folder, "take.mts")];
    await node([tsc, "--ignoreConfig", ...settings, ...files]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("nothing runs at install", () => {
  for (const name of ["preinstall", "install", "postinstall", "prepare"])
    assert.equal(manifest.scripts[name], undefined);
  assert.equal(existsSync(join(root, "binding.gyp")), false);
});

function emptyFolder(): string {
  mkdirSync(join(root, ".build"), { recursive: true });
  return join(root, ".build");
}

/** What an ES module prints that also has `require`; its errors and warnings count as output. */
function plainNode(code: string, args: string[] = []): Promise<string> {
  const preamble = `import { createRequire } from "node:module"; const require = createRequire(process.cwd() + "/x.js");`;
  return node(["--input-type=module", "--eval", preamble + code, ...args]);
}

async function node(args: string[]): Promise<string> {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, {
    cwd: root,
    timeout: 60_000,
    killSignal: "SIGKILL",
  }).catch((error) => {
    throw new Error(`${error.message}\n${error.stdout}${error.stderr}`);
  });
  return stdout + stderr;
}
