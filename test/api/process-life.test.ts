/** Processes that end with work undone, and what ten thousand sockets leave behind: each asked of a process of its own. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Pull } from "../../src/index.ts";
import { program } from "./child.ts";

const LIMIT = { timeout: 120_000 };

for (const [name, linger] of [
  ["no linger", 0],
  ["a short linger", 30],
] as const) {
  test(`a process that ends with messages pending everywhere ends cleanly, with ${name}`, LIMIT, async () => {
    const { code, stdout, stderr } = await program(`
      const common = { linger: ${linger}, reconnectInterval: 5 };
      const free = new zmq.Dealer();
      free.bindSync("tcp://127.0.0.1:*");
      const nowhere = free.lastEndpoint;
      await free.unbind(nowhere);
      free.close();
      for (const Type of [zmq.Push, zmq.Dealer, zmq.Request, zmq.Pair, zmq.Publisher, zmq.XPublisher]) {
        for (const address of [nowhere, "ipc:///nowhere/at/all", "inproc://nobody"]) {
          const socket = new Type(common);
          socket.connect(address);
          await socket.send("x");
        }
      }
      const [push, pull] = [new zmq.Push({ linger: ${linger} }), new zmq.Pull()];
      await push.bind("tcp://127.0.0.1:*");
      pull.connect(push.lastEndpoint);
      await push.connected();
      for (let n = 0; n < 100; n++) await push.send(Buffer.alloc(100_000)); // more than anybody reads
    `);
    assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: "", stderr: "" });
  });
}

test("what was sent before process.exit() arrives", LIMIT, async () => {
  const pull = new Pull({ receiveTimeout: 30_000 });
  await pull.bind("tcp://127.0.0.1:*");
  const { code, stderr } = await program(`
    const push = new zmq.Push();
    push.connect("${pull.lastEndpoint}");
    await push.connected();
    for (let n = 0; n < 1000; n++) await push.send([String(n), "x".repeat(20)]);
    process.exit(3);
  `);
  assert.deepEqual({ code, stderr }, { code: 3, stderr: "" });
  for (let n = 0; n < 1000; n++) assert.deepEqual((await pull.receive()).map(String), [`${n}`, "x".repeat(20)]);
  pull.close();
});

test(
  "what a process leaves at process.exit() beyond the kernel's buffers is lost, but nothing is torn or out of order",
  LIMIT,
  async () => {
    const pull = new Pull({ receiveHighWaterMark: 1 });
    await pull.bind("tcp://127.0.0.1:*");
    const { code, stdout } = await program(`
    const push = new zmq.Push();
    push.connect("${pull.lastEndpoint}");
    await push.connected();
    for (let n = 0; n < 500; n++) await push.send([String(n), Buffer.alloc(100_000, n), String(n)]);
    console.log(push.peers[0].messagesSent - push.peers[0].sendQueueLength);
    process.exit(0);
  `);
    assert.equal(code, 0);
    const handedOver = Number(stdout);
    assert.ok(handedOver < 500, "the test must be about more than the kernel takes");
    let received = 0;
    pull.receiveTimeout = 1000;
    try {
      for (;;) {
        const frames = await pull.receive();
        assert.deepEqual([frames.length, String(frames[0]), String(frames[2])], [3, `${received}`, `${received}`]);
        assert.ok(frames[1]?.every((byte) => byte === (received & 255)));
        received++;
      }
    } catch (error) {
      assert.equal((error as { code?: string }).code, "EAGAIN");
    }
    assert.ok(received > 0 && received <= handedOver, `${received} of ${handedOver}`);
    pull.close();
  },
);

test("no promise that the library keeps to itself rejects", LIMIT, async () => {
  const { code, stdout, stderr } = await program(`
    process.on("unhandledRejection", (error) => console.log("unhandled", error));
    process.on("uncaughtException", (error) => console.log("uncaught", error));
    const quiet = (promise) => promise.catch(() => {});
    const free = new zmq.Dealer();
    free.bindSync("tcp://127.0.0.1:*");
    const nowhere = free.lastEndpoint;
    await free.unbind(nowhere);
    free.close();
    const turn = () => new Promise(setImmediate);
    const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

    for (const address of [nowhere, "ipc:///nowhere/at/all", "tcp://no-such-host.invalid:1", "inproc://nobody"]) {
      for (const pause of [() => {}, turn, () => wait(5)]) {
        const socket = new zmq.Request({ linger: 0, reconnectInterval: 1, connectTimeout: 3, handshakeInterval: 2 });
        socket.connect(address);
        quiet(socket.request("x", { timeout: 2, retries: 1 }));
        quiet(socket.request("y", { signal: AbortSignal.timeout(3) }));
        quiet(socket.connected({ signal: AbortSignal.timeout(1) }));
        quiet(socket.drained());
        await pause();
        socket.close();
      }
    }
    // Closed in the middle of a bind, a handshake, a ZAP question, a proxy.
    const binding = new zmq.Pull();
    quiet(binding.bind("tcp://127.0.0.1:*"));
    binding.close();
    const authenticator = new zmq.Authenticator({ plain: async () => { await wait(20); return true; } });
    authenticator.start();
    const server = new zmq.Reply({ plainServer: true, linger: 0 });
    await server.bind("tcp://127.0.0.1:*");
    const client = new zmq.Request({ plainUsername: "u", plainPassword: "p", linger: 0 });
    client.connect(server.lastEndpoint);
    quiet(client.request("x", { timeout: 10, retries: 0 }));
    await wait(10);
    server.close();
    client.close();
    authenticator.stop();
    const proxy = new zmq.Proxy(new zmq.Router(), new zmq.Dealer());
    proxy.frontEnd.bindSync("inproc://front");
    proxy.backEnd.bindSync("inproc://back");
    quiet(proxy.run());
    await turn();
    proxy.terminate();
    proxy.frontEnd.close();
    proxy.backEnd.close();
    // A peer that breaks the protocol, and one that leaves in the middle of a handshake.
    const { connect } = await import("node:net");
    const pull = new zmq.Pull({ linger: 0 });
    await pull.bind("tcp://127.0.0.1:*");
    const { port } = new URL(pull.lastEndpoint);
    for (const bytes of ["GET / HTTP/1.0\\r\\n\\r\\n", "\\xff", "\\xff\\0\\0\\0\\0\\0\\0\\0\\x01\\x7f\\x03"]) {
      const tcp = connect(Number(port), "127.0.0.1", () => tcp.end(Buffer.from(bytes, "latin1")));
      tcp.on("error", () => {});
      await wait(5);
      tcp.destroy();
    }
    const iterating = (async () => { for await (const event of pull.events); })();
    await turn();
    pull.close();
    await iterating;
    await wait(50);
    console.log("done");
  `);
  assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: "done\n", stderr: "" });
});

test("ten thousand sockets, opened, used and closed, leave nothing behind", LIMIT, async () => {
  const { stdout, stderr } = await program(`
    const { readdirSync } = await import("node:fs");
    const { tmpdir } = await import("node:os");
    const PAIRS = [[zmq.Push, zmq.Pull], [zmq.Dealer, zmq.Router], [zmq.Request, zmq.Reply], [zmq.Pair, zmq.Pair]];
    const ADDRESSES = ["inproc://leak", "tcp://127.0.0.1:*", "ipc://*", "inproc://leak", "inproc://leak"];
    let round = 0;
    async function pairs(count) {
      for (let n = 0; n < count; n++, round++) {
        const [Sender, Receiver] = PAIRS[round % PAIRS.length];
        const context = round % 3 === 0 ? new zmq.Context() : zmq.context;
        const common = { context, linger: 0 };
        const [sender, receiver] = [new Sender(common), new Receiver(common)];
        receiver.bindSync(ADDRESSES[round % ADDRESSES.length]);
        sender.connect(receiver.lastEndpoint);
        if (round % 2 === 0) {
          await sender.send("x");
          await receiver.receive();
        }
        if (round % 7 === 0) sender.events.on("end", () => {});
        sender.close();
        receiver.close();
      }
    }
    async function left() {
      for (let n = 0; n < 5; n++) {
        await new Promise((resolve) => setTimeout(resolve, 100));
        await gc();
      }
      const resources = process.getActiveResourcesInfo();
      let descriptors = 0;
      try { descriptors = readdirSync("/proc/self/fd").length; } catch {}
      return {
        heap: process.memoryUsage().heapUsed,
        timers: resources.filter((name) => name === "Timeout").length,
        handles: resources.filter((name) => name !== "Timeout").length,
        descriptors,
      };
    }
    await pairs(1500); // what is made once is made now, code included
    const before = await left();
    await pairs(5000);
    const after = await left();
    console.log(JSON.stringify({ before, after }));
  `);
  assert.equal(stderr, "");
  const { before, after } = JSON.parse(stdout);
  assert.equal(after.handles, before.handles, "handles");
  assert.equal(after.timers, before.timers, "timers");
  assert.equal(after.descriptors, before.descriptors, "descriptors");
  const growth = after.heap - before.heap;
  // The same 1 MB after ten thousand sockets and after forty thousand. One socket takes some 3 KB while it is open.
  assert.ok(growth < 2_500_000, `the heap grew by ${growth} bytes`);
});
