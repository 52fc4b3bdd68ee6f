/** The limits of a decoder, and the memory of what it returns. */

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  assertSame,
  both,
  type DecoderForm,
  drain,
  filled,
  hex,
  NO_LIMITS,
  onNode,
  pieces,
  type Sent,
  wire,
} from "../../test/frame-streams.ts";
import type { Decoded, DecoderLimits } from "../base/protocol.ts";
import { COMMAND, MORE } from "./frame.ts";

// --- Limits ---

const oversized = (decodeAll: DecoderForm["decodeAll"], limits: DecoderLimits, bytes: Uint8Array): void => {
  assert.throws(() => decodeAll([bytes], limits), { name: "Error", code: "EMSGSIZE" });
};

both("a frame of the limit passes, a frame beyond it is refused, commands too", ({ decodeAll }) => {
  const limits = { maxFrameBytes: 300, maxFrames: 10 };
  assertSame(decodeAll([wire([{ flags: 0, body: filled(300, 0) }])], limits), [[filled(300, 0)]]);
  oversized(decodeAll, limits, wire([{ flags: 0, body: filled(301, 0) }]));
  oversized(decodeAll, limits, wire([{ flags: COMMAND, body: filled(301, 0) }]));
  oversized(decodeAll, { maxFrameBytes: 2, maxFrames: 10 }, hex("00 03 61"));
  oversized(decodeAll, { maxFrameBytes: 0, maxFrames: 10 }, hex("00 01 61"));
  assertSame(decodeAll([hex("00 00")], { maxFrameBytes: 0, maxFrames: 10 }), [[hex("")]]);
});

both("a frame is refused as soon as its header is there", ({ decodeAll }) => {
  oversized(decodeAll, { maxFrameBytes: 1 << 20, maxFrames: 10 }, hex("02 00 00 00 00 00 10 00 01"));
  oversized(decodeAll, { maxFrameBytes: Number.MAX_SAFE_INTEGER, maxFrames: 10 }, hex("02 ff ff ff ff ff ff ff ff"));
});

both("an announced length alone takes little memory, even without a limit", ({ Decoder }) => {
  const before = process.memoryUsage().arrayBuffers;
  const decoders: object[] = [];
  for (let i = 0; i < 20; i++) {
    const decoder = new Decoder(NO_LIMITS);
    decoder.push(hex("02 00 00 00 00 f0 00 00 00"));
    decoder.push(new Uint8Array(1000));
    assert.equal(decoder.next(), undefined);
    decoders.push(decoder);
  }
  assert.ok(process.memoryUsage().arrayBuffers - before < 20 * (2 << 20));
  assert.equal(decoders.length, 20);
});

both("a length beyond all memory waits, and is no error before its octets come", ({ Decoder }) => {
  const decoder = new Decoder(NO_LIMITS);
  decoder.push(hex("02 ff ff ff ff ff ff ff ff 61"));
  assert.equal(decoder.next(), undefined);
});

both("a message of endless frames is refused", ({ decodeAll }) => {
  const endless = Uint8Array.from({ length: 20_000 }, (_, i) => (i % 2 === 0 ? MORE : 0));
  oversized(decodeAll, { maxFrameBytes: -1, maxFrames: 1000 }, endless);
  const limit = [MORE, 0, MORE, 0, 0, 0];
  assert.equal(decodeAll([Uint8Array.from(limit)], { maxFrameBytes: -1, maxFrames: 3 }).length, 1);
  oversized(decodeAll, { maxFrameBytes: -1, maxFrames: 2 }, Uint8Array.from(limit));
});

// --- Memory ---

both("a small frame never keeps more than a slab alive, whatever its form and place", ({ decodeAll }) => {
  const frames: Sent[] = [];
  for (let i = 0; i < 2000; i++) {
    const isLarge = i % 97 === 0;
    frames.push({ flags: 0, body: filled(isLarge ? 5000 : i % 256, i), long: i % 7 === 0 });
  }
  const bytes = wire(frames);
  for (const size of [65_536, 8193, 100_000, bytes.length]) {
    for (const item of decodeAll(pieces(bytes, size))) {
      const body = (item as Uint8Array[])[0] as Uint8Array;
      if (body.length < 256) assert.ok(body.buffer.byteLength <= 8192, `${body.length} in ${body.buffer.byteLength}`);
    }
  }
});

both("a body never shares memory with a chunk that is small and was not its own", ({ decodeAll }) => {
  const chunk = wire([{ flags: 0, body: filled(10, 1) }]);
  const pool = new Uint8Array(65_536);
  pool.set(chunk, 1000);
  const [decoded] = decodeAll([pool.subarray(1000, 1000 + chunk.length)]);
  pool.fill(0);
  assertSame([decoded as Decoded], [[filled(10, 1)]]);
});

test("a frame that spans chunks has exactly its own memory", () => {
  const { decodeAll } = onNode;
  for (const length of [20, 300, 100_000, (1 << 20) + 1, 40 << 20]) {
    const bytes = wire([{ flags: 0, body: filled(length, 1) }]);
    const [message] = decodeAll(pieces(bytes, Math.ceil(bytes.length / 20))) as Uint8Array[][];
    assertSame([message as Decoded], [[filled(length, 1)]]);
    assert.equal(message?.[0]?.buffer.byteLength, length);
  }
});

test("a decoder that stops where a slab ends keeps what the link's memory held behind it", () => {
  const { Decoder } = onNode;
  const frame = Uint8Array.of(0, 62, ...Array.from({ length: 62 }, () => 7)); // 64 octets: slabs end between frames
  const chunk = new Uint8Array(Buffer.concat(Array.from({ length: 1000 }, () => frame)));
  for (let stop = 1; stop <= 200; stop++) {
    const decoder = new Decoder(NO_LIMITS);
    const memory = chunk.slice();
    decoder.push(memory);
    for (let i = 0; i < stop; i++) assert.ok(decoder.next());
    decoder.retain();
    memory.fill(0xff);
    assert.equal(drain(decoder).length, 1000 - stop, `after ${stop} messages`);
  }
});

both(
  "a multipart message beyond the limit of bytes is refused, before there is memory for its last frame",
  ({ decodeAll }) => {
    const limits = { maxFrameBytes: -1, maxFrames: 100, maxMessageBytes: 1000 };
    const part = { flags: MORE, body: filled(400, 0) };
    assert.equal(decodeAll([wire([part, part, { flags: 0, body: filled(200, 0) }])], limits).length, 1);
    oversized(decodeAll, limits, wire([part, part, { flags: 0, body: filled(201, 0) }]));
    oversized(decodeAll, limits, Buffer.concat([wire([part]), hex("02 00 00 00 00 10 00 00 00")]));
    assert.equal(
      decodeAll([wire([{ flags: 0, body: filled(5000, 0) }])], limits).length,
      1,
      "a single frame is not meant",
    );
    const command = { flags: COMMAND, body: filled(20_000, 0) };
    assert.equal(decodeAll([wire([part, command, { flags: 0, body: filled(600, 0) }])], limits).length, 2);
  },
);
