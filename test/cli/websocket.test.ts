/** ws in the `zmq` command, end to end. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { curveKeyPair, Dealer, Router } from "../../src/index.ts";
import { CERTIFICATE, KEY } from "../certificate.ts";
import { Shell } from "./zmq.ts";

const bound = async (command: { until(from: "stderr", text: RegExp): Promise<unknown>; stderr: string }) => {
  await command.until("stderr", /bound to ws:\S+\n/);
  return /bound to (ws:\S+)\n/.exec(command.stderr)?.[1] ?? "";
};

test("sockets speak ws", async (t) => {
  const shell = new Shell(t);
  const pull = shell.start("pull", "-b", "ws://127.0.0.1:*/feed", "-n", "2");
  assert.equal((await shell.run("one\ntwo\n", "push", "-c", await bound(pull))).code, 0);
  assert.equal((await pull.ended).stdout, "one\ntwo\n");
});

test("a proxy brings ws peers to a tcp publisher, and pages that are listed", async (t) => {
  const shell = new Shell(t);
  const pub = shell.start("pub", "-b", "tcp://127.0.0.1:*", "--interval", "20ms", "--no-wait", "news");
  await pub.until("stderr", /bound to tcp:\S+\n/);
  const source = /bound to (tcp:\S+)\n/.exec(pub.stderr)?.[1] ?? "";
  const flags = ["--type", "forwarder", "--front-connect", "--option", "wsAllowedOrigins=https://a.example,*"];
  const proxy = shell.start("proxy", source, "ws://127.0.0.1:*/feed", ...flags);
  assert.equal((await shell.run("", "sub", "-c", await bound(proxy), "-n", "1")).stdout, "news\n");
  pub.kill("SIGKILL");
});

test("certificates of wss may be named by their files", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "zmq-pem-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const [key, certificate] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  writeFileSync(key, KEY, { mode: 0o600 });
  writeFileSync(certificate, CERTIFICATE);
  const shell = new Shell(t);
  const options = ["-o", `wssKeyPem=${key}`, "-o", `wssCertPem=${certificate}`];
  const pull = shell.start("pull", "-b", "wss://127.0.0.1:*/feed", "-n", "1", ...options);
  await pull.until("stderr", /bound to wss:\S+\n/);
  const endpoint = /bound to (wss:\S+)\n/.exec(pull.stderr)?.[1] ?? "";
  const sent = await shell.run("one\n", "push", "-c", endpoint, "-o", `wssTrustPem=${certificate}`);
  assert.equal(sent.code, 0);
  assert.equal((await pull.ended).stdout, "one\n");
  const { code, stderr } = await shell.run("", "pull", "-b", "wss://127.0.0.1:*", "-o", "wssKeyPem=no.pem");
  assert.equal(code, 2);
  assert.match(stderr, /wssKeyPem: expected PEM, or a file with it: .*no\.pem/);
});

test("a relay passes CURVE on to a tcp socket, and ends by a signal", async (t) => {
  const shell = new Shell(t);
  const server = curveKeyPair();
  const client = curveKeyPair();
  await using router = new Router({ curveServer: true, curveSecretKey: server.secretKey, linger: 0 });
  await router.bind("tcp://127.0.0.1:*");
  const relay = shell.start("proxy", "ws://127.0.0.1:*/x", String(router.lastEndpoint), "--type", "relay");
  await using dealer = new Dealer({
    curveServerKey: server.publicKey,
    curvePublicKey: client.publicKey,
    curveSecretKey: client.secretKey,
    linger: 0,
  });
  dealer.connect(await bound(relay));
  const big = Buffer.alloc(3_000_000, "x");
  await dealer.send(["hello", big]);
  const [id, hello, body] = await router.receive();
  assert.equal(String(hello), "hello");
  assert.ok(big.equals(body as Buffer));
  await router.send([id as Uint8Array, "answer"]);
  assert.equal(String(await dealer.receive()), "answer");
  relay.kill("SIGINT");
  assert.equal((await relay.ended).code, 0);
});

test("a relay refuses what needs messages", async (t) => {
  const shell = new Shell(t);
  const { code, stderr } = await shell.run("", "proxy", "ws://*:*", ":5555", "--type", "relay", "--stats");
  assert.equal(code, 2);
  assert.match(stderr, /--stats: a relay passes bytes on/);
});
