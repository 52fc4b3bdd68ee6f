import assert from "node:assert/strict";
import { test } from "node:test";
import { copyOf } from "../base/bytes.ts";
import { FrameReader } from "./frame-reader.ts";
import { LegacyDecoder } from "./legacy-decoder.ts";

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(" ", ""), "hex"));
const LIMITS = { maxFrameBytes: -1, maxFrames: 100 };

function decode(chunks: Iterable<Uint8Array>, limits = LIMITS): string[][] {
  const decoder = new LegacyDecoder(limits);
  const messages: string[][] = [];
  for (const chunk of chunks) {
    decoder.push(chunk);
    for (let item = decoder.next(); item !== undefined; item = decoder.next()) {
      messages.push((item as Uint8Array[]).map((frame) => Buffer.from(frame).toString("hex")));
    }
    assert.ok(decoder.starved);
  }
  return messages;
}

test("messages of a ZMTP 1.0 peer decode whole and split at every octet", () => {
  const long = `ff 00 00 00 00 00 00 01 01 00 ${"61".repeat(256)}`;
  const bytes = hex(`03 01 68 69 06 00 74 68 65 72 65 01 00 ${long} 05 00 01 61 62 63 03 7e 68 69`);
  const wanted = [["6869", "7468657265"], [""], ["61".repeat(256)], ["01616263"], ["6869"]];
  for (let at = 0; at <= bytes.length; at++) {
    assert.deepEqual(decode([bytes.slice(0, at), bytes.slice(at)]), wanted);
  }
  assert.deepEqual(decode(Array.from(bytes, (octet) => Uint8Array.of(octet))), wanted);
});

test("the long form of a short body is accepted", () => {
  assert.deepEqual(decode([hex("ff 00 00 00 00 00 00 00 03 00 68 69")]), [["6869"]]);
});

test("a length of 0 is fatal, in both forms", () => {
  assert.throws(() => decode([hex("00 00")]), { code: "EPROTO" });
  assert.throws(() => decode([hex("00")]), { code: "EPROTO" }); // nothing that follows could mend it
  assert.throws(() => decode([hex("ff 00 00 00 00 00 00 00 00 00")]), { code: "EPROTO" });
});

test("limits hold for frames and for their number", () => {
  assert.deepEqual(decode([hex("03 00 68 69")], { maxFrameBytes: 2, maxFrames: 1 }), [["6869"]]);
  assert.throws(() => decode([hex("04 00")], { maxFrameBytes: 2, maxFrames: 1 }), { code: "EMSGSIZE" });
  assert.throws(() => decode([hex("ff ff ff ff ff ff ff ff ff 00")], { maxFrameBytes: 1e9, maxFrames: 1 }), {
    code: "EMSGSIZE",
  });
  assert.throws(() => decode([hex("01 01 01 01 01 00")], { maxFrameBytes: 2, maxFrames: 2 }), { code: "EMSGSIZE" });
});

test("stops after so many frames of a message, and goes on where it was", () => {
  const decoder = new LegacyDecoder({ ...LIMITS, framesAtOnce: 2 });
  decoder.push(hex("01 01 01 01 01 01 01 01 01 00"));
  for (let i = 0; i < 2; i++) {
    assert.equal(decoder.next(), undefined);
    assert.equal(decoder.starved, false);
  }
  assert.equal((decoder.next() as Uint8Array[]).length, 5);
  assert.equal(decoder.next(), undefined);
  assert.equal(decoder.starved, true);
});

test("a large frame in many chunks arrives in linear time and unchanged", () => {
  const body = Buffer.alloc(5_000_000, 7);
  const chunks: Uint8Array[] = [hex("ff 00 00 00 00 00 4c 4b 41 00")];
  for (let at = 0; at < body.length; at += 500) chunks.push(new Uint8Array(body.subarray(at, at + 500)));
  const decoder = new LegacyDecoder(LIMITS);
  let message: unknown;
  for (const chunk of chunks) {
    decoder.push(chunk);
    message ??= decoder.next();
  }
  assert.equal(Buffer.compare((message as Uint8Array[])[0] as Uint8Array, body), 0);
});

test("a frame reader hands on what it has not read", () => {
  const reader = new FrameReader("v2", -1, copyOf);
  for (const octet of hex("04 02 61 62 00 01 63 00")) reader.push(Uint8Array.of(octet));
  assert.equal(Buffer.from(reader.next() as Uint8Array).toString(), "ab");
  assert.equal(reader.flags, 4);
  assert.equal(reader.unread, 4);
  assert.equal(Buffer.concat(reader.takeRest()).toString("hex"), "00016300");
  assert.equal(reader.unread, 0);
  assert.equal(reader.next(), undefined);
});

test("a small body that a frame reader returns has memory of its own", () => {
  const chunk = hex("00 01 61");
  const reader = new FrameReader("v2", -1, copyOf);
  reader.push(chunk);
  const body = reader.next() as Uint8Array;
  chunk.fill(0);
  assert.equal(body[0], 0x61);
});

test("octets that come one by one are gathered, so that none of them keeps an array of its own", () => {
  const reader = new FrameReader("v1", -1, copyOf);
  const chunks = Array.from(hex(`ff 00 00 00 00 00 00 04 01 00 ${"61".repeat(1024)}`), (octet) => Uint8Array.of(octet));
  for (const chunk of chunks.slice(0, -1)) {
    reader.push(chunk);
    assert.equal(reader.next(), undefined);
  }
  for (const chunk of chunks) chunk.fill(0x62); // Seen in what is still the chunk itself.
  reader.push(chunks.at(-1) as Uint8Array);
  const kept = reader.next()?.filter((octet) => octet === 0x62).length ?? 1024;
  assert.ok(kept <= 256, `${kept} of 1024`);
});
