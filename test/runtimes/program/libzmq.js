/** A libzmq peer, peer.py, which whoever started this program may have started before it. */

import assert from "node:assert/strict";
import * as zmq from "zmq-ts";
import { absent, check } from "./check.js";

const peer = process.env.ZMQ_TS_LIBZMQ_PEER && JSON.parse(process.env.ZMQ_TS_LIBZMQ_PEER);

/** Node 20 does. */
const padsNames = /^1\.([0-9]|[1-3][0-9]|4[0-6])\./.test(process.versions.uv ?? "");

for (const [name, key] of [
  ["tcp", "tcp"],
  ["ipc", "ipc"],
  ["ws", "ws"],
  ["tcp and CURVE", "curve"],
  ["an abstract ipc name", "abstract"],
]) {
  check(`libzmq answers over ${name}`, async ({ open }) => {
    if (!peer?.[key]) absent("no libzmq peer");
    const client = zmq.curveKeyPair();
    const keys = { curveServerKey: peer.serverKey, curvePublicKey: client.publicKey, curveSecretKey: client.secretKey };
    const dealer = open(zmq.Dealer, key === "curve" ? keys : {});
    if (key === "abstract" && padsNames) {
      assert.throws(() => dealer.connect(peer[key]), { code: "ENOTSUP", address: peer[key], detail: /Node 22/ });
      absent("this runtime pads abstract names, so connect throws ENOTSUP");
    }
    dealer.connect(peer[key]);
    const sizes = [0, 1, 255, 256, 9000, 200_000, 5_000_000];
    for (const size of sizes) await dealer.send([String(size), Buffer.alloc(size, size % 255), ""]);
    for (const size of sizes) {
      const [number, body, nothing] = await dealer.receive();
      assert.equal(String(number), `${size}`);
      assert.ok(Buffer.alloc(size, size % 255).equals(body));
      assert.equal(nothing.length, 0);
    }
  });
}

check("libzmq publishes what was subscribed to", async ({ open }) => {
  if (!peer) absent("no libzmq peer");
  const subscriber = open(zmq.Subscriber);
  subscriber.connect(peer.news);
  subscriber.subscribe("B");
  for (let n = 0; n < 3; n++) assert.equal(String((await subscriber.receive())[0]), "B");
});
