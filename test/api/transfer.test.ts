/** Received frames may be posted to other threads, with a transfer list too, at no cost to other messages. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { MessageChannel } from "node:worker_threads";
import { curveKeyPair, Pull, Push } from "../../src/index.ts";

const server = curveKeyPair();
const client = curveKeyPair();
const NULL = [{}, {}] as const;
const CURVE = [
  { curveServer: true, curveSecretKey: server.secretKey },
  { curveServerKey: server.publicKey, curvePublicKey: client.publicKey, curveSecretKey: client.secretKey },
] as const;

/** Node 20 copies what cannot be transferred, later ones refuse. */
function transfer(frame: Buffer): void {
  const { port1 } = new MessageChannel();
  try {
    port1.postMessage(frame, [frame.buffer as ArrayBuffer]);
  } catch (error) {
    assert.equal((error as Error).name, "DataCloneError");
  }
  port1.close();
}

const SIZES = [0, 5, 200, 300, 2000, 5000, 20_000];
const CASES = SIZES.flatMap((size) => [["", size, NULL] as const, [" under CURVE", size, CURVE] as const]);

for (const [how, size, [binding, connecting]] of CASES) {
  test(`a frame of ${size} bytes${how} that is transferred takes no other message with it`, async () => {
    await using pull = new Pull(binding);
    await pull.bind("tcp://127.0.0.1:*");
    await using push = new Push(connecting);
    push.connect(pull.lastEndpoint ?? "");
    const count = 60;
    for (let i = 0; i < count; i++) await push.send([Buffer.alloc(size, 65 + i), `${i}`]);
    const kept = await pull.receive();
    for (let i = 1; i < count; i++) {
      const [body, number] = await pull.receive();
      assert.deepEqual([body, String(number)], [Buffer.alloc(size, 65 + i), `${i}`]);
      transfer(body as Buffer);
    }
    assert.deepEqual(kept, [Buffer.alloc(size, 65), Buffer.from("0")]);
  });
}

test("a large frame has memory of its own, which is transferred without a copy", async () => {
  await using pull = new Pull();
  await pull.bind("tcp://127.0.0.1:*");
  await using push = new Push();
  push.connect(pull.lastEndpoint ?? "");
  await push.send(Buffer.alloc(100_000, 1));
  const [frame] = (await pull.receive()) as [Buffer];
  transfer(frame);
  assert.equal(frame.length, 0, "it is the other thread's now");
});
