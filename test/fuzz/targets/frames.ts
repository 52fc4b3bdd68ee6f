/**
 * Targets: frames of ZMTP 1.0 to 3.1 in the Decoder, the LegacyDecoder and the
 * FrameReader, against the naive reference; the link's memory is overwritten
 * behind their backs, as the contract of `FrameDecoder` allows.
 */

import { concat, copyOf } from "../../../src/base/bytes.ts";
import { ZmqError } from "../../../src/base/errors.ts";
import type { Decoded, FrameDecoder } from "../../../src/base/protocol.ts";
import { Decoder } from "../../../src/wire/decoder.ts";
import { FrameReader } from "../../../src/wire/frame-reader.ts";
import { LegacyDecoder } from "../../../src/wire/legacy-decoder.ts";
import { cut, joined } from "../mutate.ts";
import type { Random } from "../random.ts";
import { reference, referenceFrames } from "../reference.ts";
import { corpus, expectBytes, expectSame, finding, maker, type Target } from "../target.ts";

type Framing = "v1" | "v2";

const LENGTHS = [0, 0, 0, 1, 1, 2, 3, 5, 8, 16, 30, 64, 200, 253, 254, 255, 256, 257, 300];
const LONG_LENGTHS = [511, 512, 513, 4095, 4096, 4097, 8191, 8192, 8193, 16_384, 65_535, 65_536, 70_000, 150_000];
const COMMANDS = [
  "\x04PING\x00\x00",
  "\x04PONG",
  "\x09SUBSCRIBEab",
  "\x06CANCELab",
  "\x04JOINab",
  "\x05LEAVEab",
  "\x05ERROR\x03400",
  "",
];

/** One to twelve frames, headers of either size, with lengths at the turning points; at times one that lies. */
export function makeFrames(random: Random, framing: Framing): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let frames = 1 + random.below(12); frames > 0; frames--) {
    const isCommand = framing === "v2" && random.oneIn(6);
    const length = random.oneIn(200) ? random.pick(LONG_LENGTHS) : random.pick(LENGTHS);
    const body = isCommand ? new Uint8Array(Buffer.from(random.pick(COMMANDS), "latin1")) : new Uint8Array(length);
    if (!isCommand) body.fill(random.next32());
    const reserved = random.oneIn(20) ? random.next32() & 0xf8 : 0;
    const flags = (random.oneIn(3) ? 1 : 0) | (isCommand ? 4 : 0) | reserved;
    parts.push(header(random, framing, flags, body.length), body);
  }
  return joined(...parts);
}

function header(random: Random, framing: Framing, flags: number, bodyLength: number): Uint8Array {
  const counted = framing === "v1" ? bodyLength + 1 : bodyLength;
  const isLong = counted > (framing === "v1" ? 254 : 255) || random.oneIn(20);
  const size = new Uint8Array(8);
  let announced = BigInt(counted);
  if (isLong && random.oneIn(40)) announced = random.pick([2n ** 63n, 2n ** 64n - 1n, 2n ** 53n, 2n ** 32n, 2n ** 31n]);
  new DataView(size.buffer).setBigUint64(0, announced);
  if (framing === "v1") return isLong ? joined([0xff], size, [flags]) : Uint8Array.of(counted, flags);
  return isLong ? joined([flags | 2], size) : Uint8Array.of(flags, counted);
}

const MEMORY = new Uint8Array(1 << 20);

/** Feeds a decoder as a session does, with pauses; the pieces stand in memory that is overwritten afterwards. */
function decodeAll(decoder: FrameDecoder, input: Uint8Array, random: Random): { items: Decoded[]; error?: string } {
  const items: Decoded[] = [];
  let error: string | undefined;
  const pull = (most: number): boolean => {
    try {
      for (let i = 0; i < most; i++) {
        const decoded = decoder.next();
        if (decoded === undefined) return true;
        items.push(decoded);
        if (items.length > input.length + 1) finding("more messages than octets");
      }
    } catch (thrown) {
      if (!(thrown instanceof ZmqError)) throw thrown;
      error = thrown.code;
      return false;
    }
    return true;
  };
  const stalls = random.oneIn(3);
  cut(random, input, (piece) => {
    const place = MEMORY.subarray(0, piece.length);
    place.set(piece);
    decoder.push(place);
    const goesOn = pull(stalls ? random.below(3) : input.length + 2);
    if (goesOn) decoder.retain();
    place.fill(0xa5);
    return goesOn;
  });
  if (error === undefined) pull(input.length + 2);
  if (error === undefined && !decoder.starved) finding("not starved after all was read");
  return error === undefined ? { items } : { items, error };
}

function compare(name: string, framing: Framing, decoder: (limits: Limits) => FrameDecoder): Target {
  const captures = corpus(name);
  return {
    name,
    make: maker(captures, (random) => makeFrames(random, framing)),
    check(input, random) {
      const limits = {
        maxFrameBytes: random.pick([200_000, 200_000, 300, 10, -1]),
        maxFrames: random.pick([1000, 1000, 5, 2, 1]),
      };
      const ours = decodeAll(decoder(limits), input, random);
      const theirs = reference(input, framing, limits);
      expectItems(ours.items, theirs.items);
      expectSame(ours.error, theirs.error, "error");
    },
  };
}

interface Limits {
  readonly maxFrameBytes: number;
  readonly maxFrames: number;
}

/** Commands without a name mean nothing and may be left out. */
function expectItems(ours: readonly Decoded[], theirs: readonly (Uint8Array[] | Uint8Array)[]): void {
  const [a, b] = [ours.filter(hasMeaning), theirs.filter(hasMeaning)];
  expectSame(a.length, b.length, "number of messages and commands");
  for (let i = 0; i < a.length; i++) {
    const x = a[i] as Decoded;
    const y = b[i] as Decoded;
    if (!Array.isArray(x) || !Array.isArray(y)) {
      if (Array.isArray(x) || Array.isArray(y)) finding(`item ${i}: a message for a command`);
      expectBytes(x, y, `command ${i}`);
      continue;
    }
    expectSame(x.length, y.length, `frames of message ${i}`);
    for (let j = 0; j < x.length; j++) expectBytes(x[j], y[j], `frame ${j} of message ${i}`);
  }
}

function hasMeaning(item: Decoded): boolean {
  return Array.isArray(item) || item.length > 0;
}

function frameReader(): Target {
  const captures = [...corpus("decoder"), ...corpus("legacy")];
  return {
    name: "frame-reader",
    make: maker(captures, (random) => makeFrames(random, random.pick(["v1", "v2"]))),
    check(input, random) {
      const framing = random.pick(["v1", "v2"] as const);
      const maxFrameBytes = random.pick([100_000, 300, 10, -1]);
      const reader = new FrameReader(framing, maxFrameBytes, copyOf);
      const theirs = referenceFrames(input, framing, maxFrameBytes, false);
      let count = 0;
      let error: string | undefined;
      cut(random, input, (piece) => {
        reader.push(piece.slice());
        try {
          for (let body = reader.next(); body !== undefined; body = reader.next()) {
            expectBytes(body, theirs.frames[count]?.body, `frame ${count}`);
            expectSame(reader.flags, theirs.frames[count]?.flags, `flags of frame ${count}`);
            count++;
          }
        } catch (thrown) {
          if (!(thrown instanceof ZmqError)) throw thrown;
          error = thrown.code;
        }
        return error === undefined;
      });
      expectSame(count, theirs.frames.length, "frames");
      expectSame(error, theirs.error, "error");
      if (error !== undefined) return;
      expectSame(reader.unread, theirs.rest, "unread octets");
      expectBytes(concat(reader.takeRest()), input.subarray(input.length - theirs.rest), "the rest");
    },
  };
}

export const FRAME_TARGETS: readonly Target[] = [
  compare("decoder", "v2", (limits) => new Decoder(limits)),
  compare("legacy", "v1", (limits) => new LegacyDecoder(limits)),
  frameReader(),
];
