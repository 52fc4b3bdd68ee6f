/** What the build for pages has and what it leaves out. It is loaded by Node, which is no page: nothing here connects. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";
import type * as Library from "../../src/browser-types.ts";

const files = ["../../dist/browser.js", "../../dist/esm/browser.js", "../../dist/browser.cjs"];
const pages = await Promise.all(files.map((file): Promise<typeof Library> => import(file)));

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

for (const [i, file] of files.entries()) {
  const zmq = pages[i] as typeof Library;

  test(`${file}: sockets of a page meet by inproc`, async () => {
    const [publisher, subscriber] = [new zmq.XPublisher(), new zmq.Subscriber()];
    await publisher.bind("inproc://feed");
    for (const topic of ["", "a", "a", "ab", "b"]) subscriber.subscribe(topic);
    subscriber.unsubscribe("");
    subscriber.unsubscribe("a");
    subscriber.connect("inproc://feed");
    await publisher.subscriberJoined("ab");
    await publisher.send(["c", "no"]);
    await publisher.send(["abc", "yes"]);
    const frames = await subscriber.receive();
    assert.deepEqual(frames.map(text), ["abc", "yes"]);
    assert.deepEqual(publisher.topics().map(text), ["a", "ab", "b"]);
    // jsdom lacks what takes its place.
    assert.equal(Buffer.isBuffer(frames[0]), file.endsWith(".cjs"), "frames are Uint8Arrays, whoever brings a Buffer");
    publisher.close();
    subscriber.close();
  });

  test(`${file}: what a page cannot do says so`, async () => {
    const socket = new zmq.Dealer();
    assert.throws(() => socket.connect("tcp://127.0.0.1:5555"), { code: "EPROTONOSUPPORT", detail: /ws:\/\// });
    await assert.rejects(socket.bind("ws://127.0.0.1:5555"), { code: "EPROTONOSUPPORT", detail: /binds inproc/ });
    // @ts-expect-error: the types of a page have no such method.
    await assert.rejects(socket.bindRandomPort("tcp://127.0.0.1"), { code: "EPROTONOSUPPORT" });
    socket.close();
    // @ts-expect-error: and no such option.
    assert.throws(() => new zmq.Dealer({ tcpKeepalive: 1 }), TypeError);
    // @ts-expect-error
    assert.throws(() => new zmq.Dealer({ plainServer: true }), /plainServer/);
    // @ts-expect-error
    assert.throws(() => new zmq.Context({ threadPriority: 1 }), /threadPriority/);
    assert.equal(zmq.capability.ipc, false);
  });

  test(`${file}: a class of one's own extends one of the library's`, () => {
    class Numbered extends zmq.Socket {
      constructor() {
        super(zmq.SocketType.Pair);
      }
    }
    class Named extends zmq.Pair {}
    assert.throws(() => new Numbered(), { code: "ENOTSUP" });
    new Named({ linger: 0 }).close();
  });
}

test("a page needs CURVE's own entry, which brings it to the sockets of the other", async () => {
  const zmq = pages[0] as typeof Library;
  const keys = "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7";
  const connect = () => {
    const socket = new zmq.Request({
      curveServerKey: keys,
      curveSecretKey: "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs",
    });
    try {
      socket.connect("ws://127.0.0.1:5555");
    } finally {
      socket.close();
    }
  };
  assert.throws(connect, { code: "ENOTSUP", detail: /browser\/curve/ });
  assert.throws(() => zmq.curveKeyPair(), { code: "ENOTSUP" });
  await import("../../dist/browser-curve.js" as string);
  connect();
  assert.equal(zmq.curveKeyPair().publicKey.length, 40);
});

test("each socket class has the types of a page", () => {
  const types = readFileSync(new URL("../../src/browser-types.ts", import.meta.url), "utf8");
  const zmq = pages[0] as typeof Library;
  const classes = Object.entries(zmq).filter(
    ([, value]) => (value as { prototype?: unknown }).prototype instanceof zmq.Socket,
  );
  const names = classes.map(([name]) => name).filter((name) => name !== "XRequest" && name !== "XReply");
  assert.equal(names.length, 11);
  for (const name of names) assert.match(types, new RegExp(`declare const ${name}: ClassInPage<sockets.${name}, `));
});

test("all forms of the entry have the same names", () => {
  const [minified, readable, required] = pages.map((page) => Object.keys(page).filter((name) => name.length > 2));
  assert.deepEqual(minified, readable);
  assert.deepEqual(
    Object.keys(createRequire(import.meta.url)(files[2] as string)).filter((name) => name.length > 2),
    required,
  );
  for (const name of readable ?? []) assert.ok(required?.includes(name), name);
});
