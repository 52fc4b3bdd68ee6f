/** `zmq doctor`, `tap`, `monitor`, `bench` and `proxy` over ws and wss, end to end. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { curveKeyPair, Publisher, Pull, Reply, Router } from "../../src/index.ts";
import { CERTIFICATE, KEY } from "../certificate.ts";
import { Shell } from "./zmq.ts";

const SERVER = ["--option", `wssKeyPem=${KEY}`, "--option", `wssCertPem=${CERTIFICATE}`];
const CLIENT = ["--option", `wssTrustPem=${CERTIFICATE}`];
const LOCAL = { ws: "ws://127.0.0.1:*/x", wss: "wss://127.0.0.1:*/x" } as const;

function portOf(endpoint: string | null): string {
  return new URL(String(endpoint).replace(/^\w+/, "http")).port;
}

/** Tried again when a busy machine did not let the peer answer within doctor's patience. */
async function doctor(shell: Shell, endpoint: string, attempts = 10): Promise<string> {
  const { code, stdout } = await shell.run("", "doctor", endpoint);
  const isLate = /no answer within|the peer does not answer|the peer sends no greeting/.test(stdout);
  if (isLate && attempts > 1) return doctor(shell, endpoint, attempts - 1);
  assert.equal(code, stdout.includes("\xe2\x9c\x94") ? 0 : 1);
  return stdout;
}

test("doctor names the peer at a path of ws and wss, its dialect and security", async (t) => {
  const shell = new Shell(t);
  const { secretKey: curveSecretKey } = curveKeyPair();
  await using pull = new Pull();
  await using router = new Router({ curveServer: true, curveSecretKey });
  await using secure = new Reply({ wssKeyPem: KEY, wssCertPem: CERTIFICATE });
  await pull.bind("ws://127.0.0.1:*/feed");
  await router.bind("ws://127.0.0.1:*");
  await secure.bind(LOCAL.wss);
  assert.match(await doctor(shell, String(pull.lastEndpoint)), /a PULL socket, ZMTP 3\.1 over WebSocket, no security/);
  assert.match(await doctor(shell, String(router.lastEndpoint)), /CURVE\n.*curveServerKey/);
  const distrusted = await doctor(shell, String(secure.lastEndpoint));
  assert.match(distrusted, /a REP socket/);
  assert.match(distrusted, /certificate is not trusted here \(\w*SELF_SIGNED\w*\): a client sets wssTrustPem/);
  assert.equal(
    JSON.parse((await shell.run("", "doctor", String(pull.lastEndpoint), "--json")).stdout).socketType,
    "PULL",
  );
});

const noWs = process.platform === "win32" && "ws of npm zeromq was not tried on Windows";

test("doctor names libzmq's peers over ws", { skip: noWs }, async (t) => {
  const { Reply: TheirReply } = await import("zeromq");
  const theirs = new TheirReply();
  t.after(() => theirs.close());
  await theirs.bind("ws://127.0.0.1:*");
  assert.match(await doctor(new Shell(t), String(theirs.lastEndpoint)), /a REP socket, ZWS 2\.0, no security/);
});

test("doctor tells what else may be at such an endpoint", async (t) => {
  const shell = new Shell(t);
  await using pull = new Pull({ wsAccept: ({ target }) => target !== "/closed" });
  await pull.bind(LOCAL.ws);
  await using closed = new Pull({ wsAccept: () => false });
  await closed.bind(`ws://127.0.0.1:${portOf(pull.lastEndpoint)}/closed`);
  await using tcp = new Pull();
  await tcp.bind("tcp://127.0.0.1:*");
  await using secure = new Pull({ wssKeyPem: KEY, wssCertPem: CERTIFICATE });
  await secure.bind(LOCAL.wss);
  const pages = createHttpServer((_request, response) => response.end("<html>"));
  await once(pages.listen(0, "127.0.0.1"), "listening");
  t.after(() => pages.close());
  const web = portOf(pull.lastEndpoint);
  const { port: http } = pages.address() as AddressInfo;

  assert.match(await doctor(shell, `ws://127.0.0.1:${web}/other`), /404 Not Found.*\n.*compare it with the server's/);
  assert.match(await doctor(shell, `ws://127.0.0.1:${web}/closed`), /403 Forbidden.*\n.*wsAccept/);
  assert.match(await doctor(shell, `wss://127.0.0.1:${web}/x`), /TLS was not agreed on.*\n.*connect to ws:/);
  assert.match(await doctor(shell, `ws://127.0.0.1:${portOf(secure.lastEndpoint)}/x`), /may speak TLS|speaks TLS/);
  assert.match(await doctor(shell, `ws://127.0.0.1:${portOf(tcp.lastEndpoint)}`), /without WebSocket: connect to tcp:/);
  assert.match(await doctor(shell, `ws://127.0.0.1:${http}`), /a server of HTTP answers 200 OK/);
  assert.match(await doctor(shell, `tcp://127.0.0.1:${web}`), /It speaks HTTP: .*connect to ws:/);
  await pull.unbind(String(pull.lastEndpoint));
  assert.match(await doctor(shell, `ws://127.0.0.1:${web}/x`), /404|ECONNREFUSED/);
});

for (const [name, listen, isSecure] of [
  ["ws", "ws://127.0.0.1:*", false],
  ["wss", "wss://127.0.0.1:*", true],
] as const) {
  test(`tap over ${name} shows the request, the answer, messages and what ZMTP says in them`, async (t) => {
    const shell = new Shell(t);
    const [server, client] = isSecure ? [SERVER, CLIENT] : [[], []];
    const rep = shell.start("rep", "-b", LOCAL[name], ...server, "--echo");
    const target = (await rep.bound()).replace("/x", "");
    const tap = shell.start("tap", listen, target, "--once", ...server, ...client);
    const req = await shell.run("", "req", "-c", `${await tap.bound()}/x`, ...client, "hello");
    assert.equal(req.stdout, "hello\n");
    const { stdout, code } = await tap.ended;
    assert.equal(code, 0);
    const text = Buffer.from(stdout, "latin1").toString();
    assert.match(
      text,
      /→ request +method="?GET"? {2}path="?\/x"? {2}Host=\S+ {2}Protocol=ZWS2\.0\/NULL,ZWS2\.0,zmtp3\.1\.stream\n/,
    );
    assert.match(text, /← answer +status=101 .*Protocol=zmtp3\.1\.stream\n/);
    assert.match(text, /→ greeting +ZMTP=3\.1 {2}mechanism=NULL\n/);
    assert.match(text, /← READY +Socket-Type=REP\n/);
    assert.match(text, /→ message +bytes=\d+\n(.*\n)*.*→ frame +bytes=5 {2}"hello"\n/);
    assert.match(text, /← frame +bytes=5 {2}"hello"\n/);
    assert.match(text, /→ close +code=1000\n/);
  });
}

test("tap shows ZWS between libzmq and this library, and an upgrade that is refused", async (t) => {
  const shell = new Shell(t);
  const { Request: TheirRequest } = await import("zeromq");
  const rep = shell.start("rep", "-b", "ws://127.0.0.1:*", "--echo");
  const tap = shell.start("tap", "ws://127.0.0.1:*", await rep.bound(), "--json");
  const theirs = new TheirRequest();
  t.after(() => theirs.close());
  theirs.connect(await tap.bound());
  await theirs.send("hello");
  await theirs.receive();
  await tap.until("stdout", /"from":"target","what":"frame","bytes":5,.*"body":"hello"/);
  assert.match(tap.stdout, /"from":"client","what":"READY","metadata":\{"Socket-Type":"REQ"/);

  await using pull = new Pull({ wsAccept: () => false });
  await pull.bind(LOCAL.ws);
  const other = shell.start("tap", "ws://127.0.0.1:*", String(pull.lastEndpoint));
  shell.start("push", "-c", `${await other.bound()}/x`, "hello");
  await other.until("stdout", /answer +status=403 .*\n.*! it refuses the page's origin, or the peer/);
});

test("tap joins web with web alone, and says which options it has", async (t) => {
  const shell = new Shell(t);
  const mixed = await shell.run("", "tap", "ws://127.0.0.1:*", "tcp://127.0.0.1:5555");
  assert.equal(mixed.code, 2);
  assert.match(mixed.stderr, /expected both to be ws or wss, or neither/);
  const option = await shell.run("", "tap", ":*", ":5555", "-o", "linger=0");
  assert.equal(option.code, 2);
  assert.match(option.stderr, /tap has none but those of wss/);
});

for (const [scheme, server, client] of [
  ["ws", [], []],
  ["wss", SERVER, CLIENT],
] as const) {
  test(`monitor fits its type to a peer over ${scheme}, and tells who is there`, async (t) => {
    const shell = new Shell(t);
    const pub = shell.start("pub", "-b", LOCAL[scheme], ...server, "--no-wait", "--interval", "1s", "x");
    const { stdout } = await shell.run("", "monitor", await pub.bound(), ...client, "--once", "--json");
    const { event, as, peer } = JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
    assert.deepEqual([event, as, peer["Socket-Type"]], ["handshake", "SUB", "PUB"]);
  });

  test(`bench measures over ${scheme}`, async (t) => {
    const shell = new Shell(t);
    const partner = shell.start("bench", "--listen", LOCAL[scheme], ...server);
    const measured = await shell.run(
      "",
      "bench",
      await partner.bound(),
      ...client,
      ...["-s", "16", "-d", "50ms", "-r", "20", "--json"],
    );
    assert.equal(measured.code, 0);
    assert.ok(JSON.parse(measured.stdout)[0].messagesPerSecond > 0);
  });

  test(`a proxy joins requests over ${scheme} with a worker over it`, async (t) => {
    const shell = new Shell(t);
    const proxy = shell.start("proxy", LOCAL[scheme], LOCAL[scheme], ...server);
    await proxy.until("stderr", /back.*bound to \S+\n/);
    const [front = "", back = ""] = [...proxy.stderr.matchAll(/bound to (\S+)\n/g)].map(
      ([, endpoint = ""]) => endpoint,
    );
    shell.start("rep", "-c", back, ...client, "--exec", "tr a-z A-Z");
    assert.equal((await shell.run("one\n", "req", "-c", front, ...client)).stdout, "ONE\n");
  });

  test(`every kind of socket speaks ${scheme}`, async (t) => {
    const shell = new Shell(t);
    const pairs = [
      ["pull", "push"],
      ["pair", "pair"],
      ["sub", "pub"],
      ["xsub", "pub"],
      ["dealer", "dealer"],
    ] as const;
    const exchanges = pairs.map(async ([receiver, sender]) => {
      const topics = receiver === "sub" ? ["-t", ""] : [];
      const at = shell.start(receiver, "-b", LOCAL[scheme], ...server, ...topics, "-n", "1");
      const from = shell.start(sender, "-c", await at.bound(), ...client, "--interval", "50ms", "hello");
      assert.equal((await at.ended).stdout, "hello\n", `${sender} to ${receiver}`);
      from.kill("SIGKILL");
    });
    await Promise.all(exchanges);
    await using publisher = new Publisher({ wssKeyPem: KEY, wssCertPem: CERTIFICATE });
    await publisher.bind(LOCAL[scheme]);
    const sub = shell.start("sub", "-c", String(publisher.lastEndpoint), ...client, "-n", "1");
    await publisher.subscriberJoined("");
    await publisher.send("news");
    assert.equal((await sub.ended).stdout, "news\n");
  });
}
