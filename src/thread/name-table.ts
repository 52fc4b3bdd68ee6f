/** The inproc names that are bound, of all contexts that threads share. All calls under the region's lock. */

import { equal, fromText } from "../base/bytes.ts";
import type { MemberId } from "./members.ts";
import { BUCKETS, NAMES, type Region } from "./region.ts";

/** Words of a name: the next one of its bucket, offset / 8; then the bytes from HEAD on. */
const NEXT = 0;
const CONTEXT = 1;
const MEMBER = 2;
const EPOCH = 3;
const LENGTH = 4;
const HEAD = 5;

export class NameTable {
  readonly #region: Region;

  constructor(region: Region) {
    this.#region = region;
  }

  /** Who bound the name. */
  find(context: number, name: string): MemberId | undefined {
    const bytes = fromText(name);
    const found = this.#search(context, bytes);
    if (found === undefined) return undefined;
    const block = this.#region.block(found.offset, HEAD * 4);
    return { index: block[MEMBER] as number, epoch: block[EPOCH] as number };
  }

  add(context: number, name: string, member: MemberId): void {
    const region = this.#region;
    const bytes = fromText(name);
    const bucket = bucketOf(bytes, context);
    const size = HEAD * 4 + bytes.length;
    const offset = region.allocate(size);
    const block = region.block(offset, HEAD * 4);
    block[NEXT] = region.words[bucket] as number;
    block[CONTEXT] = context;
    block[MEMBER] = member.index;
    block[EPOCH] = member.epoch;
    block[LENGTH] = bytes.length;
    new Uint8Array(region.buffer, offset + HEAD * 4, bytes.length).set(bytes);
    region.words[bucket] = offset / 8;
  }

  remove(context: number, name: string): void {
    const found = this.#search(context, fromText(name));
    if (found !== undefined) this.#unlink(found);
  }

  /** Removes all names of a member. */
  removeAll(member: MemberId): void {
    for (let bucket = NAMES; bucket < NAMES + BUCKETS; bucket++) {
      let before = { words: this.#region.words, index: bucket };
      for (let at = before.words[before.index] as number; at !== 0; ) {
        const block = this.#region.block(at * 8, HEAD * 4);
        const next = block[NEXT] as number;
        if (block[MEMBER] === member.index && block[EPOCH] === member.epoch) this.#unlink({ offset: at * 8, before });
        else before = { words: block, index: NEXT };
        at = next;
      }
    }
  }

  #search(context: number, bytes: Uint8Array): Found | undefined {
    const region = this.#region;
    let before = { words: region.words, index: bucketOf(bytes, context) };
    for (let at = before.words[before.index] as number; at !== 0; at = before.words[before.index] as number) {
      const block = region.block(at * 8, HEAD * 4);
      const length = block[LENGTH] as number;
      if (block[CONTEXT] === context && length === bytes.length) {
        if (equal(new Uint8Array(region.buffer, at * 8 + HEAD * 4, length), bytes)) return { offset: at * 8, before };
      }
      before = { words: block, index: NEXT };
    }
    return undefined;
  }

  #unlink({ offset, before }: Found): void {
    const block = this.#region.block(offset, HEAD * 4);
    const size = HEAD * 4 + (block[LENGTH] as number);
    before.words[before.index] = block[NEXT] as number;
    this.#region.free(offset, size);
  }
}

interface Found {
  readonly offset: number;
  /** The word that refers to it. */
  readonly before: { readonly words: Int32Array; readonly index: number };
}

function bucketOf(bytes: Uint8Array, context: number): number {
  let hash = context;
  for (let i = 0; i < bytes.length; i++) hash = (Math.imul(hash, 31) + (bytes[i] as number)) | 0;
  return NAMES + ((hash >>> 0) % BUCKETS);
}
