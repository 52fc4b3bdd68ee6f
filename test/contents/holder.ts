/**
 * What a program does with what it received: looks at each message at once, keeps some, looks at those again later, and
 * writes into what it has done with. Nothing that others do may show in what it keeps.
 */

import type { Random } from "../fuzz/random.ts";
import { type Content, check } from "./messages.ts";

const MOST_HELD_BYTES = 48 << 20;

interface Held {
  readonly message: readonly Uint8Array[];
  readonly until: number;
  readonly bytes: number;
}

/** An array of messages as a call returned it. */
interface HeldBatch {
  readonly batch: readonly (readonly Uint8Array[])[];
  readonly copy: readonly (readonly Uint8Array[])[];
}

export class Holder {
  /** What was wrong. */
  readonly defects: string[] = [];
  messages = 0;
  bytes = 0;
  readonly #random: Random;
  readonly #mayWrite: boolean;
  #held: Held[] = [];
  #heldBytes = 0;
  #batches: HeldBatch[] = [];
  /** Of each sender, the numbers that came. */
  readonly #seen = new Map<number, Set<number>>();
  readonly #mayRepeat: boolean;

  /** `mayWrite`: its messages are its own. `mayRepeat`: several sockets get the same messages. */
  constructor(random: Random, mayWrite: boolean, mayRepeat: boolean) {
    this.#random = random;
    this.#mayWrite = mayWrite;
    this.#mayRepeat = mayRepeat;
  }

  /** Looks at a message that came. Undefined when it is wrong. */
  took(message: readonly Uint8Array[]): Content | undefined {
    this.messages++;
    let bytes = 0;
    for (const frame of message) bytes += frame.length;
    this.bytes += bytes;
    const content = this.#look(message, "at arrival");
    if (content === undefined) return undefined;
    this.#count(content);
    if (this.#random.oneIn(2) && this.#heldBytes + bytes < MOST_HELD_BYTES) {
      this.#held.push({ message, until: this.messages + this.#random.below(2000), bytes });
      this.#heldBytes += bytes;
    } else this.#release(message);
    if (this.#random.oneIn(64)) this.lookAgain();
    return content;
  }

  tookBatch(batch: readonly (readonly Uint8Array[])[]): void {
    if (this.#batches.length < 64) this.#batches.push({ batch, copy: batch.slice() });
  }

  /** Looks at what was kept; lets go of what was kept for long enough. */
  lookAgain(all = false): void {
    const kept: Held[] = [];
    for (const held of this.#held) {
      if (!all && held.until > this.messages) {
        if (this.#random.oneIn(8)) this.#look(held.message, "while it was kept");
        kept.push(held);
        continue;
      }
      this.#look(held.message, "after it was kept");
      this.#release(held.message);
      this.#heldBytes -= held.bytes;
    }
    this.#held = kept;
    for (const { batch, copy } of this.#batches.splice(0)) {
      if (batch.length !== copy.length || batch.some((message, i) => message !== copy[i])) {
        this.defects.push(`an array of ${copy.length} messages has changed`);
      }
    }
  }

  #look(message: readonly Uint8Array[], when: string): Content | undefined {
    try {
      return check(message);
    } catch (error) {
      this.defects.push(`${when}: ${(error as Error).message}`);
      return undefined;
    }
  }

  #count({ sender, number, kind }: Content): void {
    if (this.#mayRepeat || kind === "end") return;
    const seen = this.#seen.get(sender) ?? new Set();
    this.#seen.set(sender, seen);
    if (seen.has(number)) this.defects.push(`message ${number} of ${sender} came twice`);
    seen.add(number);
  }

  #release(message: readonly Uint8Array[]): void {
    if (this.#mayWrite) for (const frame of message) frame.fill(0xee);
  }
}
