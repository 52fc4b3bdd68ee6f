/**
 * `node servers.mjs TOOLS`: sockets on the servers of node:http, Express and Fastify, which go on serving their pages, and beside
 * the WebSockets of npm `ws` and Socket.IO at other paths. `TOOLS` is the folder where npm has brought those. Prints a line a case.
 */

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { Publisher, Reply, Request, Subscriber } from "zmq-ts";

const require = createRequire(`${process.argv[2]}/package.json`);
const SECOND = 1000;

/** A REP and a PUB on the server, and whether they serve, while `page` is still the server's. */
async function works(server, page) {
  const { port } = server.address();
  const reply = new Reply({ wsServer: server, linger: 0, receiveTimeout: 10 * SECOND });
  const publisher = new Publisher({ wsServer: server, linger: 0 });
  const request = new Request({ linger: 0, receiveTimeout: 10 * SECOND });
  const subscriber = new Subscriber({ linger: 0, receiveTimeout: 10 * SECOND });
  try {
    await reply.bind("ws://*:*/zmq/ask");
    await publisher.bind("ws://*:*/zmq/feed");
    assert.equal(new URL(reply.lastEndpoint).port, String(port));
    request.connect(`ws://127.0.0.1:${port}/zmq/ask`);
    subscriber.subscribe("");
    subscriber.connect(`ws://127.0.0.1:${port}/zmq/feed`);
    await publisher.subscriberJoined("", { timeout: 10 * SECOND });
    for (let n = 0; n < 3; n++) {
      await request.send(`question ${n}`);
      await reply.send(await reply.receive());
      assert.equal(String(await request.receive()), `question ${n}`);
      await publisher.send(`news ${n}`);
      assert.equal(String(await subscriber.receive()), `news ${n}`);
      assert.equal(await (await fetch(`http://127.0.0.1:${port}${page}`)).text(), "page");
    }
  } finally {
    for (const socket of [request, subscriber, reply, publisher]) socket.close();
  }
  assert.equal((await fetch(`http://127.0.0.1:${port}/zmq/ask`)).status, 404, "an ordinary request is the server's");
}

async function listening(server) {
  await once(server.listen(0, "127.0.0.1"), "listening");
  return server;
}

function ended(server) {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(resolve));
}

const pages = (request, response) => {
  response.writeHead(request.url === "/page" ? 200 : 404).end(request.url === "/page" ? "page" : "");
};

const cases = {
  async "Express serves its routes, and sockets at theirs"() {
    const express = require("express");
    const app = express();
    app.get("/page", (_request, response) => void response.send("page"));
    const server = app.listen(0, "127.0.0.1");
    await once(server, "listening");
    await works(server, "/page");
    await ended(server);
  },

  async "Fastify serves its routes, and sockets at theirs"() {
    const { fastify } = require("fastify");
    const app = fastify();
    app.get("/page", async () => "page");
    await app.listen({ port: 0, host: "127.0.0.1" });
    await works(app.server, "/page");
    await app.close();
  },

  async "npm ws at another path of the server is not disturbed"() {
    const { WebSocket, WebSocketServer } = require("ws");
    const server = await listening(createServer(pages));
    const others = new WebSocketServer({ noServer: true });
    others.on("connection", (socket) => socket.on("message", (text) => socket.send(`echo ${text}`)));
    server.on("upgrade", (request, socket, head) => {
      if (request.url !== "/ws") return;
      others.handleUpgrade(request, socket, head, (opened) => others.emit("connection", opened, request));
    });
    const client = new WebSocket(`ws://127.0.0.1:${server.address().port}/ws`);
    await once(client, "open");
    await works(server, "/page");
    client.send("hello");
    const [answer] = await once(client, "message");
    assert.equal(String(answer), "echo hello");
    client.terminate();
    await ended(server);
  },

  async "Socket.IO on the server is not disturbed, by WebSocket and by polling"() {
    const { Server } = require("socket.io");
    const { io } = require("socket.io-client");
    const server = await listening(createServer(pages));
    const others = new Server(server);
    others.on("connection", (socket) => socket.on("ask", (text, answer) => answer(`echo ${text}`)));
    const clients = [["websocket"], ["polling"], ["polling", "websocket"]].map((transports) =>
      io(`http://127.0.0.1:${server.address().port}`, { transports, forceNew: true }),
    );
    await Promise.all(clients.map((client) => new Promise((resolve) => client.on("connect", resolve))));
    await works(server, "/page");
    for (const client of clients) {
      assert.equal(await client.timeout(10 * SECOND).emitWithAck("ask", "hello"), "echo hello");
      client.close();
    }
    // Longer than Socket.IO lets an upgrade of others be before it ends it.
    const reply = new Reply({ wsServer: server, linger: 0, receiveTimeout: 10 * SECOND });
    const request = new Request({ linger: 0, receiveTimeout: 10 * SECOND });
    await reply.bind("ws://*:*/zmq");
    request.connect(`ws://127.0.0.1:${server.address().port}/zmq`);
    for (const pause of [0, 1.5 * SECOND]) {
      await new Promise((resolve) => setTimeout(resolve, pause));
      await request.send("x");
      await reply.send(await reply.receive());
      await request.receive();
    }
    reply.close();
    request.close();
    const closed = others.close();
    server.closeAllConnections();
    await closed;
  },
};

setInterval(() => {}, SECOND); // Some of what is awaited here does not keep a process alive.
for (const [name, run] of Object.entries(cases)) {
  try {
    await run();
    console.log(`ok ${name}`);
  } catch (error) {
    console.log(`FAIL ${name}: ${error?.stack?.replaceAll("\n", " | ")}`);
  }
}
process.exit();
