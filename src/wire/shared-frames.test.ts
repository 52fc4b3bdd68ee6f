import assert from "node:assert/strict";
import { test } from "node:test";
import { FlipCipher } from "../../test/flip-cipher.ts";
import { type Message, shareable } from "../base/message.ts";
import { BATCH_BYTES } from "../base/protocol.ts";
import { Encoder } from "./encoder.ts";

let state = 1;
/** Uniform, 0 to `below` - 1; the same at every run. */
function random(below: number): number {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor((state / 2 ** 32) * below);
}

function randomMessage(): Message {
  const longest = [10, 300, 3000, 40_000][random(20) === 0 ? 3 : random(3)] as number;
  return Array.from({ length: 1 + random(3) }, () => new Uint8Array(random(longest)).fill(random(256)));
}

/** What an encoder gives, batch by batch, and what encoding apiece would give. */
class Side {
  readonly encoder: Encoder;
  readonly alone: Encoder;
  readonly given: Uint8Array[] = [];
  readonly expected: Uint8Array[] = [];
  pieces = 0;
  constructor(framing: "v1" | "v2" = "v2", sealed = false) {
    this.encoder = new Encoder(framing);
    this.alone = new Encoder(framing);
    if (sealed) for (const each of [this.encoder, this.alone]) each.secure(new FlipCipher());
  }
  /** As the engine does: at the end the link has written it, or keeps it. */
  take(isKept: boolean): void {
    const { size } = this.encoder;
    const pieces = this.encoder.take();
    const bytes = Buffer.concat(pieces);
    assert.equal(bytes.length, size);
    if (isKept) this.given.push(...pieces);
    else this.given.push(bytes);
    this.pieces += pieces.length;
    if (isKept) this.encoder.kept();
    else this.encoder.sent();
    this.expected.push(Buffer.concat(this.alone.take()));
    this.alone.sent();
  }
  check(): void {
    this.take(false);
    assert.ok(Buffer.concat(this.given).equals(Buffer.concat(this.expected)), "the same bytes");
  }
}

test("shared messages come out of every encoder as if each had encoded them, whatever comes between", () => {
  const sides = [new Side(), new Side(), new Side(), new Side("v1"), new Side("v2", true)];
  const behind: Message[] = [];
  for (let n = 0; n < 4000; n++) {
    const message = randomMessage();
    const shared = shareable(message, 4);
    const skipped = random(4) === 0 ? random(sides.length) : -1;
    sides.forEach((side, i) => {
      if (i === skipped) return;
      side.encoder.encodeShared(shared);
      side.alone.encode(message);
      if (random(50) === 0) {
        side.encoder.encode(message);
        side.alone.encode(message);
      }
      if (random(80) === 0) {
        side.encoder.raw(new Uint8Array(3));
        side.alone.raw(new Uint8Array(3));
      }
      if (side.encoder.size >= BATCH_BYTES || random(200) === 0) side.take(random(5) === 0);
    });
    behind.push(shared);
  }
  // One that is far behind finds nothing encoded any more.
  const late = new Side();
  for (const message of behind) {
    late.encoder.encodeShared(message);
    late.alone.encode(message);
    if (late.encoder.size >= BATCH_BYTES) late.take(false);
  }
  for (const side of [...sides, late]) side.check();
});

test("messages that all get make few pieces, and are in memory once", () => {
  const sides = [new Side(), new Side()];
  const all = Array.from({ length: 900 }, (_, n) => [new Uint8Array(64).fill(n)]);
  for (const message of all) {
    const shared = shareable(message, 4);
    for (const side of sides) side.encoder.encodeShared(shared);
  }
  const [first, second] = sides.map((side) => side.encoder.take()) as [Uint8Array[], Uint8Array[]];
  assert.ok(first.length <= 4 && second.length <= 4, `${first.length} and ${second.length} pieces`);
  assert.equal(first.at(-1)?.buffer, second.at(-1)?.buffer);
});

test("a connection that gets every other message copies, and makes few pieces", () => {
  const [all, some] = [new Side(), new Side()];
  for (let n = 0; n < 900; n++) {
    const shared = shareable([new Uint8Array(64).fill(n)], 4);
    all.encoder.encodeShared(shared);
    if (n % 6 !== 0) some.encoder.encodeShared(shared);
  }
  assert.ok(some.encoder.take().length <= 2);
});

test("what a caller changes after its message was taken does not change what others get", () => {
  const [first, second] = [new Side(), new Side()];
  const body = new Uint8Array([1]);
  const shared = shareable([body], 4);
  first.encoder.encodeShared(shared);
  body[0] = 2;
  const next = shareable([body], 4);
  for (const side of [first, second]) side.encoder.encodeShared(next);
  assert.equal(Buffer.concat(first.encoder.take()).toString("hex"), "000101000102");
  assert.equal(Buffer.concat(second.encoder.take()).toString("hex"), "000102");
});
