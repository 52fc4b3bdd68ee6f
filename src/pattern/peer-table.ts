/**
 * Routing id -> pipe, for ROUTER and STREAM, and the routing ids that those
 * make up for peers without one: 00 and a 32-bit counter, big-endian, that
 * starts at random.
 *
 * A Map from a 30-bit hash of the id to a chain of entries: with 1, 1,000 and
 * 10,000 peers and 5-byte ids a look-up takes 14, 30 and 70 ns, against 54, 76
 * and 210 ns for a Map from strings built of the bytes (bench/micro/routing-id.ts).
 * The hash is keyed, so that peers cannot choose ids that collide (octet-hash.ts).
 */

import { copyOf, equal, uninitialized } from "../base/bytes.ts";
import { ZmqError } from "../base/errors.ts";
import type { NearEnd } from "../base/near-end.ts";
import { hashKeys, mixed } from "./octet-hash.ts";

/** Longer ones are refused by the handshake and by the options. */
const LONGEST_ID = 255;
/** Bytes of an id that an entry holds as integers. */
const PACKED_BYTES = 8;

interface Entry {
  readonly id: Uint8Array;
  /** The id's length and first bytes: comparing these spares two cache misses. */
  readonly size: number;
  readonly low: number;
  readonly high: number;
  readonly pipe: NearEnd;
  next: Entry | undefined;
}

export class PeerTable {
  readonly #chains = new Map<number, Entry>();
  readonly #keys: Int32Array;
  #counter: number;

  /** `random32`: uniform, 0 to 2^32-1, secret. */
  constructor(random32: () => number) {
    this.#keys = hashKeys(random32);
    this.#counter = random32() >>> 0;
  }

  get(id: Uint8Array): NearEnd | undefined {
    const size = id.length;
    if (size > LONGEST_ID) return undefined;
    const low = fourBytes(id, 0);
    const high = fourBytes(id, 4);
    let entry = this.#chains.get(this.#hash(id, low, high));
    while (entry !== undefined) {
      if (entry.low === low && entry.high === high && entry.size === size) {
        if (size <= PACKED_BYTES || equal(entry.id, id)) return entry.pipe;
      }
      entry = entry.next;
    }
    return undefined;
  }

  has(id: Uint8Array): boolean {
    return this.get(id) !== undefined;
  }

  /** Sets `pipe.routingId` too, to a copy. Throws EINVAL when another peer has the id. */
  add(pipe: NearEnd, given: Uint8Array): void {
    if (this.has(given)) {
      throw new ZmqError("EINVAL", { detail: "routing id: expected one that no other peer has" });
    }
    const id = copyOf(given);
    const low = fourBytes(id, 0);
    const high = fourBytes(id, 4);
    const hash = this.#hash(id, low, high);
    this.#chains.set(hash, { id, size: id.length, low, high, pipe, next: this.#chains.get(hash) });
    pipe.assignRoutingId(id);
  }

  /** Frees the id of a pipe, if it is in the table. `pipe.routingId` stays, for unread messages. */
  delete(pipe: NearEnd): void {
    const id = pipe.routingId;
    if (id === undefined) return;
    const hash = this.#hash(id, fourBytes(id, 0), fourBytes(id, 4));
    let previous: Entry | undefined;
    for (let entry = this.#chains.get(hash); entry !== undefined; entry = entry.next) {
      if (entry.pipe === pipe) {
        if (previous !== undefined) previous.next = entry.next;
        else if (entry.next !== undefined) this.#chains.set(hash, entry.next);
        else this.#chains.delete(hash);
        return;
      }
      previous = entry;
    }
  }

  /** A routing id that no peer has. */
  freshId(): Uint8Array {
    const id = uninitialized(5);
    id[0] = 0;
    do {
      id[1] = this.#counter >>> 24;
      id[2] = this.#counter >>> 16;
      id[3] = this.#counter >>> 8;
      id[4] = this.#counter;
      this.#counter = (this.#counter + 1) >>> 0;
    } while (this.has(id));
    return id;
  }

  /** Whether any pipe of the table takes a message now. */
  get hasRoom(): boolean {
    for (const chain of this.#chains.values()) {
      for (let entry: Entry | undefined = chain; entry !== undefined; entry = entry.next) {
        if (entry.pipe.canWrite) return true;
      }
    }
    return false;
  }

  /** 30 bits: a small integer in every engine. The first octets are hashed two at a time: words of 16 bits are as good. */
  #hash(id: Uint8Array, low: number, high: number): number {
    const keys = this.#keys;
    const { length } = id;
    let sum = Math.imul(keys[0] as number, low & 0xffff) + Math.imul(keys[1] as number, low >>> 16);
    sum += Math.imul(keys[2] as number, high & 0xffff) + Math.imul(keys[3] as number, high >>> 16);
    sum = (sum + Math.imul(keys[4] as number, length)) | 0;
    for (let i = PACKED_BYTES; i < length; i++) {
      sum = (sum + Math.imul(keys[i] as number, id[i] as number)) | 0;
    }
    return mixed(sum) & 0x3fff_ffff;
  }
}

/** A copy of a peer's routing id for the user, who may write into it. */
export function idFrame(pipe: NearEnd | undefined): Uint8Array {
  return copyOf(pipe?.routingId as Uint8Array);
}

/** Bytes of an id as one integer, zeros behind its end. */
function fourBytes(id: Uint8Array, at: number): number {
  const end = id.length;
  if (at >= end) return 0;
  let packed = id[at] as number;
  if (at + 1 < end) packed |= (id[at + 1] as number) << 8;
  if (at + 2 < end) packed |= (id[at + 2] as number) << 16;
  if (at + 3 < end) packed |= (id[at + 3] as number) << 24;
  return packed;
}
