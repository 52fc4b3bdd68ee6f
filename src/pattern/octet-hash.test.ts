import assert from "node:assert/strict";
import { test } from "node:test";
import { hashKeys, hashOf } from "./octet-hash.ts";

/** Numbers that are random enough, and the same in every run. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b_79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}

/** How many inputs have the hash of another one. */
function collisions(inputs: readonly Uint8Array[], keys: Int32Array): number {
  return inputs.length - new Set(inputs.map((input) => hashOf(input, keys))).size;
}

const topBit = (bits: number) =>
  Array.from({ length: 1 << bits }, (_, i) => Uint8Array.from({ length: bits }, (__, at) => ((i >> at) & 1) * 128));

const FAMILIES: readonly [name: string, inputs: readonly Uint8Array[]][] = [
  ["differ in top bits alone", topBit(11)],
  [
    "are permutations of each other",
    Array.from({ length: 2048 }, (_, i) => Buffer.from(permuted("0123456789abcdef", i))),
  ],
  ["have zeros at their end", Array.from({ length: 600 }, (_, length) => new Uint8Array(length))],
  ["count up", Array.from({ length: 4096 }, (_, i) => Buffer.from([0, i >> 8, i]))],
  [
    "differ beyond the first block",
    Array.from({ length: 2048 }, (_, i) => Buffer.concat([Buffer.alloc(300), Buffer.from([i >> 8, i, 0])])),
  ],
  [
    "differ in two blocks, as much",
    Array.from({ length: 2048 }, (_, i) => {
      const input = Buffer.alloc(400);
      input.writeUInt16BE(i, 0);
      input.writeUInt16BE(2048 - i, 256);
      return input;
    }),
  ],
];

function permuted(text: string, number: number): string {
  const left = [...text];
  let made = "";
  for (let rest = number; left.length > 0; rest = Math.floor(rest / left.length) || 0) {
    made += left.splice(rest % left.length, 1)[0];
    if (left.length === 0) break;
  }
  return made;
}

for (const [name, inputs] of FAMILIES) {
  test(`inputs that ${name} have hashes of their own, whatever the keys`, () => {
    const distinct = new Set(inputs.map((input) => Buffer.from(input).toString("latin1"))).size;
    assert.equal(distinct, inputs.length);
    let total = 0;
    for (let seed = 1; seed <= 20; seed++) total += collisions(inputs, hashKeys(numbers(seed)));
    assert.ok(total < 5, `${total} collisions under 20 sets of keys`);
  });
}

test("the low bits, which tables use, are spread too", () => {
  for (const [name, inputs] of FAMILIES) {
    const keys = hashKeys(numbers(7));
    const fill = new Map<number, number>();
    for (const input of inputs) {
      const slot = hashOf(input, keys) & 1023;
      fill.set(slot, (fill.get(slot) ?? 0) + 1);
    }
    const fullest = Math.max(...fill.values());
    assert.ok(fullest < 24, `${fullest} of ${inputs.length} inputs that ${name} in one of 1024 slots`);
  }
});
