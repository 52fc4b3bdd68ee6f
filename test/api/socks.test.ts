/** tcp through a SOCKS5 proxy. */

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { type TestContext, test } from "node:test";
import { Pull, Push, Request, Router, type Socket } from "../../src/index.ts";
import { SocksProxy, type SocksTraits } from "../socks-proxy.ts";

async function proxyFor(t: TestContext, traits?: SocksTraits): Promise<{ proxy: SocksProxy; socksProxy: string }> {
  const proxy = new SocksProxy(traits);
  const socksProxy = await proxy.listen();
  t.after(() => proxy.close());
  return { proxy, socksProxy };
}

async function bound<S extends Socket>(t: TestContext, socket: S): Promise<{ socket: S; port: string }> {
  t.after(() => socket.close());
  const endpoint = await socket.bind("tcp://127.0.0.1:*");
  return { socket, port: String(endpoint.split(":").at(-1)) };
}

/** Why the first attempt failed. */
function failureOf(socket: Socket): Promise<{ code?: string; detail?: string }> {
  return new Promise((resolve) => {
    socket.events.on("close", ({ cause }) => resolve(cause as { code?: string; detail?: string }));
  });
}

test("messages go both ways through the proxy, which resolves the name", async (t) => {
  const { proxy, socksProxy } = await proxyFor(t);
  const { socket: router, port } = await bound(t, new Router());
  const request = new Request({ socksProxy, linger: 0 });
  t.after(() => request.close());
  request.connect(`tcp://localhost:${port}`);
  for (const body of ["hello", "x".repeat(300_000)]) {
    await request.send(body);
    const [id, empty, question] = await router.receive();
    await router.send([id ?? null, empty ?? null, question ?? null]);
    assert.equal(String(await request.receive()), body);
  }
  assert.deepEqual(proxy.requests, [`name localhost:${port}`]);
});

test("an address is told to the proxy as an address", async (t) => {
  const { proxy, socksProxy } = await proxyFor(t);
  const { socket: pull, port } = await bound(t, new Pull());
  const push = new Push({ socksProxy, linger: 0 });
  t.after(() => push.close());
  push.connect(`tcp://127.0.0.1:${port}`);
  await push.send("hello");
  assert.equal(String(await pull.receive()), "hello");
  assert.deepEqual(proxy.requests, [`ipv4 127.0.0.1:${port}`]);
});

test("what the target says with the proxy's answer is not lost", async (t) => {
  const { socksProxy } = await proxyFor(t, { isGlued: true });
  const { socket: pull, port } = await bound(t, new Pull());
  const push = new Push({ socksProxy, linger: 0 });
  t.after(() => push.close());
  push.connect(`tcp://localhost:${port}`);
  for (const body of ["1", "2", "3"]) await push.send(body);
  for (const body of ["1", "2", "3"]) assert.equal(String(await pull.receive()), body);
});

test("user name and password are given where the proxy asks", async (t) => {
  const { socksProxy } = await proxyFor(t, { username: "ant", password: "secret" });
  const { socket: pull, port } = await bound(t, new Pull());
  const push = new Push({ socksProxy, socksUsername: "ant", socksPassword: "secret", linger: 0 });
  t.after(() => push.close());
  push.connect(`tcp://localhost:${port}`);
  await push.send("hello");
  assert.equal(String(await pull.receive()), "hello");
});

test("what the proxy refuses is told with its reason and tried again, and no secret is in it", async (t) => {
  const cases: readonly (readonly [SocksTraits, string])[] = [
    [{ username: "ant", password: "other" }, "EACCES"],
    [{ username: "ant", password: "other", refusesWith: 1 }, "EACCES"],
    [{ refusesWith: 2 }, "EACCES"],
    [{ refusesWith: 3 }, "ENETUNREACH"],
    [{ refusesWith: 4 }, "EHOSTUNREACH"],
    [{ refusesWith: 5 }, "ECONNREFUSED"],
    [{ refusesWith: 1 }, "EPROTO"],
  ];
  for (const [traits, code] of cases) {
    const { socksProxy } = await proxyFor(t, traits);
    const push = new Push({ socksProxy, socksUsername: "ant", socksPassword: "secret", linger: 0 });
    t.after(() => push.close());
    const failed = failureOf(push);
    const tried = new Promise((resolve) => push.events.on("connect:retry", resolve));
    push.connect("tcp://localhost:5555");
    const { code: told, detail } = await failed;
    assert.equal(told, code, detail);
    assert.match(detail ?? "", /^SOCKS proxy 127\.0\.0\.1:\d+: /);
    assert.doesNotMatch(JSON.stringify(await failed), /secret/);
    await tried;
  }
});

test("a proxy that is mute is given up after connectTimeout, and one that is not there is tried again", async (t) => {
  const { proxy, socksProxy } = await proxyFor(t, { isMute: true });
  const push = new Push({ socksProxy, connectTimeout: 30, reconnectInterval: 5, linger: 0 });
  t.after(() => push.close());
  const failed = failureOf(push);
  push.connect("tcp://localhost:5555");
  assert.equal((await failed).code, "ETIMEDOUT");
  await proxy.close();
  const refused = new Promise<void>((resolve) => {
    push.events.on("close", ({ cause }) => {
      if ((cause as { code?: string }).code === "ECONNREFUSED") resolve();
    });
  });
  await refused;
});

test("a connection that the proxy loses is made again, through it, with what was sent meanwhile", async (t) => {
  const first = new SocksProxy();
  const socksProxy = await first.listen();
  const { socket: pull, port } = await bound(t, new Pull());
  const push = new Push({ socksProxy, reconnectInterval: 5, linger: 0 });
  t.after(() => push.close());
  push.connect(`tcp://localhost:${port}`);
  await push.send("1");
  assert.equal(String(await pull.receive()), "1");
  const lost = new Promise((resolve) => push.events.on("disconnect", resolve));
  await first.close();
  await lost;
  await push.send("2");
  const second = new SocksProxy();
  t.after(() => second.close());
  await second.listen(Number(socksProxy.split(":")[1]));
  assert.equal(String(await pull.receive()), "2");
  assert.equal(second.requests.length, 1);
});

test("npm zeromq goes through the same proxy, by the same options", async (t) => {
  const zeromq: { Push: new (options: object) => Push } = createRequire(import.meta.url)("zeromq");
  const { proxy, socksProxy } = await proxyFor(t);
  const { socket: pull, port } = await bound(t, new Pull());
  const push = new zeromq.Push({ socksProxy, linger: 0 });
  t.after(() => push.close());
  push.connect(`tcp://127.0.0.1:${port}`);
  await push.send("hello");
  assert.equal(String(await pull.receive()), "hello");
  assert.deepEqual(proxy.requests, [`ipv4 127.0.0.1:${port}`]);
});
