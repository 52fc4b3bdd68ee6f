/**
 * A set of topics, each with a small number (id), that finds every topic which
 * is a prefix of a given frame: the matcher of 29/PUBSUB.
 *
 * One open-addressing hash table in flat arrays. A running hash over the frame
 * gives the hash of each of its prefixes; the table is asked once for every
 * length that some topic has. No structure is deep. The hash has secret keys,
 * so that no peer can choose topics that collide (octet-hash.ts). The bytes of
 * topics lie in blocks (topic-bytes.ts).
 *
 * Measured by `bench/topic-table.ts` with 13-byte topics, as the time to match
 * at 1, 100,000 and 1,000,000 topics, and the memory of each: this 44, 80 and
 * 94 ns, 46 bytes; a compressed radix trie 23, 219 and 564 ns, 218 bytes; a Set
 * of strings for every length 69, 124 and 189 ns, 53 bytes.
 */

import { uninitialized } from "../base/bytes.ts";
import { ZmqError } from "../base/errors.ts";
import { BLOCK_OCTETS, chained, hashKeys, hashOf, mixed } from "./octet-hash.ts";
import { TopicBytes, type TopicOwner } from "./topic-bytes.ts";

const FIRST_SLOTS = 16;
const FIRST_IDS = 8;
const SHARED_BYTES = 65536;
const FREE = -1;
/** Of one table; topics take some 60 bytes each beside their octets. */
const MAX_TOPICS = 1 << 24;
const MAX_BYTES = 1 << 30;

export class TopicTable implements TopicOwner {
  /** Pairs of hash and id + 1; id + 1 = 0 marks an empty slot. At most half of them are taken. */
  #slots = new Int32Array(FIRST_SLOTS * 2);
  #mask = FIRST_SLOTS - 1;
  /** By id: where the topic lies in `#bytes`, and its length; for a free id the next free one, and FREE. */
  #positions = new Uint32Array(FIRST_IDS);
  #lengths = new Int32Array(FIRST_IDS);
  #idsUsed = 0;
  #firstFree = FREE;
  readonly #bytes: TopicBytes;
  #count = 0;
  /** The lengths that topics have, ascending, and how many topics have each. */
  #distinct: number[] = [];
  readonly #perLength = new Map<number, number>();
  readonly #keys: Int32Array;
  readonly #candidates: number[] = [];

  /** `random32`: uniform, 0 to 2^32-1, secret. `maxBytes`: of all topics together. */
  constructor(random32: () => number, maxBytes = MAX_BYTES) {
    this.#keys = hashKeys(random32);
    this.#bytes = new TopicBytes(this, maxBytes);
  }

  /** Topics in the table. */
  get count(): number {
    return this.#count;
  }

  lengthOf(id: number): number {
    return this.#lengths[id] as number;
  }

  /** From `TopicBytes`. */
  moved(id: number, position: number): void {
    this.#positions[id] = position;
  }

  /** The id of exactly this topic, or -1. */
  find(topic: Uint8Array): number {
    return this.#find(topic, hashOf(topic, this.#keys));
  }

  /**
   * Adds the topic (its bytes are copied) unless it is there; returns its id. An id is used again after `remove`. Throws
   * EMSGSIZE, and nothing is changed, when the table has no room or the platform no memory for it.
   */
  add(topic: Uint8Array): number {
    const hash = hashOf(topic, this.#keys);
    const known = this.#find(topic, hash);
    if (known >= 0) return known;
    if (this.#count === MAX_TOPICS) throw new ZmqError("EMSGSIZE", { detail: `more than ${MAX_TOPICS} topics` });
    const id = this.#newId();
    try {
      this.#positions[id] = this.#bytes.add(id, topic);
    } catch (error) {
      this.#giveId(id);
      throw error;
    }
    this.#lengths[id] = topic.length;
    this.#insert(hash, id);
    this.#count++;
    this.#countLength(topic.length);
    return id;
  }

  /** An id, and a slot for it. */
  #newId(): number {
    try {
      if ((this.#count + 1) * 2 > this.#mask + 1) this.#resizeSlots((this.#mask + 1) * 2);
      return this.#takeId();
    } catch (cause) {
      throw new ZmqError("EMSGSIZE", { detail: `no memory for more than ${this.#count} topics`, cause });
    }
  }

  remove(id: number): void {
    const length = this.#lengths[id] as number;
    const position = this.#positions[id] as number;
    this.#unlink(this.#slotOf(id, hashOf(this.#bytes.view(position, length), this.#keys)));
    this.#giveId(id);
    this.#bytes.remove(position, length);
    this.#count--;
    this.#uncountLength(length);
    if (this.#count === 0 && this.#idsUsed > FIRST_IDS) this.#reset();
    else if (this.#mask >= FIRST_SLOTS * 4 && this.#count * 16 < this.#mask) this.#resizeSlots((this.#mask + 1) / 4);
  }

  /**
   * Appends a copy of each topic to `target`. With `first` 0 or more, each copy
   * has this octet in front. The copies share buffers of at most 64 KiB, so that
   * a million topics do not make a million buffers.
   */
  copyAll(ids: ArrayLike<number>, first: number, target: Uint8Array[]): void {
    const extra = first < 0 ? 0 : 1;
    for (let start = 0; start < ids.length; ) {
      let size = 0;
      let end = start;
      while (end < ids.length) {
        const length = (this.#lengths[ids[end] as number] as number) + extra;
        if (end > start && size + length > SHARED_BYTES) break;
        size += length;
        end++;
      }
      const shared = uninitialized(size);
      let at = 0;
      for (; start < end; start++) {
        const id = ids[start] as number;
        const length = (this.#lengths[id] as number) + extra;
        if (extra === 1) shared[at] = first;
        this.#bytes.copyTo(shared, at + extra, this.#positions[id] as number, length - extra);
        target.push(shared.subarray(at, at + length));
        at += length;
      }
    }
  }

  /**
   * Looks for the topics that are prefixes of `frame` and returns how many may
   * be: `candidate(i)` tells their ids, shortest first, and `isPrefix` is to be
   * asked for each that matters. The caller stops when it has found enough, and
   * then no more bytes are compared. So a peer with thousands of nested long
   * topics costs no more than one with a single topic.
   */
  probe(frame: Uint8Array): number {
    const distinct = this.#distinct;
    const slots = this.#slots;
    const mask = this.#mask;
    let found = 0;
    const keys = this.#keys;
    let sum = 0;
    let position = 0;
    for (let i = 0; i < distinct.length; i++) {
      const length = distinct[i] as number;
      if (length > frame.length) break;
      for (; position < length; position++) {
        if ((position & (BLOCK_OCTETS - 1)) === 0 && position > 0) sum = chained(sum, keys);
        sum = (sum + Math.imul(keys[position & (BLOCK_OCTETS - 1)] as number, (frame[position] as number) + 1)) | 0;
      }
      const hash = mixed(sum);
      let slot = hash & mask;
      let entry = slots[slot * 2 + 1] as number;
      while (entry !== 0) {
        if (slots[slot * 2] === hash) this.#candidates[found++] = entry - 1;
        slot = (slot + 1) & mask;
        entry = slots[slot * 2 + 1] as number;
      }
    }
    return found;
  }

  /** The id that the last `probe` put at `index`. */
  candidate(index: number): number {
    return this.#candidates[index] as number;
  }

  /** Whether the topic with this id is a prefix of `frame`. */
  isPrefix(id: number, frame: Uint8Array): boolean {
    const length = this.#lengths[id] as number;
    return length <= frame.length && this.#bytes.begins(frame, this.#positions[id] as number, length);
  }

  /** Whether any topic is a prefix of `frame`. */
  matches(frame: Uint8Array): boolean {
    const found = this.probe(frame);
    for (let i = 0; i < found; i++) if (this.isPrefix(this.#candidates[i] as number, frame)) return true;
    return false;
  }

  /** All ids in the byte-wise order of their topics, a prefix before what it begins. */
  sortedIds(): Int32Array {
    const ids = new Int32Array(this.#count);
    let at = 0;
    for (let id = 0; id < this.#idsUsed; id++) if (this.#lengths[id] !== FREE) ids[at++] = id;
    return this.sort(ids);
  }

  /** Brings ids of topics into the byte-wise order of these. */
  sort<Ids extends number[] | Int32Array>(ids: Ids): Ids {
    ids.sort((a, b) => this.#compare(a, b));
    return ids;
  }

  #compare(a: number, b: number): number {
    const lengthA = this.#lengths[a] as number;
    const lengthB = this.#lengths[b] as number;
    const bytesA = this.#bytes.view(this.#positions[a] as number, lengthA);
    const bytesB = this.#bytes.view(this.#positions[b] as number, lengthB);
    const shorter = Math.min(lengthA, lengthB);
    for (let i = 0; i < shorter; i++) {
      const difference = (bytesA[i] as number) - (bytesB[i] as number);
      if (difference !== 0) return difference;
    }
    return lengthA - lengthB;
  }

  #find(topic: Uint8Array, hash: number): number {
    const slots = this.#slots;
    let slot = hash & this.#mask;
    for (;;) {
      const id = (slots[slot * 2 + 1] as number) - 1;
      if (id < 0) return -1;
      if (slots[slot * 2] === hash && this.#lengths[id] === topic.length && this.isPrefix(id, topic)) return id;
      slot = (slot + 1) & this.#mask;
    }
  }

  #slotOf(id: number, hash: number): number {
    let slot = hash & this.#mask;
    while (this.#slots[slot * 2 + 1] !== id + 1) slot = (slot + 1) & this.#mask;
    return slot;
  }

  #insert(hash: number, id: number): void {
    let slot = hash & this.#mask;
    while (this.#slots[slot * 2 + 1] !== 0) slot = (slot + 1) & this.#mask;
    this.#slots[slot * 2] = hash;
    this.#slots[slot * 2 + 1] = id + 1;
  }

  /** Empties a slot and moves back those behind it that would not be found across the gap. */
  #unlink(slot: number): void {
    const slots = this.#slots;
    const mask = this.#mask;
    let gap = slot;
    let next = (slot + 1) & mask;
    while (slots[next * 2 + 1] !== 0) {
      const home = (slots[next * 2] as number) & mask;
      if (((next - home) & mask) >= ((next - gap) & mask)) {
        slots[gap * 2] = slots[next * 2] as number;
        slots[gap * 2 + 1] = slots[next * 2 + 1] as number;
        gap = next;
      }
      next = (next + 1) & mask;
    }
    slots[gap * 2 + 1] = 0;
  }

  #resizeSlots(slotCount: number): void {
    const old = this.#slots;
    this.#slots = new Int32Array(slotCount * 2);
    this.#mask = slotCount - 1;
    for (let i = 1; i < old.length; i += 2) {
      const entry = old[i] as number;
      if (entry !== 0) this.#insert(old[i - 1] as number, entry - 1);
    }
  }

  #takeId(): number {
    const free = this.#firstFree;
    if (free !== FREE) {
      const next = this.#positions[free] as number;
      // Positions are unsigned: the end of the chain reads as 2^32 - 1.
      this.#firstFree = next === 0xffffffff ? FREE : next;
      return free;
    }
    if (this.#idsUsed === this.#positions.length) {
      const positions = new Uint32Array(this.#idsUsed * 2);
      positions.set(this.#positions);
      this.#positions = positions;
      const lengths = new Int32Array(this.#idsUsed * 2);
      lengths.set(this.#lengths);
      this.#lengths = lengths;
    }
    return this.#idsUsed++;
  }

  #giveId(id: number): void {
    this.#positions[id] = this.#firstFree;
    this.#lengths[id] = FREE;
    this.#firstFree = id;
  }

  #countLength(length: number): void {
    const topics = this.#perLength.get(length) ?? 0;
    this.#perLength.set(length, topics + 1);
    if (topics > 0) return;
    let at = this.#distinct.length;
    while (at > 0 && (this.#distinct[at - 1] as number) > length) at--;
    this.#distinct.splice(at, 0, length);
  }

  #uncountLength(length: number): void {
    const topics = this.#perLength.get(length) as number;
    if (topics > 1) {
      this.#perLength.set(length, topics - 1);
      return;
    }
    this.#perLength.delete(length);
    this.#distinct.splice(this.#distinct.indexOf(length), 1);
  }

  /** Empty again: gives the memory back. */
  #reset(): void {
    this.#slots = new Int32Array(FIRST_SLOTS * 2);
    this.#mask = FIRST_SLOTS - 1;
    this.#positions = new Uint32Array(FIRST_IDS);
    this.#lengths = new Int32Array(FIRST_IDS);
    this.#idsUsed = 0;
    this.#firstFree = FREE;
    this.#bytes.clear();
    this.#candidates.length = 0;
  }
}
