/** What stays in the memory of the WebAssembly module, which no garbage collection clears. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { boxKey, primitives } from "../../test/crypto.ts";
import { fromText } from "../base/bytes.ts";
import { randomBytes } from "./crypto.ts";

/** The part of WebAssembly that this test needs; its types come with those of a browser. */
interface WasmPlatform {
  Instance: new (module: object, imports?: object) => { readonly exports: Record<string, unknown> };
  readonly Memory: new (...args: never[]) => { readonly buffer: ArrayBuffer };
}
const wasm = (globalThis as unknown as { WebAssembly: WasmPlatform }).WebAssembly;
const memories: { readonly buffer: ArrayBuffer }[] = [];
const { Instance } = wasm;
wasm.Instance = class extends Instance {
  constructor(module: object, imports?: object) {
    super(module, imports);
    for (const part of Object.values(this.exports)) if (part instanceof wasm.Memory) memories.push(part);
  }
};
const { boxes } = primitives();

const holds = (octets: Uint8Array): boolean =>
  memories.some(({ buffer }) => Buffer.from(buffer).includes(Buffer.from(octets)));

test("neither a key nor a content stays in the module's memory once it has forgotten them", () => {
  assert.equal(memories.length, 1);
  const box = boxKey(randomBytes(32), randomBytes(24));
  for (const size of [100, 200_000, 50]) {
    const content = new Uint8Array(size);
    content.set(fromText(`a secret of ${size} octets`), size - 30);
    const target = new Uint8Array(size + 16);
    boxes.seal(box, -1, content, target, 0);
    assert.equal(boxes.open(box, target, 0, target.length, new Uint8Array(size), 0), true);
    assert.equal(holds(box.streamKey), true);
    assert.equal(holds(fromText(`a secret of ${size} octets`)), true);
  }
  boxes.forget?.();
  assert.equal(holds(box.streamKey), false);
  assert.equal(holds(fromText("a secret of")), false);
  const target = new Uint8Array(20);
  boxes.seal(box, -1, fromText("text"), target, 0);
  const content = new Uint8Array(4);
  assert.equal(boxes.open(box, target, 0, 20, content, 0), true, "and the key is loaded anew");
  assert.deepEqual(content, Uint8Array.from(fromText("text")));
});
