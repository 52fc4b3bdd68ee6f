/**
 * What a view of received bytes costs, by each way to make one: the figures in src/base/bytes.ts.
 *
 *     node --import tsx bench/micro/views.ts
 */

import { ByteArray } from "../../src/base/bytes.ts";

const COUNT = 2_000_000;
const chunk = Buffer.alloc(8192);
const { buffer, byteOffset } = chunk;
let last: Uint8Array = chunk;

function measure(name: string, view: (at: number) => Uint8Array): void {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 6; round++) {
    const begun = performance.now();
    for (let i = 0; i < COUNT; i++) last = view(i & 1023);
    best = Math.min(best, ((performance.now() - begun) * 1e6) / COUNT);
  }
  console.log(`${name}: ${best.toFixed(1)} ns (${last.length} bytes)`);
}

measure("Buffer.subarray", (at) => chunk.subarray(at, at + 64));
measure("Buffer.from(ArrayBuffer)", (at) => Buffer.from(buffer, byteOffset + at, 64));
measure("new ByteArray", (at) => new ByteArray(buffer, byteOffset + at, 64));
