/**
 * Programs of ten lines, as the README of zeromq.js shows its users: a push and
 * a pull, a publisher and a subscriber, a request and a reply, with endless
 * loops. Each runs as two functions that share nothing but an address.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import * as zmq from "../../src/index.ts";

/** Sockets of the programs, which would run for ever. */
const open: zmq.Socket[] = [];
function opened<S extends zmq.Socket>(socket: S): S {
  open.push(socket);
  return socket;
}
function closeAll(): void {
  for (const socket of open.splice(0)) socket.close();
}

/** A promise, and what resolves it. */
function later<T>() {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

for (const transport of ["tcp://127.0.0.1:*", "ipc://*", "inproc://program"]) {
  test(`a producer and a worker over ${transport}`, async () => {
    const address = later<string>();
    const done = later<string[]>();

    async function producer(): Promise<void> {
      const sock = opened(new zmq.Push());
      await sock.bind(transport);
      address.resolve(sock.lastEndpoint ?? "");
      for (let job = 1; !sock.closed; job++) {
        await sock.send(`job ${job}`);
        await new Promise((resolve) => setImmediate(resolve));
      }
    }

    async function worker(): Promise<void> {
      const sock = opened(new zmq.Pull());
      sock.connect(await address.promise);
      const jobs: string[] = [];
      for await (const [msg] of sock) {
        if (jobs.push(String(msg)) === 3) done.resolve(jobs);
      }
    }

    const running = [producer(), worker()];
    assert.deepEqual(await done.promise, ["job 1", "job 2", "job 3"]);
    closeAll();
    await Promise.all(running);
  });

  test(`a publisher and a subscriber over ${transport}`, async () => {
    const address = later<string>();
    const done = later<string[]>();

    async function publisher(): Promise<void> {
      const sock = opened(new zmq.Publisher());
      await sock.bind(transport);
      address.resolve(sock.lastEndpoint ?? "");
      while (!sock.closed) {
        await sock.send(["weather", "rain"]);
        await sock.send(["sports", "draw"]);
        await new Promise((resolve) => setImmediate(resolve));
      }
    }

    async function subscriber(): Promise<void> {
      const sock = opened(new zmq.Subscriber());
      sock.connect(await address.promise);
      sock.subscribe("sports");
      for await (const [topic, msg] of sock) done.resolve([String(topic), String(msg)]);
    }

    const running = [publisher(), subscriber()];
    assert.deepEqual(await done.promise, ["sports", "draw"]);
    closeAll();
    await Promise.all(running);
  });

  test(`a client and a server over ${transport}`, async () => {
    const address = later<string>();

    async function server(): Promise<void> {
      const sock = opened(new zmq.Reply());
      await sock.bind(transport);
      address.resolve(sock.lastEndpoint ?? "");
      for await (const [msg] of sock) await sock.send(String(2 * Number(msg)));
    }

    async function client(): Promise<string> {
      const sock = opened(new zmq.Request());
      sock.connect(await address.promise);
      await sock.send("4");
      const [result] = await sock.receive();
      return String(result);
    }

    const serving = server();
    assert.equal(await client(), "8");
    closeAll();
    await serving;
  });
}
