/**
 * `OwnSubscriptions` of own-subscriptions.ts for pages: topics in a Map, as strings of their octets. With topics of many
 * lengths a message takes longer to match than there.
 */

import { toKey } from "../base/bytes.ts";
import type { NearEnd } from "../base/near-end.ts";
import type { OwnSubscriptions as Large } from "./own-subscriptions.ts";

/** What the two tables have in common. */
type Table = { [Member in keyof Large]: Large[Member] };

export class OwnSubscriptions implements Table {
  /** How often each topic was added. */
  readonly #counts = new Map<string, number>();
  /** Their lengths, and the topic where there is one alone; made when the next message comes. */
  #probe: { readonly lengths: readonly number[]; readonly only: Uint8Array | undefined } | undefined;

  get topicsCount(): number {
    return this.#counts.size;
  }

  topics(): Uint8Array[] {
    return this.#sorted().map(fromKey);
  }

  all(): Uint8Array[] {
    return this.#sorted().flatMap((key) => Array.from({ length: this.#counts.get(key) ?? 0 }, () => fromKey(key)));
  }

  add(topic: Uint8Array): void {
    const key = toKey(topic);
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
    this.#probe = undefined;
  }

  remove(topic: Uint8Array): boolean {
    const key = toKey(topic);
    const count = this.#counts.get(key) ?? 0;
    if (count > 1) this.#counts.set(key, count - 1);
    else this.#counts.delete(key);
    this.#probe = undefined;
    return count === 1;
  }

  matches(frame: Uint8Array): boolean {
    this.#probe ??= this.#newProbe();
    const { only, lengths } = this.#probe;
    // The usual case: compared at once, a tenth of the time.
    if (only !== undefined) return isPrefix(only, frame);
    for (const length of lengths) {
      if (length <= frame.length && this.#counts.has(toKey(frame.subarray(0, length)))) return true;
    }
    return false;
  }

  sendAll(pipe: NearEnd): void {
    for (const topic of this.topics()) pipe.writeControl({ kind: "subscribe", topic });
  }

  #newProbe() {
    const lengths = [...new Set(Array.from(this.#counts.keys(), ({ length }) => length))];
    return { lengths, only: this.#counts.size === 1 ? this.topics()[0] : undefined };
  }

  /** Strings of octets are in the order of their octets. */
  #sorted(): string[] {
    return [...this.#counts.keys()].sort();
  }
}

function fromKey(key: string): Uint8Array {
  return Uint8Array.from(key, (octet) => octet.charCodeAt(0));
}

function isPrefix(topic: Uint8Array, frame: Uint8Array): boolean {
  if (topic.length > frame.length) return false;
  for (let i = 0; i < topic.length; i++) if (topic[i] !== frame[i]) return false;
  return true;
}
