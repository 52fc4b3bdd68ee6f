/**
 * `TopicTable` of topic-table.ts for pages, in a fourth of its code: the build for browsers puts it in the place of that
 * one. It finds topics by the same hash, in a Map, and keeps each in memory of its own: a million of them would take
 * several times as much.
 */

import { copyOf, uninitialized } from "../base/bytes.ts";
import { ZmqError } from "../base/errors.ts";
import { BLOCK_OCTETS, chained, hashKeys, hashOf, mixed } from "./octet-hash.ts";
import type { TopicTable as Large } from "./topic-table.ts";

const MAX_BYTES = 1 << 30;

/** What the two tables have in common. */
type Table = { [Member in Exclude<keyof Large, "lengthOf" | "moved">]: Large[Member] };

export class TopicTable implements Table {
  readonly #keys: Int32Array;
  readonly #maxBytes: number;
  #bytes = 0;
  /** By id; a free id has none. */
  readonly #topics: (Uint8Array | undefined)[] = [];
  readonly #free: number[] = [];
  readonly #ids = new Map<number, number[]>();
  /** How many topics have a length, and the lengths, ascending. */
  readonly #perLength = new Map<number, number>();
  #lengths: number[] = [];
  #candidates: number[] = [];

  constructor(random32: () => number, maxBytes = MAX_BYTES) {
    this.#keys = hashKeys(random32);
    this.#maxBytes = maxBytes;
  }

  get count(): number {
    return this.#topics.length - this.#free.length;
  }

  find(topic: Uint8Array): number {
    const ids = this.#ids.get(hashOf(topic, this.#keys)) ?? [];
    return ids.find((id) => this.#topicOf(id).length === topic.length && this.isPrefix(id, topic)) ?? -1;
  }

  add(topic: Uint8Array): number {
    const known = this.find(topic);
    if (known >= 0) return known;
    const { length } = topic;
    if (this.#bytes + length > this.#maxBytes) {
      throw new ZmqError("EMSGSIZE", { detail: `topics of more than ${this.#maxBytes} bytes together` });
    }
    const id = this.#free.pop() ?? this.#topics.length;
    this.#topics[id] = copyOf(topic);
    this.#bytes += length;
    const hash = hashOf(topic, this.#keys);
    const ids = this.#ids.get(hash);
    if (ids === undefined) this.#ids.set(hash, [id]);
    else ids.push(id);
    this.#countLength(length, 1);
    return id;
  }

  remove(id: number): void {
    const topic = this.#topicOf(id);
    const hash = hashOf(topic, this.#keys);
    const others = this.#ids.get(hash)?.filter((other) => other !== id) ?? [];
    if (others.length === 0) this.#ids.delete(hash);
    else this.#ids.set(hash, others);
    this.#topics[id] = undefined;
    this.#free.push(id);
    this.#bytes -= topic.length;
    this.#countLength(topic.length, -1);
  }

  copyAll(ids: ArrayLike<number>, first: number, target: Uint8Array[]): void {
    for (const id of Array.from(ids)) {
      const topic = this.#topicOf(id);
      const copy = uninitialized(topic.length + (first < 0 ? 0 : 1));
      if (first >= 0) copy[0] = first;
      copy.set(topic, copy.length - topic.length);
      target.push(copy);
    }
  }

  probe(frame: Uint8Array): number {
    const keys = this.#keys;
    const found: number[] = [];
    let sum = 0;
    let position = 0;
    for (const length of this.#lengths) {
      if (length > frame.length) break;
      for (; position < length; position++) {
        const at = position & (BLOCK_OCTETS - 1);
        if (at === 0 && position > 0) sum = chained(sum, keys);
        sum = (sum + Math.imul(keys[at] as number, (frame[position] as number) + 1)) | 0;
      }
      const ids = this.#ids.get(mixed(sum));
      if (ids !== undefined) found.push(...ids);
    }
    this.#candidates = found;
    return found.length;
  }

  candidate(index: number): number {
    return this.#candidates[index] as number;
  }

  isPrefix(id: number, frame: Uint8Array): boolean {
    const topic = this.#topicOf(id);
    if (topic.length > frame.length) return false;
    for (let i = 0; i < topic.length; i++) if (topic[i] !== frame[i]) return false;
    return true;
  }

  matches(frame: Uint8Array): boolean {
    this.probe(frame);
    return this.#candidates.some((id) => this.isPrefix(id, frame));
  }

  sortedIds(): Int32Array {
    const ids: number[] = [];
    for (const [id, topic] of this.#topics.entries()) if (topic !== undefined) ids.push(id);
    return Int32Array.from(this.sort(ids));
  }

  sort<Ids extends number[] | Int32Array>(ids: Ids): Ids {
    ids.sort((a, b) => {
      const [topicA, topicB] = [this.#topicOf(a), this.#topicOf(b)];
      for (let i = 0; i < topicA.length && i < topicB.length; i++) {
        const difference = (topicA[i] as number) - (topicB[i] as number);
        if (difference !== 0) return difference;
      }
      return topicA.length - topicB.length;
    });
    return ids;
  }

  #topicOf(id: number): Uint8Array {
    return this.#topics[id] as Uint8Array;
  }

  #countLength(length: number, change: 1 | -1): void {
    const topics = (this.#perLength.get(length) ?? 0) + change;
    if (topics > 0) this.#perLength.set(length, topics);
    else this.#perLength.delete(length);
    if (this.#perLength.size !== this.#lengths.length) {
      this.#lengths = [...this.#perLength.keys()].sort((a, b) => a - b);
    }
  }
}
