/** Bundles of a few classes, as esbuild makes them for a page. They are loaded by Node, which is no page: nothing here connects. */

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import type * as Library from "../../src/browser-types.ts";

/** tsx brings it. */
const esbuild: typeof import("esbuild") = createRequire(createRequire(import.meta.url).resolve("tsx/package.json"))(
  "esbuild",
);

async function bundled<Name extends keyof typeof Library>(...names: Name[]): Promise<Pick<typeof Library, Name>> {
  const { outputFiles } = await esbuild.build({
    stdin: {
      contents: `export { ${names.join(", ")} } from "./dist/esm/browser.js";`,
      resolveDir: fileURLToPath(new URL("../..", import.meta.url)),
    },
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    write: false,
  });
  const [{ text } = { text: "" }] = outputFiles;
  return import(`data:text/javascript;base64,${Buffer.from(text).toString("base64")}`);
}

test("what cannot meet by inproc says so", async () => {
  const { Subscriber, XSubscriber, Request, Pull } = await bundled("Subscriber", "XSubscriber", "Request", "Pull");
  for (const socketClass of [Subscriber, XSubscriber, Request, Pull]) {
    const socket = new socketClass();
    const refused = { code: "EPROTONOSUPPORT", address: "inproc://name", detail: /no class .* meet/ };
    assert.throws(() => socket.connect("inproc://name"), refused);
    await assert.rejects(socket.bind("inproc://name"), refused);
    assert.throws(() => socket.disconnect("inproc://name"), { code: "ENOENT" });
    assert.equal(socket.lastEndpoint, null);
    socket.close();
  }
});

test("a class brings inproc before it is used", async () => {
  const { Subscriber, Publisher } = await bundled("Subscriber", "Publisher");
  const subscriber = new Subscriber();
  subscriber.subscribe();
  subscriber.connect("inproc://name");
  const publisher = new Publisher();
  await publisher.bind("inproc://name");
  await publisher.send("hello");
  assert.equal(String.fromCharCode(...((await subscriber.receive())[0] ?? [])), "hello");
  subscriber.close();
  publisher.close();
});

for (const name of ["Pair", "Reply", "Dealer", "Router", "Push", "XPublisher"] as const) {
  test(`${name} brings inproc`, async () => {
    const { [name]: socketClass } = await bundled(name);
    const socket = new socketClass();
    await socket.bind("inproc://name");
    socket.close();
  });
}
