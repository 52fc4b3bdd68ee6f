/** Security while a call blocks: nobody in the event loop of that thread need be asked whether a peer may come in. */

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

test("an authenticator in another thread decides who may come to a PLAIN server that blocks", async (t) => {
  const child = new Blocking(
    t,
    `import { once } from "node:events";
    import { Worker } from "node:worker_threads";
    const worker = new Worker(
      \`const { parentPort, workerData } = require("node:worker_threads");
      import(workerData.tsx).then(async ({ tsImport }) => {
        const { Authenticator, Context } = await tsImport(workerData.index, workerData.index);
        new Authenticator({ context: Context.from(workerData.handle), plain: new Map([["me", "word"]]) }).start();
        parentPort.on("message", () => {}); // keeps the thread alive: an authenticator does not
        parentPort.postMessage("ready");
      });\`,
      {
        eval: true,
        execArgv: [],
        workerData: { handle: context.handle, tsx: process.argv[1], index: process.argv[2] },
      },
    );
    await once(worker, "message");
    const socket = context.socket(zmq.REP);
    socket.plain_server = 1;
    ${SERVE}`,
    [import.meta.resolve("tsx/esm/api"), new URL("../../src/index.ts", import.meta.url).href],
  );
  const address = await child.line();
  const stranger = new Request({ plainUsername: "you", plainPassword: "word" });
  const request = new Request({ plainUsername: "me", plainPassword: "word" });
  t.after(() => {
    stranger.close();
    request.close();
  });
  const refused = new Promise((resolve) => stranger.events.on("handshake:error:auth", resolve));
  stranger.connect(address);
  request.connect(address);
  await request.send("hello");
  assert.equal(await request.receiveString(), "hello");
  await refused;
});
