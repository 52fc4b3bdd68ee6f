/** PLAIN and CURVE flags of `zmq`, with certificates of `zmq keygen`. */

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { test } from "node:test";
import { Shell } from "./zmq.ts";

test("CURVE by certificate files", async (t) => {
  const shell = new Shell(t);
  await shell.run("", "keygen", shell.path("server"));
  const server = ["--curve-server", "--certificate", shell.path("server")];
  const rep = shell.start("rep", "-b", "tcp://127.0.0.1:*", "--echo", ...server);
  const endpoint = await rep.bound();
  const client = ["--curve-server-key", shell.path("server")];
  const req = await shell.run("", "req", "-c", endpoint, ...client, "--timeout", "5s", "hello");
  assert.deepEqual(req, { code: 0, stdout: "hello\n", stderr: "" });
});

test("CURVE by keys, and --curve-allow lets in whom it names", async (t) => {
  const shell = new Shell(t);
  const pair = async () => JSON.parse((await shell.run("", "keygen", "--json")).stdout);
  const [server, friend, stranger] = [await pair(), await pair(), await pair()];
  const flags = ["--curve-server", `--curve-secret-key=${server.secretKey}`, `--curve-allow=${friend.publicKey}`];
  const rep = shell.start("rep", "-b", "tcp://127.0.0.1:*", "--echo", ...flags);
  const endpoint = await rep.bound();
  const ask = (secretKey: string) => {
    const keys = [`--curve-server-key=${server.publicKey}`, `--curve-secret-key=${secretKey}`];
    return shell.run("", "req", "-c", endpoint, ...keys, "--timeout", "3s", "hello");
  };
  assert.equal((await ask(friend.secretKey)).stdout, "hello\n");
  const refused = await ask(stranger.secretKey);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /^zmq: .*handshake failed: .*\n$/);
});

test("a server key that is neither a key nor a file is told so", async (t) => {
  const shell = new Shell(t);
  const { code, stderr } = await shell.run("", "req", "-c", ":1", "--curve-server-key", "tooshort", "hello");
  assert.equal(code, 2);
  assert.equal(
    stderr,
    "zmq: --curve-server-key tooshort: neither a key of 40 characters nor a file; see zmq req --help\n",
  );
});

test("PLAIN by user name and password, from the command line, a file or the environment", async (t) => {
  const shell = new Shell(t);
  const account = ["--username", "admin", "--password", "secret"];
  const rep = shell.start("rep", "-b", "tcp://127.0.0.1:*", "--echo", "--plain-server", ...account);
  const endpoint = await rep.bound();
  const ask = (...flags: string[]) => shell.run("", "req", "-c", endpoint, ...flags, "--timeout", "3s", "hello");
  assert.equal((await ask(...account)).stdout, "hello\n");
  writeFileSync(shell.path("password"), "secret\n");
  assert.equal((await ask("--username", "admin", "--password-file", shell.path("password"))).stdout, "hello\n");
  const refused = await ask("--username", "admin", "--password", "tremendous");
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /^zmq: .*handshake failed: .*\n$/);
  await rep.until("stderr", /refused a peer at .* by PLAIN/);
  assert.doesNotMatch(rep.stderr, /secret|tremendous/);
});

test("a secret key comes from the environment, out of the list of processes", async (t) => {
  const shell = new Shell(t);
  const server = JSON.parse((await shell.run("", "keygen", "--json")).stdout);
  process.env.ZMQ_CURVE_SECRET_KEY = server.secretKey;
  t.after(() => delete process.env.ZMQ_CURVE_SECRET_KEY);
  const rep = shell.start("rep", "-b", "tcp://127.0.0.1:*", "--echo", "--curve-server");
  const endpoint = await rep.bound();
  delete process.env.ZMQ_CURVE_SECRET_KEY;
  const { stdout } = await shell.run(
    "",
    "req",
    "-c",
    endpoint,
    `--curve-server-key=${server.publicKey}`,
    "--timeout",
    "5s",
    "hi",
  );
  assert.equal(stdout, "hi\n");
  assert.match((await shell.run("", "req", "--help")).stdout, /--curve-secret-key[^-]*process\s+list/);
});

test("a proxy that is a CURVE server takes commands from none but those it lets in", async (t) => {
  const shell = new Shell(t);
  await shell.run("", "keygen", shell.path("server"));
  const server = ["--curve-server", "--certificate", shell.path("server")];
  const control = shell.ipc("control");
  const proxy = shell.start("proxy", shell.ipc("front"), shell.ipc("back"), "--control", control, ...server);
  const ask = (...flags: string[]) => shell.run("", "req", "-c", control, ...flags, "TERMINATE");
  assert.notEqual((await ask("--timeout", "700ms")).code, 0);
  assert.equal(proxy.child.exitCode, null);
  await ask("--curve-server-key", shell.path("server"), "--timeout", "5s");
  assert.equal((await proxy.ended).code, 0);
});
