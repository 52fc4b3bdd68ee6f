import assert from "node:assert/strict";
import { test } from "node:test";
import {
  get,
  int,
  isGreater,
  minus,
  moduleOf,
  plus,
  repeatWhile,
  set,
  store,
  V128,
  when,
  withLane,
} from "./wasm-code.ts";

/** What is used of WebAssembly; its types come with those of a browser. */
interface WasmPlatform {
  readonly Instance: new (module: object, imports: object) => { readonly exports: { run(...given: number[]): void } };
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Memory: new (size: { initial: number }) => { readonly buffer: ArrayBuffer };
}
const wasm = (globalThis as unknown as { WebAssembly: WasmPlatform }).WebAssembly;

test("the smallest module has the octets that the specification gives it", () => {
  assert.equal(
    Buffer.from(moduleOf({ parameters: 1, locals: [], body: [] })).toString("hex"),
    "0061736d01000000" + // magic and version
      "01050160017f00" + // one type: of one i32 to nothing
      "020f0103656e76066d656d6f7279020001" + // memory of env, a page or more
      "03020100" + // one function, of this type
      "0707010372756e0000" + // exported as run
      "0a040102000b", // no locals, no code
  );
});

test("numbers of any size are encoded so that they are computed with as they are", () => {
  const memory = new wasm.Memory({ initial: 1 });
  const words = new Int32Array(memory.buffer);
  for (const value of [0, 1, 63, 64, -1, -64, -65, 127, 128, 8191, 8192, -8192, -8193, 0x7fff_ffff, -0x8000_0000]) {
    const body = set(1, withLane(0, get(1), plus(get(0), int(value))));
    const code = moduleOf({ parameters: 1, locals: [[1, V128]], body: [body, store(int(256), 16_000, get(1))] });
    new wasm.Instance(new wasm.Module(code), { env: { memory } }).exports.run(5);
    assert.equal(words[(256 + 16_000) / 4], (value + 5) | 0);
  }
});

test("loops and conditions run as often as they say", () => {
  const memory = new wasm.Memory({ initial: 1 });
  const words = new Int32Array(memory.buffer);
  // Counts its parameter down in local 0 and counts turns in local 1, if it is greater than 2.
  const loop = repeatWhile(isGreater(get(0), int(0)), set(0, minus(get(0), int(1))), set(1, plus(get(1), int(1))));
  const body = [when(isGreater(get(0), int(2)), loop), store(int(0), 0, withLane(0, get(2), get(1)))];
  const code = moduleOf({ parameters: 2, locals: [[1, V128]], body });
  const { run } = new wasm.Instance(new wasm.Module(code), { env: { memory } }).exports;
  for (const [given, turns] of [
    [-1, 0],
    [2, 0],
    [3, 3],
    [200, 200],
  ] as const) {
    run(given, 0);
    assert.equal(words[0], turns);
  }
});
