/**
 * What the end of a process does with messages that were sent: programs in processes of their own, received here.
 * Whether a process ends at all is in test/api/lifetime.test.ts.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Pull } from "../../src/index.ts";
import { program } from "../api/child.ts";

const COUNT = 500;

for (const [name, ending] of [
  ["ends by itself, its socket open", ""],
  ["ends by itself, its socket closed", "push.close();"],
  ["calls process.exit once it is connected", "process.exit();"],
] as const) {
  test(`what a program sent arrives when it ${name}`, { timeout: 20_000 }, async () => {
    await using pull = new Pull({ receiveTimeout: 10_000 });
    await pull.bind("tcp://127.0.0.1:*");
    const ended = program(`
      const push = globalThis.push = new zmq.Push();
      push.connect("${pull.lastEndpoint}");
      await push.connected();
      for (let i = 0; i < ${COUNT}; i++) push.send(String(i));
      ${ending}
    `);
    for (let i = 0; i < COUNT; i++) assert.equal(String(await pull.receive()), String(i));
    const { code, stderr } = await ended;
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
  });
}

test("what waits for a peer that comes late arrives too: the process lingers", { timeout: 20_000 }, async () => {
  await using early = new Pull();
  const port = await early.bindRandomPort("tcp://127.0.0.1");
  await early.unbind(early.lastEndpoint as string);
  const ended = program(`
    const push = globalThis.push = new zmq.Push({ reconnectInterval: 10 });
    push.connect("tcp://127.0.0.1:${port}");
    await push.send("late");
  `);
  await new Promise((resolve) => setTimeout(resolve, 300)); // The program has nothing else to do by then.
  await early.bind(`tcp://127.0.0.1:${port}`);
  assert.equal(String(await early.receive()), "late");
  assert.equal((await ended).code, 0);
});

test("with context.blocky false a process drops what it cannot send, and ends at once", {
  timeout: 20_000,
}, async () => {
  await using pull = new Pull();
  const port = await pull.bindRandomPort("tcp://127.0.0.1");
  await pull.unbind(pull.lastEndpoint as string);
  const { code, stderr } = await program(`
    zmq.context.blocky = false;
    const push = globalThis.push = new zmq.Push();
    push.connect("tcp://127.0.0.1:${port}");
    await push.send("dropped");
  `);
  assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
});
