/**
 * What a user of the package gets, asked of `dist` in plain Node processes: `zmq-ts` names this package itself there,
 * through the `exports` of package.json. `npm test` builds `dist` first; alone, this file needs `npm run build`.
 */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve, sep } from "node:path";
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

test("a test may put its own class in the place of one that it required", async () => {
  const output = await plainNode(`
    const zmq = require("zmq-ts");
    zmq.Reply = class Fake {};
    Object.defineProperty(zmq, "Push", { value: 1, configurable: true, writable: true });
    console.log(require("zmq-ts").Reply.name, (await import("zmq-ts")).default.Reply.name, zmq.Push);
  `);
  assert.equal(output, "Fake Fake 1\n");
});

test("the default of import is what require returns, and its own default", async () => {
  const output = await plainNode(`
    const { default: zmq } = await import("zmq-ts");
    const { default: v5 } = await import("zmq-ts/v5-compat");
    console.log(zmq === require("zmq-ts"), zmq.default === zmq, zmq.__esModule);
    console.log(v5 === require("zmq-ts/v5-compat"), v5.default === v5, Object.keys(zmq).includes("default"));
  `);
  assert.equal(output, "true true true\ntrue true false\n");
});

test("every class has its own name in the built code", () => {
  const code = scripts().map((file) => readFileSync(file, "utf8"));
  assert.ok(code.length > 5);
  assert.deepEqual(
    code.flatMap((text) => text.match(/\bclass \w+\$\d+|\b\w+\$\d+ = class\b/g) ?? []),
    [],
  );
});

test("exported classes are called as they are exported, also in the trace of an error", async () => {
  const output = await plainNode(`
    for (const module of ["zmq-ts", "zmq-ts/v5-compat"]) {
      for (const [name, value] of Object.entries(require(module))) {
        if (/^class\\b/.test(String(value)) && value.name !== name) console.log(module, name, value.name);
      }
    }
    try { new (require("zmq-ts").Push)().connect("tcp://nowhere"); }
    catch (error) { console.log(/ at Push\\.connect /.test(error.stack)); }
  `);
  assert.equal(output, "zmq-ts XReply Router\nzmq-ts XRequest Dealer\ntrue\n");
});

/** The subpaths of zeromq 6.8 that programs name, and the entry that each is. */
const SUBPATHS: Record<string, string> = {
  "zmq-ts": "lib lib/index lib/index.js lib/native lib/native.js",
  "zmq-ts/v5-compat": "v5-compat.js lib/compat lib/compat.js",
};

test("the subpaths of zeromq 6.8 are there, by import and by require", async () => {
  for (const [entry, paths] of Object.entries(SUBPATHS)) {
    const output = await plainNode(
      `
      const [entry, ...paths] = process.argv.slice(1);
      for (const path of paths) {
        const { default: imported } = await import("zmq-ts/" + path);
        if (require("zmq-ts/" + path) !== require(entry) || imported !== require(entry)) console.log(path);
      }
    `,
      [entry, ...paths.split(" ")],
    );
    assert.equal(output, "");
  }
});

test("the draft entry has zeromq.js's names, and shares its instance with the package", async () => {
  const output = await plainNode(`
    const { Server, Client, Socket } = { ...require("zmq-ts"), ...require("zmq-ts/draft") };
    console.log(Object.keys(require("zmq-ts/draft")).join(" "));
    const imported = await import("zmq-ts/draft");
    console.log(new Server() instanceof Socket, imported.Client === Client, imported.default.Server === Server);
    for (const path of ["draft.js", "lib/draft", "lib/draft.js"]) console.log(require("zmq-ts/" + path).Server === Server);
  `);
  const names = "Channel Client Datagram Dish Gather Peer Radio Scatter Server";
  assert.equal(output, `${names}\ntrue true true\n${"true\n".repeat(3)}`);
});

test("the blocking entry is one instance for import and require, and its I/O thread is part of the package", async () => {
  const output = await plainNode(`
    const zmq = require("zmq-ts/sync");
    const imported = await import("zmq-ts/sync.js");
    console.log(imported.default === zmq, imported.Context === zmq.Context);
    const context = new zmq.Context();
    const server = context.socket(zmq.REP);
    const client = context.socket(zmq.REQ);
    client.connect(server.bind("tcp://127.0.0.1:*"));
    client.send("hello");
    server.send(server.recv() + " yourself");
    console.log(client.recvString());
    context.destroy();
  `);
  assert.equal(output, "true true\nhello yourself\n");
});

test("what bundlers take names no module that may be missing, and nothing that one format alone knows", () => {
  for (const file of scripts().filter((name) => name.includes(`${sep}esm${sep}`))) {
    const code = readFileSync(file, "utf8");
    for (const [, from] of code.matchAll(/\bfrom "([^."][^"]*)"/g)) assert.match(String(from), /^(node:|commander$)/);
    assert.doesNotMatch(code, /\brequire\("/);
  }
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

test("libsodium is loaded at the first use of CURVE, and its keys are libsodium's", async () => {
  const output = await plainNode(`
    const zmq = require("zmq-ts");
    const isLoaded = () => Object.keys(require.cache).some((file) => file.includes("libsodium"));
    console.log(isLoaded(), zmq.curvePublicKey("JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6"), isLoaded());
  `);
  assert.equal(output, "false rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7 true\n");
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

/** The JavaScript of `dist`. */
function scripts(): string[] {
  return readdirSync(join(root, "dist"), { recursive: true, encoding: "utf8" })
    .filter((name) => /\.c?js$/.test(name))
    .map((name) => join(root, "dist", name));
}

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
