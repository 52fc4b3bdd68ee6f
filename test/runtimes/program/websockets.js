/** ws and wss: both sides, paths, an HTTP server that runs already, and what is refused. */

import assert from "node:assert/strict";
import { createServer, request as httpRequest } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { connect } from "node:net";
import * as zmq from "zmq-ts";
import { absent, check } from "./check.js";
import { CERTIFICATE, KEY } from "./wss-certificate.js";

const SERVER = { wssKeyPem: KEY, wssCertPem: CERTIFICATE };
const CLIENT = { wssTrustPem: CERTIFICATE };
const SIDES = { ws: [{}, {}], wss: [SERVER, CLIENT] };

/** A connected pair; the first is bound, at a path. */
async function pair(open, scheme, Bound, Connected, bound = {}, connected = {}) {
  const [server, client] = SIDES[scheme];
  const first = open(Bound, { ...server, ...bound });
  await first.bind(`${scheme}://127.0.0.1:*/x`);
  const second = open(Connected, { ...client, ...connected });
  second.connect(first.lastEndpoint);
  return [first, second];
}

function portOf(socket) {
  return Number(new URL(socket.lastEndpoint.replace(/^ws/, "http")).port);
}

for (const scheme of ["ws", "wss"]) {
  check(`every size of message, both ways, over ${scheme}`, async ({ open }) => {
    const [dealer, other] = await pair(open, scheme, zmq.Dealer, zmq.Dealer);
    for (const size of [0, 1, 64, 125, 126, 65_535, 65_536, 200_000, 3_000_000]) {
      const body = new Uint8Array(size).map((_, i) => i * 31);
      for (const [from, to] of [
        [dealer, other],
        [other, dealer],
      ]) {
        await from.send(["head", body]);
        const [head, came] = await to.receive();
        assert.equal(String(head), "head");
        assert.ok(Buffer.from(body).equals(came), `${size} octets`);
      }
    }
  });

  check(`requests, and publishing, over ${scheme}`, async ({ open }) => {
    const [reply, request] = await pair(open, scheme, zmq.Reply, zmq.Request);
    for (let n = 0; n < 100; n++) {
      await request.send(`question ${n}`);
      await reply.send(await reply.receive());
      assert.equal(String(await request.receive()), `question ${n}`);
    }
    const [publisher, subscriber] = await pair(open, scheme, zmq.Publisher, zmq.Subscriber);
    subscriber.subscribe("a");
    await publisher.subscriberJoined("a");
    await publisher.send("b1");
    await publisher.send("a1");
    assert.equal(String(await subscriber.receive()), "a1");
  });

  check(`a hundred thousand messages without a pause, over ${scheme}`, async ({ open }) => {
    const [pull, push] = await pair(open, scheme, zmq.Pull, zmq.Push);
    const count = 100_000;
    const sending = (async () => {
      for (let n = 0; n < count; n++) await push.send(String(n));
    })();
    for (let n = 0; n < count; n++) assert.equal(Number(String(await pull.receive())), n);
    await sending;
  });

  check(`CURVE and heartbeats over ${scheme}`, async ({ open }) => {
    const [server, client] = [zmq.curveKeyPair(), zmq.curveKeyPair()];
    const beats = { heartbeatInterval: 20, heartbeatTimeout: 5000 };
    const [pull, push] = await pair(
      open,
      scheme,
      zmq.Pull,
      zmq.Push,
      { curveServer: true, curveSecretKey: server.secretKey, ...beats },
      {
        curveServerKey: server.publicKey,
        curvePublicKey: client.publicKey,
        curveSecretKey: client.secretKey,
        ...beats,
      },
    );
    await push.connected();
    const before = push.peers[0].bytesReceived;
    while (push.peers[0].bytesReceived < before + 50) await new Promise((resolve) => setTimeout(resolve, 10));
    await push.send("sealed");
    assert.equal(String(await pull.receive()), "sealed");
  });

  check(`a peer that leaves is told of, and one that comes back found, over ${scheme}`, async ({ open }) => {
    const [pull, push] = await pair(open, scheme, zmq.Pull, zmq.Push, {}, { reconnectInterval: 10 });
    const address = pull.lastEndpoint;
    await push.send("1");
    await pull.receive();
    const gone = new Promise((resolve) => push.events.on("disconnect", resolve));
    pull.close();
    await gone;
    const again = open(zmq.Pull, SIDES[scheme][0]);
    await again.bind(address);
    await push.send("2");
    assert.equal(String(await again.receive()), "2");
  });
}

check("several sockets on one port by their paths, over ws", async ({ open }) => {
  const [one, push] = await pair(open, "ws", zmq.Pull, zmq.Push);
  const two = open(zmq.Pull);
  await two.bind(`ws://127.0.0.1:${portOf(one)}/two`);
  const other = open(zmq.Push);
  other.connect(two.lastEndpoint);
  await push.send("1");
  await other.send("2");
  assert.equal(String(await one.receive()), "1");
  assert.equal(String(await two.receive()), "2");
});

check("an HTTP server that runs already serves its pages and ws", async ({ open }) => {
  const server = createServer((_request, response) => response.end("page"));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  try {
    const pull = open(zmq.Pull, { wsServer: server });
    await pull.bind("ws://*:*/feed");
    const push = open(zmq.Push);
    push.connect(`ws://127.0.0.1:${port}/feed`);
    const big = new Uint8Array(300_000).fill(7);
    await push.send(big);
    assert.ok(Buffer.from(big).equals((await pull.receive())[0]));
    assert.equal(await (await fetch(`http://127.0.0.1:${port}/`)).text(), "page");
    push.close();
    pull.close();
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

check("an HTTPS server that runs already serves wss", async ({ open }) => {
  const server = createSecureServer({ key: KEY, cert: CERTIFICATE }, (_request, response) => response.end("page"));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  try {
    const reply = open(zmq.Reply, { wsServer: server });
    await reply.bind("wss://*:*/ask");
    const request = open(zmq.Request, CLIENT);
    request.connect(`wss://127.0.0.1:${port}/ask`);
    await request.send("x");
    await reply.send(await reply.receive());
    assert.equal(String(await request.receive()), "x");
    request.close();
    reply.close();
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

check("a page of another origin, a wrong path and what is no upgrade are refused by ws", async ({ open }) => {
  const pull = open(zmq.Pull);
  let refused = 0;
  pull.events.on("accept:error", () => refused++); // else a warning tells of the page
  await pull.bind("ws://127.0.0.1:*/x");
  const port = portOf(pull);
  const status = (path, headers) =>
    new Promise((resolve, reject) => {
      const asked = httpRequest({ host: "127.0.0.1", port, path, headers, agent: false }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      asked.on("upgrade", (_response, socket) => {
        socket.destroy();
        resolve(101);
      });
      asked.on("error", reject);
      asked.end();
    });
  const upgrade = {
    Connection: "Upgrade",
    Upgrade: "websocket",
    "Sec-WebSocket-Key": "Z0WLa2mYPORR3LD0SpToKg==",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Protocol": "ZWS2.0",
  };
  assert.equal(await status("/x", upgrade), 101);
  assert.equal(await status("/x", { ...upgrade, Origin: "http://evil.example" }), 403);
  assert.equal(refused, 1);
  assert.equal(await status("/y", upgrade), 404);
  assert.equal(await status("/x", {}), 426);
});

check("a peer that sends no HTTP to ws, or none that ends, is ended", async ({ open }) => {
  const [pull, push] = await pair(open, "ws", zmq.Pull, zmq.Push, { handshakeInterval: 200 });
  const ended = (text) =>
    new Promise((resolve) => {
      const tcp = connect(portOf(pull), "127.0.0.1", () => tcp.write(text));
      tcp.on("error", () => {});
      tcp.on("close", resolve);
      tcp.resume();
    });
  await Promise.all([ended("\xff\0\0\0"), ended("GET /x HT")]);
  await push.send("good");
  assert.equal(String(await pull.receive()), "good");
});

check("a wss client that trusts nobody is told so", async ({ open }) => {
  const pull = open(zmq.Pull, SERVER);
  await pull.bind("wss://127.0.0.1:*/x");
  const push = open(zmq.Push);
  const failed = new Promise((resolve) => push.events.on("handshake:error:other", resolve));
  push.connect(pull.lastEndpoint);
  const { error } = await failed;
  assert.match(error.detail ?? error.message, /wssTrustPem/);
});

check("the global WebSocket of this runtime reaches ws", async ({ open }) => {
  if (typeof WebSocket === "undefined") absent("this runtime has no WebSocket");
  const pull = open(zmq.Pull);
  await pull.bind("ws://127.0.0.1:*/x");
  const socket = new WebSocket(pull.lastEndpoint, ["ZWS2.0"]);
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = reject;
  });
  socket.send(Uint8Array.of(0));
  socket.send(Uint8Array.of(0, 104, 105));
  assert.equal(String(await pull.receive()), "hi");
  socket.close();
});
