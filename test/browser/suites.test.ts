/**
 * The suites of behaviour in Chromium, against the built browser entry: those of `test/socket-conformance` over inproc, and
 * those of `test/api` that need no server. The page gets a small stand-in for node:test, node:assert and Buffer.
 */

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { rolldown } from "rolldown";
import { noBrowser, TestPage } from "./chromium.ts";
import type { Result } from "./shims/test.ts";

/** What runs in the page. */
const CONFORMANCE = [
  ["queues", "queues"],
  ["request-reply", "requestReply"],
  ["publish-subscribe", "publishSubscribe"],
  ["connections", "connections"],
  ["waiting", "waiting"],
  ["proxy", "proxy"],
  ["fairness", "fairness"],
] as const;
const API = ["errors", "many", "messages", "operations", "sockets", "without-waiting"];

/** What does not, and why. */
export const NOT_RUN = {
  "socket-conformance over tcp, ipc and ws": "a page binds nothing but inproc; page.test.ts has what crosses to Node",
  "socket-conformance/draft, radio-dish": "the browser entry has no draft socket types",
  "socket-conformance/reconnection":
    "is about links that are lost; sleep.test.ts and page.test.ts have those of a page",
  "api/cluster, descriptors, lifetime, process-life, transfer": "processes, descriptors and threads of Node",
  "api/curve-versions, secret-memory": "made of inner parts, or of a server in the same process",
  "api/endpoints, memory, programs, published-to-many, reasons, why-nothing-arrives": "bind tcp or ipc",
  "api/exports, types, message-kinds": "compare the entry for Node with zeromq.js",
  "api/socks": "there is no tcp",
};

const TCP = "binds tcp";
const NO_CLASS = "the browser entry has no such socket types";
const NO_NUMBERS = "options have names in a page, and no numbers";
const WARNS = "a page warns in its console, not by process.emitWarning";

const NO_PROCESS = "a page has no options of a process, and those are the ones";

/** Tests that fail in a page, by their names, and why that is right. */
const DEVIATIONS: Readonly<Record<string, string>> = {
  "an address in use rejects bind with EADDRINUSE and the address": TCP,
  "an endpoint that is not there rejects unbind, and throws from disconnect and unbindSync, with ENOENT": TCP,
  "tcp://127.0.0.1:65536 rejects bind and throws from connect with EINVAL": TCP,
  "many calls work on every socket that can, over tcp too": TCP,
  "a router's connect gives its peer the routing id": TCP,
  "a peer of ROUTER that does not read holds up only what is sent to it": TCP,
  "sends to a peer of ROUTER that does not read wait in order, and each can be called off": TCP,
  "sends that wait for a peer of ROUTER are refused when it goes": TCP,
  "sends that wait for a peer of ROUTER are dropped once it is no longer mandatory": TCP,
  "a context that is closed while a bind is under way ends when its address is free again": TCP,
  "events is the same observer each time, with plain objects of zeromq.js's shape": TCP,
  "on and off return the observer, and off silences one listener": TCP,
  "a second observer sees the same events": TCP,
  "a peer that breaks the protocol is an event with zeromq.js's message, and what came as detail": TCP,
  "a read-only option of a context throws a TypeError": NO_PROCESS,
  "a peer of STREAM that does not read holds up only what is sent to it": NO_CLASS,
  "sends to a peer of STREAM that does not read wait in order, and each can be called off": NO_CLASS,
  "sends that wait for a peer of STREAM are refused when it goes": NO_CLASS,
  "draft sockets send many to one peer or group, and receive many as they receive one": NO_CLASS,
  "a class of one's own has the options of all sockets": "a page takes classes of one's own from those of the library",
  "a socket type that does not exist throws EINVAL": "a page takes no number of a socket type",
  "options by libzmq's number read and write the same values": NO_NUMBERS,
  "options by number: EINVAL for one that does not exist, a TypeError for what is no number": NO_NUMBERS,
  "a misspelt option is told with the nearest one, and one of other types with those":
    "a page has the TypeError of its engine, without a detail",
  "a class called without new throws a TypeError": "the names of classes are short in the minified file",
  "many calls share one listener of a signal, and leave none behind": "a page cannot count the listeners of a signal",
  "an option that comes too late for an endpoint warns": WARNS,
  "an option that is set during a bind warns": WARNS,
  "a number too large to be exact warns": WARNS,
  "CURVE keys read as they were set": "CURVE comes by an entry of its own, which the suites do not load",
  "waiting over inproc > sends and receives text, JSON, structured clones and lists of frames":
    "a browser has no structured clone to bytes",
};

/** Those that fail at times. */
const SOMETIMES: Readonly<Record<string, string>> = {
  "thousands of sends and receives leave the event loop its turns":
    "counts turns by messages of a port of its own, of which Chromium may deliver fewer than of the library's",
};

/** The suites as one script, which has `run`. */
async function script(): Promise<string> {
  const lines = [
    `import "./shims/node.ts";`,
    `import { INPROC } from "../socket-conformance/bench.ts";`,
    ...CONFORMANCE.map(([file, name]) => `import { ${name} } from "../socket-conformance/${file}.ts";`),
    ...CONFORMANCE.map(([, name]) => `${name}(INPROC);`),
    ...API.map((name) => `import "../api/${name}.test.ts";`),
    `export { run } from "./shims/test.ts";`,
  ];
  // One by one, so that what a page lacks is undefined, where an import of it would fail as a whole.
  const names = Object.keys(await import("../../src/index.ts")).filter((name) => name !== "default");
  const library = [
    `import * as zmq from "/browser.js";`,
    ...names.map((name) => `export const ${name} = zmq.${name};`),
    "export default zmq;",
  ].join("\n");
  const here = import.meta.dirname;
  const shims = { "node:test": "test.ts", "node:assert/strict": "assert.ts" } as Readonly<Record<string, string>>;
  const bundled = await rolldown({
    input: `${here}/suites.ts`,
    platform: "browser",
    shimMissingExports: true, // Tests that ask for more of Node fail, and have a row.
    onLog() {},
    plugins: [
      {
        name: "suites in a page",
        resolveId(id) {
          if (id.endsWith("/suites.ts")) return id;
          if (id === "/browser.js") return { id, external: "absolute" };
          if (id.endsWith("src/index.ts")) return "page-library";
          if (id.endsWith("src/draft.ts")) return `${here}/shims/node.ts`;
          return id.startsWith("node:") ? `${here}/shims/${shims[id] ?? "node.ts"}` : null;
        },
        load(id) {
          if (id === "page-library") return library;
          return id.endsWith("/suites.ts") ? lines.join("\n") : null;
        },
      },
    ],
  });
  const { output } = await bundled.generate({ format: "esm", codeSplitting: false });
  return output[0].code;
}

describe("the suites in a page", { skip: noBrowser ?? false, timeout: 240_000 }, () => {
  let browser: TestPage;
  let results: Result[] = [];
  before(async () => {
    browser = await TestPage.open({ isIsolated: true, scripts: { "/suites.js": await script() } });
    results = (await browser.page.evaluate(`import("/suites.js").then(({ run }) => run())`)) as Result[];
  });
  after(() => browser[Symbol.asyncDispose]());

  it("hold in Chromium, or have their reason here", () => {
    const failed = results.filter(
      ({ name, error }) => error !== undefined && !(name in DEVIATIONS) && !(name in SOMETIMES),
    );
    assert.deepEqual(
      failed.map(({ name, error }) => `${name}: ${error}`),
      [],
    );
    assert.ok(results.length > 150, `${results.length} tests ran`);
  });

  it("have no reason that is out of date", () => {
    const passed = results.filter(({ error }) => error === undefined).map(({ name }) => name);
    const names = results.map(({ name }) => name);
    const stale = Object.keys(DEVIATIONS).filter((name) => passed.includes(name) || !names.includes(name));
    assert.deepEqual(stale, []);
  });
});
