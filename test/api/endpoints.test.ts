/**
 * Ending endpoints: `unbind` and `disconnect` are one call in libzmq. Each case
 * runs here and on npm `zeromq`, and the outcomes are compared.
 */

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import * as reference from "zeromq";
import * as ours from "../../src/index.ts";

type Library = typeof ours | typeof reference;
type Sender = ours.Push | reference.Push;

const folder = await mkdtemp(join(tmpdir(), "zmq-endpoints-"));
after(() => rm(folder, { recursive: true, force: true }));

let count = 0;
/** A place that nobody has bound. */
const FREE: Readonly<Record<string, () => Promise<string>>> = {
  tcp: async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const address = server.address();
    await new Promise((resolve) => server.close(resolve));
    return `tcp://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
  },
  ipc: async () => `ipc://${join(folder, `${count++}`)}`,
  inproc: async () => `inproc://endpoints-${count++}`,
};

type Step = "bind" | "connect" | "unbind" | "disconnect";

/** What each step on one socket comes to. */
async function outcomes(library: Library, steps: readonly Step[], address: string): Promise<string[]> {
  const socket: Sender = new library.Push({ linger: 0 });
  const seen: string[] = [];
  for (const step of steps) {
    try {
      await socket[step](address);
      seen.push("ok");
    } catch (error) {
      seen.push((error as { code: string }).code);
    }
  }
  socket.close();
  return seen;
}

const CASES: readonly (readonly Step[])[] = [
  ["connect", "unbind", "unbind"],
  ["bind", "disconnect", "disconnect"],
  ["connect", "connect", "disconnect", "disconnect"],
  ["connect", "connect", "unbind", "disconnect"],
  ["bind", "connect", "disconnect", "disconnect", "disconnect"],
  ["bind", "connect", "connect", "unbind", "unbind", "unbind"],
  ["bind", "unbind", "connect", "unbind"],
  ["unbind", "disconnect"],
];

for (const [transport, free] of Object.entries(FREE)) {
  for (const steps of CASES) {
    test(`${transport}: ${steps.join(", ")} come to what they come to in zeromq.js`, async () => {
      const theirs = await outcomes(reference, steps, await free());
      assert.deepEqual(await outcomes(ours, steps, await free()), theirs);
    });
  }

  test(`${transport}: an address that was bound and disconnected can be bound again`, async () => {
    const address = await free();
    await using first = new ours.Push({ linger: 0 });
    await using second = new ours.Push({ linger: 0 });
    await first.bind(address);
    first.disconnect(address);
    await second.bind(address);
  });
}

test("inproc: disconnecting a bound name leaves its peers", async () => {
  await using pull = new ours.Pull();
  await using push = new ours.Push();
  await pull.bind("inproc://left");
  push.connect("inproc://left");
  pull.disconnect("inproc://left");
  await push.send("x");
  assert.deepEqual((await pull.receive()).map(String), ["x"]);
});

test("inproc: a connection whose peer is gone cannot be disconnected any more", async () => {
  const push = new ours.Push({ linger: 0 });
  const pull = new ours.Pull();
  await pull.bind("inproc://gone");
  push.connect("inproc://gone");
  pull.close();
  assert.throws(() => push.disconnect("inproc://gone"), { code: "ENOENT" });
  push.close();
});

test("localhost ends what is at 127.0.0.1, as in zeromq.js", async () => {
  for (const library of [ours, reference]) {
    const socket = new library.Push({ linger: 0 });
    await socket.bind("tcp://127.0.0.1:*");
    const port = socket.lastEndpoint?.split(":").at(-1);
    socket.disconnect(`tcp://localhost:${port}`);
    socket.connect(`tcp://127.0.0.1:${port}`);
    await socket.unbind(`tcp://localhost:${port}`);
    socket.close();
  }
});

const ABSENT = ["tcp://x", "tcp://*:*", "tcp://*:4000", "tcp://127.0.0.1:99999", "tcp://[::1]:5000", "ipc://nobody"];
const MALFORMED = ["nonsense", "tcp://", "://x", "foo://x", "udp://127.0.0.1:5000"];

for (const address of [...ABSENT, ...MALFORMED]) {
  test(`ending ${address} fails with zeromq.js's code`, async () => {
    const [theirs, our] = [reference, ours].map((library) => outcomes(library, ["unbind", "disconnect"], address));
    assert.deepEqual(await our, await theirs);
  });
}

test("bind and bindSync give the endpoint with its wildcard resolved, which others connect to", async () => {
  for (const address of ["tcp://127.0.0.1:*", "ipc://*", "inproc://given"]) {
    await using pull = new ours.Pull();
    await using push = new ours.Push();
    const endpoint = await pull.bind(address);
    assert.equal(endpoint, pull.lastEndpoint);
    if (address.startsWith("tcp")) assert.match(pull.bindSync(address), /^tcp:\/\/127\.0\.0\.1:\d+$/);
    push.connect(endpoint);
    await push.send("x");
    assert.deepEqual((await pull.receive()).map(String), ["x"]);
  }
});

test("a bind has zeromq.js's type where that is asked for", async () => {
  const binder: { bind(address: string): Promise<void> } = new ours.Pull();
  await binder.bind("inproc://typed");
  (binder as ours.Pull).close();
});
