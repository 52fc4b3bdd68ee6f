/** The key stream: vectors of published specifications, libsodium beside it, and what happens where it cannot be used. */

import assert from "node:assert/strict";
import { test } from "node:test";
import instantiate, { type SodiumModule } from "libsodium-sumo";
import { boxKey, primitives } from "../../test/crypto.ts";
import { randomBytes } from "./crypto.ts";
import { agrees, type Salsa20, STREAM_START, sodiumSalsa20, vectorSalsa20 } from "./salsa20.ts";
import { OVERRUN_BYTES, salsa20Module } from "./salsa20-code.ts";
import { loadSodium } from "./sodium.ts";

/** What is used of WebAssembly; its types come with those of a browser. */
interface WasmPlatform {
  validate(bytes: Uint8Array): boolean;
  Instance: new (module: object, imports?: object) => { readonly exports: Record<string, unknown> };
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Memory: new (size: { initial: number }) => { readonly buffer: ArrayBuffer };
}
const wasm = (globalThis as unknown as { WebAssembly: WasmPlatform }).WebAssembly;
const sodium = (await instantiate({ getRandomValue: () => 0 })) as SodiumModule;

/** Our module by itself, in a memory of its own. */
const memory = new wasm.Memory({ initial: 1 });
const heap = new Uint8Array(memory.buffer);
const vectors = new wasm.Instance(new wasm.Module(salsa20Module()), { env: { memory } }).exports.run as Salsa20;

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const [KEY, NONCE, FROM, TO] = [64, 128, 1024, 8192];

/** The first `length` octets of the stream. */
function stream(key: Uint8Array, nonce: Uint8Array, length: number): Uint8Array {
  heap.fill(0);
  heap.set(key, KEY);
  heap.set(nonce, NONCE);
  vectors(TO, FROM, length - STREAM_START, NONCE, KEY, 0);
  return heap.slice(TO - STREAM_START, TO - STREAM_START + length);
}

/** ESTREAM's test vectors of Salsa20 with 256-bit keys: set, what the key and nonce begin with, octets 0 to 63, and 448 to 511. */
const ESTREAM: readonly [name: string, key: string, nonce: string, start: string, end: string][] = [
  [
    "set 1, vector 0",
    `80${"00".repeat(31)}`,
    "00".repeat(8),
    "e3be8fdd8beca2e3ea8ef9475b29a6e7003951e1097a5c38d23b7a5fad9f6844b22c97559e2723c7cbbd3fe4fc8d9a0744652a83e72a9c461876af4d7ef1a117",
    "696afcfd0cddcc83c7e77f11a649d79acdc3354e9635ff137e929933a0bd6f5377efa105a3a4266b7c0d089d08f1e855cc32b15b93784a36e56a76cc64bc8477",
  ],
  [
    "set 3, vector 0",
    Buffer.from(Uint8Array.from({ length: 32 }, (_, i) => i)).toString("hex"),
    "00".repeat(8),
    "b580f7671c76e5f7441af87c146d6b513910dc8b4146ef1b3211cf12af4a4b49e5c874b3ef4f85e7d7ed539ffeba73eb73e0cca74fbd306d8aa716c7783e89af",
    "343ed5d011373af376308d0b0dab7806a4b4d3bf9b898181d546efcf83d7464cfc56ae76f03f3711174dc67ac9363e6984f5a447bd25642a00754f1133bfd953",
  ],
];

test("the stream is that of ESTREAM's test vectors", () => {
  for (const [name, key, nonce, start, end] of ESTREAM) {
    const octets = stream(Buffer.from(key, "hex"), Buffer.from(nonce, "hex"), 512);
    assert.equal(hex(octets.subarray(0, 64)), start, name);
    assert.equal(hex(octets.subarray(448)), end, name);
  }
});

test("the stream is that of libsodium at every length, and further on than any frame reaches", () => {
  assert.ok(agrees(sodiumSalsa20(sodium), sodium));
  const [key, nonce] = [randomBytes(32), randomBytes(8)];
  const at = sodium._malloc(2048);
  sodium.HEAPU8.set(key, at);
  sodium.HEAPU8.set(nonce, at + 32);
  for (let length = 32; length < 1200; length++) {
    sodium._crypto_stream_salsa20(at + 64, length, 0, at + 32, at);
    assert.equal(hex(stream(key, nonce, length)), hex(sodium.HEAPU8.subarray(at + 64, at + 64 + length)), `${length}`);
  }
  sodium._free(at);
});

test("nothing is written in front of the stream, nor further behind the text than said", () => {
  const untouched = new Uint8Array(heap.length).fill(0xa5);
  for (let length = 0; length < 700; length++) {
    heap.fill(0xa5);
    vectors(TO, FROM, length, NONCE, KEY, 0);
    for (const [start, end] of [
      [0, TO - STREAM_START],
      [TO + length + OVERRUN_BYTES, heap.length],
    ] as const) {
      assert.equal(Buffer.compare(heap.subarray(start, end), untouched.subarray(start, end)), 0, `${length}`);
    }
  }
});

test("a stream that is another at one length, in one octet or from another block on is not used", () => {
  const right = sodiumSalsa20(sodium);
  for (const wrong of [0, 96, 1000]) {
    const broken: Salsa20 = (to, from, length, nonce, key, block) => {
      right(to, from, length, nonce, key, block);
      if (length === wrong) sodium.HEAPU8[to - 1 + length]! ^= 4;
    };
    assert.equal(agrees(broken, sodium), false);
  }
  const knowsNoBlocks: Salsa20 = (to, from, length, nonce, key) => right(to, from, length, nonce, key, 0);
  const doesNothing: Salsa20 = () => {};
  for (const wrong of [knowsNoBlocks, doesNothing]) assert.equal(agrees(wrong, sodium), false);
});

/** Whether boxes of what is loaded now are those of the library as it is used everywhere else. */
function sealsAlike(): boolean {
  const { boxes } = loadSodium();
  const box = boxKey(randomBytes(32), randomBytes(24));
  return [0, 5, 500, 70_000, 300_000].every((length) => {
    const body = new Uint8Array(length).fill(length);
    const [one, other] = [new Uint8Array(length + 17), new Uint8Array(length + 17)];
    boxes.seal(box, 3, body, one, 0);
    primitives().boxes.seal(box, 3, body, other, 0);
    const content = new Uint8Array(length + 1);
    return hex(one) === hex(other) && boxes.open(box, one, 0, one.length, content, 0) && content[0] === 3;
  });
}

test("vectors are used where the runtime has them", () => {
  assert.match(primitives().name, /Salsa20 in vectors/);
  assert.match(loadSodium().name, /Salsa20 in vectors/);
});

test("without vectors the stream is libsodium's", (t) => {
  t.mock.method(wasm, "validate", () => false);
  assert.equal(loadSodium().name, "libsodium (WebAssembly)");
  assert.ok(sealsAlike());
});

test("vectors that compute something else, do not start or throw are not used", (t) => {
  const { Instance } = wasm;
  t.after(() => {
    wasm.Instance = Instance;
  });
  const wrongs: readonly (() => Record<string, unknown>)[] = [
    () => ({ run: () => {} }),
    () => ({}),
    () => assert.fail("this runtime does not like it"),
    () => ({ run: () => assert.fail("unreachable") }),
  ];
  for (const exportsOf of wrongs) {
    let tried = 0;
    wasm.Instance = function instantiated(module: object, imports: { env?: { memory?: object } }) {
      if (imports.env?.memory === undefined) return new Instance(module, imports);
      tried++;
      return { exports: exportsOf() };
    } as unknown as typeof Instance;
    assert.equal(loadSodium().name, "libsodium (WebAssembly)");
    assert.equal(tried, 1);
    assert.ok(sealsAlike());
  }
  assert.equal(vectorSalsa20(sodium, {}), undefined, "not on what is no memory");
});
