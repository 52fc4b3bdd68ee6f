/**
 * What keeps a process alive, what it does at its end, and what its garbage
 * collector may take: each asked of a process of its own.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { program, staysAlive } from "./child.ts";

/** Nobody listens there: the address was free a moment ago, and is not bound. */
const NOBODY = `
  const free = new zmq.Dealer();
  free.bindSync("tcp://127.0.0.1:*");
  const address = free.lastEndpoint;
  await free.unbind(address);
  free.close();
`;

for (const [name, body] of [
  ["no socket", ""],
  ["closed sockets", `new zmq.Dealer().close(); new zmq.Router().close();`],
  ["open sockets", `globalThis.kept = [new zmq.Dealer(), new zmq.Router({ context: new zmq.Context() })];`],
  [
    "idle bound and connected sockets",
    `const pull = globalThis.pull = new zmq.Pull();
     await pull.bind("tcp://127.0.0.1:*");
     const push = globalThis.push = new zmq.Push();
     push.connect(pull.lastEndpoint);
     await push.send("x");
     await pull.receive();`,
  ],
  [
    "a connection that is refused again and again",
    `${NOBODY} globalThis.dealer = new zmq.Dealer(); globalThis.dealer.connect(address);`,
  ],
] as const) {
  test(`a process with ${name} ends`, async () => {
    const { code, stdout, stderr } = await program(body);
    assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: "", stderr: "" });
  });
}

for (const [name, body] of [
  ["a receive", `const socket = new zmq.Dealer(); socket.connect("inproc://nobody"); socket.receive();`],
  ["a send", `new zmq.Push().send("x");`],
  ["the next event", `new zmq.Dealer().events.receive();`],
  ["events by a listener", `new zmq.Dealer().events.on("connect", () => {});`],
] as const) {
  test(`a process that waits for ${name} stays alive`, async () => {
    assert.equal(await staysAlive(`${body} await gc(); await gc(); console.log("waiting");`, "waiting"), true);
  });
}

for (const [name, body] of [
  ["a receive", `const waits = socket.receive();`],
  ["a loop", `for await (const _ of socket.unref());`],
  ["a send", `const waits = new zmq.Push().unref().send("x");`],
  ["a peer", `await socket.bind("tcp://127.0.0.1:*"); const waits = socket.connected();`],
  ["a poll", `const poller = new zmq.Poller(); poller.register(socket); const waits = poller.poll();`],
  ["the next event", `const waits = socket.events.receive();`],
  ["events by a listener", `socket.events.on("connect", () => {});`],
] as const) {
  test(`a process that waits for ${name} of a socket that was told unref ends`, async () => {
    const { stdout } = await program(`
      process.on("exit", () => console.log("ended"));
      const socket = new zmq.Dealer().unref();
      ${body}
    `);
    assert.equal(stdout, "ended\n");
  });
}

test("unref and ref take effect on calls that wait already", async () => {
  const { stdout } = await program(`
    process.on("exit", () => console.log("ended"));
    const [one, other] = [new zmq.Dealer(), new zmq.Dealer().unref()];
    const waits = [one.receive(), other.receive(), other.ref().receive()];
    one.unref();
    other.unref();
  `);
  assert.equal(stdout, "ended\n");
  const body = `const socket = new zmq.Dealer().unref(); socket.receive(); socket.ref();`;
  assert.equal(await staysAlive(`${body} console.log("waiting");`, "waiting"), true);
});

test("what a socket that was told unref has sent leaves before the process ends", async () => {
  const { stdout } = await program(`
    const pull = new zmq.Pull();
    await pull.bind("tcp://127.0.0.1:*");
    const push = new zmq.Push().unref();
    push.connect(pull.lastEndpoint);
    for (let i = 0; i < 1000; i++) await push.send(String(i));
    for (let i = 0; i < 1000; i++) if (String((await pull.receive())[0]) !== String(i)) throw new Error("lost");
    console.log("all");
  `);
  assert.equal(stdout, "all\n");
});

test("a process whose listeners' socket was closed ends", async () => {
  const { code } = await program(`
    const socket = new zmq.Dealer();
    socket.events.on("connect", () => {});
    socket.close();
  `);
  assert.equal(code, 0);
});

test("messages that were sent leave before the process ends", async () => {
  const { stdout, code } = await program(`
    const pull = new zmq.Pull();
    await pull.bind("tcp://127.0.0.1:*");
    const push = new zmq.Push();
    push.connect(pull.lastEndpoint);
    for (let i = 0; i < 1000; i++) await push.send(String(i));
    push.close();
    for (let i = 0; i < 1000; i++) if (String((await pull.receive())[0]) !== String(i)) throw new Error("lost");
    console.log("all");
  `);
  assert.equal(stdout, "all\n");
  assert.equal(code, 0);
});

test("a process that lingers for half a second says why", async () => {
  const { stderr } = await program(`${NOBODY}
    const socket = new zmq.Dealer({ linger: 800 });
    globalThis.kept = socket; // One that is garbage-collected lingers as after close(): in silence.
    socket.connect(address);
    socket.send(null);
  `);
  assert.match(
    stderr,
    /^\(node:\d+\) WARNING: Waiting for queued ZeroMQ messages to be delivered\. Set 'context\.blocky = false' to change this behaviour\.\n$/,
  );
});

test("a process that lingers for a moment says nothing", async () => {
  const { stderr, code } = await program(`${NOBODY}
    const socket = new zmq.Dealer({ linger: 20 });
    socket.connect(address);
    socket.send(null);
  `);
  assert.equal(stderr, "");
  assert.equal(code, 0);
});

/** Prints whether `ref` was collected within some rounds, each with a turn of the event loop. */
const COLLECTED = `
  for (let round = 0; round < 20 && ref.deref() !== undefined; round++) await gc();
  console.log(ref.deref() === undefined ? "collected" : "kept");
`;

test("a socket that nobody refers to is closed: its address is free again", async () => {
  const { stdout } = await program(`
    let ref;
    (() => {
      const socket = new zmq.Pull();
      socket.bindSync("inproc://once");
      ref = new WeakRef(socket);
    })();
    ${COLLECTED}
    await new Promise(setImmediate);
    new zmq.Pull().bindSync("inproc://once");
    console.log("free");
  `);
  assert.equal(stdout, "collected\nfree\n");
});

test("a socket with a pending receive is kept until that is over", async () => {
  const { stdout } = await program(`
    let ref;
    const push = new zmq.Push();
    push.bindSync("inproc://pending");
    const received = (() => {
      const socket = new zmq.Pull();
      socket.connect("inproc://pending");
      ref = new WeakRef(socket);
      return socket.receive();
    })();
    for (let round = 0; round < 3; round++) await gc();
    console.log(ref.deref() === undefined ? "lost" : "kept");
    await push.send("x");
    await received;
    ${COLLECTED}
  `);
  assert.equal(stdout, "kept\ncollected\n");
});

test("a context that nobody refers to is collected with its sockets", async () => {
  const { stdout } = await program(`
    let ref;
    (() => {
      const context = new zmq.Context();
      ref = new WeakRef(context);
      new zmq.Dealer({ context, linger: 0 }).connect("tcp://127.0.0.1:9");
    })();
    ${COLLECTED}
  `);
  assert.equal(stdout, "collected\n");
});

for (const address of ["tcp://127.0.0.1:9", "ipc:///nobody/there", "inproc://nobody"]) {
  test(`a socket closed while it connects to ${address} is collected, its context too`, async () => {
    const { stdout } = await program(`
      let ref;
      await (async () => {
        const context = new zmq.Context();
        const socket = new zmq.Dealer({ context, linger: 0 });
        ref = new WeakRef(context);
        socket.connect(${JSON.stringify(address)});
        await socket.send("x");
        socket.close();
      })();
      ${COLLECTED}
    `);
    assert.equal(stdout, "collected\n");
  });
}

test("messages that were sent and received are collected", async () => {
  const { stdout } = await program(`
    const [left, right] = [new zmq.Pair(), new zmq.Pair()];
    await left.bind("tcp://127.0.0.1:*");
    right.connect(left.lastEndpoint);
    let ref;
    await (async () => {
      const body = Buffer.alloc(100_000);
      ref = new WeakRef(body);
      await left.send(body);
      await right.receive();
    })();
    ${COLLECTED}
  `);
  assert.equal(stdout, "collected\n");
});
