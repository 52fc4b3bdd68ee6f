/**
 * The key stream of boxes, in the memory of libsodium's module: by vectors of
 * WebAssembly (salsa20-code.ts), which is this project's own code, where the
 * runtime has them and they agree with libsodium; by libsodium otherwise.
 *
 * A box begins 32 octets into the stream, behind the key of its tag.
 */

import type { SodiumModule } from "libsodium-sumo";
import { webAssembly } from "../base/web-assembly.ts";
import { OVERRUN_BYTES, salsa20Module } from "./salsa20-code.ts";

/** Octets in front of a text. */
export const STREAM_START = 32;

/**
 * Writes to `to` the `length` octets at `from`, covered with the stream of `key` and `nonce` from octet 32 of `block` on;
 * the same uncovers them. In front of `to` it writes the 32 octets of stream before that, when `block` is 0. All but the
 * length and the block are pointers; `to` and `from` are multiples of 16 and apart, with STREAM_START octets of any
 * content in front and OVERRUN_BYTES behind.
 */
export type Salsa20 = (to: number, from: number, length: number, nonce: number, key: number, block: number) => void;

/** `memory`: that of `module`. Undefined where there are no vectors, or they compute something else. */
export function vectorSalsa20(module: SodiumModule, memory: object): Salsa20 | undefined {
  try {
    const code = salsa20Module();
    const { validate, Module, Instance } = webAssembly();
    if (!validate(code)) return undefined;
    const { exports } = new Instance(new Module(code), { env: { memory } });
    if (!hasRun(exports)) return undefined;
    return agrees(exports.run, module) ? exports.run : undefined;
  } catch {
    return undefined; // What this runtime does not start is of no use.
  }
}

function hasRun(exports: object): exports is { readonly run: Salsa20 } {
  return "run" in exports && typeof exports.run === "function";
}

/** By libsodium, which computes the stream fast and lays it over a text octet by octet; at the start of a stream the latter is done here, in words. */
export function sodiumSalsa20(module: SodiumModule): Salsa20 {
  const { _crypto_stream_salsa20: stream, _crypto_stream_salsa20_xor_ic: xor } = module;
  const words = new Int32Array(module.HEAPU8.buffer);
  return (to, from, length, nonce, key, block) => {
    if (block > 0) {
      xor(to - STREAM_START, from - STREAM_START, STREAM_START + length, 0, nonce, block, 0, key);
      return;
    }
    stream(to - STREAM_START, STREAM_START + length, 0, nonce, key);
    const [target, text, count] = [to >> 2, from >> 2, (length + 3) >> 2];
    for (let i = 0; i < count; i++) words[target + i] = (words[target + i] as number) ^ (words[text + i] as number);
  };
}

/** Lengths that take each way through the code, one time and several. */
const TRIED_LENGTHS = [0, 1, 32, 33, 95, 96, 97, 225, 353, 1000];
const TRIED_BLOCKS = [0, 1, 0x7fff_fffe];

/** Whether `salsa20` computes what libsodium computes. */
export function agrees(salsa20: Salsa20, module: SodiumModule): boolean {
  const longest = Math.max(...TRIED_LENGTHS);
  const room = (STREAM_START + longest + OVERRUN_BYTES + 15) & ~15;
  const memory = module._malloc(48 + 3 * room + 16);
  const key = (memory + 15) & ~15;
  const nonce = key + 32;
  const [text, covered, expected] = [key + 48, key + 48 + room, key + 48 + 2 * room];
  const heap = module.HEAPU8;
  for (let at = key; at < covered; at++) heap[at] = at * 7 + (at >> 3);
  const isSame = TRIED_BLOCKS.every((block) =>
    TRIED_LENGTHS.every((length) => {
      const whole = STREAM_START + length;
      heap.fill(0xee, covered, covered + room);
      salsa20(covered + STREAM_START, text + STREAM_START, length, nonce, key, block);
      module._crypto_stream_salsa20_xor_ic(expected, text, whole, 0, nonce, block, 0, key);
      for (let i = 0; i < STREAM_START; i++)
        heap[expected + i] = (heap[expected + i] as number) ^ (heap[text + i] as number);
      for (let i = block === 0 ? 0 : STREAM_START; i < whole; i++)
        if (heap[covered + i] !== heap[expected + i]) return false;
      return true;
    }),
  );
  module._free(memory);
  return isSame;
}
