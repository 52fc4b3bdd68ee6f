/**
 * The octets of the topics of a table, in blocks of 64 KiB, so that no topic
 * that comes makes all the others move. A block whose topics have gone by half
 * gives the rest of them to the block that is being filled, so that no more is
 * taken than twice of what is there. A topic of more than 16 KiB has a block
 * of its own.
 *
 * In a block, each topic has its id in front, or where it is gone the
 * complement of its length:
 *
 *   int32 id or ~length, octets
 */

import { uninitialized } from "../base/bytes.ts";
import { ZmqError } from "../base/errors.ts";

const BLOCK_BYTES = 65_536;
/** The first block of a table that has few topics: it grows up to the size of the others. */
const FIRST_BLOCK_BYTES = 256;
const ID_BYTES = 4;
const OWN_BLOCK_BYTES = 16_384;
/** A position has 16 bits for its block. */
const MAX_BLOCKS = 1 << 16;
const EMPTY_BLOCK = new Uint8Array(0);

/** The table whose topics these are. */
export interface TopicOwner {
  lengthOf(id: number): number;
  /** The topic lies elsewhere now. */
  moved(id: number, position: number): void;
}

export class TopicBytes {
  readonly #owner: TopicOwner;
  readonly #maxBytes: number;
  #blocks: Uint8Array[] = [];
  /** By block: octets of topics that are there, ids included, and how far it is filled. */
  #live: number[] = [];
  #ends: number[] = [];
  /** Blocks without memory. */
  #free: number[] = [];
  /** The block that is being filled, -1 for none. */
  #current = -1;
  #total = 0;

  constructor(owner: TopicOwner, maxBytes: number) {
    this.#owner = owner;
    this.#maxBytes = maxBytes;
  }

  /** Copies a topic; returns its position, below 2^32 - 1. Throws EMSGSIZE when there is no room or no memory. */
  add(id: number, topic: Uint8Array): number {
    const { length } = topic;
    if (this.#total + length > this.#maxBytes) throw tooMuch(`topics of more than ${this.#maxBytes} bytes together`);
    const position = this.#reserve(id, length);
    const block = this.#blocks[position >>> 16] as Uint8Array;
    const start = (position & 0xffff) + ID_BYTES;
    if (length > 64) block.set(topic, start);
    else for (let i = 0; i < length; i++) block[start + i] = topic[i] as number;
    this.#total += length;
    return position;
  }

  remove(position: number, length: number): void {
    const index = position >>> 16;
    this.#total -= length;
    writeInt32(this.#blocks[index] as Uint8Array, position & 0xffff, ~length);
    const live = (this.#live[index] as number) - length - ID_BYTES;
    this.#live[index] = live;
    if (index === this.#current) return;
    if (live === 0) this.#release(index);
    else if (live * 2 < (this.#ends[index] as number)) this.#empty(index);
  }

  /** Whether the frame, which is not shorter than the topic, begins with it. */
  begins(frame: Uint8Array, position: number, length: number): boolean {
    const block = this.#blocks[position >>> 16] as Uint8Array;
    const start = (position & 0xffff) + ID_BYTES;
    for (let i = 0; i < length; i++) if (block[start + i] !== frame[i]) return false;
    return true;
  }

  view(position: number, length: number): Uint8Array {
    const start = (position & 0xffff) + ID_BYTES;
    return (this.#blocks[position >>> 16] as Uint8Array).subarray(start, start + length);
  }

  copyTo(target: Uint8Array, at: number, position: number, length: number): void {
    if (length > 64) {
      target.set(this.view(position, length), at);
      return;
    }
    const block = this.#blocks[position >>> 16] as Uint8Array;
    const start = (position & 0xffff) + ID_BYTES;
    for (let i = 0; i < length; i++) target[at + i] = block[start + i] as number;
  }

  /** Gives all memory back. */
  clear(): void {
    this.#blocks = [];
    this.#live = [];
    this.#ends = [];
    this.#free = [];
    this.#current = -1;
    this.#total = 0;
  }

  /** A place with its id in front. */
  #reserve(id: number, length: number): number {
    const size = length + ID_BYTES;
    let index = this.#current;
    if (size > OWN_BLOCK_BYTES) index = this.#open(size);
    else if (index < 0 || (this.#ends[index] as number) + size > BLOCK_BYTES) {
      index = this.#open(this.#blocks.length === 0 ? Math.max(FIRST_BLOCK_BYTES, size) : BLOCK_BYTES);
      this.#leaveCurrent(index);
    }
    const end = this.#ends[index] as number;
    const block = this.#blocks[index] as Uint8Array;
    if (end + size > block.length) this.#grow(index, end + size);
    writeInt32(this.#blocks[index] as Uint8Array, end, id);
    this.#ends[index] = end + size;
    this.#live[index] = (this.#live[index] as number) + size;
    return index * BLOCK_BYTES + end;
  }

  /** The first block starts small. */
  #grow(index: number, needed: number): void {
    const block = memory(Math.min(BLOCK_BYTES, needed * 2));
    block.set((this.#blocks[index] as Uint8Array).subarray(0, this.#ends[index]));
    this.#blocks[index] = block;
  }

  #open(size: number): number {
    if (this.#free.length === 0 && this.#blocks.length === MAX_BLOCKS) throw tooMuch("topics take too many blocks");
    const block = memory(size);
    const index = this.#free.pop() ?? this.#blocks.length;
    this.#blocks[index] = block;
    this.#live[index] = 0;
    this.#ends[index] = 0;
    return index;
  }

  /** The block that was filled so far is looked at like the others now. */
  #leaveCurrent(next: number): void {
    const left = this.#current;
    this.#current = next;
    if (left < 0) return;
    const live = this.#live[left] as number;
    if (live === 0) this.#release(left);
    else if (live * 2 < (this.#ends[left] as number)) this.#empty(left);
  }

  /** Moves what is left in a block to the current one; as much of it as there is memory for. */
  #empty(index: number): void {
    try {
      this.#moveAll(index);
      this.#release(index);
    } catch (error) {
      if (!(error instanceof ZmqError)) throw error;
      // The rest stays where it is, which is as good a place.
    }
  }

  #moveAll(index: number): void {
    const block = this.#blocks[index] as Uint8Array;
    const end = this.#ends[index] as number;
    for (let at = 0; at < end; ) {
      const id = readInt32(block, at);
      const length = id < 0 ? ~id : this.#owner.lengthOf(id);
      const size = length + ID_BYTES;
      if (id >= 0) {
        const position = this.#reserve(id, length);
        const target = this.#blocks[position >>> 16] as Uint8Array;
        target.set(block.subarray(at + ID_BYTES, at + size), (position & 0xffff) + ID_BYTES);
        this.#owner.moved(id, position);
        writeInt32(block, at, ~length);
        this.#live[index] = (this.#live[index] as number) - size;
      }
      at += size;
    }
  }

  #release(index: number): void {
    this.#blocks[index] = EMPTY_BLOCK;
    this.#live[index] = 0;
    this.#ends[index] = 0;
    this.#free.push(index);
  }
}

function memory(size: number): Uint8Array {
  try {
    return uninitialized(size);
  } catch (cause) {
    throw tooMuch(`no memory of ${size} bytes for topics`, cause);
  }
}

function tooMuch(detail: string, cause?: unknown): ZmqError {
  return new ZmqError("EMSGSIZE", { detail, cause });
}

function readInt32(bytes: Uint8Array, at: number): number {
  const low = (bytes[at] as number) | ((bytes[at + 1] as number) << 8);
  return low | ((bytes[at + 2] as number) << 16) | ((bytes[at + 3] as number) << 24);
}

function writeInt32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >> 8;
  bytes[at + 2] = value >> 16;
  bytes[at + 3] = value >> 24;
}
