/** Messages through `zmq server`, `client`, `radio`, `dish` and the other draft sockets, in separate processes. */

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { Shell } from "./zmq.ts";

test("client gets the answer of server --echo", async (t) => {
  const shell = new Shell(t);
  shell.start("server", "--bind", shell.ipc("a"), "--echo");
  const client = await shell.run("", "client", "--connect", shell.ipc("a"), "--count", "2", "one", "two");
  assert.deepEqual(client, { code: 0, stdout: "one\ntwo\n", stderr: "" });
});

test("server shows a client's number, and sends to the one that a line names", async (t) => {
  const shell = new Shell(t);
  const server = shell.start("server", "--bind", shell.ipc("a"), "--separator", " ");
  const client = shell.start("client", "--connect", shell.ipc("a"), "--count", "1", "hello");
  const [, id] = await server.until("stdout", /^(\d+) hello\n/);
  server.write(`${id} hello-yourself\n`);
  assert.equal((await client.ended).stdout, "hello-yourself\n");
});

test("server goes on when the client that it answers has left, and says so", async (t) => {
  const shell = new Shell(t);
  const server = shell.start("server", "--bind", shell.ipc("a"), "--separator", " ", "--count", "1");
  server.write("123 nobody\n");
  await server.until("stderr", /no peer has the routing id 123/);
  await shell.run("bye\n", "client", "--connect", shell.ipc("a"));
  assert.match((await server.ended).stdout, /^\d+ bye\n$/);
});

test("radio sends to a group, and dish prints what is for its groups, with the group in front", async (t) => {
  const shell = new Shell(t);
  const dish = shell.start("dish", "-c", shell.ipc("a"), "-g", "weather", "-g", "news", "-n", "2", "-s", ": ");
  await shell.run(
    "sunny\n",
    "radio",
    "-b",
    shell.ipc("a"),
    "--group",
    "weather",
    "--group",
    "sports",
    "--group",
    "news",
  );
  assert.equal((await dish.ended).stdout, "weather: sunny\nnews: sunny\n");
});

test("dish without a group is a mistake", async (t) => {
  const shell = new Shell(t);
  const dish = await shell.run("", "dish", "-c", shell.ipc("a"));
  assert.equal(dish.code, 2);
  assert.match(dish.stderr, /expected --group/);
});

test("scatter sends its lines and gather prints them", async (t) => {
  const shell = new Shell(t);
  const gather = shell.start("gather", "--bind", shell.ipc("a"), "--count", "3");
  assert.equal((await shell.run("a\nb\nc\n", "scatter", "--connect", shell.ipc("a"))).code, 0);
  assert.equal((await gather.ended).stdout, "a\nb\nc\n");
});

test("peer sends to its peer and prints what comes back; channel too", async (t) => {
  const shell = new Shell(t);
  shell.start("peer", "--bind", shell.ipc("p"), "--echo");
  const peer = await shell.run("", "peer", "--connect", shell.ipc("p"), "-n", "1", "-s", " ", "hello");
  assert.match(peer.stdout, /^\d+ hello\n$/);
  shell.start("channel", "--bind", shell.ipc("c"), "--echo");
  const channel = await shell.run("", "channel", "--connect", shell.ipc("c"), "-n", "1", "hello");
  assert.equal(channel.stdout, "hello\n");
});

test("radio sends by udp to dish, and dgram --echo answers a datagram", async (t) => {
  const shell = new Shell(t);
  const dish = shell.start(
    "dish",
    "--bind",
    "udp://127.0.0.1:*",
    "--group",
    "weather",
    "--count",
    "1",
    "--format",
    "json",
  );
  const endpoint = await dish.bound();
  await shell.run("", "radio", "--connect", endpoint, "--group", "weather", "sunny");
  assert.equal((await dish.ended).stdout, '["weather","sunny"]\n');
  const echo = shell.start("dgram", "--bind", "udp://127.0.0.1:*", "--echo");
  const address = (await echo.bound()).replace("udp://", "");
  const asks = await shell.run("", "dgram", "-b", "udp://127.0.0.1:*", "-n", "1", "-s", " ", "-m", address, "hello");
  assert.equal(asks.stdout, `${address} hello\n`);
});

test("a message of several frames is refused in words", async (t) => {
  const shell = new Shell(t);
  const scatter = await shell.run("", "scatter", "--bind", shell.ipc("a"), "--multipart", "one", "two");
  assert.notEqual(scatter.code, 0);
  assert.match(scatter.stderr, /one frame/);
});

test("tap shows what a DISH joins and leaves", async (t) => {
  const shell = new Shell(t);
  const radio = shell.start(
    "radio",
    "--bind",
    "tcp://127.0.0.1:*",
    "--group",
    "weather",
    "--interval",
    "10ms",
    "sunny",
  );
  const tap = shell.start("tap", "tcp://127.0.0.1:*", await radio.bound());
  const [, endpoint = ""] = await tap.until("stderr", /(tcp:\/\/127\.0\.0\.1:\d+)/);
  await shell.run("", "dish", "--connect", endpoint, "--group", "weather", "--count", "1");
  await tap.until("stdout", /JOIN +group=weather/);
});

test("monitor meets a SERVER as a CLIENT", async (t) => {
  const shell = new Shell(t);
  shell.start("server", "--bind", shell.ipc("a"), "--echo");
  while (!existsSync(shell.ipc("a").slice("ipc://".length))) await wait(10); // It is bound.
  const monitor = await shell.run("", "monitor", shell.ipc("a"), "--once");
  assert.match(monitor.stdout, /Socket-Type +SERVER/);
  assert.match(monitor.stdout, /CLIENT \(41\/CLISRV\)/);
});
