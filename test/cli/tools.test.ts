/** `zmq proxy`, `monitor`, `tap`, `keygen` and `bench`, end to end. */

import assert from "node:assert/strict";
import { existsSync, readFileSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { test } from "node:test";
import { parseCertificate } from "../../src/security/certificate.ts";
import { Shell } from "./zmq.ts";

test("proxy: a queue joins clients and workers, and is steered by its control endpoint", async (t) => {
  const shell = new Shell(t);
  const proxy = shell.start("proxy", shell.ipc("front"), shell.ipc("back"), "--control", shell.ipc("control"));
  shell.start("rep", "-c", shell.ipc("back"), "--exec", "tr a-z A-Z");
  assert.equal((await shell.run("one\ntwo\n", "req", "-c", shell.ipc("front"))).stdout, "ONE\nTWO\n");
  const statistics = await shell.run("", "req", "-c", shell.ipc("control"), "-f", "hex", "STATISTICS");
  const [received] = statistics.stdout.split(" ");
  assert.equal(received, "0200000000000000");
  await shell.run("", "req", "-c", shell.ipc("control"), "TERMINATE");
  assert.equal((await proxy.ended).code, 0);
});

test("proxy --type forwarder carries subscriptions and messages", async (t) => {
  const shell = new Shell(t);
  shell.start("proxy", shell.ipc("in"), shell.ipc("out"), "--type", "forwarder");
  const sub = shell.start("sub", "-c", shell.ipc("out"), "-t", "b", "-n", "1");
  // Until the subscription has come through: which of the three processes is ready last is left to chance.
  const pub = shell.start("pub", "-c", shell.ipc("in"), "--interval", "20ms", "b1");
  assert.equal((await sub.ended).stdout, "b1\n");
  pub.kill("SIGKILL");
});

test("proxy --type streamer, with a copy of everything at --capture; SIGINT ends it", async (t) => {
  const shell = new Shell(t);
  const capture = shell.ipc("capture");
  const proxy = shell.start("proxy", shell.ipc("in"), shell.ipc("out"), "--type", "streamer", "--capture", capture);
  const copy = shell.start("sub", "-c", capture, "-n", "1");
  const pull = shell.start("pull", "-c", shell.ipc("out"));
  const push = shell.start("push", "-c", shell.ipc("in"), "--interval", "20ms", "x");
  assert.equal((await copy.ended).stdout, "x\n");
  await pull.until("stdout", /x\n/);
  push.kill("SIGKILL");
  proxy.kill("SIGINT");
  assert.equal((await proxy.ended).code, 0);
});

test("proxy says what was wrong with an endpoint", async (t) => {
  const { code, stderr } = await new Shell(t).run("", "proxy", "nonsense", ":5555");
  assert.equal(code, 2);
  assert.match(stderr, /front nonsense: expected scheme:\/\/address/);
});

test("monitor --once tells who is there, and is a health check", async (t) => {
  const shell = new Shell(t);
  const rep = shell.start("rep", "-b", "tcp://127.0.0.1:*", "--echo");
  const endpoint = await rep.bound();
  const up = await shell.run("", "monitor", endpoint, "--once", "--timeout", "5s");
  assert.equal(up.code, 0);
  assert.match(up.stdout, /handshake +tcp:.*\n +Socket-Type +REP\n/);
  const down = await shell.run("", "monitor", shell.ipc("nobody"), "--once", "--timeout", "300ms");
  assert.equal(down.code, 3);
  assert.match(down.stdout, /connect:retry/);
});

test("monitor fits its socket type to the peer and prints events as JSON", async (t) => {
  const shell = new Shell(t);
  const pub = shell.start("pub", "-b", "tcp://127.0.0.1:*", "--no-wait", "--interval", "1s", "x");
  const { stdout } = await shell.run("", "monitor", await pub.bound(), "--once", "--json");
  const events = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  const { event, as, peer } = events.at(-1);
  assert.deepEqual([event, as, peer["Socket-Type"]], ["handshake", "SUB", "PUB"]);
});

test("monitor --bind tells who connects", async (t) => {
  const shell = new Shell(t);
  const monitor = shell.start("monitor", "tcp://127.0.0.1:*", "--bind", "--type", "router", "--once");
  await shell.run("", "dealer", "-c", await monitor.bound(), "-o", "routingId=me", "--timeout", "2s", "-n", "1", "x");
  assert.match((await monitor.ended).stdout, /Identity +me\n/);
});

test("tap relays and shows greetings, READY, and frames of both sides", async (t) => {
  const shell = new Shell(t);
  const rep = shell.start("rep", "-b", "tcp://127.0.0.1:*", "--echo");
  const tap = shell.start("tap", "tcp://127.0.0.1:*", await rep.bound(), "--once");
  const req = await shell.run("", "req", "-c", await tap.bound(), "hello");
  assert.equal(req.stdout, "hello\n");
  const { stdout, code } = await tap.ended;
  assert.equal(code, 0);
  assert.match(Buffer.from(stdout, "latin1").toString(), /→ greeting +ZMTP=3\.1 {2}mechanism=NULL\n/);
  const text = Buffer.from(stdout, "latin1").toString();
  assert.match(text, /← greeting +ZMTP=3\.1 {2}mechanism=NULL\n/);
  assert.match(text, /→ READY +Socket-Type=REQ {2}Identity=""\n/);
  assert.match(text, /← READY +Socket-Type=REP\n/);
  assert.match(text, /→ frame +bytes=0 {2}more {2}""\n.*→ frame +bytes=5 {2}"hello"\n/);
  assert.match(text, /← frame +bytes=5 {2}"hello"\n/);
});

test("tap says connected only once it is", async (t) => {
  const shell = new Shell(t);
  const tap = shell.start("tap", "tcp://127.0.0.1:*", shell.ipc("nobody"), "--once");
  shell.start("req", "-c", await tap.bound(), "hello");
  const { stdout } = await tap.ended;
  assert.match(stdout, /ENOENT/);
  assert.doesNotMatch(stdout, / connected/);
});

test("tap says that two socket types do not talk to each other", async (t) => {
  const shell = new Shell(t);
  const rep = shell.start("rep", "-b", "tcp://127.0.0.1:*", "--echo");
  const tap = shell.start("tap", "tcp://127.0.0.1:*", await rep.bound());
  shell.start("sub", "-c", await tap.bound());
  await tap.until(
    "stdout",
    /! (closed before its handshake was done: it refuses a|SUB and REP do not talk|REP and SUB do not talk)/,
  );
});

test("tap says that mechanisms differ", async (t) => {
  const shell = new Shell(t);
  const rep = shell.start("rep", "-b", "tcp://127.0.0.1:*", "--echo");
  const tap = shell.start("tap", "tcp://127.0.0.1:*", await rep.bound());
  shell.start("req", "-c", await tap.bound(), "--username", "u", "--password", "secret", "hello");
  await tap.until(
    "stdout",
    /! (closed when it saw the mechanism (NULL|PLAIN): it expects|the \w+ wants \w+, the \w+ \w+: they cannot agree)/,
  );
  assert.doesNotMatch(tap.stdout, /secret/);
});

test("tap says that the other side speaks HTTP", async (t) => {
  const shell = new Shell(t);
  const server = createServer((link) => link.on("error", () => {}).end("HTTP/1.1 400 Bad Request\r\n\r\n"));
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  t.after(() => server.close());
  const { port } = server.address() as { port: number };
  const tap = shell.start("tap", "tcp://127.0.0.1:*", `tcp://127.0.0.1:${port}`);
  shell.start("req", "-c", await tap.bound(), "hello");
  await tap.until("stdout", /this is HTTP, not ZMTP/);
});

test("tap --json prints one object a line, subscriptions by name", async (t) => {
  const shell = new Shell(t);
  const pub = shell.start("pub", "-b", "tcp://127.0.0.1:*", "-t", "news", "hello");
  const tap = shell.start("tap", shell.ipc("tap"), await pub.bound(), "--once", "--json");
  await shell.run("", "sub", "-c", shell.ipc("tap"), "-t", "news", "-n", "1");
  const remarks = (await tap.ended).stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  const subscription = remarks.find(({ what }) => /subscribe/i.test(what));
  assert.deepEqual([subscription.from, subscription.topic], ["client", "news"]);
  assert.deepEqual(
    remarks.filter(({ what }) => what === "frame").map(({ body }) => body),
    ["news", "hello"],
  );
  assert.equal((await pub.ended).code, 0);
});

test("keygen writes a pair of certificates, the secret one for its owner alone, and overwrites none", async (t) => {
  const shell = new Shell(t);
  const first = await shell.run("", "keygen", shell.path("server"), "--meta", "email=a@example.com");
  assert.equal(first.code, 0);
  const open = parseCertificate(readFileSync(shell.path("server"), "utf8"));
  const secret = parseCertificate(readFileSync(shell.path("server_secret"), "utf8"));
  assert.equal(open.publicKey, secret.publicKey);
  assert.deepEqual([open.secretKey, open.metadata.email], [undefined, "a@example.com"]);
  assert.equal(statSync(shell.path("server_secret")).mode & 0o777, 0o600);
  assert.doesNotMatch(first.stdout, new RegExp(escaped(secret.secretKey as string)));
  const second = await shell.run("", "keygen", shell.path("server"));
  assert.deepEqual([second.code, existsSync(shell.path("server_secret"))], [1, true]);
  assert.match(second.stderr, /exists already; --force overwrites it/);
  assert.equal((await shell.run("", "keygen", shell.path("server"), "--force")).code, 0);
});

test("keygen --json prints two keys of 40 characters", async (t) => {
  const { publicKey, secretKey } = JSON.parse((await new Shell(t).run("", "keygen", "--json")).stdout);
  assert.deepEqual([publicKey.length, secretKey.length], [40, 40]);
});

test("bench measures between two processes", async (t) => {
  const { stdout, code } = await new Shell(t).run("", "bench", "-s", "16", "-d", "50ms", "-r", "20", "--json");
  assert.equal(code, 0);
  const [{ bytes, messagesPerSecond, roundTripUs }] = JSON.parse(stdout);
  assert.equal(bytes, 16);
  assert.ok(messagesPerSecond > 0 && roundTripUs > 0);
});

test("bench --listen serves one bench after the other", async (t) => {
  const shell = new Shell(t);
  const partner = shell.start("bench", "--listen", "tcp://127.0.0.1:*");
  const endpoint = await partner.bound();
  for (const size of ["1", "100k"]) {
    const { stdout, code } = await shell.run("", "bench", endpoint, "-s", size, "-d", "50ms", "-r", "20");
    assert.equal(code, 0);
    assert.match(stdout, /messages\/s.*\n +[\d,]+ +[\d,]+ /);
  }
  partner.kill("SIGINT");
  assert.equal((await partner.ended).code, 0);
});

test("bench without a partner ends with 3", async (t) => {
  const shell = new Shell(t);
  const { code, stderr } = await shell.run("", "bench", shell.ipc("nobody"), "--timeout", "200ms");
  assert.equal(code, 3);
  assert.match(stderr, /the partner did not answer within 200 ms/);
});

function escaped(text: string): string {
  return text.replace(/[^\w]/g, "\\$&");
}
