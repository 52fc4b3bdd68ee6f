/** PLAIN, CURVE and who decides. */

import assert from "node:assert/strict";
import * as zmq from "zmq-ts";
import { check, pair } from "./check.js";

const server = zmq.curveKeyPair();
const client = zmq.curveKeyPair();
const asServer = { curveServer: true, curveSecretKey: server.secretKey };
const asClient = {
  curveServerKey: server.publicKey,
  curvePublicKey: client.publicKey,
  curveSecretKey: client.secretKey,
};

check("CURVE keys", async () => {
  for (const { publicKey, secretKey } of [server, client]) {
    assert.equal(publicKey.length, 40);
    assert.equal(zmq.curvePublicKey(secretKey), publicKey);
  }
  // The keys of zmq_curve(7).
  const secret = "JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6";
  assert.equal(zmq.curvePublicKey(secret), "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7");
});

for (const transport of ["tcp", "ipc"]) {
  check(`CURVE over ${transport}, messages of all sizes`, async ({ open }) => {
    const [reply, request] = await pair(open, transport, [zmq.Reply, asServer], [zmq.Request, asClient]);
    for (const size of [0, 1, 255, 256, 8192, 70_000, 5_000_000]) {
      const body = Buffer.alloc(size, size % 255);
      await request.send([body, "end"]);
      const [question] = await reply.receive();
      assert.ok(body.equals(question));
      await reply.send(question);
      assert.ok(body.equals((await request.receive())[0]));
    }
  });
}

check("CURVE turns away a client with the wrong server key", async ({ open }) => {
  const wrong = { ...asClient, curveServerKey: client.publicKey };
  const reply = open(zmq.Reply, asServer);
  const failed = new Promise((resolve) => reply.events.on("handshake:error:protocol", resolve));
  await reply.bind("tcp://127.0.0.1:*");
  open(zmq.Request, wrong).connect(reply.lastEndpoint);
  assert.equal((await failed).error.code, "ERR_ZMTP_CRYPTOGRAPHIC");
});

check("an Authenticator decides on CURVE keys", async ({ open }) => {
  await withAuthenticator({ curve: [client.publicKey] }, async (context) => {
    const [reply, request] = await pair(open, "tcp", [zmq.Reply, { context, ...asServer }], [zmq.Request, asClient]);
    await request.send("may I?");
    const { metadata } = await reply.receiveFrom();
    assert.equal(metadata["User-Id"], client.publicKey);
    const stranger = zmq.curveKeyPair();
    const keys = { curvePublicKey: stranger.publicKey, curveSecretKey: stranger.secretKey };
    const refused = open(zmq.Request, { ...asClient, ...keys });
    const failed = new Promise((resolve) => refused.events.on("handshake:error:auth", resolve));
    refused.connect(reply.lastEndpoint);
    assert.equal((await failed).error.status, 400);
  });
});

check("an Authenticator decides on PLAIN passwords", async ({ open }) => {
  await withAuthenticator({ plain: { admin: "secret" } }, async (context) => {
    const asAdmin = { plainUsername: "admin", plainPassword: "secret" };
    const options = { context, plainServer: true, zapDomain: "test" };
    const [reply, request] = await pair(open, "tcp", [zmq.Reply, options], [zmq.Request, asAdmin]);
    await request.send("may I?");
    assert.equal((await reply.receiveFrom()).metadata["User-Id"], "admin");
    const refused = open(zmq.Request, { ...asAdmin, plainPassword: "guess" });
    const failed = new Promise((resolve) => refused.events.on("handshake:error:auth", resolve));
    refused.connect(reply.lastEndpoint);
    assert.equal((await failed).error.status, 400);
  });
});

async function withAuthenticator(rules, run) {
  const context = new zmq.Context();
  const authenticator = new zmq.Authenticator({ context, ...rules }).start();
  try {
    await run(context);
  } finally {
    authenticator.stop();
  }
}
