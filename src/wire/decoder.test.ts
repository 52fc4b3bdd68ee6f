import assert from "node:assert/strict";
import { test } from "node:test";
import { FlipCipher } from "../../test/flip-cipher.ts";
import { ZmqError } from "../base/errors.ts";
import type { Decoded, DecoderLimits } from "../base/protocol.ts";
import { Decoder } from "./decoder.ts";
import { COMMAND, LONG, MORE, writeSize } from "./frame.ts";

const NO_LIMITS: DecoderLimits = { maxFrameBytes: -1, maxFrames: 1_000_000 };
const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(" ", ""), "hex"));

interface Sent {
  flags: number;
  body: Uint8Array;
  /** Write the 8-octet size even though one octet would do. */
  long?: boolean;
}

/** Frames as bytes, written in the plainest way. */
function wire(frames: readonly Sent[]): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const { flags, body, long } of frames) {
    if (long || body.length > 255) {
      const header = new Uint8Array(9);
      header[0] = flags | LONG;
      writeSize(header, 1, body.length);
      parts.push(header);
    } else parts.push(new Uint8Array([flags, body.length]));
    parts.push(body);
  }
  return new Uint8Array(Buffer.concat(parts));
}

/** What a decoder must make of the frames. */
function meaning(frames: readonly Sent[]): Decoded[] {
  const decoded: Decoded[] = [];
  let message: Uint8Array[] = [];
  for (const { flags, body } of frames) {
    if (flags & COMMAND) {
      decoded.push(body);
      continue;
    }
    message.push(body);
    if (flags & MORE) continue;
    decoded.push(message);
    message = [];
  }
  return decoded;
}

function drain(decoder: Decoder, into: Decoded[] = []): Decoded[] {
  for (let decoded = decoder.next(); decoded !== undefined; decoded = decoder.next()) into.push(decoded);
  return into;
}

function decodeAll(chunks: Iterable<Uint8Array>, limits = NO_LIMITS): Decoded[] {
  const decoder = new Decoder(limits);
  const decoded: Decoded[] = [];
  for (const chunk of chunks) {
    decoder.push(chunk);
    drain(decoder, decoded);
  }
  return decoded;
}

/** Octet for octet; plain loops because assert.deepEqual takes minutes for megabytes. */
function assertSame(actual: readonly Decoded[], expected: readonly Decoded[]): void {
  assert.equal(actual.length, expected.length, "number of messages and commands");
  for (let i = 0; i < expected.length; i++) {
    const [a, e] = [actual[i] as Decoded, expected[i] as Decoded];
    assert.equal(Array.isArray(a), Array.isArray(e), `kind of item ${i}`);
    const [frames, wanted] = [Array.isArray(a) ? a : [a], Array.isArray(e) ? e : [e]];
    assert.equal(frames.length, wanted.length, `frames of item ${i}`);
    for (let j = 0; j < wanted.length; j++) {
      const isSame = Buffer.compare(frames[j] as Uint8Array, wanted[j] as Uint8Array) === 0;
      assert.ok(isSame, `frame ${j} of item ${i} (${frames[j]?.length} bytes, expected ${wanted[j]?.length})`);
    }
  }
}

function* splitAt(bytes: Uint8Array, ...places: number[]): Generator<Uint8Array> {
  let start = 0;
  for (const place of places) {
    yield bytes.slice(start, place);
    start = place;
  }
  yield bytes.slice(start);
}

function* pieces(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let i = 0; i < bytes.length; i += size) yield bytes.slice(i, i + size);
}

/** xorshift32. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

function filled(length: number, seed: number): Uint8Array {
  const body = new Uint8Array(length);
  for (let i = 0; i < length; i++) body[i] = (i * 31 + seed * 7 + (i >> 8)) & 0xff;
  return body;
}

/** Captured from libzmq. */
const CAPTURED: readonly [string, string, string[][]][] = [
  ["a multipart message", "01 02 68 69 00 05 74 68 65 72 65", [["6869", "7468657265"]]],
  ["an empty message", "00 00", [[""]]],
  ["reserved flag bits", "f8 02 68 69", [["6869"]]],
  ["the long form of a short body", "02 00 00 00 00 00 00 00 02 68 69", [["6869"]]],
  ["a command between the frames of a message", "01 01 61 04 07 04 50 49 4e 47 02 58 00 01 62", [["61", "62"]]],
  ["an ignored empty command", "04 00 00 01 61 00 01 62 00 01 63 00 01 64", [["61"], ["62"], ["63"], ["64"]]],
];

for (const [name, text, messages] of CAPTURED) {
  test(`${name} decodes whole and split at every octet`, () => {
    const bytes = hex(text);
    const wanted = messages.map((frames) => frames.map(hex));
    for (let at = 0; at <= bytes.length; at++) {
      const decoded = decodeAll(splitAt(bytes, at)).filter((item) => Array.isArray(item));
      assertSame(decoded, wanted);
    }
    assertSame(
      decodeAll(pieces(bytes, 1)).filter((item) => Array.isArray(item)),
      wanted,
    );
  });
}

test("a command is a bare body and keeps its place", () => {
  const decoded = decodeAll([hex("00 01 61 05 06 04 4a 4f 49 4e 54 00 01 62")]);
  assertSame(decoded, [[hex("61")], hex("04 4a 4f 49 4e 54"), [hex("62")]]);
});

const MIXED_SIZES = [
  0,
  1,
  255,
  256,
  3,
  8191,
  0,
  8192,
  65_535,
  7,
  7,
  7,
  255,
  300,
  1 << 20,
  2,
  (1 << 20) + 1,
  5,
  70_000,
  0,
];

function mixedFrames(): Sent[] {
  return MIXED_SIZES.map((size, i) => ({ flags: i % 5 === 1 && i < 15 ? MORE : 0, body: filled(size, i) }));
}

test("frames from nothing to beyond a megabyte come out of chunks of any size", () => {
  const frames = mixedFrames();
  const bytes = wire(frames);
  for (const size of [bytes.length, 64, 511, 512, 513, 4096, 8191, 8192, 8193, 65_535, 65_536, 65_537, 1 << 20]) {
    assertSame(decodeAll(pieces(bytes, size)), meaning(frames));
  }
});

test("small frames and large ones come out of a stream split at every octet", () => {
  const frames: Sent[] = [3, 0, 255, 256, 1, 600, 2, 9000, 4, 255, 255, 0].map((size, i) => ({
    flags: i % 3 === 1 ? MORE : 0,
    body: filled(size, i),
  }));
  const bytes = wire(frames);
  const wanted = meaning(frames);
  for (let at = 0; at <= bytes.length; at++) assertSame(decodeAll(splitAt(bytes, at)), wanted);
});

test("a stream of small frames larger than several slabs is the same split anywhere near a slab's end", () => {
  const frames: Sent[] = Array.from({ length: 400 }, (_, i) => ({
    flags: i % 4 === 0 ? MORE : 0,
    body: filled(i % 256, i),
  }));
  const bytes = wire(frames);
  const wanted = meaning(frames);
  for (let at = 8100; at < 8900; at++) assertSame(decodeAll(splitAt(bytes, at)), wanted);
  assertSame(decodeAll(pieces(bytes, 1)), wanted);
});

test("chunks pushed before the earlier ones were read keep their order", () => {
  const frames = mixedFrames();
  const decoder = new Decoder(NO_LIMITS);
  for (const chunk of pieces(wire(frames), 10_007)) decoder.push(chunk);
  assertSame(drain(decoder), meaning(frames));
});

test("a hundred thousand chunks that wait are read in order", () => {
  const bytes = wire([{ flags: 0, body: filled(100_000, 1) }]);
  const decoder = new Decoder(NO_LIMITS);
  for (const chunk of pieces(bytes, 1)) decoder.push(chunk);
  assertSame(drain(decoder), [[filled(100_000, 1)]]);
});

test("random streams in random chunks decode as a plain reading of them does", () => {
  for (let seed = 1; seed <= 300; seed++) {
    const random = generator(seed * 2654435761);
    const frames: Sent[] = [];
    const count = 1 + random(80);
    for (let i = 0; i < count; i++) {
      const size = [random(20), random(256), 250 + random(12), random(1000), random(20_000), 8150 + random(90)][
        random(6)
      ];
      const isLast = i === count - 1;
      const flags = (isLast ? 0 : [0, 0, MORE, COMMAND, COMMAND | MORE][random(5)]) as number;
      // A zero-length command may not be followed by what looks like libzmq 4.3.4's long SUBSCRIBE.
      const body = filled(flags & COMMAND ? Math.max(1, size as number) : (size as number), i);
      frames.push({ flags: flags | (random(9) === 0 ? 0xf8 : 0), body, long: random(12) === 0 });
    }
    const bytes = wire(frames);
    const decoder = new Decoder(NO_LIMITS);
    const decoded: Decoded[] = [];
    const scale = [1, 10, 300, 9000, 70_000][random(5)] as number;
    for (let at = 0; at < bytes.length; ) {
      const size = 1 + random(scale);
      // Sometimes a view into a larger buffer, as sockets deliver them.
      const chunk = random(2) === 0 ? bytes.slice(at, at + size) : bytes.subarray(at, at + size);
      decoder.push(chunk);
      if (random(3) > 0) drain(decoder, decoded);
      else if (random(2) === 0) {
        const one = decoder.next();
        if (one !== undefined) decoded.push(one);
      }
      at += size;
    }
    drain(decoder, decoded);
    assertSame(decoded, meaning(frames));
    assert.ok(decoder.starved);
  }
});

test("random garbage either decodes, waits or throws ZmqError", () => {
  for (let seed = 1; seed <= 500; seed++) {
    const random = generator(seed);
    const decoder = new Decoder({ maxFrameBytes: 1 << 16, maxFrames: 100 });
    try {
      for (let i = 0; i < 20; i++) {
        const chunk = new Uint8Array(random(2000));
        for (let j = 0; j < chunk.length; j++) chunk[j] = random(3) === 0 ? random(256) : 0;
        decoder.push(chunk);
        drain(decoder);
      }
    } catch (error) {
      assert.ok(error instanceof ZmqError && error.code === "EMSGSIZE", String(error));
    }
  }
});

// --- libzmq 4.3.4's long subscriptions ---

function unmarked(name: string, prefixLength: number): Uint8Array {
  const body = Buffer.concat([Buffer.from([name.length]), Buffer.from(name), filled(prefixLength, 3)]);
  const header = new Uint8Array(9);
  header[0] = COMMAND;
  writeSize(header, 1, body.length);
  return new Uint8Array(Buffer.concat([header, body]));
}

test("long SUBSCRIBE and CANCEL of libzmq 4.3.4, without their LONG bit, are understood split at every octet", () => {
  const commands: [string, number][] = [
    ["SUBSCRIBE", 246],
    ["SUBSCRIBE", 255],
    ["CANCEL", 249],
    ["CANCEL", 255],
  ];
  for (const [name, prefixLength] of commands) {
    const command = unmarked(name, prefixLength);
    const bytes = new Uint8Array(Buffer.concat([hex("00 01 61"), command, hex("00 01 62")]));
    const wanted = [[hex("61")], command.subarray(9), [hex("62")]];
    for (let at = 0; at <= bytes.length; at++) assertSame(decodeAll(splitAt(bytes, at)), wanted);
  }
});

test("an unmarked SUBSCRIBE is understood in the middle of a large chunk, wherever it falls", () => {
  const command = unmarked("SUBSCRIBE", 255);
  for (let before = 7700; before < 8300; before += 3) {
    const small = wire([
      { flags: 0, body: filled(100, 1) },
      { flags: 0, body: filled(before % 251, 2) },
    ]);
    const filler = wire([{ flags: 0, body: filled(before - small.length, 5) }]);
    const tail = wire([{ flags: 0, body: filled(20_000, 6) }]);
    const bytes = new Uint8Array(Buffer.concat([small, filler, command, command, tail]));
    const decoded = decodeAll([bytes]);
    assertSame(decoded.slice(3, 5), [command.subarray(9), command.subarray(9)]);
    assert.equal(decoded.length, 6);
  }
});

test("what only begins like an unmarked SUBSCRIBE is read as the frames it is, and never for ever", () => {
  // The size is longer than any prefix that libzmq 4.3.4 sends in this form.
  const bytes = Buffer.concat([hex("04 00 00 00 00 00 00 01 ff 09 53"), new Uint8Array(100_000)]);
  const decoded = decodeAll([new Uint8Array(bytes)]);
  assertSame(decoded.slice(0, 4), [hex(""), [hex("")], [hex("")], [hex("ff")]]);
});

// --- Limits ---

const oversized = (limits: DecoderLimits, bytes: Uint8Array): void => {
  assert.throws(() => decodeAll([bytes], limits), { name: "Error", code: "EMSGSIZE" });
};

test("a frame of the limit passes, a frame beyond it is refused, commands too", () => {
  const limits = { maxFrameBytes: 300, maxFrames: 10 };
  assertSame(decodeAll([wire([{ flags: 0, body: filled(300, 0) }])], limits), [[filled(300, 0)]]);
  oversized(limits, wire([{ flags: 0, body: filled(301, 0) }]));
  oversized(limits, wire([{ flags: COMMAND, body: filled(301, 0) }]));
  oversized({ maxFrameBytes: 2, maxFrames: 10 }, hex("00 03 61"));
  oversized({ maxFrameBytes: 0, maxFrames: 10 }, hex("00 01 61"));
  assertSame(decodeAll([hex("00 00")], { maxFrameBytes: 0, maxFrames: 10 }), [[hex("")]]);
});

test("a frame is refused as soon as its header is there", () => {
  oversized({ maxFrameBytes: 1 << 20, maxFrames: 10 }, hex("02 00 00 00 00 00 10 00 01"));
  oversized({ maxFrameBytes: Number.MAX_SAFE_INTEGER, maxFrames: 10 }, hex("02 ff ff ff ff ff ff ff ff"));
});

test("an announced length alone takes little memory, even without a limit", () => {
  const before = process.memoryUsage().arrayBuffers;
  const decoders: Decoder[] = [];
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

test("a length beyond all memory waits, and is no error before its octets come", () => {
  const decoder = new Decoder(NO_LIMITS);
  decoder.push(hex("02 ff ff ff ff ff ff ff ff 61"));
  assert.equal(decoder.next(), undefined);
});

test("a message of endless frames is refused", () => {
  const endless = Uint8Array.from({ length: 20_000 }, (_, i) => (i % 2 === 0 ? MORE : 0));
  oversized({ maxFrameBytes: -1, maxFrames: 1000 }, endless);
  const limit = [MORE, 0, MORE, 0, 0, 0];
  assert.equal(decodeAll([Uint8Array.from(limit)], { maxFrameBytes: -1, maxFrames: 3 }).length, 1);
  oversized({ maxFrameBytes: -1, maxFrames: 2 }, Uint8Array.from(limit));
});

// --- Memory ---

test("a small frame never keeps more than a slab alive, whatever its form and place", () => {
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

test("a body never shares memory with a chunk that is small and was not its own", () => {
  const chunk = wire([{ flags: 0, body: filled(10, 1) }]);
  const pool = new Uint8Array(65_536);
  pool.set(chunk, 1000);
  const [decoded] = decodeAll([pool.subarray(1000, 1000 + chunk.length)]);
  pool.fill(0);
  assertSame([decoded as Decoded], [[filled(10, 1)]]);
});

test("a frame that spans chunks has exactly its own memory", () => {
  for (const length of [20, 300, 100_000, (1 << 20) + 1, 40 << 20]) {
    const bytes = wire([{ flags: 0, body: filled(length, 1) }]);
    const [message] = decodeAll(pieces(bytes, Math.ceil(bytes.length / 20))) as Uint8Array[][];
    assertSame([message as Decoded], [[filled(length, 1)]]);
    assert.equal(message?.[0]?.buffer.byteLength, length);
  }
});

// --- Sealed frames ---

test("sealed frames are opened and take MORE and COMMAND from inside", () => {
  const decoder = new Decoder(NO_LIMITS);
  decoder.push(hex("00 03 ee 01 9e"));
  decoder.secure(new FlipCipher());
  decoder.push(hex("05 04 ee 02 fb af 00 03 ee 00 9d 00 02 ee 00"));
  assertSame(drain(decoder), [hex("04 50"), [hex("61"), hex("62")], [hex("")]]);
});

test("a cipher set while small frames wait in a slab opens them all", () => {
  const decoder = new Decoder(NO_LIMITS);
  const sealed = hex("00 03 ee 00 9e");
  const chunk = Buffer.concat([hex("00 01 63"), ...Array.from({ length: 5000 }, () => sealed)]);
  decoder.push(new Uint8Array(chunk));
  assertSame([decoder.next() as Decoded], [[hex("63")]]);
  decoder.secure(new FlipCipher());
  const opened = drain(decoder);
  assert.equal(opened.length, 5000);
  assertSame(opened.slice(4998), [[hex("61")], [hex("61")]]);
});

test("a frame that does not open throws what the cipher throws", () => {
  const decoder = new Decoder(NO_LIMITS);
  decoder.secure(new FlipCipher());
  decoder.push(hex("00 01 00"));
  assert.throws(() => decoder.next(), { code: "ERR_ZMTP_CRYPTOGRAPHIC" });
});

test("a decoder that stops where a slab ends keeps what the link's memory held behind it", () => {
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

test("a multipart message beyond the limit of bytes is refused, before there is memory for its last frame", () => {
  const limits = { maxFrameBytes: -1, maxFrames: 100, maxMessageBytes: 1000 };
  const part = { flags: MORE, body: filled(400, 0) };
  assert.equal(decodeAll([wire([part, part, { flags: 0, body: filled(200, 0) }])], limits).length, 1);
  oversized(limits, wire([part, part, { flags: 0, body: filled(201, 0) }]));
  oversized(limits, Buffer.concat([wire([part]), hex("02 00 00 00 00 10 00 00 00")]));
  assert.equal(
    decodeAll([wire([{ flags: 0, body: filled(5000, 0) }])], limits).length,
    1,
    "a single frame is not meant",
  );
  const command = { flags: COMMAND, body: filled(20_000, 0) };
  assert.equal(decodeAll([wire([part, command, { flags: 0, body: filled(600, 0) }])], limits).length, 2);
});
