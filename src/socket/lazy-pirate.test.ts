/** `request()`: asks again when no reply comes, never takes a late one, and leaves the socket usable. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Context, type MessageLike, Reply, Request, Router } from "../index.ts";

const LONG = 10_000;
const ANY = { tcp: "tcp://127.0.0.1:*", inproc: "inproc://lazy-pirate" };

/** A server that is asked through a ROUTER, so that it may answer late, twice or not at all. */
async function server(address: string, answer: (body: string, reply: (text: string) => void) => void) {
  const context = new Context();
  const router = new Router({ context, linger: 0 });
  await router.bind(address);
  const asked: string[] = [];
  void (async () => {
    for await (const message of router) {
      const body = String(message.at(-1));
      const envelope: MessageLike[] = message.slice(0, -1);
      asked.push(body);
      answer(body, (text) => void router.send([...envelope, text]));
    }
  })();
  const request = new Request({ context, linger: 0 });
  request.connect(router.lastEndpoint ?? "");
  const close = () => {
    router.close();
    request.close();
  };
  return { router, request, asked, close };
}

for (const [transport, address] of Object.entries(ANY)) {
  test(`a request that is answered is sent once, over ${transport}`, async () => {
    const { request, asked, close } = await server(address, (body, reply) => reply(`re ${body}`));
    assert.equal(String(await request.request("one", { timeout: LONG })), "re one");
    assert.deepEqual((await request.request(["two", "frames"], { timeout: LONG })).map(String), ["two", "re frames"]);
    assert.deepEqual(asked, ["one", "frames"]);
    close();
  });

  test(`a request is sent again until it is answered, over ${transport}`, async () => {
    let count = 0;
    const { request, asked, close } = await server(address, (body, reply) => {
      if (++count === 3) reply(`re ${body}`);
    });
    assert.equal(String(await request.request("one", { timeout: 100, retries: 5 })), "re one");
    assert.deepEqual(asked, ["one", "one", "one"]);
    close();
  });

  test(`a reply that comes too late never answers a later request, over ${transport}`, async () => {
    const late: (() => void)[] = [];
    const { request, asked, close } = await server(address, (body, reply) => {
      if (body === "slow") late.push(() => reply("late"));
      else {
        for (const send of late) send(); // before the right one
        reply(`re ${body}`);
      }
    });
    await assert.rejects(request.request("slow", { timeout: 60, retries: 1 }), {
      code: "ETIMEDOUT",
      message: "no reply within 60 ms, asked 2 times",
    });
    assert.equal(String(await request.request("next", { timeout: LONG })), "re next");
    assert.equal(String(await request.request("after", { timeout: LONG })), "re after");
    assert.deepEqual(asked, ["slow", "slow", "next", "after"]);
    close();
  });
}

test("requests that are made at once are asked one after the other", async () => {
  const { request, asked, close } = await server(ANY.tcp, (body, reply) => reply(`re ${body}`));
  const bodies = Array.from({ length: 50 }, (_, n) => `${n}`);
  const replies = await Promise.all(bodies.map((body) => request.request(body, { timeout: LONG })));
  assert.deepEqual(
    replies.map(String),
    bodies.map((body) => `re ${body}`),
  );
  assert.deepEqual(asked, bodies);
  close();
});

test("a request that nobody answers in time holds up the next one no longer than that", async () => {
  const { request, close } = await server(ANY.tcp, (body, reply) => {
    if (body !== "lost") reply(`re ${body}`);
  });
  const lost = assert.rejects(request.request("lost", { timeout: 50, retries: 0 }), {
    code: "ETIMEDOUT",
    message: "no reply within 50 ms, asked once",
  });
  assert.equal(String(await request.request("next", { timeout: LONG })), "re next");
  await lost;
  close();
});

test("a request fails with its signal's reason, in its turn or before, and the next one is answered", async () => {
  const { request, asked, close } = await server(ANY.tcp, (body, reply) => {
    if (body === "first") stop.abort(new Error("enough"));
    else reply(`re ${body}`);
  });
  const stop = new AbortController();
  const first = assert.rejects(request.request("first", { timeout: LONG, signal: stop.signal }), /enough/);
  const waiting = assert.rejects(request.request("waiting", { timeout: LONG, signal: stop.signal }), /enough/);
  const last = request.request("last", { timeout: LONG });
  await Promise.all([first, waiting]);
  assert.equal(String(await last), "re last");
  assert.deepEqual(asked, ["first", "last"]);
  await assert.rejects(request.request("never", { signal: stop.signal }), /enough/);
  close();
});

test("requests wait for a server that comes later, and are asked once then", async () => {
  const context = new Context();
  const reserved = new Reply({ context });
  await reserved.bind(ANY.tcp);
  const address = reserved.lastEndpoint ?? "";
  await reserved.unbind(address);
  const request = new Request({ context, linger: 0, reconnectInterval: 10 });
  request.connect(address);
  const reply = request.request("early", { timeout: 40, retries: 1000 });
  await assert.rejects(request.request("impatient", { timeout: 20, signal: AbortSignal.timeout(60) }));
  const server = new Reply({ context, receiveTimeout: LONG });
  await server.bind(address);
  assert.equal(String(await server.receive()), "early");
  await server.send("welcome");
  assert.equal(String(await reply), "welcome");
  server.receiveTimeout = 50;
  await assert.rejects(server.receive(), { code: "EAGAIN" });
  for (const socket of [reserved, server, request]) socket.close();
});

test("with two servers the second is asked when the first is silent", async () => {
  const context = new Context();
  const request = new Request({ context, linger: 0 });
  const silent = new Reply({ context, linger: 0 });
  const helpful = new Reply({ context, linger: 0 });
  for (const socket of [silent, helpful]) {
    await socket.bind(ANY.tcp);
    request.connect(socket.lastEndpoint ?? "");
  }
  await request.connected({ count: 2 });
  void helpful.receive().then(() => helpful.send("here"));
  assert.equal(String(await request.request("anybody", { timeout: 100, retries: 3 })), "here");
  for (const socket of [request, silent, helpful]) socket.close();
});

test("a REQ that is bound goes on after a request in vain", async () => {
  const context = new Context();
  const request = new Request({ context, linger: 0 });
  await request.bind(ANY.tcp);
  const reply = new Reply({ context, linger: 0, reconnectInterval: 10 });
  reply.connect(request.lastEndpoint ?? "");
  await assert.rejects(request.request("one", { timeout: 100, retries: 0 }), { code: "ETIMEDOUT" });
  void (async () => {
    for await (const [body] of reply) await reply.send(`re ${body}`);
  })();
  assert.equal(String(await request.request("two", { timeout: 500, retries: 5 })), "re two");
  request.close();
  reply.close();
});

test("send and receive work between requests; a request in between fails with EFSM", async () => {
  const { request, close } = await server(ANY.tcp, (body, reply) => reply(`re ${body}`));
  await request.request("one", { timeout: LONG });
  await request.send("two");
  await assert.rejects(request.request("three", { timeout: 30 }), { code: "EFSM" });
  assert.equal(String(await request.receive()), "re two");
  assert.equal(String(await request.request("four", { timeout: LONG })), "re four");
  close();
});

test("closing the socket ends its requests", async () => {
  const { request, router } = await server(ANY.tcp, () => {});
  const one = assert.rejects(request.request("one"), { code: "EAGAIN" });
  const two = assert.rejects(request.request("two"), { code: "EBADF" });
  await new Promise(setImmediate);
  request.close();
  await Promise.all([one, two]);
  assert.throws(() => request.request("three"), { code: "EBADF" });
  router.close();
});

test("bad time-outs and retries are refused", () => {
  const request = new Request();
  assert.throws(() => request.request("x", { timeout: 0 }), RangeError);
  assert.throws(() => request.request("x", { retries: -1 }), RangeError);
  request.close();
});

test("requests that follow each other without a pause keep no reply alive", async () => {
  const { request, close } = await server(ANY.inproc, (body, reply) => {
    if (body !== "last") reply(`re ${body}`);
  });
  let next = request.request("0", { timeout: LONG });
  let first: WeakRef<object> | undefined;
  const one = async (text: string) => {
    const asked = next;
    next = request.request(text, { timeout: LONG }); // one always waits, so that the line never ends
    const [body] = await asked;
    first ??= new WeakRef(body as object);
  };
  for (let n = 1; n < 50; n++) await one(`${n}`);
  await one("last");
  const unanswered = assert.rejects(next, { code: "EAGAIN" });
  setFlagsFromString("--expose_gc");
  const collect = runInNewContext("gc") as () => void;
  for (let n = 0; n < 3; n++) {
    await new Promise(setImmediate);
    collect();
  }
  assert.ok(first);
  assert.equal(first.deref(), undefined);
  close();
  await unanswered;
});
