/**
 * WebSocket frames, as strict as RFC 6455. The numbers in names are those of the cases of the Autobahn test suite, which
 * needs Python 2 and is therefore done by hand; its cases of text (6, 12 and 13: UTF-8 and compression) do not apply.
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { concat, fromText, ownCopyOf } from "../base/bytes.ts";
import { isMaskable, maskableMemory } from "./mask-vectors.ts";
import { frameHeadBytes, MessageJoiner, WebSocketReader, writeFrameHead } from "./websocket.ts";
import { maskBytes } from "./websocket-mask.ts";
import { WebSocketWriter } from "./websocket-writer.ts";

type Event = string;

/** Reads chunks; returns what came of them, `!code` for an error. */
function read(peer: "client" | "server", chunks: readonly Uint8Array[]): Event[] {
  const events: Event[] = [];
  let message: Uint8Array[] = [];
  const reader = new WebSocketReader(peer, "messages", {
    payload(bytes, isEnd) {
      message.push(ownCopyOf(bytes));
      if (!isEnd) return;
      events.push(`message ${hex(concat(message))}`);
      message = [];
    },
    signal: (opcode, payload) => events.push(`${opcode === 9 ? "ping" : "pong"} ${hex(payload)}`),
    closing: (code, reason) => events.push(`close ${code} ${reason}`.trim()),
  });
  try {
    for (const chunk of chunks) reader.push(ownCopyOf(chunk));
  } catch (error) {
    assert.equal((error as { code: string }).code, "EPROTO");
    events.push(`!${reader.closeCode}`);
  }
  return events;
}

/** What comes of the payloads alone: their octets, how the connection ended, and how many pieces came. */
function readPayloads(peer: "client" | "server", carrying: "stream" | "messages", chunks: readonly Uint8Array[]) {
  const pieces: Uint8Array[] = [];
  const ends: Event[] = [];
  const reader = new WebSocketReader(peer, carrying, {
    payload(bytes) {
      assert.deepEqual(ends, []);
      pieces.push(ownCopyOf(bytes));
    },
    signal() {},
    closing: (code) => ends.push(`close ${code}`),
  });
  try {
    for (const chunk of chunks) reader.push(ownCopyOf(chunk));
  } catch {
    ends.push(`!${reader.closeCode}`);
  }
  return { octets: hex(concat(pieces)), ends, pieces: pieces.length };
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

function bytes(text: string): Uint8Array {
  return Buffer.from(text.replace(/ /g, ""), "hex");
}

/** Whole, and split at every octet. */
function reads(peer: "client" | "server", frames: string, expected: readonly Event[]): void {
  const all = bytes(frames);
  assert.deepEqual(read(peer, [all]), expected, "whole");
  for (let at = 1; at < all.length; at++) {
    assert.deepEqual(read(peer, [all.subarray(0, at), all.subarray(at)]), expected, `split at ${at}`);
  }
  const octets = Array.from(all, (octet) => Uint8Array.of(octet));
  assert.deepEqual(read(peer, octets), expected, "octet by octet");
  const { pieces, ...asMessages } = readPayloads(peer, "messages", [all]);
  for (let at = 1; at <= all.length; at++) {
    const chunks = [all.subarray(0, at), all.subarray(at)];
    const { pieces: joined, ...asStream } = readPayloads(peer, "stream", chunks);
    assert.deepEqual(asStream, asMessages, `a stream, split at ${at}`);
    assert(joined <= 2);
  }
}

describe("frames of RFC 6455", () => {
  it("reads the examples of section 5.7, as binary messages", () => {
    reads("server", "82 05 48656c6c6f", ["message 48656c6c6f"]);
    reads("client", "82 85 37fa213d 7f9f4d5158", ["message 48656c6c6f"]);
    reads("server", "02 03 48656c 80 02 6c6f", ["message 48656c6c6f"]);
    reads("server", "89 05 48656c6c6f", ["ping 48656c6c6f"]);
    reads("client", "8a 85 37fa213d 7f9f4d5158", ["pong 48656c6c6f"]);
  });

  it("reads messages of every length of head (1.2.1 to 1.2.8)", () => {
    for (const length of [0, 1, 125, 126, 127, 128, 65535, 65536, 70000]) {
      const body = Uint8Array.from({ length }, (_, i) => i * 7);
      for (const key of [undefined, 0x3d21fa37, 0xffffffff]) {
        const frame = new Uint8Array(frameHeadBytes(length, key !== undefined) + length);
        const start = writeFrameHead(frame, 0, 2, length, key);
        assert.equal(start, frame.length - length);
        frame.set(body, start);
        if (key !== undefined) maskBytes(frame, start, frame.length, key);
        const peer = key === undefined ? "server" : "client";
        const expected = [`message ${hex(body)}`];
        assert.deepEqual(read(peer, [frame]), expected);
        for (const at of [1, 2, 3, 5, 9, 13, 14, 15, 17, 60, length - 3]) {
          if (at < 1 || at >= frame.length) continue;
          assert.deepEqual(read(peer, [frame.subarray(0, at), frame.subarray(at)]), expected, `${length} at ${at}`);
        }
      }
    }
  });

  it("reads pings and pongs of up to 125 octets, also within a message (2.1 to 2.9, 5.1 to 5.8, 5.19, 5.20)", () => {
    reads("server", "89 00 8a 00", ["ping ", "pong "]);
    reads("server", "02 01 61 89 01 70 00 01 62 8a 00 80 01 63", ["ping 70", "pong ", "message 616263"]);
    reads("server", `89 7d ${"fe".repeat(125)}`, [`ping ${"fe".repeat(125)}`]);
    reads("server", "00 00", ["!1002"]);
  });

  it("closes for a control frame that is too long or fragmented (2.5, 5.1, 5.2, 7.3.6)", () => {
    reads("server", `89 7e 007e ${"00".repeat(126)}`, ["!1002"]);
    reads("server", "09 00 80 00", ["!1002"]);
    reads("server", "0a 00", ["!1002"]);
    reads("server", "08 00", ["!1002"]);
  });

  it("closes for reserved bits (3.1 to 3.7)", () => {
    for (const reserved of [0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70]) {
      reads("server", `82 01 61 ${(0x82 | reserved).toString(16)} 00 89 00`, ["message 61", "!1002"]);
      reads("server", `${(0x89 | reserved).toString(16)} 00`, ["!1002"]);
    }
  });

  it("closes for reserved opcodes (4.1.1 to 4.2.5)", () => {
    for (const opcode of [3, 4, 5, 6, 7, 11, 12, 13, 14, 15]) {
      reads("server", `8${opcode.toString(16)} 00 82 00`, ["!1002"]);
    }
  });

  it("closes for fragments out of order (5.9 to 5.18)", () => {
    reads("server", "80 01 61", ["!1002"]);
    reads("server", "82 01 61 00 01 61", ["message 61", "!1002"]);
    reads("server", "02 01 61 82 01 62", ["!1002"]);
    reads("server", "02 01 61 02 01 62", ["!1002"]);
    reads("server", "02 01 61 00 01 62 80 00 80 01 63", ["message 6162", "!1002"]);
  });

  it("reads empty fragments (6.1.2, 6.1.3)", () => {
    reads("client", "02 80 00000000 00 80 01020304 80 80 05060708", ["message "]);
    reads("server", "02 00 00 01 61 80 00", ["message 61"]);
  });

  it("reads a close, and nothing behind it (7.1.1 to 7.3.5, 7.7.1 to 7.7.13)", () => {
    reads("server", "88 00", ["close 1005"]);
    reads("server", "88 02 03e8 82 01 61", ["close 1000"]);
    reads("server", "88 07 03e8 48656c6c6f 89 00", ["close 1000 Hello"]);
    reads("server", `88 7d 03e8 ${"2a".repeat(123)}`, [`close 1000 ${"*".repeat(123)}`]);
    for (const code of [1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999]) {
      reads("server", `88 02 ${code.toString(16).padStart(4, "0")}`, [`close ${code}`]);
    }
  });

  it("closes for a close that is none (7.3.2, 7.5.1, 7.9.1 to 7.9.11, 7.13.1)", () => {
    reads("server", "88 01 03", ["!1002"]);
    reads("server", "88 05 03e8 ceba e1", ["!1007"]);
    for (const code of [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535]) {
      reads("server", `88 02 ${code.toString(16).padStart(4, "0")}`, ["!1002"]);
    }
  });

  it("closes for a mask that is missing, or too much", () => {
    reads("client", "82 01 61", ["!1002"]);
    reads("server", "82 81 00000000 61", ["!1002"]);
  });

  it("closes for text, which is not spoken here", () => {
    reads("server", "81 01 61", ["!1003"]);
  });

  it("closes for a length that is not the shortest, or none at all", () => {
    reads("server", "82 7e 007d", ["!1002"]);
    reads("server", "82 7f 000000000000ffff", ["!1002"]);
    reads("server", "82 7f 8000000000000000", ["!1009"]);
    reads("server", "82 7f 0020000000000000", ["!1009"]);
  });

  it("joins what a chunk has of a stream, whatever is longer", () => {
    const payloads = [5, 1, 200, 0, 3, 70_000, 2, 90_000, 1].map((length, n) =>
      Uint8Array.from({ length }, (_, i) => i * 3 + n),
    );
    for (const key of [undefined, 0x3d21fa37]) {
      const all = concat(
        payloads.map((payload) => {
          const frame = new Uint8Array(frameHeadBytes(payload.length, key !== undefined) + payload.length);
          const start = writeFrameHead(frame, 0, 2, payload.length, key);
          frame.set(payload, start);
          if (key !== undefined) maskBytes(frame, start, frame.length, key);
          return frame;
        }),
      );
      const peer = key === undefined ? "server" : "client";
      assert.deepEqual(readPayloads(peer, "stream", [all]), { octets: hex(concat(payloads)), ends: [], pieces: 1 });
    }
  });

  it("stops within a chunk when it is told to", () => {
    const seen: string[] = [];
    const reader = new WebSocketReader("server", "messages", {
      payload(octets) {
        seen.push(hex(octets));
        reader.stop();
      },
      signal() {},
      closing() {},
    });
    reader.push(bytes("82 01 61 82 01 62"));
    reader.push(bytes("82 01 63"));
    assert.deepEqual(seen, ["61"]);
  });
});

describe("masking at any place and of any length is that of the RFC, and undoes itself", () => {
  const key = 0x8421_3d05 | 0;
  const keyOctets = [0x05, 0x3d, 0x21, 0x84];
  const memories = [
    ["ordinary memory", (length: number) => new Uint8Array(length)],
    ["the memory of vectors", maskableMemory],
  ] as const;
  for (const [name, memoryOf] of memories) {
    it(`in ${name}`, () => {
      for (let offset = 0; offset < 9; offset++) {
        const memory = memoryOf(1200).fill(0x55);
        const view = memory.subarray(1);
        for (const length of [0, 1, 3, 31, 32, 33, 63, 64, 65, 130, 255, 256, 257, 320, 1000, 1043]) {
          const expected = Uint8Array.from(view);
          for (let i = 0; i < length; i++) expected[offset + i] = 0x55 ^ (keyOctets[i % 4] as number);
          maskBytes(view, offset, offset + length, key);
          assert.equal(hex(view), hex(expected), `${length} at ${offset}`);
          maskBytes(view, offset, offset + length, key);
          assert(view.every((octet) => octet === 0x55));
        }
      }
    });
  }

  it("in one memory after the other, and in parts of each", () => {
    const one = new Uint8Array(400);
    const memories = [one, one.subarray(3), maskableMemory(400), new Uint8Array((1 << 18) + 400), new Uint8Array(400)];
    for (const from of [0, 1, 40, 340]) {
      for (const memory of [...memories, ...memories.toReversed()]) {
        memory.fill(0);
        maskBytes(memory, from, from + 57, key);
        const masked = memory.subarray(0, 397);
        masked.forEach((octet, at) => {
          const isIn = at >= from && at < from + 57;
          assert.equal(octet, isIn ? keyOctets[(at - from) & 3] : 0);
        });
      }
    }
  });

  it("is done by vectors, as long as there is memory of theirs", () => {
    assert(isMaskable(maskableMemory(1000)));
    const taken = Array.from({ length: 40 }, () => maskableMemory(65_536));
    assert(taken[0] !== undefined && isMaskable(taken[0]));
    assert(!isMaskable(maskableMemory(65_536)));
    const places = new Set(taken.filter(isMaskable).map(({ byteOffset }) => byteOffset));
    assert.equal(places.size, taken.filter(isMaskable).length);
  });
});

describe("messages joined of pieces", () => {
  it("are the piece itself when it came whole", () => {
    const joiner = new MessageJoiner(10);
    const piece = fromText("whole");
    assert.equal(joiner.add(piece, true), piece);
  });

  it("are joined in memory of their own", () => {
    const joiner = new MessageJoiner(3000);
    assert.equal(joiner.add(fromText("ab"), false), undefined);
    assert.equal(joiner.add(new Uint8Array(2000), false), undefined);
    assert.equal(joiner.add(fromText("c"), true)?.length, 2003);
    assert.equal(hex(joiner.add(fromText("d"), true) as Uint8Array), "64");
  });

  it("are refused as soon as they are too long together", () => {
    const joiner = new MessageJoiner(4);
    joiner.add(new Uint8Array(3), false);
    assert.throws(() => joiner.add(new Uint8Array(2), false), { code: "EMSGSIZE" });
    assert.throws(() => new MessageJoiner(4).add(new Uint8Array(5), true), { code: "EMSGSIZE" });
  });
});

describe("the writer", () => {
  const chunks = (...sizes: number[]): Uint8Array[] =>
    sizes.map((size, n) => Uint8Array.from({ length: size }, (_, i) => (i + n) & 255));
  let seed = 1;
  const random32 = (): number => {
    seed = (seed * 1103515245 + 12345) >>> 0;
    return seed;
  };
  const sides = [
    ["server", undefined],
    ["client", random32],
  ] as const;

  for (const [side, random] of sides) {
    it(`of a ${side} makes one message of each chunk`, () => {
      const writer = new WebSocketWriter("messages", random);
      for (const sizes of [[0], [1, 0, 5], [125, 126, 4096, 4097, 70_000], Array(3000).fill(65)]) {
        const given = chunks(...sizes);
        const before = hex(concat(given));
        const events = read(side, writer.encode(given));
        assert.deepEqual(
          events,
          given.map((chunk) => `message ${hex(chunk)}`),
        );
        assert.equal(hex(concat(given)), before, "the caller's memory is as it was");
        writer.sent();
      }
    });

    it(`of a ${side} carries a stream, in messages of 128 KiB at most`, () => {
      const writer = new WebSocketWriter("stream", random);
      for (const sizes of [[], [0], [3, 0, 5], [65_536, 10], [131_072], [300_000, 5000, 1], [130_000, 5000, 4000, 5]]) {
        const given = chunks(...sizes);
        const events = read(side, writer.encode(given));
        assert.equal(events.map((event) => event.slice(8)).join(""), hex(concat(given)));
        assert.equal(events.length, Math.ceil(sizes.reduce((a, b) => a + b, 0) / 131_072));
        writer.kept();
      }
    });

    it(`of a ${side} uses its memory again when all has left, and not before`, () => {
      const writer = new WebSocketWriter("stream", random);
      const first = writer.encode(chunks(300_000, 3000));
      const expected = read(side, first);
      writer.kept();
      for (const size of [10, 4000, 200_000]) {
        writer.encode(chunks(size));
        writer.sent();
      }
      assert.deepEqual(read(side, first), expected);
      writer.released();
      const memories = new Set(first.map(({ buffer }) => buffer));
      assert.equal(
        writer.encode(chunks(3000)).some(({ buffer }) => memories.has(buffer)),
        true,
      );
    });

    it(`of a ${side} writes control frames`, () => {
      const writer = new WebSocketWriter("stream", random);
      assert.deepEqual(read(side, [writer.control(9, fromText("hi")), writer.close(1000)]), [
        "ping 6869",
        "close 1000",
      ]);
      assert.deepEqual(read(side, [writer.close(1005)]), ["close 1005"]);
    });
  }
});
