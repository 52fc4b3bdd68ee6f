/**
 * The ring between two threads. The first test tries every order in which the
 * two sides can reach the shared words, by running each side again from its
 * beginning, with what it saw before, for one access more.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
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

// --- All orders ---

/** A side: what it does, in steps that reach the shared words one at a time. */
type Actor = (ring: RingMemory, bell: Bell) => void;
/** A thread that sleeps until it is rung; both are shared words too. */
interface Bell {
  sleep(who: 0 | 1): void;
  ring(who: 0 | 1): void;
}
class Suspended extends Error {}

const BELLS = 60; // unused words of the header

/** An access that happened: what it saw, and the memory that the plain code ahead of it worked on. */
interface Access {
  readonly value: number;
  readonly memory: Uint8Array;
}
type Logs = readonly [readonly Access[], readonly Access[]];

/**
 * Runs every schedule of two actors, and returns how many different states it
 * saw. A step of an actor is its plain code up to its next access, and that
 * access: reached by running it again from its beginning, with what it saw.
 */
function everySchedule(actors: readonly [Actor, Actor], size: number, start: number): number {
  const { load, store } = Atomics;
  const seen = new Set<string>();
  const ring = startAt(memory(size), start);
  const words = new Int32Array(ring.buffer, 0, RING_HEADER_BYTES / 4);
  const all = new Uint8Array(ring.buffer);

  const run = (who: 0 | 1, log: readonly Access[], state: Uint8Array) => {
    let at = 0;
    let next: Access | undefined;
    const memoryAt = () => all.set(log[at]?.memory ?? state);
    const access = (act: () => number | undefined): number => {
      const known = log[at];
      if (known !== undefined) {
        at++;
        memoryAt();
        return known.value;
      }
      const value = next === undefined ? act() : undefined;
      if (value === undefined) throw new Suspended();
      next = { value, memory: state };
      return value;
    };
    const bell: Bell = {
      sleep(sleeper) {
        access(() => {
          if (load(words, BELLS + sleeper) === 0) return undefined;
          return store(words, BELLS + sleeper, 0);
        });
      },
      ring: (sleeper) => void access(() => store(words, BELLS + sleeper, 1)),
    };
    const hooks = {
      load: (array: Int32Array, index: number) => access(() => load(array, index)),
      store: (array: Int32Array, index: number, value: number) => access(() => store(array, index, value)),
    };
    memoryAt();
    let isDone = false;
    Object.assign(Atomics, hooks);
    try {
      actors[who](ring, bell);
      isDone = true;
    } catch (error) {
      if (!(error instanceof Suspended)) throw error;
    } finally {
      Object.assign(Atomics, { load, store });
    }
    return { next, after: Uint8Array.from(all), isDone };
  };

  const visit = (logs: Logs, state: Uint8Array): void => {
    const values = logs.map((log) => log.map(({ value }) => value).join());
    const key = `${values.join("|")}|${Buffer.from(state).toString("latin1")}`;
    if (seen.has(key)) return;
    seen.add(key);
    const done = [false, false];
    let isStuck = true;
    for (const who of [0, 1] as const) {
      const { next, after, isDone } = run(who, logs[who], state);
      done[who] = isDone;
      if (next === undefined) continue;
      isStuck = false;
      visit(who === 0 ? [[...logs[0], next], logs[1]] : [logs[0], [...logs[1], next]], after);
    }
    if (isStuck) assert.deepEqual(done, [true, true], "somebody sleeps for ever");
  };

  visit([[], []], Uint8Array.from(all));
  return seen.size;
}

test("in every order of accesses all records arrive, whole and in order, and no side sleeps for ever, beyond 2^31 too", () => {
  const COUNT = 3;
  let received: number[] = [];
  const write: Actor = (ring, bell) => {
    const writer = new RingWriter(ring);
    for (let i = 0; i < COUNT; i++) {
      const record = bytes(40, i * 10);
      while (!writer.write(i, record)) {
        if (writer.publish()) bell.ring(1);
        if (!writer.wantRoom()) bell.sleep(0);
      }
      writer.countMessage();
      if (i % 2 === 1 && writer.publish()) bell.ring(1);
    }
    if (writer.close()) bell.ring(1);
  };
  const read: Actor = (ring, bell) => {
    const reader = new RingReader(ring);
    received = [];
    while (!reader.isOver) {
      while (reader.next()) {
        assert.deepEqual(Uint8Array.from(reader.take()), bytes(40, reader.kind * 10));
        received.push(reader.kind);
        reader.countMessages(1);
      }
      if (reader.release()) bell.ring(0);
      if (reader.isOver) break;
      if (reader.wantData()) bell.sleep(1);
    }
    assert.deepEqual(received, [0, 1, 2]);
  };
  const states = everySchedule([write, read], 128, 0x7fff_ffc8);
  assert.ok(states > 1000, `${states} states`);
});
