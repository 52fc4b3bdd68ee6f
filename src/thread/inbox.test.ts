/** The inbox and its doorbell: no ring is missed, in whatever order the threads go on. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { everySchedule } from "../../test/every-schedule.ts";
import { FakeClock } from "../../test/fake-clock.ts";
import { systemClock } from "../base/clock.ts";
import { RING_HEADER_BYTES } from "../base/ring.ts";
import { RingReader } from "../base/ring-reader.ts";
import { RingWriter } from "../base/ring-writer.ts";
import { ring } from "./bell.ts";
import { Inbox } from "./inbox.ts";
import { Patience } from "./patience.ts";

/** Counts what a ring brings. */
class Counter {
  readonly answersSoon = true;
  received = 0;
  readonly #reader: RingReader;

  constructor(reader: RingReader) {
    this.#reader = reader;
  }

  poll(): boolean {
    let isDone = false;
    while (this.#reader.next()) {
      this.received++;
      isDone = true;
    }
    return isDone || !this.#reader.wantData();
  }
}

function memory() {
  const bytes = RING_HEADER_BYTES + 256;
  const buffer = new SharedArrayBuffer(64 + bytes);
  return { ring: { buffer, offset: 64, bytes }, bell: { words: new Int32Array(buffer, 0, 16), index: 0 }, buffer };
}

test("in every order of accesses a thread that blocks is woken for each thing that comes", () => {
  const { ring: shared, bell, buffer } = memory();
  const write = () => {
    const writer = new RingWriter(shared);
    for (let i = 0; i < 3; i++) {
      writer.write(i, new Uint8Array(4));
      if (writer.publish()) ring(bell);
    }
  };
  const read = () => {
    const clock = new FakeClock();
    const inbox = new Inbox(clock, bell, new Patience(clock, 1));
    const counter = new Counter(new RingReader(shared));
    inbox.add(counter);
    while (counter.received < 3) inbox.block(-1);
  };
  const states = everySchedule([write, read], buffer);
  assert.ok(states > 500, `${states} states`);
});

test("a thread whose loop turns is woken after it had blocked in between", async () => {
  const { ring: shared, bell } = memory();
  const clock = systemClock();
  const inbox = new Inbox(clock, bell);
  const counter = new Counter(new RingReader(shared));
  const writer = new RingWriter(shared);
  const send = () => {
    writer.write(0, new Uint8Array(4));
    if (writer.publish()) ring(bell);
  };
  inbox.add(counter);
  clock.ref();
  await new Promise((resolve) => setTimeout(resolve, 10));
  send();
  assert.equal(inbox.block(1000), true);
  assert.equal(inbox.block(1), false);
  send();
  while (counter.received < 2) await new Promise((resolve) => setImmediate(resolve));
  send();
  while (counter.received < 3) await new Promise((resolve) => setImmediate(resolve));
  clock.unref();
});
