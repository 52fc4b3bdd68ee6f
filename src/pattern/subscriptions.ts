/**
 * The two tables of 29/PUBSUB. `PeerSubscriptions` is the publisher's: a set of
 * (subscriber, topic) pairs, as libzmq keeps it and unlike the RFC's counting.
 * `OwnSubscriptions` is the subscriber's: topics with reference counts. Neither
 * sends anything.
 */

import { ZmqError } from "../base/errors.ts";
import type { Pipe } from "../base/pipe.ts";
import { TopicTable } from "./topic-table.ts";
import { TOPIC_BYTES } from "./unread.ts";

const CANCEL = 0;

/** A peer of a publisher. Its fields belong to the fan-out and its subscription table. */
export class Subscriber {
  readonly pipe: Pipe;
  /** Grows with each new subscriber; lists of subscribers are sorted by it. */
  readonly serial: number;
  /** The last publish that found this subscriber. */
  stamp = 0;
  /** The distinct topics it holds. */
  topicsCount = 0;
  /** Their octets. */
  topicBytes = 0;
  /** Ids of all its topics, and of some that it no longer holds: weeded out as they grow. */
  topicIds: number[] = [];

  constructor(pipe: Pipe, serial: number) {
    this.pipe = pipe;
    this.serial = serial;
  }
}

/** What to refuse a subscriber with that holds more than `maxTopics` topics; undefined when it does not. 0: no limit. */
export function tooManyTopics(subscriber: Subscriber, maxTopics: number): ZmqError | undefined {
  const { topicsCount, topicBytes } = subscriber;
  if (maxTopics === 0 || (topicsCount <= maxTopics && topicBytes <= maxTopics * TOPIC_BYTES)) return undefined;
  return new ZmqError("EMSGSIZE", {
    detail: `${topicsCount} subscriptions of ${topicBytes} bytes, allowed are ${maxTopics} of ${TOPIC_BYTES} bytes each`,
  });
}

/**
 * What a cancellation did: `last`, nobody holds the topic any more; `others`,
 * somebody does; `unknown`, this subscriber did not hold it.
 */
export type Removal = "last" | "others" | "unknown";

/** Who wants which topics. */
export class PeerSubscriptions {
  readonly #topics: TopicTable;
  /** By topic id: the one subscriber, as is most often the case, or several in ascending order. */
  #holders: (Subscriber | Subscriber[] | undefined)[] = [];

  /** `seed`: 32 random bits. */
  constructor(seed: number) {
    this.#topics = new TopicTable(seed);
  }

  /** Distinct topics of all subscribers together. */
  get topicsCount(): number {
    return this.#topics.count;
  }

  /** Returns true when nobody held the topic before. */
  add(subscriber: Subscriber, topic: Uint8Array): boolean {
    const id = this.#topics.add(topic);
    const holders = this.#holders[id];
    if (holders === subscriber) return false;
    if (holders === undefined) this.#holders[id] = subscriber;
    else if (!Array.isArray(holders)) {
      this.#holders[id] = holders.serial < subscriber.serial ? [holders, subscriber] : [subscriber, holders];
    } else {
      const at = position(holders, subscriber.serial);
      if (holders[at] === subscriber) return false;
      holders.splice(at, 0, subscriber);
    }
    subscriber.topicsCount++;
    subscriber.topicBytes += topic.length;
    subscriber.topicIds.push(id);
    if (subscriber.topicIds.length > subscriber.topicsCount * 2 + 16) {
      subscriber.topicIds = this.#heldIds(subscriber);
    }
    return holders === undefined;
  }

  remove(subscriber: Subscriber, topic: Uint8Array): Removal {
    const id = this.#topics.find(topic);
    if (id < 0 || !this.#isHeldBy(id, subscriber)) return "unknown";
    subscriber.topicsCount--;
    subscriber.topicBytes -= topic.length;
    if (subscriber.topicsCount === 0) subscriber.topicIds = [];
    return this.#release(id, subscriber) ? "last" : "others";
  }

  /**
   * Removes a subscriber altogether. Returns a frame `00 topic` for each topic
   * that nobody else holds ("last"), for each that it held ("all"), or none.
   */
  removeAll(subscriber: Subscriber, report: "last" | "all" | "none"): Uint8Array[] {
    const ids = this.#heldIds(subscriber);
    subscriber.topicsCount = 0;
    subscriber.topicBytes = 0;
    subscriber.topicIds = [];
    const frames: Uint8Array[] = [];
    if (report === "all") this.#topics.copyAll(ids, CANCEL, frames);
    else if (report === "last") {
      const last = ids.filter((id) => this.#holders[id] === subscriber);
      this.#topics.copyAll(last, CANCEL, frames);
    }
    for (let i = 0; i < ids.length; i++) this.#release(ids[i] as number, subscriber);
    return frames;
  }

  /**
   * Stamps every subscriber with a topic that is a prefix of `frame`, and puts
   * each once into `found`, from index 0. Returns how many. `generation` is
   * greater than every stamp given before.
   */
  match(frame: Uint8Array, generation: number, found: Subscriber[]): number {
    const topics = this.#topics;
    const candidates = topics.probe(frame);
    let count = 0;
    for (let c = 0; c < candidates; c++) {
      const id = topics.candidate(c);
      const holders = this.#holders[id];
      if (holders === undefined) continue;
      if (!Array.isArray(holders)) {
        if (holders.stamp !== generation && topics.isPrefix(id, frame)) {
          holders.stamp = generation;
          found[count++] = holders;
        }
        continue;
      }
      if (!topics.isPrefix(id, frame)) continue;
      for (let i = 0; i < holders.length; i++) {
        const subscriber = holders[i] as Subscriber;
        if (subscriber.stamp !== generation) {
          subscriber.stamp = generation;
          found[count++] = subscriber;
        }
      }
    }
    return count;
  }

  #isHeldBy(id: number, subscriber: Subscriber): boolean {
    const holders = this.#holders[id];
    if (!Array.isArray(holders)) return holders === subscriber;
    return holders[position(holders, subscriber.serial)] === subscriber;
  }

  /** Takes the subscriber, a holder, off the topic. Returns true when it was the last. */
  #release(id: number, subscriber: Subscriber): boolean {
    const holders = this.#holders[id];
    if (Array.isArray(holders)) {
      holders.splice(position(holders, subscriber.serial), 1);
      if (holders.length === 1) this.#holders[id] = holders[0];
      return false;
    }
    this.#holders[id] = undefined;
    this.#topics.remove(id);
    if (this.#topics.count === 0) this.#holders = [];
    return true;
  }

  /** The ids of the subscriber's topics, each once. */
  #heldIds(subscriber: Subscriber): number[] {
    const ids = Int32Array.from(subscriber.topicIds).sort();
    const held: number[] = [];
    for (let i = 0; i < ids.length; i++) {
      const id = ids[i] as number;
      if (id !== ids[i - 1] && this.#isHeldBy(id, subscriber)) held.push(id);
    }
    return held;
  }
}

/** Where a subscriber with this serial is in an ascending list, or belongs. */
function position(list: readonly Subscriber[], serial: number): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((list[middle] as Subscriber).serial < serial) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** A subscriber's own topics, counted. */
export class OwnSubscriptions {
  readonly #topics: TopicTable;
  /** By topic id. */
  #counts: number[] = [];
  /** The topic while there is just one, which is the usual case: compared without the table, 10 ns instead of 40. */
  #only: Uint8Array | undefined = undefined;

  /** `seed`: 32 random bits. */
  constructor(seed: number) {
    this.#topics = new TopicTable(seed);
  }

  /** Distinct topics. */
  get topicsCount(): number {
    return this.#topics.count;
  }

  add(topic: Uint8Array): void {
    const id = this.#topics.add(topic);
    this.#counts[id] = (this.#counts[id] ?? 0) + 1;
    this.#findOnly();
  }

  /** Returns true when this took the last reference: publishers are to be told. */
  remove(topic: Uint8Array): boolean {
    const id = this.#topics.find(topic);
    if (id < 0) return false;
    const count = (this.#counts[id] as number) - 1;
    this.#counts[id] = count;
    if (count > 0) return false;
    this.#topics.remove(id);
    if (this.#topics.count === 0) this.#counts = [];
    this.#findOnly();
    return true;
  }

  /** Whether any topic is a prefix of the frame. */
  matches(frame: Uint8Array): boolean {
    const only = this.#only;
    if (only === undefined) return this.#topics.matches(frame);
    if (only.length > frame.length) return false;
    for (let i = 0; i < only.length; i++) if (only[i] !== frame[i]) return false;
    return true;
  }

  #findOnly(): void {
    this.#only = undefined;
    if (this.#topics.count !== 1) return;
    const topics: Uint8Array[] = [];
    this.#topics.copyAll(this.#topics.sortedIds(), -1, topics);
    this.#only = topics[0];
  }

  /** Subscribes at a publisher that knows nothing yet: every topic once, in byte-wise order, as libzmq does. */
  sendAll(pipe: Pipe): void {
    const topics: Uint8Array[] = [];
    this.#topics.copyAll(this.#topics.sortedIds(), -1, topics);
    for (const topic of topics) pipe.control({ kind: "subscribe", topic });
  }
}
