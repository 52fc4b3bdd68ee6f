/** The ring between two threads. The last test tries every order in which they can reach the shared words. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { everySchedule } from "../../test/every-schedule.ts";
import { RING_HEADER_BYTES, type RingMemory } from "./ring.ts";
import { RingReader } from "./ring-reader.ts";
import { RingWriter } from "./ring-writer.ts";

const TAIL = 0;
const HEAD = 16;

function memory(size: number): RingMemory {
  return {
    buffer: new SharedArrayBuffer(RING_HEADER_BYTES + size),
    offset: 0,
    bytes: RING_HEADER_BYTES + size,
  };
}

/** Begins near the end of what an int32 can hold. */
function startAt(ring: RingMemory, position: number): RingMemory {
  const words = new Int32Array(ring.buffer, ring.offset, RING_HEADER_BYTES / 4);
  words[TAIL] = position;
  words[HEAD] = position;
  return ring;
}

function bytes(length: number, first: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (first + i) & 0xff);
}

/** Reads all records that are there. */
function readAll(reader: RingReader): { kind: number; bytes: Uint8Array }[] {
  const records = [];
  while (reader.next()) records.push({ kind: reader.kind, bytes: Uint8Array.from(reader.take()) });
  return records;
}

test("records come out as they went in, of every length, wherever the ring is and beyond 2^31 octets", () => {
  for (const start of [0, 0x7fff_ff80, -512, -8]) {
    const ring = startAt(memory(4096), start & ~7);
    const [writer, reader] = [new RingWriter(ring), new RingReader(ring)];
    for (let round = 0; round < 300; round++) {
      const source = bytes(5000, round);
      const lengths = [round % 70, (round * 37) % 700, (round * 101) % (writer.mostBytes + 1)];
      const sent: { kind: number; bytes: Uint8Array }[] = [];
      for (const [index, length] of lengths.entries()) {
        const from = (round + index) % 9;
        if (!writer.write(index + 1, source, from, from + length)) continue;
        sent.push({ kind: index + 1, bytes: source.slice(from, from + length) });
      }
      assert.ok(sent.length > 0);
      assert.deepEqual(readAll(reader), [], "not published yet");
      writer.publish();
      assert.deepEqual(readAll(reader), sent);
      reader.release();
    }
  }
});

test("the longest record fits wherever the tail is, in an empty ring", () => {
  const ring = memory(1024);
  const [writer, reader] = [new RingWriter(ring), new RingReader(ring)];
  for (let step = 0; step < 400; step++) {
    assert.ok(writer.write(1, bytes(writer.mostBytes, step)), `at step ${step}`);
    writer.publish();
    assert.equal(readAll(reader).length, 1);
    reader.release();
    assert.ok(writer.write(1, bytes(step % 50, step)));
    writer.publish();
    assert.equal(readAll(reader).length, 1);
    reader.release();
  }
  assert.throws(() => writer.write(1, bytes(writer.mostBytes + 1, 0)), RangeError);
});

test("a full ring takes nothing, tells so, and goes on once the reader has given room back", () => {
  const ring = memory(256);
  const [writer, reader] = [new RingWriter(ring), new RingReader(ring)];
  let count = 0;
  while (writer.write(0, bytes(40, count))) count++;
  assert.equal(writer.hasRoom(40), false);
  assert.equal(writer.wantRoom(), false);
  writer.publish();
  assert.equal(readAll(reader).length, count);
  assert.equal(writer.write(0, bytes(40, 0)), false, "read, but not released");
  assert.equal(reader.release(), true, "the writer wants to be rung");
  assert.equal(reader.release(), false, "once");
  assert.equal(writer.write(0, bytes(40, 0)), true);
});

test("unread messages are counted from their publication until the reader says that it took them", () => {
  const ring = memory(1024);
  const [writer, reader] = [new RingWriter(ring), new RingReader(ring)];
  for (let i = 0; i < 3; i++) {
    writer.write(0, bytes(8, i));
    writer.countMessage();
  }
  assert.equal(writer.unread, 3);
  writer.publish();
  readAll(reader);
  reader.release();
  assert.equal(writer.unread, 3, "taken from the ring is not read");
  reader.countMessages(2);
  reader.release();
  assert.equal(writer.unread, 1);
});

test("what a writer had not published is lost with it; what it had is read", () => {
  const ring = memory(1024);
  const writer = new RingWriter(ring);
  writer.write(1, bytes(30, 1));
  writer.publish();
  writer.write(2, bytes(400, 2)); // the thread ends here
  const reader = new RingReader(ring);
  assert.deepEqual(
    readAll(reader).map(({ kind }) => kind),
    [1],
  );
  assert.equal(reader.isOver, false);
});

test("a closed ring is over once all of it was read, and a writer sees that nobody reads", () => {
  const ring = memory(1024);
  const [writer, reader] = [new RingWriter(ring), new RingReader(ring)];
  writer.write(1, bytes(30, 1));
  writer.close();
  assert.equal(reader.isOver, false);
  readAll(reader);
  assert.equal(reader.isOver, true);
  assert.equal(writer.isReaderClosed, false);
  reader.close();
  assert.equal(writer.isReaderClosed, true);
});

test("bytes that were read stay as they are when the ring is written over", () => {
  const ring = memory(16_384);
  const [writer, reader] = [new RingWriter(ring), new RingReader(ring)];
  writer.write(0, bytes(100, 1));
  writer.write(0, bytes(3000, 2));
  writer.write(0, bytes(100, 3));
  writer.write(0, bytes(100, 4));
  writer.publish();
  const kept: Uint8Array[] = [];
  while (reader.next()) kept.push(reader.take());
  reader.release();
  for (let i = 0; i < 20; i++) {
    while (writer.write(0, new Uint8Array(3000))) writer.publish();
    readAll(reader);
    reader.release();
  }
  assert.deepEqual(
    kept.map((each) => each[0]),
    [1, 2, 3, 4],
  );
});

const BELLS = 60; // unused words of the header

test("in every order of accesses all records arrive, whole and in order, and no side sleeps for ever, beyond 2^31 too", () => {
  const COUNT = 3;
  const ring = startAt(memory(128), 0x7fff_ffc8);
  const words = new Int32Array(ring.buffer, 0, RING_HEADER_BYTES / 4);
  const wake = (who: 0 | 1) => Atomics.store(words, BELLS + who, 1);
  const sleep = (who: 0 | 1) => {
    Atomics.wait(words, BELLS + who, 0);
    Atomics.store(words, BELLS + who, 0);
  };
  const write = () => {
    const writer = new RingWriter(ring);
    for (let i = 0; i < COUNT; i++) {
      while (!writer.write(i, bytes(40, i * 10))) {
        if (writer.publish()) wake(1);
        if (!writer.wantRoom()) sleep(0);
      }
      writer.countMessage();
      if (i % 2 === 1 && writer.publish()) wake(1);
    }
    if (writer.close()) wake(1);
  };
  const read = () => {
    const reader = new RingReader(ring);
    const received: number[] = [];
    while (!reader.isOver) {
      while (reader.next()) {
        assert.deepEqual(Uint8Array.from(reader.take()), bytes(40, reader.kind * 10));
        received.push(reader.kind);
        reader.countMessages(1);
      }
      if (reader.release()) wake(0);
      if (reader.isOver) break;
      if (reader.wantData()) sleep(1);
    }
    assert.deepEqual(received, [0, 1, 2]);
  };
  const states = everySchedule([write, read], ring.buffer as SharedArrayBuffer);
  assert.ok(states > 1000, `${states} states`);
});

test("in every order of accesses a look by the way, when it was asked to be rung, leaves that as it was", () => {
  const ring = memory(128);
  const words = new Int32Array(ring.buffer, 0, RING_HEADER_BYTES / 4);
  const write = () => {
    const writer = new RingWriter(ring);
    writer.write(1, bytes(8, 0));
    if (writer.publish()) Atomics.store(words, BELLS, 1);
  };
  const read = () => {
    const reader = new RingReader(ring);
    if (!reader.wantData()) return;
    reader.wantData();
    Atomics.wait(words, BELLS, 0);
    assert.ok(reader.next());
  };
  everySchedule([write, read], ring.buffer as SharedArrayBuffer);
});
