import assert from "node:assert/strict";
import { test } from "node:test";
import { FlipCipher } from "../../test/flip-cipher.ts";
import {
  assertSame,
  both,
  drain,
  filled,
  generator,
  hex,
  meaning,
  NO_LIMITS,
  onNode,
  pieces,
  type Sent,
  splitAt,
  wire,
} from "../../test/frame-streams.ts";
import { ZmqError } from "../base/errors.ts";
import type { Decoded } from "../base/protocol.ts";
import { COMMAND, MORE, writeSize } from "./frame.ts";

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
  both(`${name} decodes whole and split at every octet`, ({ decodeAll }) => {
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

both("a command is a bare body and keeps its place", ({ decodeAll }) => {
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

both("frames from nothing to beyond a megabyte come out of chunks of any size", ({ decodeAll }) => {
  const frames = mixedFrames();
  const bytes = wire(frames);
  for (const size of [bytes.length, 64, 511, 512, 513, 4096, 8191, 8192, 8193, 65_535, 65_536, 65_537, 1 << 20]) {
    assertSame(decodeAll(pieces(bytes, size)), meaning(frames));
  }
});

both("small frames and large ones come out of a stream split at every octet", ({ decodeAll }) => {
  const frames: Sent[] = [3, 0, 255, 256, 1, 600, 2, 9000, 4, 255, 255, 0].map((size, i) => ({
    flags: i % 3 === 1 ? MORE : 0,
    body: filled(size, i),
  }));
  const bytes = wire(frames);
  const wanted = meaning(frames);
  for (let at = 0; at <= bytes.length; at++) assertSame(decodeAll(splitAt(bytes, at)), wanted);
});

both(
  "a stream of small frames larger than several slabs is the same split anywhere near a slab's end",
  ({ decodeAll }) => {
    const frames: Sent[] = Array.from({ length: 400 }, (_, i) => ({
      flags: i % 4 === 0 ? MORE : 0,
      body: filled(i % 256, i),
    }));
    const bytes = wire(frames);
    const wanted = meaning(frames);
    for (let at = 8100; at < 8900; at++) assertSame(decodeAll(splitAt(bytes, at)), wanted);
    assertSame(decodeAll(pieces(bytes, 1)), wanted);
  },
);

both("chunks pushed before the earlier ones were read keep their order", ({ Decoder }) => {
  const frames = mixedFrames();
  const decoder = new Decoder(NO_LIMITS);
  for (const chunk of pieces(wire(frames), 10_007)) decoder.push(chunk);
  assertSame(drain(decoder), meaning(frames));
});

both("a hundred thousand chunks that wait are read in order", ({ Decoder }) => {
  const bytes = wire([{ flags: 0, body: filled(100_000, 1) }]);
  const decoder = new Decoder(NO_LIMITS);
  for (const chunk of pieces(bytes, 1)) decoder.push(chunk);
  assertSame(drain(decoder), [[filled(100_000, 1)]]);
});

both("random streams in random chunks decode as a plain reading of them does", ({ Decoder }) => {
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

both("random garbage either decodes, waits or throws ZmqError", ({ Decoder }) => {
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

both(
  "long SUBSCRIBE and CANCEL of libzmq 4.3.4, without their LONG bit, are understood split at every octet",
  ({ decodeAll }) => {
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
  },
);

both("an unmarked SUBSCRIBE is understood in the middle of a large chunk, wherever it falls", ({ decodeAll }) => {
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

both("what only begins like an unmarked SUBSCRIBE is read as the frames it is, and never for ever", ({ decodeAll }) => {
  // The size is longer than any prefix that libzmq 4.3.4 sends in this form.
  const bytes = Buffer.concat([hex("04 00 00 00 00 00 00 01 ff 09 53"), new Uint8Array(100_000)]);
  const decoded = decodeAll([new Uint8Array(bytes)]);
  assertSame(decoded.slice(0, 4), [hex(""), [hex("")], [hex("")], [hex("ff")]]);
});

// --- Sealed frames ---

both("sealed frames are opened and take MORE and COMMAND from inside", ({ Decoder }) => {
  const decoder = new Decoder(NO_LIMITS);
  decoder.push(hex("00 03 ee 01 9e"));
  decoder.secure(new FlipCipher());
  decoder.push(hex("05 04 ee 02 fb af 00 03 ee 00 9d 00 02 ee 00"));
  assertSame(drain(decoder), [hex("04 50"), [hex("61"), hex("62")], [hex("")]]);
});

both("a cipher set while small frames wait in a slab opens them all", ({ Decoder }) => {
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

both("a frame that does not open throws what the cipher throws", ({ Decoder }) => {
  const decoder = new Decoder(NO_LIMITS);
  decoder.secure(new FlipCipher());
  decoder.push(hex("00 01 00"));
  assert.throws(() => decoder.next(), { code: "ERR_ZMTP_CRYPTOGRAPHIC" });
});

function sealed(body: Uint8Array): Uint8Array {
  const cipher = new FlipCipher();
  const target = new Uint8Array(body.length + cipher.overhead);
  cipher.seal(0, body, target, 0);
  return target;
}

for (const secured of [false, true]) {
  test(`the rest of a large frame may be read into its room${secured ? ", sealed" : ""}`, () => {
    const { Decoder } = onNode;
    const sizes = [1_300_000, 10, 70_000, 300, 200_000];
    const bodies = sizes.map((length, i) => filled(length, i));
    const bytes = wire(bodies.map((body) => ({ flags: 0, body: secured ? sealed(body) : body })));
    for (const readBytes of [10_000, 65_537, 1 << 20]) {
      const decoder = new Decoder(NO_LIMITS);
      if (secured) decoder.secure(new FlipCipher());
      const shared = new Uint8Array(131_072);
      const decoded: Decoded[] = [];
      let reads = 0;
      for (let at = 0; at < bytes.length; ) {
        const { room } = decoder;
        // Now and then the link reads elsewhere all the same.
        const into = room === undefined || reads++ % 5 === 4 ? shared : room;
        const chunk = into.subarray(0, Math.min(into.length, readBytes, bytes.length - at));
        chunk.set(bytes.subarray(at, at + chunk.length));
        at += chunk.length;
        decoder.push(chunk);
        if (reads % 3 === 0) decoder.retain();
        decoded.push(...drain(decoder));
        decoder.retain();
        shared.fill(0xee);
      }
      assert.ok(reads > 0);
      assert.equal(decoder.room, undefined);
      assertSame(
        decoded,
        bodies.map((body) => [body]),
      );
    }
  });
}

test("a frame has no room while little of it is missing, or memory for more of it is not taken yet", () => {
  const { Decoder } = onNode;
  const decoder = new Decoder(NO_LIMITS);
  const bytes = wire([{ flags: 0, body: filled(2 << 20, 0) }]);
  const trusted = 9 + (1 << 20);
  let at = 0;
  const roomAfter = (until: number): number | undefined => {
    decoder.push(bytes.subarray(at, until));
    at = until;
    decoder.next();
    return decoder.room?.length;
  };
  assert.equal(roomAfter(100), trusted - 100);
  assert.equal(roomAfter(trusted), undefined, "its announced length alone costs no more memory");
  assert.equal(roomAfter(trusted + 10), (1 << 20) - 10);
  assert.equal(roomAfter(bytes.length - 1000), undefined);
});
