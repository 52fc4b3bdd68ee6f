import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { RetainedChunks } from "./retained-chunk.ts";

const SIZES = [1, 600, 8191, 8192, 8193, 32_768, 32_769, 65_535, 65_536, 131_072, 131_073, 300_000];

/** Octets that no other chunk has at the same place. */
function chunkOf(length: number, mark: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (mark * 31 + i * 7) & 0xff);
}

describe("a chunk that is retained", () => {
  it("keeps its octets while others are retained, read and given back", () => {
    const connections = SIZES.map(() => new RetainedChunks());
    for (let round = 0; round < 4; round++) {
      const held = connections.map((chunks, i) => {
        const chunk = chunkOf(SIZES[(i + round) % SIZES.length] as number, i + round);
        const position = round === 3 ? Math.floor(chunk.length / 2) : 0;
        const expected = chunk.slice(position);
        const copy = chunks.retain(chunk, position);
        chunk.fill(0xee);
        return { copy, expected };
      });
      for (const [i, { copy, expected }] of held.entries()) {
        assert.deepEqual(copy, Buffer.from(expected));
        assert.equal(connections[i]?.next(), undefined);
      }
    }
  });

  it("is read in its turn behind those that came before", () => {
    const chunks = new RetainedChunks();
    const expected = SIZES.map((length, i) => {
      const chunk = chunkOf(length, i);
      chunks.push(chunk);
      const copy = chunk.slice();
      chunk.fill(0xee);
      return Buffer.from(copy);
    });
    for (const each of expected) assert.deepEqual(chunks.next(), each);
    assert.equal(chunks.next(), undefined);
  });

  it("takes no more than some times its size, and 8 KiB at least", () => {
    for (const length of SIZES) {
      const chunks = new RetainedChunks();
      const { buffer } = chunks.retain(new Uint8Array(length), 0);
      assert.ok(buffer.byteLength <= Math.max(8192, 4 * length), `${buffer.byteLength} octets for ${length}`);
    }
  });
});
