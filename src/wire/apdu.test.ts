import assert from "node:assert/strict";
import { test } from "node:test";
import type { Message } from "../base/message.ts";
import { ApduReader } from "./apdu-reader.ts";
import { ApduWriter } from "./apdu-writer.ts";
import { DATA_HEADER_BYTES } from "./pgm.ts";

const LIMITS = { maxFrameBytes: -1, maxFrames: 100 };
const text = (...frames: string[]): Message => frames.map((frame) => Buffer.from(frame));
const toHex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

/** The APDUs that these messages become; full ones, and a last one with the rest. */
function written(apduBytes: number, ...messages: Message[]): Uint8Array[] {
  const writer = new ApduWriter(apduBytes);
  const apdus: Uint8Array[] = [];
  const take = () => apdus.push(writer.take().slice(DATA_HEADER_BYTES));
  for (const message of messages) {
    writer.begin(message);
    while (writer.fill()) take();
    assert.ok(writer.isReady);
  }
  if (writer.hasData) take();
  return apdus;
}

function read(reader: ApduReader, apdus: readonly Uint8Array[]): Message[] {
  const messages: Message[] = [];
  for (const apdu of apdus) {
    reader.push(apdu);
    for (let message = reader.next(); message !== undefined; message = reader.next()) messages.push(message);
  }
  return messages;
}

const sizes = (message: Message) => message.map(({ length }) => length);

test("APDUs are written as libzmq writes them", () => {
  assert.deepEqual(written(1428, text("hello")).map(toHex), ["0000060068656c6c6f"]);
  assert.deepEqual(written(1428, text("multi", "part")).map(toHex), ["000006016d756c7469050070617274"]);
  const [first, second] = written(1428, [Buffer.alloc(2000, "A"), Buffer.from("x")], text("y"));
  assert.equal(toHex(first?.subarray(0, 14) as Uint8Array), "0000ff00000000000007d1014141");
  assert.equal(first?.length, 1428);
  // 2000 - (1426 - 10) octets of the long frame, then the frame "x" with 3: the next message stands behind them.
  assert.equal(toHex(second?.subarray(0, 2) as Uint8Array), (584 + 3).toString(16).padStart(4, "0"));
});

test("messages of any size come out as they went in, for APDUs of any size", () => {
  const messages: Message[] = [];
  for (let length = 0; length < 600; length += 7) messages.push([Buffer.alloc(length, length)]);
  messages.push(text("", "", ""), [Buffer.alloc(100_000, "z"), Buffer.alloc(0), Buffer.alloc(254, "q")], text("end"));
  for (const apduBytes of [3, 4, 5, 11, 12, 13, 64, 255, 256, 257, 1428, 9000]) {
    const apdus = written(apduBytes, ...messages);
    for (const apdu of apdus) assert.ok(apdu.length > 2 && apdu.length <= apduBytes);
    const out = read(new ApduReader(LIMITS), apdus);
    assert.deepEqual(out.map(sizes), messages.map(sizes));
    assert.ok(
      out.every((message, m) => message.every((frame, f) => Buffer.compare(frame, messages[m]?.[f] ?? frame) === 0)),
    );
  }
});

test("a reader that comes late begins with the first message that begins", () => {
  const messages = Array.from({ length: 40 }, (_, i) => [Buffer.from(`${i}`), Buffer.alloc(i * 9, i)]);
  const apdus = written(64, ...messages);
  for (let from = 0; from < apdus.length; from++) {
    const out = read(new ApduReader(LIMITS), apdus.slice(from));
    const first = messages.length - out.length;
    assert.deepEqual(
      out.map((message) => String(message[0])),
      messages.slice(first).map((message) => String(message[0])),
    );
  }
});

test("a reader that lost something goes on with the next message that begins", () => {
  const messages = Array.from({ length: 40 }, (_, i) => [Buffer.from(`${i}`), Buffer.alloc(i * 9, i)]);
  const apdus = written(64, ...messages);
  for (let lost = 0; lost < apdus.length; lost++) {
    const reader = new ApduReader(LIMITS);
    const before = read(reader, apdus.slice(0, lost));
    reader.leave();
    const after = read(reader, apdus.slice(lost + 1));
    const got = [...before, ...after].map((message) => Number(String(message[0])));
    assert.deepEqual(
      got,
      [...new Set(got)].sort((a, b) => a - b),
    );
    for (const message of [...before, ...after]) assert.equal(message[1]?.length, Number(String(message[0])) * 9);
    assert.ok(got.length >= messages.length - 4);
  }
});

test("one who joins at an offset that points to the end of an APDU begins with the next", () => {
  const reader = new ApduReader(LIMITS);
  assert.deepEqual(read(reader, [Buffer.from("0003616263", "hex"), Buffer.from("ffff020078", "hex")]), [
    [Buffer.from("x")],
  ]);
});

test("an APDU without an offset, an offset beyond its end and a length of 0 are refused", () => {
  assert.throws(() => new ApduReader(LIMITS).push(new Uint8Array(1)), { code: "EPROTO" });
  assert.throws(() => new ApduReader(LIMITS).push(Buffer.from("00020061", "hex").subarray(0, 3)), { code: "EPROTO" });
  const reader = new ApduReader(LIMITS);
  reader.push(Buffer.from("00000000", "hex"));
  assert.throws(() => reader.next(), { code: "EPROTO" });
  reader.leave();
  assert.deepEqual(read(reader, written(64, text("fine"))), [text("fine")]);
});

test("a frame, a message and their number are held to their limits before memory is taken", () => {
  const limited = new ApduReader({ maxFrameBytes: 10, maxFrames: 2, maxMessageBytes: 15 });
  const refused = (...message: Message) => {
    limited.leave();
    assert.throws(() => read(limited, written(64, message)), { code: "EMSGSIZE" });
  };
  refused(Buffer.alloc(11));
  refused(Buffer.alloc(1), Buffer.alloc(1), Buffer.alloc(1));
  refused(Buffer.alloc(10), Buffer.alloc(6));
  const huge = new ApduReader(LIMITS);
  huge.push(Buffer.from("0000ff00000fffffffffff0041", "hex"));
  assert.equal(huge.next(), undefined);
  assert.ok(huge.assembledBytes <= 65_536);
});

test("received frames stay as they are when the memory of the packet is used again", () => {
  const [apdu] = written(64, text("kept"));
  assert.ok(apdu !== undefined);
  const reader = new ApduReader(LIMITS);
  reader.push(apdu);
  const message = reader.next();
  apdu.fill(0);
  assert.deepEqual(message, text("kept"));
});

test("a frame that is transferred away while it is being sent leaves the stream in order", () => {
  const writer = new ApduWriter(64);
  const frame = new Uint8Array(100);
  writer.begin([frame]);
  assert.ok(writer.fill());
  const apdus = [writer.take().slice(DATA_HEADER_BYTES)];
  structuredClone(frame.buffer, { transfer: [frame.buffer] });
  while (writer.fill()) apdus.push(writer.take().slice(DATA_HEADER_BYTES));
  writer.begin(text("next"));
  writer.fill();
  apdus.push(writer.take().slice(DATA_HEADER_BYTES));
  assert.deepEqual(read(new ApduReader(LIMITS), apdus).map(sizes), [[100], [4]]);
});
