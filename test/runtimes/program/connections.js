/** Connections that come, go and come again, and what is told of them. */

import assert from "node:assert/strict";
import { createServer } from "node:net";
import * as zmq from "zmq-ts";
import { check, freeAddress, pair } from "./check.js";

for (const transport of ["tcp", "ipc", "inproc"]) {
  check(`connecting before the peer is bound, over ${transport}`, async ({ open }) => {
    const probe = open(zmq.Pull);
    await probe.bind(freeAddress(transport));
    const address = probe.lastEndpoint;
    await probe.unbind(address);
    const push = open(zmq.Push, { reconnectInterval: 10 });
    push.connect(address);
    const sent = push.send("early");
    const pull = open(zmq.Pull);
    await pull.bind(address);
    assert.equal(String(await pull.receive()), "early");
    await sent;
  });
}

for (const transport of ["tcp", "ipc"]) {
  check(`reconnecting, again and again, over ${transport}`, async ({ open }) => {
    const push = open(zmq.Push, { reconnectInterval: 10 });
    let address = freeAddress(transport);
    for (let round = 0; round < 5; round++) {
      const pull = open(zmq.Pull);
      await pull.bind(address);
      address = pull.lastEndpoint;
      if (round === 0) push.connect(address);
      await push.connected();
      await push.send(`round ${round}`);
      assert.equal(String(await pull.receive()), `round ${round}`);
      const gone = eventOf(push, "disconnect");
      await pull.unbind(address);
      pull.close();
      await gone;
    }
  });
}

check("events of both sides, with addresses", async ({ open }) => {
  const [reply, request] = [open(zmq.Reply), open(zmq.Request)];
  const told = { reply: watched(reply), request: watched(request) };
  await reply.bind("tcp://127.0.0.1:*");
  const address = reply.lastEndpoint;
  request.connect(address);
  await request.connected();
  await reply.connected();
  const gone = eventOf(reply, "disconnect", told.reply);
  request.close();
  await gone;
  reply.close();
  await Promise.all([told.reply.over, told.request.over]);
  assert.deepEqual(told.reply.types, ["bind", "accept", "handshake", "disconnect", "close", "end"]);
  const requested = told.request.types.filter((type) => type !== "connect:delay");
  assert.deepEqual([...requested.slice(0, 2), requested.at(-1)], ["connect", "handshake", "end"]);
  assert.equal(told.reply.events[0].address, address);
  assert.match(told.reply.events[1].remoteAddress, /^tcp:\/\/127\.0\.0\.1:\d+$/);
});

check("peers, with addresses, counts and metadata", async ({ open }) => {
  const [router, dealer] = await pair(open, "tcp", [zmq.Router], [zmq.Dealer, { routingId: "me" }]);
  await dealer.send("x");
  const { metadata, peer } = await router.receiveFrom();
  assert.equal(metadata["Socket-Type"], "DEALER");
  assert.equal(metadata["Peer-Address"], "127.0.0.1");
  assert.equal(String(peer.routingId), "me");
  assert.equal(dealer.peers[0].address, router.lastEndpoint);
  assert.equal(dealer.peers[0].messagesSent, 1);
});

check("a peer that answers no heartbeat is left", async ({ open }) => {
  let pinged;
  const ping = new Promise((resolve) => {
    pinged = resolve;
  });
  const connections = new Set();
  const server = createServer((connection) => {
    connections.add(connection);
    const greeting = Buffer.alloc(64);
    greeting.write("ff00000000000000017f0301", "hex");
    greeting.write("NULL", 12);
    connection.write(greeting);
    connection.write(Buffer.from("\x04\x19\x05READY\x0bSocket-Type\x00\x00\x00\x04PULL", "latin1").fill(0x1a, 1, 2));
    let got = "";
    connection.setEncoding("latin1").on("data", (text) => {
      got += text;
      if (got.includes("\x04PING")) pinged();
    });
    connection.on("error", () => {});
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const push = open(zmq.Push, { heartbeatInterval: 30, heartbeatTimeout: 60, reconnectInterval: -1 });
    const left = eventOf(push, "disconnect");
    push.connect(`tcp://127.0.0.1:${server.address().port}`);
    await ping;
    await left;
  } finally {
    for (const connection of connections) connection.destroy();
    server.close();
  }
});

check("peers that answer heartbeats stay", async ({ open }) => {
  const options = { heartbeatInterval: 10, heartbeatTimeout: 1000 };
  const [pull, push] = await pair(open, "tcp", [zmq.Pull, options], [zmq.Push, options]);
  await push.connected();
  let left = 0;
  push.events.on("disconnect", () => {
    left += 1;
  });
  const before = push.peers[0].bytesReceived;
  while (push.peers[0].bytesReceived < before + 70) await new Promise((resolve) => setTimeout(resolve, 10));
  await push.send("still here");
  assert.equal(String(await pull.receive()), "still here");
  assert.equal(left, 0);
});

check("unbinding and disconnecting", async ({ open }) => {
  const [pull, push] = await pair(open, "tcp", [zmq.Pull], [zmq.Push]);
  await push.send("1");
  await pull.receive();
  push.disconnect(pull.lastEndpoint);
  assert.equal(push.peers.length, 0);
  const address = pull.lastEndpoint;
  await pull.unbind(address);
  await open(zmq.Pull).bind(address);
});

check("bindSync has bound when it returns", async ({ open }) => {
  const pull = open(zmq.Pull);
  pull.bindSync("tcp://127.0.0.1:*");
  assert.match(pull.lastEndpoint, /^tcp:\/\/127\.0\.0\.1:\d+$/);
  const push = open(zmq.Push);
  push.connect(pull.lastEndpoint);
  await push.send("x");
  await pull.receive();
});

check("bindSync over inproc", async ({ open }) => {
  const pull = open(zmq.Pull);
  pull.bindSync("inproc://at-once");
});

check("IPv6", async ({ open }) => {
  const pull = open(zmq.Pull, { ipv6: true });
  await pull.bind("tcp://[::1]:*");
  const push = open(zmq.Push, { ipv6: true });
  push.connect(pull.lastEndpoint);
  await push.send("x");
  assert.equal((await pull.receiveFrom()).metadata["Peer-Address"], "::1");
});

check("names are looked up", async ({ open }) => {
  const pull = open(zmq.Pull);
  await pull.bind("tcp://127.0.0.1:*");
  const push = open(zmq.Push);
  push.connect(pull.lastEndpoint.replace("127.0.0.1", "localhost"));
  await push.send("x");
  await pull.receive();
});

/** Resolves at the next event of `type`; by an observer of its own unless one is given. */
function eventOf(socket, type, watcher) {
  if (watcher === undefined) {
    const observer = new zmq.Observer(socket);
    return new Promise((resolve) => {
      observer.on(type, (event) => {
        observer.close();
        resolve(event);
      });
    });
  }
  return new Promise((resolve) => {
    watcher.onEvent = (event) => {
      if (event.type === type) resolve(event);
    };
  });
}

/** Collects a socket's events until its end. */
function watched(socket) {
  const watcher = { events: [], types: [], over: undefined, onEvent: () => {} };
  watcher.over = (async () => {
    for await (const event of socket.events) {
      watcher.events.push(event);
      watcher.types.push(event.type);
      watcher.onEvent(event);
    }
  })();
  return watcher;
}
