/**
 * What the fuzzer runs: a target makes inputs and checks what the library does
 * with each. A check throws when a promise is broken.
 */

import { readFileSync } from "node:fs";
import { ZmqError } from "../../src/base/errors.ts";
import { mutate } from "./mutate.ts";
import type { Random } from "./random.ts";

export interface Target {
  readonly name: string;
  /** An input: a mutated capture, or one made by grammar. */
  make(random: Random): Uint8Array;
  /** Throws, or rejects, when the library breaks a promise. */
  check(input: Uint8Array, random: Random): void | Promise<void>;
}

/** The captures of `corpus/<name>.hex`: one a line, spaces ignored, `#` begins a comment. */
export function corpus(name: string): readonly Uint8Array[] {
  const text = readFileSync(new URL(`corpus/${name}.hex`, import.meta.url), "utf8");
  const lines = text.split("\n").map((line) => line.replace(/#.*/, "").replaceAll(/\s/g, ""));
  return lines.filter((line) => line !== "").map((line) => new Uint8Array(Buffer.from(line, "hex")));
}

/** Inputs from captures, one in `rarely` of them by `grammar`; some unchanged. */
export function maker(
  captures: readonly Uint8Array[],
  grammar: (random: Random) => Uint8Array,
): (random: Random) => Uint8Array {
  return (random) => {
    const input = random.oneIn(2) ? random.pick(captures) : grammar(random);
    return random.oneIn(4) ? input : mutate(random, input, captures);
  };
}

/** Runs `task`; returns the code of the ZmqError that it threw, undefined for none. Any other error is a finding. */
export function codeOf(task: () => void): string | undefined {
  try {
    task();
    return undefined;
  } catch (error) {
    if (error instanceof ZmqError) return error.code;
    throw error;
  }
}

/** A finding. */
export function finding(what: string): never {
  throw new Error(what);
}

export function expectSame(ours: unknown, reference: unknown, what: string): void {
  if (ours !== reference) finding(`${what}: ${String(ours)}, the reference says ${String(reference)}`);
}

export function expectBytes(ours: Uint8Array | undefined, reference: Uint8Array | undefined, what: string): void {
  if (ours === undefined || reference === undefined) {
    if (ours !== reference) finding(`${what}: one is missing`);
    return;
  }
  if (Buffer.compare(ours, reference) !== 0) finding(`${what}: ${ours.length} octets differ from the reference`);
}
