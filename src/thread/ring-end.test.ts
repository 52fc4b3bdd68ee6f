/** Two ends of a pipe over a pair of rings, each with a bell of its own, in one thread. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { fromText, toText } from "../base/bytes.ts";
import { systemClock } from "../base/clock.ts";
import type { Message } from "../base/message.ts";
import type { PipeOwner } from "../base/near-end.ts";
import { createPipe, type Pipe } from "../base/pipe.ts";
import { RING_HEADER_BYTES } from "../base/ring.ts";
import { RingReader } from "../base/ring-reader.ts";
import { RingWriter } from "../base/ring-writer.ts";
import { Inbox } from "./inbox.ts";
import { OWN } from "./records.ts";
import { RingEnd } from "./ring-end.ts";
import type { PeerThread } from "./ring-end-parts.ts";

const clock = systemClock();

interface Side {
  readonly pipe: Pipe;
  readonly end: RingEnd;
  readonly inbox: Inbox;
  readonly told: string[];
  isDead: boolean;
}

/** Marks of both sides: sender's and receiver's of each. */
function pair(ringBytes = 4096, marks = { send: 1000, receive: 1000 }): [Side, Side] {
  const bytes = RING_HEADER_BYTES + ringBytes;
  const buffer = new SharedArrayBuffer(64 + bytes * 2);
  const words = new Int32Array(buffer, 0, 16);
  const rings = [0, 1].map((i) => ({ buffer, offset: 64 + bytes * i, bytes }));
  const inboxes = [0, 1].map((index) => new Inbox(clock, { words, index }));
  const sides: Side[] = [];
  for (const i of [0, 1]) {
    const told: string[] = [];
    const owner: PipeOwner = {
      readable() {},
      writable: () => told.push("writable"),
      connected() {},
      disconnected() {},
      control: (_pipe, { kind, topic }) => told.push(`${kind} ${toText(topic)}`),
      ended: () => told.push("ended"),
    };
    const limits = { sendHighWaterMark: marks.send, receiveHighWaterMark: marks.receive, conflate: false };
    const pipe = createPipe(owner, "inproc://a", i === 0, limits);
    const inbox = inboxes[i] as Inbox;
    const peer: PeerThread = {
      bell: (inboxes[1 - i] as Inbox).bell,
      get isDead() {
        return sides[1 - i]?.isDead === true;
      },
    };
    const end = new RingEnd({
      pipe,
      writer: new RingWriter(rings[i] as (typeof rings)[0]),
      reader: new RingReader(rings[1 - i] as (typeof rings)[0]),
      peer,
      inbox,
      clock,
      owner: {
        record: (kind, data) => told.push(`record ${kind} ${toText(data)}`),
        left: () => told.push("left"),
        closing: () => told.push("closing"),
        drained: () => told.push("drained"),
      },
    });
    sides.push({ pipe, end, inbox, told, isDead: false });
  }
  for (const { pipe, end } of sides) {
    pipe.open();
    const both = marks.send === 0 ? 0 : marks.send + marks.receive;
    end.limit(both, both);
    end.start();
    end.attach();
    pipe.connect(new Map());
  }
  return sides as [Side, Side];
}

function text(message: Message | undefined): string | undefined {
  return message?.map(toText).join("|");
}

/** Resolves when `done`, while both sides are woken by their bells alone. */
async function until(done: () => boolean): Promise<void> {
  clock.ref();
  while (!done()) await new Promise((resolve) => setImmediate(resolve));
  clock.unref();
}

async function read({ pipe }: Side): Promise<Message> {
  for (;;) {
    const message = pipe.read();
    if (message !== undefined) return message;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function message(...frames: string[]): Message {
  return frames.map(fromText);
}

test("messages arrive whole and in order, both ways, with subscriptions and records between them", async () => {
  const [a, b] = pair();
  a.pipe.write(message("one"));
  a.pipe.write(message("two", "", "parts"));
  a.pipe.writeControl({ kind: "subscribe", topic: fromText("topic") });
  a.end.send(OWN + 1, fromText("own"));
  a.pipe.write(message("three"));
  b.pipe.write(message("back"));
  assert.equal(text(await read(b)), "one");
  assert.equal(text(await read(b)), "two||parts");
  assert.equal(text(await read(b)), "three");
  assert.deepEqual(b.told, ["subscribe topic", `record ${OWN + 1} own`]);
  assert.equal(text(await read(a)), "back");
});

test("a message larger than the ring arrives, and so do those behind it", async () => {
  const [a, b] = pair(4096);
  const large = Uint8Array.from({ length: 100_000 }, (_, i) => i * 7);
  a.pipe.write([fromText("head"), large, large.subarray(3), fromText("tail")]);
  a.pipe.write(message("next"));
  const [head, first, second, tail] = await read(b);
  assert.equal(toText(head as Uint8Array), "head");
  assert.deepEqual(Uint8Array.from(first as Uint8Array), large);
  assert.deepEqual(Uint8Array.from(second as Uint8Array), large.subarray(3));
  assert.equal(toText(tail as Uint8Array), "tail");
  assert.equal(text(await read(b)), "next");
});

test("so many messages are taken as both marks allow; then as many more as were read, from half of the mark on", async () => {
  const [a, b] = pair(65_536, { send: 4, receive: 6 });
  let sent = 0;
  while (a.pipe.write(message(`${sent}`))) sent++;
  assert.equal(sent, 10);
  for (let i = 0; i < 10; i++) assert.equal(text(await read(b)), `${i}`);
  await until(() => a.told.includes("writable"));
  while (a.pipe.write(message(`${sent}`))) sent++;
  assert.ok(sent >= 14);
});

test("a slow reader's ring that is full goes on when it reads, however many messages wait", async () => {
  const [a, b] = pair(1024, { send: 0, receive: 0 });
  for (let i = 0; i < 5000; i++) assert.ok(a.pipe.write(message(`${i}`)));
  for (let i = 0; i < 5000; i++) assert.equal(text(await read(b)), `${i}`);
});

test("what a dead thread had published can be read, and its peer hears that it left", async () => {
  const [a, b] = pair();
  a.pipe.write(message("last"));
  a.end.flush();
  a.isDead = true;
  b.inbox.look();
  await until(() => b.told.includes("left"));
  assert.equal(text(b.pipe.read()), "last");
});

test("a closed pipe's messages leave, then its owner hears of it; a stopped end is one that left", async () => {
  const [a, b] = pair(1024, { send: 0, receive: 0 });
  for (let i = 0; i < 100; i++) a.pipe.write(message(`${i}`));
  a.pipe.close();
  for (let i = 0; i < 100; i++) assert.equal(text(await read(b)), `${i}`);
  await until(() => a.told.includes("drained"));
  a.end.stop();
  await until(() => b.told.includes("left"));
  assert.deepEqual(a.told, ["closing", "drained"]);
});

test("a thread that blocks is woken by what arrives, and returns after its time-out", () => {
  const [a, b] = pair();
  assert.equal(b.inbox.block(0), false);
  a.pipe.write(message("now"));
  a.end.flush();
  assert.equal(b.inbox.block(-1), true);
  assert.equal(text(b.pipe.read()), "now");
  assert.equal(b.inbox.block(10), false);
});

test("a subscription and a record that are longer than the ring arrive whole, in order, both ways", async () => {
  const [a, b] = pair(4096);
  const topic = "t".repeat(10_000);
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    from.pipe.write(message("before"));
    from.pipe.writeControl({ kind: "subscribe", topic: fromText(topic) });
    from.end.send(OWN + 1, fromText(topic));
    from.pipe.writeControl({ kind: "cancel", topic: fromText("short") });
    from.pipe.write(message("behind"));
    assert.equal(text(await read(to)), "before");
    assert.equal(text(await read(to)), "behind");
    assert.deepEqual(to.told.splice(0), [`subscribe ${topic}`, `record ${OWN + 1} ${topic}`, "cancel short"]);
  }
});
