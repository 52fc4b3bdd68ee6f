/** `zmq doctor`, `zmq options`, and what a wrong command line is told. */

import assert from "node:assert/strict";
import { createServer } from "node:net";
import { type TestContext, test } from "node:test";
import { curveKeyPair } from "../../src/index.ts";
import { Shell } from "./zmq.ts";

function expectNarrow(text: string): void {
  const wide = text.split("\n").filter((line) => line.length > 80);
  assert.deepEqual(wide, []);
}

test("doctor tries the transports and tells what options do not, within 80 columns, the verdict first", async (t) => {
  const shell = new Shell(t);
  const { checks, options, runtime } = JSON.parse((await shell.run("", "doctor", "--json")).stdout);
  assert.match(runtime.runtime, /^(Node\.js|Bun|Deno) \d/);
  for (const name of ["tcp", "ipc", "inproc", "ws"]) {
    assert.equal(checks.find((check: { name: string }) => check.name === name).ok, true);
  }
  assert.ok(
    options.some((option: { option: string; throws: boolean }) => option.option === "ipcFilterPid" && option.throws),
  );
  const { stdout, stderr } = await shell.run("", "doctor", "--options");
  const text = Buffer.from(stdout, "latin1").toString();
  assert.match(text, /^All works\.\n/);
  assert.match(text, /ipcFilterPid/);
  expectNarrow(text);
  assert.equal(stderr, "", "its own CURVE server is not one that lets everybody in");
  assert.doesNotMatch((await shell.run("", "doctor")).stdout, /ipcFilterPid/);
});

test("doctor ENDPOINT names the type, version and security of the peer, and what may talk to it", async (t) => {
  const shell = new Shell(t);
  const rep = shell.start("rep", "-b", "tcp://127.0.0.1:*", "--echo");
  const endpoint = await rep.bound();
  const { code, stdout } = await shell.run("", "doctor", endpoint);
  assert.equal(code, 0);
  assert.match(stdout, /a REP socket, ZMTP 3\.1, no security\n {2}Connect with REQ or DEALER\.\n/);
  const { peers, mechanism } = JSON.parse((await shell.run("", "doctor", endpoint, "--json")).stdout);
  assert.deepEqual([peers, mechanism], [["REQ", "DEALER"], "NULL"]);
});

test("doctor ENDPOINT says what a CURVE server asks for", async (t) => {
  const shell = new Shell(t);
  const { secretKey } = curveKeyPair();
  const rep = shell.start(
    "rep",
    "-b",
    "tcp://127.0.0.1:*",
    "--echo",
    "--curve-server",
    `--curve-secret-key=${secretKey}`,
  );
  const { code, stdout } = await shell.run("", "doctor", await rep.bound());
  assert.equal(code, 0);
  assert.match(stdout, /a ZeroMQ socket, ZMTP 3\.1, CURVE\n {2}A client needs curveServerKey/);
});

/** The port of a plain server that writes `greeting` to each client. */
async function plainServer(t: TestContext, greeting: string): Promise<number> {
  const server = createServer((link) => link.on("error", () => {}).end(greeting));
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  t.after(() => server.close());
  return (server.address() as { port: number }).port;
}

test("doctor ENDPOINT tells a refused connection from another kind of server and one that hangs up", async (t) => {
  const shell = new Shell(t);
  const http = await plainServer(t, "HTTP/1.1 400 Bad Request\r\n\r\n");
  const hangsUp = await plainServer(t, "");
  const [foreign, closed, nobody] = await Promise.all([
    shell.run("", "doctor", `:${http}`),
    shell.run("", "doctor", `:${hangsUp}`),
    shell.run("", "doctor", shell.ipc("nobody")),
  ]);
  assert.deepEqual([foreign.code, closed.code, nobody.code], [1, 1, 1]);
  assert.match(foreign.stdout, /does not speak ZMTP; it sent "HTTP\/1\.1 400/);
  assert.match(closed.stdout, /the peer closed the connection at once\n.*file descriptor/);
  assert.match(nobody.stdout, /no connection: .*ENOENT/);
});

test("options prints all of them or one, within 80 columns, and knows libzmq's names", async (t) => {
  const shell = new Shell(t);
  const all = (await shell.run("", "options")).stdout;
  assert.match(all, /^Queues and connections\n {2}sendHighWaterMark +1000\n/);
  const one = Buffer.from((await shell.run("", "options", "linger")).stdout, "latin1").toString();
  assert.match(one, /^linger\n {2}Milliseconds .*ZMQ_LINGER \(17\).* default -1/s);
  expectNarrow(one);
  assert.match((await shell.run("", "options", "ZMQ_SNDHWM")).stdout, /^sendHighWaterMark\n/);
  const wrong = await shell.run("", "options", "lingr");
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /^zmq: options lingr: no such option; did you mean linger\?; see zmq options --help\n$/);
});

test("a wrong command line is told in one line with `zmq:`, which names --help", async (t) => {
  const shell = new Shell(t);
  const command = await shell.run("", "pusj");
  assert.equal(command.stderr, "zmq: unknown command 'pusj' (Did you mean push?); see zmq --help\n");
  const flag = await shell.run("", "sub", "--nope");
  assert.equal(flag.stderr, "zmq: unknown option '--nope'; see zmq sub --help\n");
  const size = await shell.run("", "bench", "--size", "x");
  assert.match(
    size.stderr,
    /^zmq: option '-s, --size <bytes>' argument 'x' is invalid. Expected bytes.*; see zmq bench --help\n$/,
  );
  const nothing = await shell.run("", "push");
  assert.match(nothing.stderr, /^zmq: push: expected at least one --bind .*; see zmq push --help\n$/);
  assert.deepEqual([command.code, flag.code, nothing.code], [2, 2, 2]);
});

test("the help of receiving commands offers no arguments", async (t) => {
  const shell = new Shell(t);
  for (const name of ["pull", "sub"]) {
    const { stdout } = await shell.run("", name, "--help");
    assert.match(stdout, new RegExp(`^Usage: zmq ${name} \\[options\\]\\n`));
    assert.doesNotMatch(stdout, /Arguments:/);
  }
  const wrong = await shell.run("", "pull", "-c", shell.ipc("x"), "hello");
  assert.match(wrong.stderr, /PULL only receives/);
});
