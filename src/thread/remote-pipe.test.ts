/** A pipe whose connection is in an I/O thread, with that thread's side played in this one. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { DEAF_OWNER } from "../../test/fake-pipe.ts";
import { fromText } from "../base/bytes.ts";
import { systemClock } from "../base/clock.ts";
import type { Outlet } from "../base/far-end.ts";
import { createPipe } from "../base/pipe.ts";
import { createEngineMemory, engineMemory } from "./engine-memory.ts";
import { EngineOutbound } from "./engine-outbound.ts";
import { Inbox } from "./inbox.ts";
import { RemotePipe } from "./remote-pipe.ts";
import { ReceivedFrames } from "./transferred-frames.ts";

const clock = systemClock();

/** A connection that takes all that it is offered. */
const outlet: Outlet = {
  queues: true,
  canWrite: true,
  write: () => true,
  writeControl: () => true,
  resume() {},
  close() {},
};

test("a pipe is told that all has left also when the I/O thread rang for a part of it", async () => {
  let idle = 0;
  const owner = { ...DEAF_OWNER, idle: () => void idle++ };
  const limits = { sendHighWaterMark: 1000, receiveHighWaterMark: 1000, conflate: false };
  const pipe = createPipe(owner, "tcp://127.0.0.1:1", true, limits);
  const memory = createEngineMemory();
  const bells = new Int32Array(new SharedArrayBuffer(8));
  const inbox = new Inbox(clock, { words: bells, index: 0 });
  const remote = new RemotePipe({
    pipe,
    memory,
    conflate: false,
    isSecret: false,
    thread: { bell: { words: bells, index: 1 }, isDead: false },
    frames: new ReceivedFrames(() => {}),
    inbox,
    clock,
    owner: { ended() {}, drained() {} },
  });
  const { words, outbound } = engineMemory(memory);
  const engine = new EngineOutbound({
    memory: outbound,
    words,
    highWaterMark: 1000,
    highWaterMarkBytes: 0,
    conflate: false,
    greets: false,
    dropsWhenLost: false,
    bell: inbox.bell,
    owner: { outlet, isConnected: true, record() {}, dropped() {} },
  });
  remote.open(limits);
  await asleep(bells);

  pipe.write([fromText("one")]);
  engine.poll();
  pipe.write([fromText("two")]);
  assert.equal(remote.isIdle, false);
  await asleep(bells);
  engine.idle(); // "one" has left
  await asleep(bells);
  assert.equal(idle, 0);
  engine.poll();
  engine.idle();
  await asleep(bells);
  assert.equal(idle, 1);
  assert.equal(remote.isIdle, true);
});

/** Resolves when the socket's thread sleeps. */
async function asleep(bells: Int32Array): Promise<void> {
  for (let turns = 0; turns < 5 || Atomics.load(bells, 0) === 0; turns++) {
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}
