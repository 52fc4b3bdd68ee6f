/** Short names of what is internal in a page's files (scripts/short-names.js): nothing that users reach has one. */

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test } from "node:test";

type Exports = Record<string, unknown>;

const files = {
  bundlers: new URL("../../dist/esm/browser.js", import.meta.url).href,
  "pages without a bundler": new URL("../../dist/browser.js", import.meta.url).href,
};

/** It has the names of the source. */
const unchanged = createRequire(import.meta.url)("../../dist/browser.cjs") as Exports;

for (const [who, file] of Object.entries(files)) {
  test(`the file for ${who} has the names of the source wherever users can look`, async () => {
    const shortened = (await import(file)) as Exports;
    // In this order: some properties are there once a class is used.
    assert.deepEqual(await namesInUse(shortened), await namesInUse(unchanged));
    assert.deepEqual(namesOf(shortened), namesOf(unchanged));
  });
}

test("internal names are short in the file for bundlers, and differ from all that users of a class may name their own", async () => {
  const { Dealer } = (await import(files.bundlers)) as { Dealer: new () => object };
  const own = new Set<string>();
  for (let at: object | null = new Dealer(); at !== null; at = Object.getPrototypeOf(at)) {
    for (const name of Object.getOwnPropertyNames(at)) own.add(name);
  }
  assert.deepEqual(
    [...own].filter((name) => name.length < 3),
    [],
  );
});

/** Of each export, and where it is a class of what it makes: the names of its properties, inherited ones too. */
function namesOf(exports: Exports): Record<string, string[]> {
  // Beside what is public the first file exports what the others need of its inside.
  const open = exports.default as Exports;
  const names: Record<string, string[]> = { exports: Object.keys(open).sort() };
  for (const [name, value] of Object.entries(open)) {
    if (typeof value === "function") names[name] = propertyNames(value);
    if (typeof value === "function" && value.prototype) names[`${name}.prototype`] = propertyNames(value.prototype);
    if (typeof value === "object" && value !== null) names[name] = propertyNames(value);
  }
  return names;
}

async function namesInUse(exports: Exports): Promise<Record<string, string[]>> {
  const {
    Context,
    Dealer,
    Poller,
    Proxy: Forwarding,
    Router,
    ZmqError,
  } = exports as unknown as typeof import("zmq-ts");
  const context = new Context();
  const router = new Router({ context, mandatory: true });
  const dealer = new Dealer({ context, routingId: "dealer" });
  const events: Record<string, string[]> = {};
  dealer.events.on("connect", (event) => {
    events["event connect"] = propertyNames(event);
  });
  dealer.events.on("close", (event) => {
    events["event close"] = propertyNames(event);
  });
  await router.bind("inproc://names");
  dealer.connect("inproc://names");
  await dealer.send("hello");
  const [id] = await router.receive();
  const refusal = await router.send(["nobody", "x"]).catch((error: unknown) => error);
  const invalid = thrownBy(() => Object.assign(dealer, { sendHighWaterMark: "many" }));
  const unknown = thrownBy(() => new Dealer({ context, sendHighwaterMark: 1 } as never));
  const found: Record<string, string[]> = {
    context: propertyNames(context),
    dealer: propertyNames(dealer),
    router: propertyNames(router),
    poller: propertyNames(new Poller()),
    proxy: propertyNames(new Forwarding(router, dealer)),
    peer: propertyNames(router.peers[0] ?? {}),
    drops: propertyNames(dealer.drops ?? {}),
    refusal: propertyNames(refusal as object),
    invalid: propertyNames(invalid as object),
    unknown: propertyNames(unknown as object),
    made: propertyNames(new ZmqError("EAGAIN")),
  };
  assert.ok(id !== undefined);
  dealer.close();
  router.close();
  return { ...found, ...events };
}

function thrownBy(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    return error;
  }
}

/** Those of what `value` inherits too, as far as the library made it. */
function propertyNames(value: object): string[] {
  const names = new Set<string>();
  for (let at: object | null = value; at !== null && !BUILT_IN.has(at); at = Object.getPrototypeOf(at)) {
    for (const name of Object.getOwnPropertyNames(at)) names.add(name);
  }
  // The two are those of functions in sloppy mode, which the CommonJS file has.
  return [...names].filter((name) => name !== "arguments" && name !== "caller").sort();
}

const BUILT_IN = new Set<object>([Object.prototype, Function.prototype, Error.prototype, Array.prototype]);
