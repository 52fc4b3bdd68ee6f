/**
 * The subscriber's table of 29/PUBSUB: its own topics, with reference counts. Pages have small-own-subscriptions.ts.
 */

import type { NearEnd } from "../base/near-end.ts";
import { TopicTable } from "./topic-table.ts";

export class OwnSubscriptions {
  readonly #topics: TopicTable;
  /** By topic id. */
  #counts: number[] = [];
  /** The topic while there is just one, which is the usual case: compared without the table, 10 ns instead of 40. */
  #only: Uint8Array | undefined;

  /** `random32`: uniform, 0 to 2^32-1, secret. */
  constructor(random32: () => number) {
    this.#topics = new TopicTable(random32);
  }

  /** Distinct topics. */
  get topicsCount(): number {
    return this.#topics.count;
  }

  /** Copies of them, in the order of their bytes. */
  topics(): Uint8Array[] {
    const topics: Uint8Array[] = [];
    this.#topics.copyAll(this.#topics.sortedIds(), -1, topics);
    return topics;
  }

  /** As `topics`, one that was added twice twice. */
  all(): Uint8Array[] {
    const all: Uint8Array[] = [];
    for (const topic of this.topics()) {
      for (let count = this.#counts[this.#topics.find(topic)] ?? 0; count > 0; count--) all.push(topic);
    }
    return all;
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
    this.#only = this.topics()[0];
  }

  /** Subscribes at a publisher that knows nothing yet: every topic once, in byte-wise order, as libzmq does. */
  sendAll(pipe: NearEnd): void {
    for (const topic of this.topics()) pipe.writeControl({ kind: "subscribe", topic });
  }
}
