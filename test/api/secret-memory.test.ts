/**
 * Where secrets are in memory: a program that hands on a small buffer or frame
 * with all of the memory behind it, as `frame.buffer`, `postMessage(frame)` and
 * `structuredClone(frame)` do, hands on nothing of other connections.
 */

import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import * as zmq from "../../src/index.ts";

const server = zmq.curveKeyPair();
const client = zmq.curveKeyPair();
const PASSWORD = "hunter2-and-more";
const SEALED = "what CURVE encrypts";
const PLAIN = "what a PLAIN peer says";

const sockets: zmq.Socket[] = [];
let authenticator: zmq.Authenticator | undefined;
afterEach(() => {
  authenticator?.stop();
  for (const socket of sockets.splice(0)) socket.close();
});

function opened<S extends zmq.Socket>(socket: S): S {
  sockets.push(socket);
  return socket;
}

const text = (memory: ArrayBufferLike) => {
  let all = "";
  for (const octet of new Uint8Array(memory)) all += String.fromCharCode(octet);
  return all;
};
const KEYS = [server, client].flatMap(({ secretKey }) => [secretKey, text(zmq.decodeZ85(secretKey).buffer)]);

/** From here on small buffers of Node's pool share this memory, a megabyte of it. */
function freshPool(): ArrayBufferLike {
  const usual = Buffer.poolSize;
  const before = Buffer.from("x").buffer;
  Buffer.poolSize = 2 ** 20;
  try {
    for (;;) {
      const { buffer } = Buffer.from("fill");
      if (buffer !== before && buffer.byteLength === 2 ** 20) return buffer;
    }
  } finally {
    Buffer.poolSize = usual;
  }
}

async function pair<A extends zmq.Reply, B extends zmq.Request>(bound: A, connected: B, address = "tcp://127.0.0.1:*") {
  await opened(bound).bind(address);
  opened(connected).connect(bound.lastEndpoint as string);
}

/** Everything at once: CURVE, PLAIN, NULL and inproc, a request and its reply each. */
async function exchanged() {
  const context = new zmq.Context();
  authenticator = new zmq.Authenticator({ context, plain: { admin: PASSWORD }, curve: [client.publicKey] }).start();
  const sealed = new zmq.Reply({ context, curveServer: true, curveSecretKey: server.secretKey });
  const sealing = new zmq.Request({
    context,
    curveServerKey: server.publicKey,
    curvePublicKey: client.publicKey,
    curveSecretKey: client.secretKey,
  });
  const guarded = new zmq.Reply({ context, plainServer: true });
  const known = new zmq.Request({ context, plainUsername: "admin", plainPassword: PASSWORD });
  const [open, anybody, near, far] = [new zmq.Reply(), new zmq.Request(), new zmq.Reply(), new zmq.Request()];
  await Promise.all([
    pair(sealed, sealing),
    pair(guarded, known),
    pair(open, anybody),
    pair(near, far, "inproc://memory"),
  ]);
  const ask = async (asking: zmq.Request, answering: zmq.Reply, word: string) => {
    await asking.send(word);
    const [request] = await answering.receive();
    await answering.send(word);
    const [reply] = await asking.receive();
    return [request as Buffer, reply as Buffer];
  };
  const frames = { open: [] as Buffer[], sealed: [] as Buffer[], guarded: [] as Buffer[], near: [] as Buffer[] };
  for (let round = 0; round < 3; round++) {
    // Before the handshakes are done each of these waits in a queue, the first time.
    const all = await Promise.all([
      ask(anybody, open, "anybody"),
      ask(sealing, sealed, SEALED),
      ask(known, guarded, PLAIN),
      ask(far, near, "within the process"),
    ]);
    for (const [i, each] of [frames.open, frames.sealed, frames.guarded, frames.near].entries()) {
      each.push(...(all[i] as Buffer[]));
    }
  }
  return frames;
}

function assertHoldsNone(memory: ArrayBufferLike, secrets: readonly string[], where: string): void {
  const held = text(memory);
  for (const [i, secret] of secrets.entries()) assert.ok(!held.includes(secret), `${where} holds secret ${i}`);
}

test("the runtime's pool of small buffers holds no key and no password", async () => {
  const pool = freshPool();
  await exchanged();
  zmq.curvePublicKey(server.secretKey);
  assert.ok(text(pool).includes("fill"));
  assertHoldsNone(pool, [...KEYS, PASSWORD], "the pool");
});

test("the memory of a frame holds no key, no password and nothing that a secured connection brought", async () => {
  const frames = await exchanged();
  const secrets = [...KEYS, PASSWORD];
  for (const frame of frames.open) assertHoldsNone(frame.buffer, [...secrets, SEALED, PLAIN], "a frame of NULL");
  for (const frame of frames.near) assertHoldsNone(frame.buffer, [...secrets, PLAIN], "a frame of inproc");
  for (const frame of frames.sealed) assertHoldsNone(frame.buffer, [...secrets, PLAIN, "anybody"], "a frame of CURVE");
  for (const frame of frames.guarded)
    assertHoldsNone(frame.buffer, [...secrets, SEALED, "anybody"], "a frame of PLAIN");
  assertHoldsNone(structuredClone(frames.open[0] as Buffer).buffer, [...secrets, SEALED, PLAIN], "a clone");
});

test("frames of two CURVE connections of one socket share no memory", async () => {
  const pull = opened(new zmq.Pull({ curveServer: true, curveSecretKey: server.secretKey }));
  await pull.bind("tcp://127.0.0.1:*");
  for (const word of ["of the first", "of the second"]) {
    const { publicKey, secretKey } = zmq.curveKeyPair();
    const push = opened(
      new zmq.Push({ curveServerKey: server.publicKey, curvePublicKey: publicKey, curveSecretKey: secretKey }),
    );
    push.connect(pull.lastEndpoint as string);
    await push.send(word);
  }
  const [first, second] = [await pull.receive(), await pull.receive()];
  assert.notEqual(first[0]?.buffer, second[0]?.buffer);
});

test("a new key pair is forgotten once it is text", () => {
  const pool = freshPool();
  const { secretKey } = zmq.curveKeyPair();
  assertHoldsNone(pool, [secretKey, text(zmq.decodeZ85(secretKey).buffer)], "the pool");
});
