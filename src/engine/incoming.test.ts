import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FakeClock } from "../../test/fake-clock.ts";
import { bytes, command, FakeLink, frame, repeated } from "../../test/fake-link.ts";
import { DEAF_OWNER } from "../../test/fake-pipe.ts";
import { fromText, toText } from "../base/bytes.ts";
import type { Message } from "../base/message.ts";
import { createPipe } from "../base/pipe.ts";
import type { FrameDecoder } from "../base/protocol.ts";
import { Decoder } from "../wire/decoder.ts";
import { zws } from "../wire/zws.ts";
import { EngineLoop } from "./engine-loop.ts";
import { Incoming } from "./incoming.ts";

/** An established connection whose reader is the test. */
function connection(
  receiveHighWaterMark = 1000,
  decoder: FrameDecoder = new Decoder({ maxFrameBytes: -1, maxFrames: 1000 }),
) {
  const clock = new FakeClock();
  const link = new FakeLink();
  const commands: string[] = [];
  const ignored = () => {};
  const pipe = createPipe(DEAF_OWNER, "tcp://fake", false, {
    sendHighWaterMark: 0,
    receiveHighWaterMark,
    conflate: false,
  });
  const incoming = new Incoming(link, pipe, decoder, false, new EngineLoop(clock), {
    received: ignored,
    command: (body) => commands.push(toText(body.subarray(1, 5))),
    paused: ignored,
    broken: (error) => assert.fail(String(error)),
  });
  pipe.attach({
    queues: true,
    canWrite: false,
    write: () => false,
    writeControl: () => false,
    resume: () => incoming.resume(),
    supply: () => incoming.supply(),
    supplyRun: (into, max) => incoming.supplyRun(into, max),
    close: ignored,
  });
  const read = (): string | undefined => pipe.read()?.map(toText).join("|");
  return { clock, link, pipe, incoming, commands, read };
}

/** Of ZWS without a mechanism: each chunk is a message. */
function zwsDecoder(): FrameDecoder {
  const wire = { maxMessageBytes: 0, ping: () => {} };
  const opening = zws("ZWS2.0", wire, "server").open({
    mechanism: "NULL",
    socketType: "PULL",
    routingId: new Uint8Array(0),
    needsMechanism: false,
  });
  assert.ok(opening.agreed);
  return opening.agreed.decoder({ maxFrameBytes: -1, maxFrames: 1000 }, false);
}

const X = frame(0, fromText("x"));
const PING = command("PING", [0, 0]);

describe("a connection that is behind its reader", () => {
  it("is decoded a few messages ahead while somebody reads, not all at once", () => {
    const { clock, pipe, incoming, read } = connection();
    incoming.start(false);
    for (let chunk = 0; chunk < 20; chunk++) {
      incoming.data(repeated(X, 100));
      // Two looks happen before the chunk is read.
      for (let i = 0; i < 100; i++) {
        assert.equal(read(), "x");
        assert.ok(pipe.inboundLength <= 16, `${pipe.inboundLength} messages were decoded ahead`);
        if (i % 50 === 0) clock.advance(50);
      }
    }
  });

  it("gives many to a reader of many, in order with what is read one by one, and no more than asked for", () => {
    const { pipe, incoming, read } = connection();
    incoming.start(false);
    incoming.data(bytes(...Array.from({ length: 100 }, (_, i) => frame(0, fromText(`${i}`)))));
    const all: string[] = [];
    for (let i = 0; i < 3; i++) all.push(`${read()}`);
    for (const max of [1, 40, 7]) {
      const run: Message[] = [];
      pipe.readRun(run, max);
      assert.equal(run.length, max);
      all.push(...run.map((message) => message.map(toText).join("|")));
      assert.ok(pipe.canRead, "the reader is not told again");
    }
    for (let next = read(); next !== undefined; next = read()) all.push(next);
    assert.deepEqual(
      all,
      Array.from({ length: 100 }, (_, i) => `${i}`),
    );
    assert.equal(pipe.messagesReceived, 100);
  });

  it("is decoded at once when nobody reads for a while, up to the high-water mark", () => {
    const { clock, pipe, incoming } = connection(30);
    incoming.start(false);
    incoming.data(repeated(X, 100));
    assert.equal(pipe.inboundLength, 1);
    clock.advance(50);
    assert.equal(pipe.inboundLength, 30);
  });

  it("has its PING seen within 200 ms though the reader never stops and never gets there", () => {
    const { clock, incoming, commands, read } = connection();
    incoming.start(false);
    incoming.data(bytes(repeated(X, 500), PING));
    for (let ms = 0; ms < 200; ms += 20) {
      assert.equal(read(), "x");
      clock.advance(20);
    }
    assert.deepEqual(commands, ["PING"]);
  });
});

describe("a connection whose link was paused, for the pipe was full", () => {
  for (const [protocol, decoder, chunk] of [
    ["ZMTP", () => new Decoder({ maxFrameBytes: -1, maxFrames: 1000 }), X],
    ["ZWS", zwsDecoder, bytes([0], fromText("x"))],
  ] satisfies [string, () => FrameDecoder, Uint8Array][]) {
    for (const mark of [1, 2, 3, 4, 5, 8]) {
      it(`goes on when all was read: ${protocol}, with a mark of ${mark}`, () => {
        const { clock, link, incoming, read } = connection(mark, decoder());
        incoming.start(false);
        let sent = 0;
        let received = 0;
        for (let i = 0; i < 100; i++) {
          for (let ms = 0; ms < 5 && !link.isPaused; ms++, sent++) {
            incoming.data(chunk);
            clock.advance(50);
          }
          for (let next = read(); next !== undefined; next = read()) received++;
          assert.equal(link.isPaused, false);
          assert.equal(received, sent);
        }
      });
    }
  }
});

describe("a chunk that comes after the link was paused", () => {
  it("is copied while reading is delayed, for the link uses its memory again", () => {
    const { link, incoming, read } = connection();
    const memory = Uint8Array.from(frame(0, fromText("hello")));
    incoming.start(true);
    assert.equal(link.isPaused, true);
    incoming.data(memory);
    memory.set(frame(0, fromText("OTHER")));
    incoming.startReading();
    assert.equal(read(), "hello");
  });

  it("is copied while the pipe is full", () => {
    const { incoming, pipe, read } = connection(1);
    incoming.start(false);
    pipe.deliver([fromText("first")]);
    incoming.data(frame(0, fromText("second")));
    const memory = Uint8Array.from(frame(0, fromText("hello")));
    incoming.data(memory);
    memory.set(frame(0, fromText("OTHER")));
    assert.deepEqual([read(), read(), read()], ["first", "second", "hello"]);
  });

  it("is copied when the pipe was full before the connection began", () => {
    const { incoming, pipe, read } = connection(1);
    pipe.deliver([fromText("of the connection before")]);
    incoming.start(false);
    const memory = Uint8Array.from(frame(0, fromText("hello")));
    incoming.data(memory);
    memory.set(frame(0, fromText("OTHER")));
    assert.deepEqual([read(), read()], ["of the connection before", "hello"]);
  });
});
