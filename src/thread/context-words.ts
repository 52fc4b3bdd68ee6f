/**
 * The options of a context that threads share: a word that says whether one was
 * set, and its value, for each option that is a number or a yes or no.
 */

import { CONTEXT_OPTIONS, type ContextOptionName, type ContextOptionValues } from "../base/context-options.ts";
import { ZmqError } from "../base/errors.ts";
import { DEFAULT_CONTEXT, type Region } from "./region.ts";

/** What all threads know the default context by. */
export const DEFAULT_CONTEXT_ID = 1;

const NAMES = Object.keys(CONTEXT_OPTIONS) as ContextOptionName[];
/** At the beginning of the block of a context, with its id: by it a number that no context has is told. */
const MARK = 0x7a637478;
const HEAD_BYTES = 8;
const CONTEXT_BYTES = HEAD_BYTES + NAMES.length * 2 * 4;

/** What all threads shall know a new context by. Under the lock. Throws ENOMEM. */
export function newContextId(region: Region): number {
  const offset = region.allocate(CONTEXT_BYTES);
  const id = offset / 8;
  region.block(offset, CONTEXT_BYTES)[0] = MARK ^ id;
  return id;
}

/** Of the context with this id. Throws EINVAL when there is none. */
export function optionWords(region: Region, id: number): Int32Array {
  if (id === DEFAULT_CONTEXT_ID) return defaultOptionWords(region);
  const offset = id * 8;
  if (offset > 0 && offset + CONTEXT_BYTES <= region.buffer.byteLength) {
    const block = region.block(offset, CONTEXT_BYTES);
    if (block[0] === (MARK ^ id)) return block.subarray(HEAD_BYTES / 4);
  }
  throw new ZmqError("EINVAL", { detail: "expected the `context.handle` of another thread" });
}

/** Of the default context. */
export function defaultOptionWords({ words }: Region): Int32Array {
  return words.subarray(DEFAULT_CONTEXT, DEFAULT_CONTEXT + NAMES.length * 2);
}

/** Values that are read from `words`, where one was set there, and written to them; texts are this thread's own. */
export function sharedOptions(own: ContextOptionValues, words: Int32Array): ContextOptionValues {
  const values = { ...own };
  for (const [i, name] of NAMES.entries()) {
    const initial = own[name];
    if (typeof initial !== "number" && typeof initial !== "boolean") continue;
    const [isSet, value] = [i * 2, i * 2 + 1];
    Object.defineProperty(values, name, {
      enumerable: true,
      get: () => {
        if (Atomics.load(words, isSet) === 0) return initial;
        const number = Atomics.load(words, value);
        return typeof initial === "boolean" ? number !== 0 : number;
      },
      set: (input: number | boolean) => {
        Atomics.store(words, value, Number(input));
        Atomics.store(words, isSet, 1);
      },
    });
  }
  return values;
}
