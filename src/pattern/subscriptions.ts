/**
 * The publisher's table of 29/PUBSUB: a set of (subscriber, topic) pairs, as
 * libzmq keeps it and unlike the RFC's counting. It sends nothing. That of the
 * subscriber is own-subscriptions.ts.
 */

import { ZmqError } from "../base/errors.ts";
import type { NearEnd } from "../base/near-end.ts";
import { TOPIC_BYTES } from "./peer-backlog.ts";
import { TopicTable } from "./topic-table.ts";

const CANCEL = 0;

/** The stamp of a subscriber that is gone: no publish finds it, although it still holds topics. Greater than all others. */
export const GONE = 0x3fff_ffff;

/** A peer of a publisher. Its fields belong to the fan-out and its subscription table. */
export class SubscribedPipe {
  readonly pipe: NearEnd;
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
  /** How many of them were taken away, once it is gone. */
  removed = 0;

  constructor(pipe: NearEnd, serial: number) {
    this.pipe = pipe;
    this.serial = serial;
  }
}

/** The error for a subscriber with more than `maxTopics` topics; undefined when it has no more. 0: no limit. */
export function tooManyTopics(subscriber: SubscribedPipe, maxTopics: number): ZmqError | undefined {
  const { topicsCount, topicBytes } = subscriber;
  if (maxTopics === 0 || (topicsCount <= maxTopics && topicBytes <= maxTopics * TOPIC_BYTES)) return undefined;
  return new ZmqError("EMSGSIZE", {
    detail: `${topicsCount} subscriptions of ${topicBytes} bytes, allowed are ${maxTopics} of ${TOPIC_BYTES} bytes each`,
  });
}

/**
 * The effect of a cancellation: `last`, no subscriber has the topic any more;
 * `others`, another one has it; `unknown`, this subscriber did not have it.
 */
export type Removal = "last" | "others" | "unknown";

/** The subscribers of each topic. */
export class PeerSubscriptions {
  readonly #topics: TopicTable;
  /** Ids of the topics that the last `add`, `remove` or `removeAll` told of; they may be used again from the next `add` on. */
  told: readonly number[] = [];
  /** By topic id: the one subscriber, as is most often the case, or several in ascending order. */
  #holders: (SubscribedPipe | SubscribedPipe[] | undefined)[] = [];

  /** `random32`: uniform, 0 to 2^32-1, secret. */
  constructor(random32: () => number) {
    this.#topics = new TopicTable(random32);
  }

  /** Distinct topics of all subscribers together. */
  get topicsCount(): number {
    return this.#topics.count;
  }

  /** Returns true when no subscriber had the topic before. Throws EMSGSIZE as `TopicTable.add`. */
  add(subscriber: SubscribedPipe, topic: Uint8Array): boolean {
    const id = this.#topics.add(topic);
    const holders = this.#holders[id];
    this.told = [id];
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

  /** As `add`, for a topic of the peer's choice: returns the error that it is to be refused with. */
  tryAdd(subscriber: SubscribedPipe, topic: Uint8Array): boolean | ZmqError {
    try {
      return this.add(subscriber, topic);
    } catch (error) {
      if (error instanceof ZmqError) return error;
      throw error;
    }
  }

  remove(subscriber: SubscribedPipe, topic: Uint8Array): Removal {
    const id = this.#topics.find(topic);
    if (id < 0 || !this.#isHeldBy(id, subscriber)) return "unknown";
    this.told = [id];
    subscriber.topicsCount--;
    subscriber.topicBytes -= topic.length;
    if (subscriber.topicsCount === 0) subscriber.topicIds = [];
    return this.#release(id, subscriber) ? "last" : "others";
  }

  /**
   * Removes a subscriber altogether, or, where it holds many topics, a part of them: again until `topicsCount` is 0. Until
   * then it is still listed for some topics, but no publish finds it. Returns a frame `00 topic` for each topic that no other has
   * ("last"), for each that it held ("all"), or none; those of a part in the order of their bytes, as with libzmq.
   */
  removeAll(
    subscriber: SubscribedPipe,
    report: "last" | "all" | "none",
    atOnce = Number.POSITIVE_INFINITY,
  ): Uint8Array[] {
    subscriber.stamp = GONE;
    const { topicIds } = subscriber;
    const end = Math.min(topicIds.length, subscriber.removed + atOnce);
    const told: number[] = [];
    const unheld: number[] = [];
    for (; subscriber.removed < end; subscriber.removed++) {
      const id = topicIds[subscriber.removed] as number;
      if (!this.#isHeldBy(id, subscriber)) continue;
      const isLast = this.#leave(id, subscriber);
      if (isLast) unheld.push(id);
      if (report === "all" || (report === "last" && isLast)) told.push(id);
    }
    this.#topics.sort(told);
    const frames: Uint8Array[] = [];
    this.#topics.copyAll(told, CANCEL, frames);
    for (let i = 0; i < unheld.length; i++) this.#topics.remove(unheld[i] as number);
    if (this.#topics.count === 0) this.#holders = [];
    subscriber.topicsCount = topicIds.length - end;
    this.told = told;
    return frames;
  }

  /**
   * Stamps every subscriber with a topic that is a prefix of `frame`, and puts
   * each once into `found`, from index 0. Returns how many. `generation` is
   * greater than every stamp given before, and no greater than `GONE`.
   */
  match(frame: Uint8Array, generation: number, found: SubscribedPipe[]): number {
    const topics = this.#topics;
    const candidates = topics.probe(frame);
    let count = 0;
    for (let c = 0; c < candidates; c++) {
      const id = topics.candidate(c);
      const holders = this.#holders[id];
      if (holders === undefined) continue;
      if (!Array.isArray(holders)) {
        if (holders.stamp < generation && topics.isPrefix(id, frame)) {
          holders.stamp = generation;
          found[count++] = holders;
        }
        continue;
      }
      if (!topics.isPrefix(id, frame)) continue;
      for (let i = 0; i < holders.length; i++) {
        const subscriber = holders[i] as SubscribedPipe;
        if (subscriber.stamp < generation) {
          subscriber.stamp = generation;
          found[count++] = subscriber;
        }
      }
    }
    return count;
  }

  /** Copies of all distinct topics, in the order of their bytes. */
  topics(): Uint8Array[] {
    return this.#copies(this.#topics.sortedIds());
  }

  /** Copies of the topics that the subscriber holds, `most` at most. */
  topicsOf(subscriber: SubscribedPipe, most: number): Uint8Array[] {
    if (subscriber.stamp === GONE) return [];
    const held = this.#heldIds(subscriber).slice(0, most);
    this.#topics.sort(held);
    return this.#copies(held);
  }

  #copies(ids: ArrayLike<number>): Uint8Array[] {
    const topics: Uint8Array[] = [];
    this.#topics.copyAll(ids, -1, topics);
    return topics;
  }

  #isHeldBy(id: number, subscriber: SubscribedPipe): boolean {
    const holders = this.#holders[id];
    if (!Array.isArray(holders)) return holders === subscriber;
    return holders[position(holders, subscriber.serial)] === subscriber;
  }

  /** Takes the subscriber, a holder, off the topic. Returns true when it was the last. */
  #release(id: number, subscriber: SubscribedPipe): boolean {
    if (!this.#leave(id, subscriber)) return false;
    this.#topics.remove(id);
    if (this.#topics.count === 0) this.#holders = [];
    return true;
  }

  /** As `#release`, and the topic stays in the table. */
  #leave(id: number, subscriber: SubscribedPipe): boolean {
    const holders = this.#holders[id];
    if (!Array.isArray(holders)) {
      this.#holders[id] = undefined;
      return true;
    }
    holders.splice(position(holders, subscriber.serial), 1);
    if (holders.length === 1) this.#holders[id] = holders[0];
    return false;
  }

  /** The ids of the subscriber's topics, each once. */
  #heldIds(subscriber: SubscribedPipe): number[] {
    const isSeen = new Uint8Array(this.#holders.length);
    const held: number[] = [];
    for (const id of subscriber.topicIds) {
      if (isSeen[id] === 1 || !this.#isHeldBy(id, subscriber)) continue;
      isSeen[id] = 1;
      held.push(id);
    }
    return held;
  }
}

/** Where a subscriber with this serial is in an ascending list, or belongs. */
function position(list: readonly SubscribedPipe[], serial: number): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((list[middle] as SubscribedPipe).serial < serial) low = middle + 1;
    else high = middle;
  }
  return low;
}
