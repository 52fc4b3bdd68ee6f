/**
 * Pseudo-random numbers from a seed (mulberry32): the same seed makes the same
 * inputs in every run and runtime. Not for secrets.
 */

export class Random {
  #state = 0;

  constructor(seed: number) {
    this.seed(seed, 0);
  }

  /** Starts again, for input number `index` of a run with this seed. */
  seed(seed: number, index: number): void {
    this.#state = Math.imul(seed ^ 0x9e37_79b9, 0x85eb_ca6b) + Math.imul(index, 0xc2b2_ae35);
  }

  /** 0 to 2^32-1. */
  next32(): number {
    this.#state = (this.#state + 0x6d2b_79f5) | 0;
    let bits = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return (bits ^ (bits >>> 14)) >>> 0;
  }

  /** 0 to `limit` - 1. */
  below(limit: number): number {
    return Math.floor((this.next32() / 0x1_0000_0000) * limit);
  }

  /** True once in `times`. */
  oneIn(times: number): boolean {
    return this.below(times) === 0;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }

  bytes(length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    for (let i = 0; i < length; i++) bytes[i] = this.next32();
    return bytes;
  }
}
