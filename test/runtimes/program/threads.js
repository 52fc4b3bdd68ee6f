/** inproc between worker threads; `thread.js` is what they run. */

import assert from "node:assert/strict";
import { Worker } from "node:worker_threads";
import zmq, { Context, Dealer, Pair, Pull, Reply, Request, Router, XPublisher } from "zmq-ts";
import { check, freeAddress, sleep } from "./check.js";

/** A thread that does what `thread.js` has under `name`; `message` is the first that it posts. */
function start(name, data) {
  const worker = new Worker(new URL("./thread.js", import.meta.url), { workerData: { name, ...data } });
  const message = new Promise((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
  });
  message.catch(() => {}); // not every check waits for it
  const ended = new Promise((resolve) => worker.once("exit", resolve));
  return { worker, message, ended };
}

check("threads: a worker asks a socket of the main thread over inproc", async ({ open }) => {
  const address = freeAddress("inproc");
  const reply = open(Reply);
  await reply.bind(address);
  const { message, ended } = start("ask", { address });
  for (let i = 0; i < 100; i++) {
    const [text] = await reply.receive();
    await reply.send(`${text}!`);
  }
  assert.equal(await message, "99!");
  await ended;
});

check("threads: two workers meet, the connecting one first", async () => {
  const address = freeAddress("inproc");
  const sender = start("push", { address, count: 20_000 });
  await sleep(100);
  const receiver = start("pull", { address, count: 20_000 });
  assert.equal(await receiver.message, (20_000 * 19_999) / 2);
  await Promise.all([sender.ended, receiver.ended]);
});

check("threads: large messages arrive whole", async ({ open }) => {
  const address = freeAddress("inproc");
  const pull = open(Pull);
  await pull.bind(address);
  const { ended } = start("large", { address });
  for (let i = 0; i < 10; i++) {
    const [body, number] = await pull.receive();
    assert.equal(String(number), String(i));
    assert.equal(body.length, 1_000_003);
    assert.ok(body.every((octet) => octet === i + 1));
  }
  await ended;
});

check("threads: subscriptions and routing ids", async ({ open }) => {
  const [topics, ids] = [freeAddress("inproc"), freeAddress("inproc")];
  const [xpub, router] = [open(XPublisher), open(Router, { mandatory: true })];
  await xpub.bind(topics);
  await router.bind(ids);
  const { message, ended } = start("subscribe", { topics, ids });
  assert.equal(String(await xpub.receive()), "\x01a");
  await router.receive();
  await xpub.send("b");
  await xpub.send("a1");
  await router.send(["me", "to me"]);
  assert.equal(await message, "a1 to me");
  await ended;
});

check("threads: a context that is handed on by its handle", async ({ open }) => {
  const context = new Context();
  const reply = open(Reply, { context });
  await reply.bind("inproc://same");
  const { message, ended } = start("context", { handle: context.handle });
  await reply.receive();
  await reply.send("shared");
  assert.equal(await message, "shared");
  await ended;
});

for (const how of ["terminate", "exit", "blocked"]) {
  check(`threads: one that ends (${how}) leaves, and its name is free`, async ({ open }) => {
    const address = freeAddress("inproc");
    const control = open(Pair);
    await control.bind(`${address}-control`);
    const { worker, ended } = start("end", { address, how });
    await control.receive();
    assert.throws(() => open(Reply).bindSync(address), { code: "EADDRINUSE" });
    const request = open(Request, { linger: 0 });
    request.connect(address);
    while (request.peers[0]?.connected !== true) await sleep(5);
    await control.send("end");
    if (how === "terminate" || how === "blocked") {
      await sleep(50);
      worker.terminate();
    }
    await ended;
    while (request.peers.length > 0) await sleep(5);
    open(Reply).bindSync(address);
  });
}

check(
  "threads: a request is answered through a proxy in an I/O thread while this thread is blocked",
  async ({ open }) => {
    const context = new Context({ ioThreads: 1 });
    const [front, back] = [open(Router, { context }), open(Dealer, { context })];
    await front.bind(freeAddress("tcp"));
    await back.bind(freeAddress("tcp"));
    const proxy = new zmq.Proxy(front, back);
    const over = proxy.run();
    const word = new Int32Array(new SharedArrayBuffer(4));
    const { ended } = start("through", { front: front.lastEndpoint, back: back.lastEndpoint, word });
    Atomics.wait(word, 0, 0, 20_000);
    assert.equal(Atomics.load(word, 0), 100);
    assert.equal(proxy.statistics.frontEnd.received.messages, 100);
    await ended;
    proxy.terminate();
    await over;
    await context.close();
  },
);
