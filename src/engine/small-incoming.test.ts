import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "../../test/fake-clock.ts";
import { bytes, command, FakeLink, frame, repeated } from "../../test/fake-link.ts";
import { DEAF_OWNER } from "../../test/fake-pipe.ts";
import { fromText, toText } from "../base/bytes.ts";
import { createPipe } from "../base/pipe.ts";
import { Decoder } from "../wire/decoder.ts";
import { EngineLoop } from "./engine-loop.ts";
import { Incoming } from "./small-incoming.ts";

/** An established connection of a page, whose reader is the test. */
function connection(receiveHighWaterMark = 1000) {
  const clock = new FakeClock();
  const link = new FakeLink();
  const told: string[] = [];
  const ignored = () => {};
  const pipe = createPipe(DEAF_OWNER, "ws://fake", true, {
    sendHighWaterMark: 0,
    receiveHighWaterMark,
    conflate: false,
  });
  const decoder = new Decoder({ maxFrameBytes: 10, maxFrames: 1000 });
  const incoming = new Incoming(link, pipe, decoder, false, new EngineLoop(clock), {
    received: ignored,
    command: (body) => told.push(toText(body.subarray(1, 5))),
    paused: (isPaused) => told.push(isPaused ? "paused" : "resumed"),
    broken: (error) => told.push((error as { code: string }).code),
  });
  pipe.attach({
    queues: true,
    canWrite: false,
    write: () => false,
    writeControl: () => false,
    resume: () => incoming.resume(),
    close: ignored,
  });
  const read = (): string | undefined => pipe.read()?.map(toText).join("|");
  return { clock, link, pipe, incoming, told, read };
}

const X = frame(0, fromText("x"));
const PING = command("PING", [0, 0]);
const LONG = frame(0, fromText("eleven octets"));

test("all that comes is decoded at once, a PING behind it too", () => {
  const { pipe, incoming, told } = connection();
  incoming.data(repeated(X, 2));
  assert.equal(pipe.inboundLength, 0);
  incoming.start(false);
  incoming.data(bytes(repeated(X, 500), PING));
  assert.equal(pipe.inboundLength, 502);
  assert.deepEqual(told, ["PING"]);
});

test("a full pipe stops it, and the link when more comes; when there is room it goes on", () => {
  const { link, pipe, incoming, told, read } = connection(10);
  incoming.start(false);
  incoming.data(repeated(X, 12));
  assert.deepEqual([pipe.inboundLength, link.isPaused], [10, false]);
  incoming.data(repeated(X, 3));
  assert.deepEqual([pipe.inboundLength, link.isPaused], [10, true]);
  for (let i = 0; i < 15; i++) assert.equal(read(), "x");
  assert.equal(read(), undefined);
  assert.deepEqual([link.isPaused, told], [false, ["paused", "resumed"]]);
});

test("nothing is read while it is delayed, or while the pipe is full with what came before", () => {
  const delayed = connection();
  delayed.incoming.start(true);
  delayed.incoming.data(X);
  assert.deepEqual([delayed.pipe.inboundLength, delayed.link.isPaused], [0, true]);
  delayed.incoming.startReading();
  assert.deepEqual([delayed.read(), delayed.link.isPaused], ["x", false]);

  const full = connection(1);
  full.pipe.deliver([fromText("of the connection before")]);
  full.incoming.start(false);
  full.incoming.data(X);
  assert.equal(full.link.isPaused, true);
  assert.deepEqual([full.read(), full.read()], ["of the connection before", "x"]);
});

test("at the end of the link all that came is delivered, unless there was never room", () => {
  const { pipe, incoming } = connection(10);
  incoming.start(false);
  incoming.data(repeated(X, 15));
  incoming.finish();
  assert.equal(pipe.inboundLength, 15);

  const full = connection(1);
  full.pipe.deliver([fromText("of the connection before")]);
  full.incoming.start(false);
  full.incoming.data(X);
  full.incoming.finish();
  assert.equal(full.pipe.inboundLength, 1);
});

test("a broken rule is told at once, but not within the reader's call", () => {
  const { clock, pipe, incoming, told, read } = connection(1);
  incoming.start(false);
  incoming.data(bytes(X, LONG));
  assert.deepEqual(told, []);
  assert.equal(read(), "x");
  assert.deepEqual(told, []);
  clock.turn();
  assert.deepEqual(told, ["EMSGSIZE"]);
  incoming.data(X);
  assert.equal(pipe.inboundLength, 0);

  const other = connection();
  other.incoming.start(false);
  other.incoming.data(bytes(X, LONG));
  assert.deepEqual([other.read(), other.told], ["x", ["EMSGSIZE"]]);
});
