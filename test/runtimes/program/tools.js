/** What stands beside the sockets: proxies, require, the older interface, the command line. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import * as zmq from "zmq-ts";
import { check } from "./check.js";
import { start } from "./runtime.js";

const require = createRequire(import.meta.url);
const manifest = require.resolve("zmq-ts/package.json");

check("a Proxy carries requests and replies, and ends when told", async ({ open }) => {
  const [front, back] = [open(zmq.Router), open(zmq.Dealer)];
  await front.bind("tcp://127.0.0.1:*");
  await back.bind("tcp://127.0.0.1:*");
  const proxy = new zmq.Proxy(front, back);
  const running = proxy.run();
  const [request, reply] = [open(zmq.Request), open(zmq.Reply)];
  request.connect(front.lastEndpoint);
  reply.connect(back.lastEndpoint);
  for (let n = 0; n < 100; n++) {
    await request.send(String(n));
    await reply.send(await reply.receive());
    assert.equal(String(await request.receive()), `${n}`);
  }
  assert.equal(proxy.statistics.frontEnd.received.messages, 100);
  proxy.terminate();
  await running;
});

check("require and import give the same instance", async () => {
  assert.equal(require("zmq-ts").Socket, zmq.Socket);
});

check("v5-compat", async () => {
  const { default: v5 } = await import("zmq-ts/v5-compat");
  const [pull, push] = [v5.socket("pull"), v5.socket("push")];
  const received = new Promise((resolve) => pull.on("message", resolve));
  await new Promise((resolve, reject) => {
    pull.bind("tcp://127.0.0.1:*", (error) => (error ? reject(error) : resolve()));
  });
  push.connect(pull.last_endpoint);
  push.send("old");
  assert.equal(String(await received), "old");
  push.close();
  pull.close();
});

check("zmq --version", async () => {
  const { code, stdout, stderr } = await start(commandLine(), ["--version"]).ended;
  assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
  assert.ok(stdout.includes(zmqVersion()), stdout);
});

check("zmq push reaches a PULL", async ({ open }) => {
  const pull = open(zmq.Pull);
  await pull.bind("tcp://127.0.0.1:*");
  const { ended } = start(commandLine(), ["push", "--connect", pull.lastEndpoint, "hello", "world"]);
  assert.equal(String(await pull.receive()), "hello");
  assert.equal(String(await pull.receive()), "world");
  const { code, stderr } = await ended;
  assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
});

function commandLine() {
  return join(dirname(manifest), JSON.parse(readFileSync(manifest, "utf8")).bin.zmq);
}

function zmqVersion() {
  return JSON.parse(readFileSync(manifest, "utf8")).version;
}
