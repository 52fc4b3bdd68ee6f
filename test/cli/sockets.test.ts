/** Messages through `zmq push`, `pull`, `pub`, `sub`, `req`, `rep` and the others, in separate processes. */

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { test } from "node:test";
import { Shell } from "./zmq.ts";

test("push sends its arguments and pull prints a line for each", async (t) => {
  const shell = new Shell(t);
  const pull = shell.start("pull", "--bind", shell.ipc("a"), "--count", "3");
  const push = await shell.run("", "push", "--connect", shell.ipc("a"), "one", "two words", "");
  assert.equal(push.code, 0);
  assert.deepEqual(await pull.ended, { code: 0, stdout: "one\ntwo words\n\n", stderr: "" });
});

test("push --bind waits for its peer before it sends", async (t) => {
  const shell = new Shell(t);
  const push = shell.start("push", "--bind", "tcp://127.0.0.1:*", "hello");
  const endpoint = await push.bound();
  const pull = await shell.run("", "pull", "--connect", endpoint, "--count", "1");
  assert.equal(pull.stdout, "hello\n");
  assert.equal((await push.ended).code, 0);
});

test("several endpoints: push spreads its lines over them", async (t) => {
  const shell = new Shell(t);
  const pulls = [1, 2].map((n) => shell.start("pull", "--bind", shell.ipc(`${n}`), "--count", "2"));
  await shell.run("a\nb\nc\nd\n", "push", "-c", shell.ipc("1"), "-c", shell.ipc("2"));
  const lines = (await Promise.all(pulls.map(({ ended }) => ended))).map(({ stdout }) => stdout);
  assert.equal(lines.join("").split("\n").sort().join(""), "abcd");
});

test("a last line without line end is a message too", async (t) => {
  const shell = new Shell(t);
  const pull = shell.start("pull", "--bind", shell.ipc("a"), "--count", "2");
  await shell.run("one\ntwo", "push", "--connect", shell.ipc("a"));
  assert.equal((await pull.ended).stdout, "one\ntwo\n");
});

test("--file sends a file as one message, whatever is in it", async (t) => {
  const shell = new Shell(t);
  const content = Buffer.from([0, 1, 10, 255, 10, 13]);
  writeFileSync(shell.path("data"), content);
  const pull = shell.start("pull", "--bind", shell.ipc("a"), "--count", "1", "--format", "raw");
  await shell.run("", "push", "--connect", shell.ipc("a"), "--file", shell.path("data"));
  assert.equal((await pull.ended).stdout, content.toString("latin1"));
});

test("--interval repeats the arguments until --count", async (t) => {
  const shell = new Shell(t);
  const pull = shell.start("pull", "--bind", shell.ipc("a"), "--count", "3");
  await shell.run("", "push", "-c", shell.ipc("a"), "--interval", "10ms", "--count", "3", "tick", "tock");
  assert.equal((await pull.ended).stdout, "tick\ntock\ntick\n");
});

test("pub waits for a subscriber and sub gets its topics only", async (t) => {
  const shell = new Shell(t);
  const sub = shell.start("sub", "--connect", shell.ipc("p"), "--topic", "cats", "--count", "2");
  const pub = await shell.run("dogs bark\ncats purr\ncats sleep\n", "pub", "--bind", shell.ipc("p"));
  assert.equal(pub.code, 0);
  assert.equal((await sub.ended).stdout, "cats purr\ncats sleep\n");
});

test("pub --topic puts the topic in front as a frame of its own", async (t) => {
  const shell = new Shell(t);
  const sub = shell.start("sub", "-c", shell.ipc("p"), "-t", "weather", "-n", "1", "--format", "json");
  await shell.run("", "pub", "-b", shell.ipc("p"), "-t", "weather", "sunny");
  assert.equal((await sub.ended).stdout, '["weather","sunny"]\n');
});

test("pub loses no line to a subscriber that is slower", async (t) => {
  const shell = new Shell(t);
  const lines = Array.from({ length: 20_000 }, (_, n) => `line ${n}\n`).join("");
  const sub = shell.start("sub", "-c", shell.ipc("p"), "-n", "20000");
  await shell.run(lines, "pub", "-b", shell.ipc("p"));
  assert.equal((await sub.ended).stdout, lines);
});

test("rep --echo answers req with its own words", async (t) => {
  const shell = new Shell(t);
  const rep = shell.start("rep", "--bind", shell.ipc("r"), "--echo", "--count", "2");
  const req = await shell.run("ping\npong\n", "req", "--connect", shell.ipc("r"));
  assert.deepEqual(req, { code: 0, stdout: "ping\npong\n", stderr: "" });
  assert.deepEqual(await rep.ended, { code: 0, stdout: "ping\npong\n", stderr: "" });
});

test("rep --exec answers with what a command makes of the request", async (t) => {
  const shell = new Shell(t);
  shell.start("rep", "--bind", shell.ipc("r"), "--exec", "tr a-z A-Z");
  const req = await shell.run("ping\nPong 2\n", "req", "--connect", shell.ipc("r"));
  assert.equal(req.stdout, "PING\nPONG 2\n");
});

test("rep answers with its arguments in turn, or with lines of stdin", async (t) => {
  const shell = new Shell(t);
  shell.start("rep", "--bind", shell.ipc("args"), "yes", "no");
  assert.equal((await shell.run("1\n2\n3\n", "req", "-c", shell.ipc("args"))).stdout, "yes\nno\nyes\n");
  const rep = shell.run("first\nsecond\n", "rep", "-b", shell.ipc("lines"), "-n", "2");
  assert.equal((await shell.run("1\n2\n", "req", "-c", shell.ipc("lines"))).stdout, "first\nsecond\n");
  assert.equal((await rep).code, 0);
});

test("--exec that fails is told, answered with what it printed, and ends in exit code 1", async (t) => {
  const shell = new Shell(t);
  const rep = shell.start("rep", "--bind", shell.ipc("r"), "--exec", "echo so far; exit 3", "-n", "1");
  assert.equal((await shell.run("", "req", "-c", shell.ipc("r"), "hi")).stdout, "so far\n");
  const { code, stderr } = await rep.ended;
  assert.equal(code, 1);
  assert.match(stderr, /the command ended with exit code 3/);
});

test("pull --exec prints what a command makes of each message", async (t) => {
  const shell = new Shell(t);
  const pull = shell.start("pull", "-b", shell.ipc("a"), "--exec", "wc -c", "-n", "2");
  await shell.run("12345\n1\n", "push", "-c", shell.ipc("a"));
  assert.deepEqual((await pull.ended).stdout.split(/\s+/).filter(Boolean), ["6", "2"]);
});

test("router sends to the peer that the first frame names, and waits for it", async (t) => {
  const shell = new Shell(t);
  const router = shell.start("router", "-b", shell.ipc("r"), "-n", "1", "--format", "json", "-m", "w1", "work");
  await router.until("stderr", /^/);
  const dealer = await shell.run("", "dealer", "-c", shell.ipc("r"), "-o", "routingId=w1", "-n", "1", "ready");
  assert.equal(dealer.stdout, "work\n");
  assert.equal((await router.ended).stdout, '["w1","ready"]\n');
});

test("a dealer with --exec is a worker: the envelope of a request stays", async (t) => {
  const shell = new Shell(t);
  shell.start("proxy", shell.ipc("front"), shell.ipc("back"));
  shell.start("dealer", "-c", shell.ipc("back"), "--exec", "tr a-z A-Z");
  assert.equal((await shell.run("", "req", "-c", shell.ipc("front"), "work")).stdout, "WORK\n");
});

test("pair sends lines of stdin and prints what comes, until its input ends", async (t) => {
  const shell = new Shell(t);
  const one = shell.start("pair", "--bind", shell.ipc("p"));
  const two = shell.start("pair", "--connect", shell.ipc("p"));
  one.write("hello\n");
  await two.until("stdout", /hello\n/);
  two.write("hi yourself\n");
  await one.until("stdout", /hi yourself\n/);
  one.child.stdin.end();
  assert.equal((await one.ended).code, 0);
});

test("the end of input ends pair after everything was delivered", async (t) => {
  const shell = new Shell(t);
  const lines = Array.from({ length: 50_000 }, (_, n) => `${n}\n`).join("");
  const two = shell.start("pair", "--connect", shell.ipc("p"), "-n", "50000");
  assert.equal((await shell.run(lines, "pair", "--bind", shell.ipc("p"))).code, 0);
  assert.equal((await two.ended).stdout, lines);
});

test("xpub prints subscriptions", async (t) => {
  const shell = new Shell(t);
  const xpub = shell.start("xpub", "-b", shell.ipc("p"), "--format", "json", "-t", "news", "hello");
  const sub = await shell.run("", "sub", "-c", shell.ipc("p"), "-t", "news", "-n", "1");
  assert.equal(sub.stdout, "news\thello\n");
  await xpub.until("stdout", /\["\\u0001news"\]\n/);
});

test("xsub subscribes by --topic", async (t) => {
  const shell = new Shell(t);
  const xsub = shell.start("xsub", "-c", shell.ipc("p"), "-t", "b", "-n", "1");
  await shell.run("a1\nb1\n", "pub", "-b", shell.ipc("p"));
  assert.equal((await xsub.ended).stdout, "b1\n");
});

test("stream --echo serves plain TCP peers", async (t) => {
  const shell = new Shell(t);
  const stream = shell.start("stream", "--bind", "tcp://127.0.0.1:*", "--echo");
  const port = Number((await stream.bound()).split(":").pop());
  const peer = connect({ port, host: "127.0.0.1" });
  t.after(() => peer.destroy());
  peer.write("hello\r\n");
  const [answer] = await new Promise<Buffer[]>((done) => peer.once("data", (data) => done([data])));
  assert.equal(String(answer), "hello\r\n");
});

test("stream --connect sends its lines, with their line ends, and prints the answer", async (t) => {
  const shell = new Shell(t);
  const echo = shell.start("stream", "--bind", "tcp://127.0.0.1:*", "--echo");
  const endpoint = await echo.bound();
  const { stdout, code } = await shell.run("hello\n", "stream", "--connect", endpoint, "-n", "1");
  assert.deepEqual([stdout, code], ["hello\n", 0]);
});

test("any option goes in by name, with hyphens too", async (t) => {
  const shell = new Shell(t);
  const router = shell.start("router", "-b", shell.ipc("r"), "-n", "1", "--format", "json");
  const dealer = ["dealer", "-c", shell.ipc("r"), "-o", "routing-id=hex:00ff", "-o", "linger=5000"];
  await shell.run("", ...dealer, "-n", "1", "--timeout", "300", "hi");
  assert.equal((await router.ended).stdout, '[{"base64":"AP8="},"hi"]\n');
});

test("--stats tells rates on stderr", async (t) => {
  const shell = new Shell(t);
  const pull = shell.start("pull", "-b", shell.ipc("a"), "--stats", "-n", "5");
  await shell.run("", "push", "-c", shell.ipc("a"), "-n", "5", "x");
  assert.match((await pull.ended).stderr, /received 5 messages, 5 B \(\d[\d,]* msg\/s\)/);
});

test("a large file goes through line by line as it is", async (t) => {
  const shell = new Shell(t);
  const text = readFileSync(new URL(import.meta.url), "utf8").repeat(100);
  const pull = shell.start("pull", "-b", shell.ipc("a"), "-n", String(text.split("\n").length - 1));
  await shell.run(text, "push", "-c", shell.ipc("a"));
  assert.equal(Buffer.from((await pull.ended).stdout, "latin1").toString(), text);
});
