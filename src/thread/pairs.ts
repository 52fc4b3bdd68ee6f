/**
 * Pairs of rings in a region: one for each connection between two threads. A pair
 * is given back when both sides have let go of it, or are dead. All calls but
 * `rings` and `setOlder` under the region's lock.
 */

import { RING_HEADER_BYTES, type RingMemory } from "../base/ring.ts";
import type { MemberId, Members } from "./members.ts";
import { PAIR_COUNT, PAIRS, type Region } from "./region.ts";

/** Words of a pair. */
const NEXT = 0;
/** The pair that was left for the same member before, offset / 8; see `Members.leaveMail`. */
const OLDER = 1;
/** Member and epoch of the two sides, the connecting one first. A side that has let go has the member -1. */
const SIDES = 2;
const CONTEXT = 6;
/** No two pairs that are near in time have the same. */
const NUMBER = 7;
const HEAD_BYTES = 64;

/** Octets of the records of one ring. With 256 KiB a message of 1 KiB takes 2.1 us of processor time, with 1 MiB 1.6; of 1 MiB 440 and 320. */
const RING_BYTES = 1_048_576;
const ONE_BYTES = RING_HEADER_BYTES + RING_BYTES;
const PAIR_BYTES = HEAD_BYTES + ONE_BYTES * 2;

export type PairSide = 0 | 1;

export class Pairs {
  readonly #region: Region;
  readonly #members: Members;

  constructor(region: Region, members: Members) {
    this.#region = region;
    this.#members = members;
  }

  /** Offset of a fresh pair. Throws ENOMEM. */
  create(context: number, connecting: MemberId, bound: MemberId): number {
    const region = this.#region;
    const offset = region.allocate(PAIR_BYTES);
    for (const { buffer, offset: at } of this.rings(offset, 0)) new Uint8Array(buffer, at, RING_HEADER_BYTES).fill(0);
    const head = region.block(offset, HEAD_BYTES);
    for (const [side, { index, epoch }] of [connecting, bound].entries()) {
      head[SIDES + side * 2] = index;
      head[SIDES + side * 2 + 1] = epoch;
    }
    head[CONTEXT] = context;
    head[NUMBER] = Atomics.add(region.words, PAIR_COUNT, 1);
    head[NEXT] = region.words[PAIRS] as number;
    region.words[PAIRS] = offset / 8;
    return offset;
  }

  /** The ring to write and the ring to read. */
  rings(offset: number, side: PairSide): [write: RingMemory, read: RingMemory] {
    const ring = (i: number): RingMemory => ({
      buffer: this.#region.buffer,
      offset: offset + HEAD_BYTES + ONE_BYTES * i,
      bytes: ONE_BYTES,
    });
    return [ring(side), ring(1 - side)];
  }

  contextOf(offset: number): number {
    return this.#head(offset)[CONTEXT] as number;
  }

  numberOf(offset: number): number {
    return this.#head(offset)[NUMBER] as number;
  }

  /** The thread that connected. */
  connecting(offset: number): MemberId {
    const head = this.#head(offset);
    return { index: head[SIDES] as number, epoch: head[SIDES + 1] as number };
  }

  /** Whether `member` is the one that it was left for. */
  isFor(offset: number, { index, epoch }: MemberId): boolean {
    const head = this.#head(offset);
    return head[SIDES + 2] === index && head[SIDES + 3] === epoch;
  }

  setOlder(offset: number, older: number): void {
    this.#head(offset)[OLDER] = older;
  }

  older(offset: number): number {
    return this.#head(offset)[OLDER] as number;
  }

  /** A side has let go. */
  release(offset: number, side: PairSide): void {
    this.#head(offset)[SIDES + side * 2] = -1;
    this.sweep();
  }

  /** Gives back all pairs that nobody holds. */
  sweep(): void {
    const region = this.#region;
    let before = { words: region.words, index: PAIRS };
    for (let at = before.words[before.index] as number; at !== 0; ) {
      const head = this.#head(at * 8);
      const next = head[NEXT] as number;
      if (this.#isHeld(head, 0) || this.#isHeld(head, 1)) before = { words: head, index: NEXT };
      else {
        before.words[before.index] = next;
        region.free(at * 8, PAIR_BYTES);
      }
      at = next;
    }
  }

  #isHeld(head: Int32Array, side: PairSide): boolean {
    const index = head[SIDES + side * 2] as number;
    return index >= 0 && this.#members.isAlive({ index, epoch: head[SIDES + side * 2 + 1] as number });
  }

  #head(offset: number): Int32Array {
    return this.#region.block(offset, HEAD_BYTES);
  }
}
