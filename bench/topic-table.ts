/**
 * The matcher of PUB against two other designs, at 1 to 1,000,000 topics: time
 * to add and remove a topic, memory a topic, and time to match. Run with
 * `node --expose-gc --import tsx bench/topic-table.ts`.
 *
 *   hash    TopicTable: one flat hash table, asked once for every length in use
 *   trie    a compressed radix trie of objects, child by first octet in a Map
 *   lengths a Map of latin1 keys for every length in use
 */

import { TopicTable } from "../src/pattern/topic-table.ts";

interface Matcher {
  add(topic: Uint8Array): void;
  remove(topic: Uint8Array): void;
  /** How many topics are prefixes of the frame. */
  match(frame: Uint8Array): number;
}

class Hash implements Matcher {
  readonly #table = new TopicTable(() => 0x12345678);
  add(topic: Uint8Array): void {
    this.#table.add(topic);
  }
  remove(topic: Uint8Array): void {
    this.#table.remove(this.#table.find(topic));
  }
  match(frame: Uint8Array): number {
    const candidates = this.#table.probe(frame);
    let count = 0;
    for (let i = 0; i < candidates; i++) if (this.#table.isPrefix(this.#table.candidate(i), frame)) count++;
    return count;
  }
}

interface TrieNode {
  label: Uint8Array;
  isTopic: boolean;
  children: Map<number, TrieNode> | undefined;
}

class Trie implements Matcher {
  #root: TrieNode = { label: new Uint8Array(0), isTopic: false, children: undefined };

  add(topic: Uint8Array): void {
    let node = this.#root;
    let at = 0;
    for (;;) {
      if (at === topic.length) {
        node.isTopic = true;
        return;
      }
      const child = node.children?.get(topic[at]!);
      if (child === undefined) {
        node.children ??= new Map();
        node.children.set(topic[at]!, { label: topic.slice(at), isTopic: true, children: undefined });
        return;
      }
      const { label } = child;
      let same = 1;
      while (same < label.length && topic[at + same] === label[same]) same++;
      if (same < label.length) {
        const upper: TrieNode = { label: label.slice(0, same), isTopic: false, children: new Map() };
        child.label = label.slice(same);
        upper.children!.set(child.label[0]!, child);
        node.children!.set(topic[at]!, upper);
        node = upper;
      } else node = child;
      at += same;
    }
  }

  remove(topic: Uint8Array): void {
    let parent = this.#root;
    let node = this.#root;
    let at = 0;
    while (at < topic.length) {
      parent = node;
      node = node.children!.get(topic[at]!)!;
      at += node.label.length;
    }
    node.isTopic = false;
    if (!node.children?.size && node !== this.#root) parent.children!.delete(node.label[0]!);
  }

  match(frame: Uint8Array): number {
    let node: TrieNode | undefined = this.#root;
    let at = 0;
    let count = node.isTopic ? 1 : 0;
    while (at < frame.length) {
      node = node.children?.get(frame[at]!);
      if (node === undefined) break;
      const { label } = node;
      for (let i = 1; i < label.length; i++) if (label[i] !== frame[at + i]) return count;
      at += label.length;
      if (node.isTopic) count++;
    }
    return count;
  }
}

class Lengths implements Matcher {
  readonly #byLength = new Map<number, Set<string>>();
  add(topic: Uint8Array): void {
    let topics = this.#byLength.get(topic.length);
    if (topics === undefined) {
      topics = new Set();
      this.#byLength.set(topic.length, topics);
    }
    topics.add(key(topic, topic.length));
  }
  remove(topic: Uint8Array): void {
    this.#byLength.get(topic.length)!.delete(key(topic, topic.length));
  }
  match(frame: Uint8Array): number {
    let count = 0;
    for (const [length, topics] of this.#byLength) {
      if (length <= frame.length && topics.has(key(frame, length))) count++;
    }
    return count;
  }
}

function key(bytes: Uint8Array, length: number): string {
  return (bytes as Buffer).toString("latin1", 0, length);
}

function memory(): number {
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

const ROUNDS = 12;
const MATCHES = 100_000;
const KINDS: [string, (i: number) => string][] = [
  ["one length", (i) => `topic-${String(i).padStart(7, "0")}`],
  ["nested", (i) => `eu.${i % 97}.${i % 1009}.item-${i}`],
];

let checksum = 0;
for (const [kind, name] of KINDS) {
  for (const count of [1, 1000, 100_000, 1_000_000]) {
    const topics = Array.from({ length: count }, (_, i) => Buffer.from(name(i)));
    const frames = Array.from({ length: 4096 }, (_, i) => Buffer.from(`${name((i * 7919) % count)} and more`));
    // The best of several rounds, for other programs share the machine.
    for (const [label, make] of [
      ["hash", () => new Hash()],
      ["trie", () => new Trie()],
      ["lengths", () => new Lengths()],
    ] as const) {
      const before = memory();
      const matcher: Matcher = make();
      const start = performance.now();
      for (const topic of topics) matcher.add(topic);
      const added = performance.now();
      const bytes = memory() - before;
      let best = Number.POSITIVE_INFINITY;
      for (let round = 0; round < ROUNDS; round++) {
        const begin = performance.now();
        for (let i = 0; i < MATCHES; i++) checksum += matcher.match(frames[i & 4095]!);
        best = Math.min(best, performance.now() - begin);
      }
      const matched = performance.now();
      for (const topic of topics) matcher.remove(topic);
      const removed = performance.now();
      console.log(
        `${kind.padEnd(11)} ${String(count).padStart(8)} ${label.padEnd(8)}` +
          ` match ${((best / MATCHES) * 1e6).toFixed(0).padStart(4)} ns` +
          `  add ${(((added - start) / count) * 1e6).toFixed(0).padStart(6)} ns` +
          `  remove ${(((removed - matched) / count) * 1e6).toFixed(0).padStart(6)} ns` +
          `  ${(bytes / count).toFixed(0).padStart(6)} bytes a topic`,
      );
    }
  }
}
if (checksum === 0) throw new Error("nothing matched");
