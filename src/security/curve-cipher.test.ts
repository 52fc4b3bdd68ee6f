import assert from "node:assert/strict";
import { test } from "node:test";
import { crypto } from "../../test/crypto.ts";
import { code, established, open, sealed } from "../../test/curve-pair.ts";
import { fromText, toText } from "../base/bytes.ts";
import { ZmqError } from "../base/errors.ts";
import type { Message } from "../base/message.ts";
import type { Decoded, FrameCipher } from "../base/protocol.ts";
import { controlBody, parseCommand, pingBody, pongBody } from "../wire/command.ts";
import { Decoder } from "../wire/decoder.ts";
import { Encoder } from "../wire/encoder.ts";
import { randomBytes } from "./crypto.ts";
import { CurveCipher } from "./curve-cipher.ts";

const LIMITS = { maxFrameBytes: -1, maxFrames: 1000 };

test("the nonce of INITIATE is the base of the following ones", () => {
  const key = randomBytes(32);
  const base = Uint8Array.of(0, 0, 0, 1, 0, 0, 0, 5);
  const cipher = () => new CurveCipher(crypto, { role: "server", key, nextCounter: 2, peerCounter: base });
  const from = (counter: number) =>
    sealed(new CurveCipher(crypto, { role: "client", key, nextCounter: counter, peerCounter: base }), 0, fromText("x"));
  assert.throws(() => open(cipher(), from(5)), code("ERR_ZMTP_INVALID_SEQUENCE"));
  assert.throws(() => open(cipher(), from(0x1_0000_0005)), code("ERR_ZMTP_INVALID_SEQUENCE"));
  assert.equal(open(cipher(), from(0x1_0000_0006)).length, 2);
  assert.equal(open(cipher(), from(0x2_0000_0001)).length, 2);
});

test("nonces may skip but not repeat or return", () => {
  const { client, server: peer } = established();
  const frames = Array.from({ length: 5 }, (_, i) => sealed(client, 0, Uint8Array.of(i)));
  assert.equal(frames[0]![15], 3);
  assert.equal(open(peer, frames[0]!)[1], 0);
  assert.equal(open(peer, frames[3]!)[1], 3);
  for (const late of [3, 2, 0]) assert.throws(() => open(peer, frames[late]!), code("ERR_ZMTP_INVALID_SEQUENCE"));
  assert.equal(open(peer, frames[4]!)[1], 4);
  assert.equal(sealed(peer, 0, Uint8Array.of(1))[15], 2);
});

test("a nonce above 2^53 is compared exactly", () => {
  const key = randomBytes(32);
  const peerCounter = (low: number) => Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, low);
  const receiver = new CurveCipher(crypto, { role: "server", key, nextCounter: 2, peerCounter: peerCounter(0xfe) });
  const frame = sealed(
    new CurveCipher(crypto, { role: "client", key, nextCounter: 9, peerCounter: peerCounter(0) }),
    0,
    fromText("x"),
  );
  frame.set(peerCounter(0xfe), 8);
  assert.throws(() => open(receiver, frame), code("ERR_ZMTP_INVALID_SEQUENCE"));
  frame.set(peerCounter(0xff), 8);
  assert.throws(() => open(receiver, frame), code("ERR_ZMTP_CRYPTOGRAPHIC"));
});

test("sealing stops before a nonce is used twice", () => {
  const cipher = new CurveCipher(crypto, {
    role: "client",
    key: randomBytes(32),
    nextCounter: Number.MAX_SAFE_INTEGER - 1,
    peerCounter: new Uint8Array(8),
  });
  sealed(cipher, 0, fromText("last"));
  assert.throws(() => sealed(cipher, 0, fromText("one more")), code("ERR_ZMTP_INVALID_SEQUENCE"));
});

test("a MESSAGE that is cut, changed, in clear or from the other direction ends the connection", () => {
  const { client, server: peer } = established();
  const frame = sealed(client, 0, fromText("hello"));
  for (let end = 0; end < frame.length; end++) {
    const wanted =
      end <= 7
        ? "ERR_ZMTP_MALFORMED_COMMAND_UNSPECIFIED"
        : end < 33
          ? "ERR_ZMTP_MALFORMED_COMMAND_MESSAGE"
          : "ERR_ZMTP_CRYPTOGRAPHIC";
    assert.throws(() => open(peer, frame.subarray(0, end)), code(wanted), `cut at ${end}`);
  }
  for (let at = 0; at < frame.length; at++) {
    const changed = Uint8Array.from(frame);
    changed[at]! ^= 0x40;
    assert.throws(
      () => open(peer, changed),
      (error) => error instanceof ZmqError,
      `octet ${at}`,
    );
  }
  assert.throws(() => open(client, sealed(client, 0, fromText("mirrored"))), code("ERR_ZMTP_CRYPTOGRAPHIC"));
  assert.throws(() => open(peer, fromText("\x04PING\0\0")), code("ERR_ZMTP_UNEXPECTED_COMMAND"));
  assert.equal(toText(open(peer, frame).subarray(1)), "hello");
});

/** All that a decoder gives for `bytes`, pushed in pieces of `size`. */
function decoded(cipher: FrameCipher, bytes: Uint8Array, size: number): Decoded[] {
  const decoder = new Decoder(LIMITS);
  decoder.secure(cipher);
  const all: Decoded[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    decoder.push(bytes.subarray(at, at + size));
    for (let next = decoder.next(); next !== undefined; next = decoder.next()) all.push(next);
  }
  return all;
}

test("multipart, large frames, heartbeats and subscriptions travel under CURVE, however the bytes are cut", () => {
  const messages: Message[] = [
    [fromText("one")],
    [fromText("a"), new Uint8Array(0), new Uint8Array(300).fill(7)],
    [new Uint8Array(0)],
    [new Uint8Array(20_000).fill(1), new Uint8Array(200_000).fill(2)],
  ];
  for (const size of [1, 7, 64, 4096, 1_000_000]) {
    const { client, server: peer } = established();
    const encoder = new Encoder("v2");
    encoder.secure(client);
    encoder.encode(messages[0]!);
    encoder.encodeCommand(pingBody(7, fromText("ctx")));
    encoder.encode(messages[1]!);
    encoder.encodeCommand(controlBody({ kind: "subscribe", topic: fromText("in the dark") }));
    encoder.encode(messages[2]!);
    encoder.encodeCommand(pongBody(fromText("ctx")));
    if (size > 7) encoder.encode(messages[3]!);
    const bytes = Buffer.concat(encoder.take());
    assert.equal(bytes.includes("in the dark"), false);
    const all = decoded(peer, bytes, size);
    const read = all.map((item) =>
      Array.isArray(item) ? item.map((frame) => toText(frame)) : parseCommand(item)?.kind,
    );
    const expected = messages.map((message) => message.map((frame) => toText(frame)));
    assert.deepEqual(read, [
      expected[0],
      "ping",
      expected[1],
      "subscribe",
      expected[2],
      "pong",
      ...(size > 7 ? [expected[3]] : []),
    ]);
  }
});

test("outer frames carry neither MORE nor COMMAND", () => {
  const { client } = established();
  const encoder = new Encoder("v2");
  encoder.secure(client);
  encoder.encode([fromText("a"), fromText("b")]);
  encoder.encodeCommand(pingBody(0));
  const bytes = Buffer.concat(encoder.take());
  assert.deepEqual([bytes[0], bytes[1], bytes[36], bytes[72], bytes[73]], [0, 34, 0, 0, 40]);
});

test("opened frames keep their content while others are opened", () => {
  const { client, server: peer } = established();
  const kept: Uint8Array[] = [];
  for (let i = 0; i < 500; i++) {
    const frame = sealed(client, 0, new Uint8Array(i % 300).fill(i));
    kept.push(peer.open(frame, 0, frame.length));
  }
  for (const [i, body] of kept.entries()) {
    assert.equal(body.length, i % 300);
    assert.ok(body.every((octet) => octet === i % 256));
  }
});

test("a frame in memory of its own is opened there; any other memory stays as it is", () => {
  for (const length of [0, 5, 300, 20_000, 300_000]) {
    const { client, server: peer } = established();
    for (const own of [false, true]) {
      const body = new Uint8Array(length).map((_, i) => i * 3);
      const frame = sealed(client, 1, body);
      const before = Uint8Array.from(frame);
      const opened = peer.open(frame, 0, frame.length, own);
      assert.equal(Buffer.compare(opened, body), 0);
      assert.equal(peer.flags, 1);
      assert.equal(opened.buffer === frame.buffer, own);
      if (!own) assert.equal(Buffer.compare(frame, before), 0);
    }
    const frame = sealed(client, 1, new Uint8Array(length).fill(9));
    frame[frame.length - 1]! ^= 1;
    assert.throws(() => peer.open(frame, 0, frame.length, true), code("ERR_ZMTP_CRYPTOGRAPHIC"));
  }
});

test("a large frame takes no second memory when it is opened, and its batch is used again when it was sealed", () => {
  const { client, server: peer } = established();
  const encoder = new Encoder("v2");
  encoder.secure(client);
  const decoder = new Decoder(LIMITS, true);
  decoder.secure(peer);
  const memories = new Set<ArrayBufferLike>();
  for (let round = 0; round < 5; round++) {
    for (const length of [20_000, 50_000, 65_536]) encoder.encode([new Uint8Array(length).fill(round)]);
    for (const piece of encoder.take()) {
      memories.add(piece.buffer);
      for (let at = 0; at < piece.length; at += 15_000) {
        decoder.push(piece.subarray(at, at + 15_000));
        for (let message = decoder.next(); message !== undefined; message = decoder.next()) {
          const frame = message[0] as Uint8Array;
          assert.ok(frame.every((octet) => octet === round));
          assert.equal(frame.buffer.byteLength, 33 + frame.length);
        }
      }
    }
    encoder.sent();
  }
  assert.equal(memories.size, 3);
  encoder.encode([new Uint8Array(65_536)]);
  const [kept] = encoder.take();
  encoder.kept();
  for (let round = 0; round < 5; round++) {
    encoder.encode([new Uint8Array(65_536)]);
    for (const piece of encoder.take()) assert.notEqual(piece.buffer, kept?.buffer);
    encoder.sent();
  }
});

test("a cipher that has forgotten its keys seals and opens nothing", () => {
  const { client, server: peer } = established();
  const frame = sealed(peer, 0, fromText("x"));
  client.forget?.();
  assert.throws(() => sealed(client, 0, fromText("x")), code("ERR_ZMTP_INVALID_SEQUENCE"));
  assert.throws(() => open(client, frame), code("ERR_ZMTP_CRYPTOGRAPHIC"));
});
