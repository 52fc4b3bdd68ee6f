/** Streams of frames, and a plain reading of them, for tests of decoders. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Decoded, DecoderLimits, FrameDecoder } from "../src/base/protocol.ts";
import { Decoder } from "../src/wire/decoder.ts";
import { COMMAND, LONG, MORE, writeSize } from "../src/wire/frame.ts";
import { Decoder as SmallDecoder } from "../src/wire/small-decoder.ts";

export const NO_LIMITS: DecoderLimits = { maxFrameBytes: -1, maxFrames: 1_000_000 };
export const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(" ", ""), "hex"));

export interface Sent {
  flags: number;
  body: Uint8Array;
  /** Write the 8-octet size even though one octet would do. */
  long?: boolean;
}

/** Frames as bytes, written in the plainest way. */
export function wire(frames: readonly Sent[]): Uint8Array {
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
export function meaning(frames: readonly Sent[]): Decoded[] {
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

export function drain(decoder: FrameDecoder, into: Decoded[] = []): Decoded[] {
  for (let decoded = decoder.next(); decoded !== undefined; decoded = decoder.next()) into.push(decoded);
  return into;
}

/** A decoder, and what it makes of all chunks. */
export interface DecoderForm {
  readonly Decoder: new (limits: DecoderLimits, isSecured?: boolean) => FrameDecoder & Pick<Decoder, "secure">;
  decodeAll(chunks: Iterable<Uint8Array>, limits?: DecoderLimits): Decoded[];
}

function formOf(Form: DecoderForm["Decoder"]): DecoderForm {
  return {
    Decoder: Form,
    decodeAll(chunks, limits = NO_LIMITS) {
      const decoder = new Form(limits);
      const decoded: Decoded[] = [];
      for (const chunk of chunks) {
        decoder.push(chunk);
        drain(decoder, decoded);
      }
      return decoded;
    },
  };
}

/** The decoder of Node. */
export const onNode = formOf(Decoder);

/** A test of the decoder of Node and of that of pages. */
export function both(name: string, run: (form: DecoderForm) => void): void {
  test(name, () => run(onNode));
  test(`${name}, in a page`, () => run(formOf(SmallDecoder)));
}

/** Octet for octet; plain loops because assert.deepEqual takes minutes for megabytes. */
export function assertSame(actual: readonly Decoded[], expected: readonly Decoded[]): void {
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

export function* splitAt(bytes: Uint8Array, ...places: number[]): Generator<Uint8Array> {
  let start = 0;
  for (const place of places) {
    yield bytes.slice(start, place);
    start = place;
  }
  yield bytes.slice(start);
}

export function* pieces(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let i = 0; i < bytes.length; i += size) yield bytes.slice(i, i + size);
}

/** xorshift32. */
export function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

export function filled(length: number, seed: number): Uint8Array {
  const body = new Uint8Array(length);
  for (let i = 0; i < length; i++) body[i] = (i * 31 + seed * 7 + (i >> 8)) & 0xff;
  return body;
}
