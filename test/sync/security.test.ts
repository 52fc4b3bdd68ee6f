/** CURVE while a call blocks: without a ZAP handler nobody of that thread need be asked whether a peer may come in. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { curveKeyPair, Request } from "../../src/index.ts";
import { Blocking } from "./child.ts";

const SERVE = `console.log(socket.bind("tcp://127.0.0.1:*"));
  for (;;) socket.send(socket.recv());`;

test("a CURVE server that blocks lets its clients in", async (t) => {
  const server = curveKeyPair();
  const child = new Blocking(
    t,
    `const socket = context.socket(zmq.REP);
    socket.curve_secretkey = process.argv[1];
    socket.setsockopt(zmq.CURVE_SERVER, 1);
    ${SERVE}`,
    [server.secretKey],
  );
  const { publicKey, secretKey } = curveKeyPair();
  const request = new Request({
    curveServerKey: server.publicKey,
    curvePublicKey: publicKey,
    curveSecretKey: secretKey,
  });
  t.after(() => request.close());
  request.connect(await child.line());
  await request.send("secret");
  assert.equal(await request.receiveString(), "secret");
});
