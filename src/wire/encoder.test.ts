import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { FlipCipher } from "../../test/flip-cipher.ts";
import { BATCH_BYTES } from "../base/protocol.ts";
import { Decoder } from "./decoder.ts";
import { Encoder } from "./encoder.ts";
import { LegacyDecoder } from "./legacy-decoder.ts";
import { Encoder as SmallEncoder } from "./small-encoder.ts";

const LIMITS = { maxFrameBytes: -1, maxFrames: 1000 };
const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(" ", ""), "hex"));
const text = (string: string): Uint8Array => new Uint8Array(Buffer.from(string));

/** All bytes the encoder has, as hex; the batch goes back. */
function taken(encoder: Encoder | SmallEncoder): string {
  const { size } = encoder;
  const bytes = Buffer.concat(encoder.take());
  assert.equal(bytes.length, size, "size counts the octets to take");
  assert.equal(encoder.size, 0);
  encoder.sent();
  return bytes.toString("hex");
}

const plain = (string: string): string => string.replaceAll(" ", "");

const SIZES = [0, 1, 253, 254, 255, 256, 8192, 16_383, 16_384, 16_385, 65_535, 65_536, 1 << 20, (1 << 20) + 1, 3];

function encodesInBatchesOfAnyFill(framing: "v1" | "v2", encoder: Encoder | SmallEncoder): void {
  const decoder = framing === "v1" ? new LegacyDecoder(LIMITS) : new Decoder(LIMITS);
  const sent: Uint8Array[][] = [];
  let seed = 1;
  for (let round = 0; round < 60; round++) {
    const message: Uint8Array[] = [];
    for (let i = 0; i <= round % 4; i++) {
      seed = (seed * 1103515245 + 12345) % 2 ** 31;
      const length = (seed >> 3) % 4 === 0 ? (SIZES[seed % SIZES.length] as number) : seed % 900;
      message.push(new Uint8Array(length).fill(seed & 0xff));
    }
    sent.push(message);
    encoder.encode([...message]);
    if (round % 7 !== 0) continue;
    for (const piece of encoder.take()) decoder.push(new Uint8Array(piece));
    if (round % 2) encoder.sent();
    else encoder.kept();
  }
  for (const piece of encoder.take()) decoder.push(new Uint8Array(piece));
  for (const message of sent) {
    const decoded = decoder.next() as Uint8Array[];
    assert.deepEqual(
      decoded.map((frame) => frame.length),
      message.map((frame) => frame.length),
    );
    for (let i = 0; i < message.length; i++) {
      assert.equal(Buffer.compare(decoded[i] as Uint8Array, message[i] as Uint8Array), 0);
    }
  }
  assert.equal(decoder.next(), undefined);
}

for (const AnEncoder of [Encoder, SmallEncoder]) {
  describe(AnEncoder === Encoder ? "the encoder of Node" : "the encoder of pages", () => {
    test("messages of ZMTP 2.0 and later are encoded as libzmq does", () => {
      const encoder = new AnEncoder("v2");
      encoder.encode([text("hi"), text("there")]);
      assert.equal(taken(encoder), plain("01 02 68 69 00 05 74 68 65 72 65"));
      encoder.encode([new Uint8Array(0)]);
      assert.equal(taken(encoder), "0000");
    });

    test("the long form begins at 256 octets", () => {
      const v2 = new AnEncoder("v2");
      v2.encode([new Uint8Array(255)]);
      assert.equal(taken(v2).slice(0, 6), "00ff00");
      v2.encode([new Uint8Array(256), new Uint8Array(0)]);
      assert.equal(taken(v2).slice(0, 18), plain("03 00 00 00 00 00 00 01 00"));
    });

    test("a command has its flag, and LONG when it is long", () => {
      const encoder = new AnEncoder("v2");
      encoder.encodeCommand(hex("04 4a 4f 49 4e 54 56"));
      assert.equal(taken(encoder), plain("04 07 04 4a 4f 49 4e 54 56"));
      encoder.encodeCommand(new Uint8Array(300));
      assert.equal(taken(encoder).slice(0, 18), plain("06 00 00 00 00 00 00 01 2c"));
    });

    test("raw bytes are written as they are, small and large", () => {
      const encoder = new AnEncoder("v2");
      encoder.raw(text("ab"));
      encoder.raw(new Uint8Array(20_000).fill(0x63));
      encoder.raw(text("d"));
      assert.equal(taken(encoder), `6162${"63".repeat(20_000)}64`);
    });

    test("small bodies are copied, large ones travel by reference", () => {
      const encoder = new AnEncoder("v2");
      const small = new Uint8Array(16_384).fill(1);
      const large = new Uint8Array(16_385).fill(1);
      encoder.encode([small, large]);
      small.fill(2);
      const pieces = encoder.take();
      encoder.sent();
      assert.equal(pieces.length, 2);
      assert.equal(pieces[0]?.[9], 1);
      assert.equal(pieces[1], large);
    });

    test("a batch that the link keeps is never written to again", () => {
      const encoder = new AnEncoder("v2");
      encoder.encode([text("kept")]);
      const kept = encoder.take();
      encoder.kept();
      const before = Buffer.concat(kept).toString("hex");
      for (let i = 0; i < 5; i++) {
        const other = new AnEncoder("v2");
        other.encode([new Uint8Array(100).fill(0xee)]);
        other.take();
        other.sent();
      }
      encoder.encode([text("more")]);
      encoder.take();
      encoder.sent();
      assert.equal(Buffer.concat(kept).toString("hex"), before);
    });

    test("pieces taken in one go stay intact when a message needed several batches", () => {
      const encoder = new AnEncoder("v2");
      const count = Math.ceil((3 * BATCH_BYTES) / 1002);
      for (let i = 0; i < count; i++) encoder.encode([new Uint8Array(1000).fill(i & 0xff)]);
      const pieces = encoder.take();
      assert.ok(pieces.length >= 3);
      const decoder = new Decoder(LIMITS);
      for (const piece of pieces) decoder.push(piece);
      for (let i = 0; i < count; i++) assert.equal((decoder.next() as Uint8Array[])[0]?.[999], i & 0xff);
    });

    test("sealed frames carry MORE and COMMAND inside and no flags outside", () => {
      const encoder = new AnEncoder("v2");
      encoder.secure(new FlipCipher());
      encoder.encode([text("a"), text("b")]);
      encoder.encodeCommand(text("P"));
      assert.equal(taken(encoder), plain("00 03 ee 01 9e 00 03 ee 00 9d 00 03 ee 02 af"));
      encoder.encodeClear(text("P"));
      assert.equal(taken(encoder), plain("04 01 50"));
    });

    test("sealed messages of every size decode to the same", () => {
      const encoder = new AnEncoder("v2");
      const decoder = new Decoder(LIMITS);
      encoder.secure(new FlipCipher());
      decoder.secure(new FlipCipher());
      for (const size of [...SIZES, 16_382, 16_383, 253, 254]) {
        encoder.encode([new Uint8Array(size).fill(size & 0xff), text("end")]);
      }
      for (const piece of encoder.take()) decoder.push(piece);
      for (const size of [...SIZES, 16_382, 16_383, 253, 254]) {
        const [body, end] = decoder.next() as Uint8Array[];
        assert.equal(Buffer.compare(body as Uint8Array, new Uint8Array(size).fill(size & 0xff)), 0);
        assert.equal(Buffer.from(end as Uint8Array).toString(), "end");
      }
    });

    test("a large frame whose memory shrinks once it is encoded is still sent whole", () => {
      const encoder = new AnEncoder("v2");
      const memory = new (ArrayBuffer as unknown as new (size: number, options: object) => ArrayBuffer)(20_000, {
        maxByteLength: 20_000,
      });
      encoder.encode([new Uint8Array(memory).fill(7)]);
      const pieces = encoder.take();
      (memory as unknown as { resize(size: number): void }).resize(10);
      const decoder = new Decoder(LIMITS);
      for (const piece of pieces) decoder.push(piece);
      assert.deepEqual(
        Uint8Array.from((decoder.next() as Uint8Array[])[0] as Uint8Array),
        new Uint8Array(20_000).fill(7),
      );
    });

    test("what it encodes, in batches of any fill, decodes to the same", () => {
      encodesInBatchesOfAnyFill("v2", new AnEncoder("v2"));
    });
  });
}

test("messages of ZMTP 1.0 are encoded as libzmq does", () => {
  const encoder = new Encoder("v1");
  encoder.encode([text("hi"), text("there")]);
  assert.equal(taken(encoder), plain("03 01 68 69 06 00 74 68 65 72 65"));
  encoder.encode([new Uint8Array(0)]);
  assert.equal(taken(encoder), "0100");
});

test("the long form of ZMTP 1.0 begins at 254 octets", () => {
  const v1 = new Encoder("v1");
  v1.encode([new Uint8Array(253)]);
  assert.equal(taken(v1).slice(0, 4), "fe00");
  v1.encode([new Uint8Array(254)]);
  assert.equal(taken(v1).slice(0, 20), plain("ff 00 00 00 00 00 00 00 ff 00"));
});

test("a batch that was written is used again, by any encoder", () => {
  const one = new Encoder("v2");
  one.encode([text("a")]);
  const buffer = one.take()[0]?.buffer;
  one.sent();
  const other = new Encoder("v2");
  other.encode([text("b")]);
  assert.equal(other.take()[0]?.buffer, buffer);
});

test("a batch of a few messages takes little memory, one of many is in one piece", () => {
  const encoder = new Encoder("v2");
  encoder.encode([new Uint8Array(64)]);
  const [few] = encoder.take() as [Uint8Array];
  assert.ok(few.buffer.byteLength <= 2048, `${few.buffer.byteLength} octets`);
  encoder.sent();
  const bodies = Array.from({ length: 200 }, (_, n) => new Uint8Array(n).fill(n));
  for (const body of bodies) encoder.encode([body]);
  const pieces = encoder.take();
  assert.equal(pieces.length, 1);
  const decoder = new Decoder(LIMITS);
  decoder.push(pieces[0] as Uint8Array);
  for (const body of bodies) assert.deepEqual(Array.from((decoder.next() as Uint8Array[])[0] as Uint8Array), [...body]);
});

test("what v1 encodes, in batches of any fill, decodes to the same", () => {
  encodesInBatchesOfAnyFill("v1", new Encoder("v1"));
});
