/**
 * A hash of octets for tables whose keys peers choose: routing ids and topics.
 *
 *   sum over i of key[i] * (octet[i] + 1), modulo 2^32, then mixed
 *
 * Each position has a random key of its own, so that two given inputs of up to
 * 256 octets have the same sum with a probability of 2^-24 or less, also when an
 * attacker chose them, as long as the keys are secret: multilinear hashing, which
 * is universal. Longer inputs are hashed block by block, with the sum so far in
 * front of the next block. It is also quicker than FNV and its like, because its
 * steps do not wait for each other.
 */

/** Octets with keys of their own; a power of two. */
export const BLOCK_OCTETS = 256;

/** `random32`: uniform, 0 to 2^32-1, secret. */
export function hashKeys(random32: () => number): Int32Array {
  const keys = new Int32Array(BLOCK_OCTETS + 2);
  // Spread, so that a source that is not random, as in tests, makes a poor hash and no useless one.
  for (let i = 0; i < keys.length; i++) keys[i] = mixed(random32() + Math.imul(i + 1, 0x9e37_79b1));
  return keys;
}

/** The sum at the end of a block becomes the beginning of the next one. */
export function chained(sum: number, keys: Int32Array): number {
  const high = Math.imul(keys[BLOCK_OCTETS] as number, (sum >>> 16) + 1);
  return high + Math.imul(keys[BLOCK_OCTETS + 1] as number, (sum & 0xffff) + 1);
}

/** Spreads a sum over all bits, one to one: tables use the low ones. */
export function mixed(sum: number): number {
  const hash = Math.imul(sum ^ (sum >>> 16), 0x85eb_ca6b);
  return hash ^ (hash >>> 13);
}

export function hashOf(octets: Uint8Array, keys: Int32Array): number {
  let sum = 0;
  for (let i = 0; i < octets.length; i++) {
    if ((i & (BLOCK_OCTETS - 1)) === 0 && i > 0) sum = chained(sum, keys);
    sum = (sum + Math.imul(keys[i & (BLOCK_OCTETS - 1)] as number, (octets[i] as number) + 1)) | 0;
  }
  return mixed(sum);
}
