/** How `zmq` ends: signals, pipes that close, time-outs, mistakes, and the exit code of each. */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { Shell } from "./zmq.ts";

const EVERY_SOCKET = "push pull pub sub req rep dealer router pair xpub xsub stream".split(" ");
const TOOLS = "proxy monitor tap keygen bench doctor".split(" ");

test("SIGINT ends a receiver with 0, after it printed what has arrived", async (t) => {
  const shell = new Shell(t);
  const pull = shell.start("pull", "--bind", shell.ipc("a"));
  const push = await shell.run("", "push", "-c", shell.ipc("a"), "-n", "500", "x");
  assert.equal(push.code, 0);
  await pull.until("stdout", /x\n/);
  pull.kill("SIGINT");
  const { code, stdout } = await pull.ended;
  assert.equal(code, 0);
  assert.equal(stdout, "x\n".repeat(500));
});

test("SIGTERM ends a sender with 0 when everything it took was delivered", async (t) => {
  const shell = new Shell(t);
  const pull = shell.start("pull", "--bind", shell.ipc("a"));
  const push = shell.start("push", "--connect", shell.ipc("a"));
  push.write("one\ntwo\n");
  await pull.until("stdout", /two\n/);
  push.kill("SIGTERM");
  assert.equal((await push.ended).code, 0);
});

test("a signal while nobody is there ends with 128 and the signal's number, and tells what is lost", async (t) => {
  const shell = new Shell(t);
  const push = shell.start("push", "--connect", shell.ipc("nobody"), "--verbose", "a", "b");
  await push.until("stderr", /connect:retry/);
  push.kill("SIGINT");
  const { code, stderr } = await push.ended;
  assert.equal(code, 130);
  assert.match(stderr, /2 messages not delivered: no peer/);
});

test("input that no peer took counts as lost", async (t) => {
  const shell = new Shell(t);
  const push = shell.start("push", "--bind", "tcp://127.0.0.1:*", "a");
  await push.bound();
  push.kill("SIGTERM");
  const { code, stderr } = await push.ended;
  assert.equal(code, 143);
  assert.match(stderr, /not all of the input was sent/);
});

test("a peer that comes late is waited for", async (t) => {
  const shell = new Shell(t);
  const push = shell.start("push", "--connect", shell.ipc("late"), "--verbose", "hello");
  await push.until("stderr", /connect:retry/);
  const pull = await shell.run("", "pull", "--bind", shell.ipc("late"), "-n", "1");
  assert.equal(pull.stdout, "hello\n");
  assert.equal((await push.ended).code, 0);
});

test("a reader of stdout that goes away ends a receiver with 0", async (t) => {
  const shell = new Shell(t);
  const pull = shell.start("pull", "--bind", shell.ipc("a"));
  const push = shell.start("push", "--connect", shell.ipc("a"), "--interval", "5ms", "x");
  await pull.until("stdout", /x\n/);
  pull.child.stdout.destroy();
  const [code] = await once(pull.child, "exit");
  assert.equal(code, 0);
  push.kill("SIGKILL");
});

test("a reader of stdout that goes away ends monitor too, without a stack", async (t) => {
  const monitor = new Shell(t).start("monitor", "ipc:///no-such-folder/socket");
  await monitor.until("stdout", /connect:retry/);
  monitor.child.stdout.destroy();
  const { code, stderr } = await monitor.ended;
  assert.deepEqual([code, stderr], [0, ""]);
});

test("a reader of stderr that goes away ends nothing", async (t) => {
  const req = new Shell(t).start("req", "-c", "ipc:///no-such-folder/socket", "-v", "--timeout", "1s", "hello");
  await req.until("stderr", /connect:retry/);
  req.child.stderr.destroy();
  assert.equal((await req.ended).code, 3);
});

test("a host name that does not resolve is told once, and is tried again", async (t) => {
  const name = `${"x".repeat(64)}.invalid`; // Longer than a label may be, so that no resolver asks the network.
  const { code, stderr } = await new Shell(t).run("", "req", "-c", `tcp://${name}:5555`, "--timeout", "1s", "hello");
  assert.equal(code, 3);
  assert.equal(stderr.match(/x.invalid:5555: the host name does not resolve \(ENOTFOUND\); trying again/g)?.length, 1);
});

test("--verbose and monitor say why an attempt to connect failed", async (t) => {
  const shell = new Shell(t);
  const flags = ["ipc:///no-such-folder/socket", "--once", "--timeout", "300ms"];
  const { stdout } = await shell.run("", "monitor", ...flags);
  assert.match(stdout, /close +ipc:\/\/\S+ +reason=connect ENOENT/);
  const req = await shell.run("", "req", "-c", "ipc:///no-such-folder/socket", "-v", "--timeout", "300ms", "hello");
  assert.match(req.stderr, /close ipc:\/\/\S+: connect ENOENT/);
});

test("nothing within --timeout is exit code 3, for receivers and senders", async (t) => {
  const shell = new Shell(t);
  const pull = await shell.run("", "pull", "--bind", shell.ipc("a"), "--timeout", "100");
  assert.deepEqual([pull.code, pull.stderr], [3, "zmq: pull: nothing within 100 ms\n"]);
  const push = await shell.run("", "push", "--bind", shell.ipc("b"), "--timeout", "100ms", "x");
  assert.deepEqual([push.code, push.stderr], [3, "zmq: push: nothing within 100 ms\n"]);
  const late = await shell.run("", "push", "--connect", shell.ipc("c"), "--timeout", "0.1s", "x");
  assert.equal(late.code, 3);
  assert.match(late.stderr, /^zmq: 1 message not delivered: no peer \(connect ENOENT .*\)\n$/);
  const pub = await shell.run("", "pub", "--bind", shell.ipc("d"), "--timeout", "100", "x");
  assert.deepEqual([pub.code, pub.stderr], [3, "zmq: pub: no subscriber within 100 ms\n"]);
});

test("pub --no-wait publishes to nobody and ends", async (t) => {
  const shell = new Shell(t);
  assert.equal((await shell.run("", "pub", "--bind", shell.ipc("d"), "--no-wait", "x")).code, 0);
});

test("an endpoint that is taken is exit code 1", async (t) => {
  const shell = new Shell(t);
  const first = shell.start("pull", "--bind", "tcp://127.0.0.1:*");
  const endpoint = await first.bound();
  const second = await shell.run("", "pull", "--bind", endpoint);
  assert.equal(second.code, 1);
  assert.equal(second.stderr, `zmq: cannot bind to ${endpoint}: Address already in use\n`);
});

test("a peer of a type that does not fit is told, once", async (t) => {
  const shell = new Shell(t);
  const rep = shell.start("rep", "--bind", "tcp://127.0.0.1:*", "--echo");
  // Which side closes first is chance: the connecting one gives up, the other tries again.
  const sub = shell.start("sub", "--connect", await rep.bound());
  await sub.until(
    "stderr",
    /handshake failed: one side closes the connection; expected a peer of type PUB, XPUB with the same security\n/,
  );
  sub.kill("SIGINT");
  assert.equal((await sub.ended).stderr.match(/handshake failed/g)?.length, 1);
});

/** [arguments, what is said]: all end with exit code 2. */
const MISTAKES: readonly (readonly [string[], RegExp])[] = [
  [["push"], /push: expected at least one --bind or --connect/],
  [["push", "-c", "nonsense", "x"], /--connect nonsense: .*an endpoint is such as tcp:\/\/127\.0\.0\.1:5555/],
  [["push", "-c", "tcp://127.0.0.1:99999", "x"], /--connect tcp:\/\/127\.0\.0\.1:99999: /],
  [["pull", "-c", ":5555", "x"], /pull: expected no messages to send/],
  [["push", "-c", ":5555", "-o", "sendHighWatrMark=1"], /no such option; did you mean sendHighWaterMark\?/],
  [["push", "-c", ":5555", "-o", "linger=soon"], /--option linger: expected an integer >= -1, not "soon"/],
  [["push", "-c", ":5555", "-o", "linger=-2"], /--option linger: expected an integer >= -1, not -2/],
  [["push", "-c", ":5555", "-o", "linger"], /--option linger: expected name=value/],
  [
    ["push", "-c", ":5555", "-o", "mandatory=true"],
    /--option mandatory: not an option of PUSH sockets, only of ROUTER/,
  ],
  [["push", "-c", ":5555", "-o", "type=3"], /--option type: read-only/],
  [["xpub", "-c", ":5555", "-o", "verbosity=loud"], /--option verbosity: expected null or "allSubs"/],
  [["push", "-c", ":5555", "-f", "yaml"], /'yaml' is invalid\. Allowed choices are text, json/],
  [["push", "-c", ":5555", "--timeout", "soon"], /'soon' is invalid\. Expected milliseconds/],
  [["push", "-c", ":5555", "--count", "0"], /'0' is invalid\. Expected an integer of at least 1/],
  [["push", "-c", ":5555", "--nonsense"], /unknown option '--nonsense'/],
  [["rep", "-c", ":5555", "--echo", "hi"], /rep: expected --echo, --exec or messages to send, not both/],
  [["rep", "-b", "tcp://127.0.0.1:*"], /rep: expected something to reply with/],
  [["req", "-c", ":5555", "--username", "u"], /--username: expected a password with it/],
  [["req", "-c", ":5555", "--curve-server-key", "no-such-file"], /--curve-server-key no-such-file: /],
  [["req", "-c", ":5555", "--certificate", "x", "--username", "u"], /either PLAIN flags .* or CURVE flags, not both/],
  [["teleport"], /unknown command 'teleport'/],
];

for (const [args, expected] of MISTAKES) {
  test(`zmq ${args.join(" ")}: exit code 2, and what was expected`, async (t) => {
    const { code, stderr, stdout } = await new Shell(t).run("", ...args);
    assert.match(stderr, expected);
    assert.deepEqual([code, stdout], [2, ""]);
  });
}

test("every command has help with examples", async (t) => {
  const shell = new Shell(t);
  const commands = [...EVERY_SOCKET, ...TOOLS];
  const helps = await Promise.all(commands.map((command) => shell.run("", command, "--help")));
  for (const [index, { code, stdout }] of helps.entries()) {
    assert.equal(code, 0);
    assert.match(stdout, new RegExp(`Usage: zmq ${commands[index]}`));
    assert.match(stdout, new RegExp(`Examples:\\n(.*\\n)*.*zmq ${commands[index]} `));
  }
});

test("zmq --help lists every command, zmq --version is the package's", async (t) => {
  const shell = new Shell(t);
  const { stdout } = await shell.run("", "--help");
  for (const command of [...EVERY_SOCKET, ...TOOLS]) assert.match(stdout, new RegExp(`^  ${command} `, "m"));
  assert.match((await shell.run("", "--version")).stdout, /^\d+\.\d+\.\d+\n$/);
});

test("in a shell pipe: head ends pull, and the status of both is 0", async (t) => {
  const shell = new Shell(t);
  const { child } = shell.start("push", "--bind", shell.ipc("a"), "--interval", "2ms", "line");
  const [node, entry] = child.spawnargs;
  const command = `"$@" | head -2; echo "\${PIPESTATUS[*]}"`;
  const args = ["-c", command, "bash", node as string, entry as string, "pull", "--connect", shell.ipc("a")];
  const stdout = await new Promise<string>((done, fail) => {
    execFile("bash", args, (error, output) => (error ? fail(error) : done(output)));
  });
  assert.equal(stdout, "line\nline\n0 0\n");
});

test("a command that found no peer says the last reason: a shut port, a peer that refuses", async (t) => {
  const shell = new Shell(t);
  const shut = await shell.run("", "req", "--connect", shell.ipc("shut"), "--timeout", "200ms", "x");
  assert.match(shut.stderr, /not delivered: no peer \(connect ENOENT /);
  const pull = shell.start("pull", "--bind", shell.ipc("pull"));
  while (!existsSync(shell.ipc("pull").slice("ipc://".length))) await wait(10); // It is bound.
  const refused = await shell.run("", "req", "--connect", shell.ipc("pull"), "--timeout", "300ms", "x");
  // With the reason, or, where it was refused twice within the time, ended by that.
  assert.match(
    refused.stderr,
    /(no peer|nothing within 300 ms) \(.*closed the connection|one side closes the connection/,
  );
  pull.kill("SIGTERM");
});
