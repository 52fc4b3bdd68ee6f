import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { deserialize, serialize } from "node:v8";
import { checkClone } from "./clone-guard.ts";

function holed(length: number): unknown[] {
  const array: unknown[] = new Array(length);
  array[length - 1] = 1;
  return array;
}

const cyclic: Record<string, unknown> = { name: "ring" };
cyclic.self = cyclic;

/** One of each kind that V8 writes. */
const VALUES: readonly unknown[] = [
  undefined,
  null,
  true,
  false,
  0,
  -1,
  2 ** 31,
  2 ** 53,
  1.5,
  Number.NaN,
  0n,
  -(2n ** 200n),
  "",
  "text",
  "\u00e4\u00f6",
  "\u4e2d\u6587",
  Object(true),
  Object(false),
  Object(7),
  Object(7n),
  Object("text"),
  new Date(0),
  /a+b/giu,
  {},
  { a: 1, b: { c: [] } },
  [],
  [1, "two", [3]],
  holed(3),
  holed(4),
  new Array(1_000_000),
  Object.assign([1, 2], { x: 1 }),
  new Map<unknown, unknown>([
    [1, { a: 1 }],
    ["k", new Map()],
  ]),
  new Set([1, "a", new Set([2])]),
  cyclic,
  new ArrayBuffer(0),
  new ArrayBuffer(16),
  new Uint8Array([1, 2, 3]),
  new Float64Array([1.5]),
  new DataView(new ArrayBuffer(8), 2, 4),
  Buffer.from("bytes"),
  { same: VIEW(), again: VIEW() },
  new Error("plain"),
  new TypeError("typed"),
  new RangeError("", { cause: { deep: [...holed(2), new Error("inner", { cause: "text" })] } }),
];

function VIEW(): Uint8Array {
  return new Uint8Array(new ArrayBuffer(8), 4, 2);
}

const header = [0xff, 0x0f];
const clone = (...octets: (number | string)[]): Uint8Array =>
  Buffer.concat(octets.map((each) => (typeof each === "string" ? Buffer.from(each, "latin1") : Buffer.of(each))));

describe("the guard of structured clones", () => {
  it("lets everything pass that V8 writes", () => {
    for (const value of VALUES) {
      const bytes = serialize(value);
      checkClone(bytes);
      assert.deepEqual(deserialize(bytes), value);
    }
    checkClone(serialize(VALUES));
  });

  it("refuses a value that ends at any octet, as V8 does", () => {
    const bytes = serialize(VALUES.filter((value) => !(Array.isArray(value) && value.length > 100)));
    for (let end = 0; end < bytes.length; end++) {
      assert.throws(() => checkClone(bytes.subarray(0, end)), { code: "EINVAL" }, `cut at ${end}`);
    }
  });

  it("refuses sparse arrays that take more memory than the message justifies, one or many", () => {
    const length = [0xff, 0xff, 0xff, 0x0f]; // 32 Mi - 1
    assert.throws(() => checkClone(clone(...header, "a", ...length, "@", 0, ...length)), {
      code: "EINVAL",
      detail: /sparse/,
    });
    const each = [0x80, 0x80, 0x20]; // 512 Ki
    const one = ["a", ...each, "@", 0, ...each];
    const three = clone(...header, "A", 3, ...one, ...one, ...one, "$", 0, 3);
    assert.throws(() => checkClone(three), { code: "EINVAL", detail: /sparse/ });
  });

  it("refuses dense arrays that are longer together than the message, though none of them is alone", () => {
    const filler = new Array<number>(200).fill("_".charCodeAt(0));
    const nested = (depth: number): Uint8Array =>
      clone(...header, ...Array(depth).fill(["A", 100]).flat(), ...filler, ...Array(depth).fill(["$", 0, 100]).flat());
    assert.throws(() => checkClone(nested(20)), { code: "EINVAL", detail: /arrays are longer/ });
    checkClone(
      serialize([
        [[1, 2, 3], [], [4, [5, [6, [[[]]]]]]],
        [[], []],
      ]),
    );
  });

  it("refuses dense arrays beyond the message, unknown tags, old versions and no header", () => {
    for (const bytes of [
      clone(...header, "A", 0xff, 0xff, 0xff, 0x7f),
      clone(...header, "q"),
      clone(0xff, 0x0c, "0"),
      clone("0"),
      clone(...header, "I", 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1),
      clone(...header, "r?"),
    ]) {
      assert.throws(() => checkClone(bytes), { code: "EINVAL" });
    }
  });

  it("never takes what V8 would read beyond the bound, whatever octets are changed", () => {
    const bytes = serialize([new Map([[1, holed(3)]]), new Error("e", { cause: [1] }), new Uint8Array(3), "text"]);
    let passed = 0;
    for (let at = 2; at < bytes.length; at++) {
      for (let octet = 0; octet < 256; octet++) {
        const changed = Uint8Array.from(bytes);
        changed[at] = octet;
        try {
          checkClone(changed);
        } catch (error) {
          assert.equal((error as { code?: string }).code, "EINVAL");
          continue;
        }
        passed++;
        try {
          deserialize(changed);
        } catch {} // V8 may refuse more: it knows which objects there are.
      }
    }
    assert(passed > 0);
  });
});
