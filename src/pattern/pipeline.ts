/**
 * PUSH and PULL (30/PIPELINE): work is dealt out in turn and collected fairly.
 * A PUSH without a peer that has room blocks; nothing is ever dropped.
 */

import type { Message } from "../base/message.ts";
import type { NearEnd } from "../base/near-end.ts";
import { FairQueue } from "./fair-queue.ts";
import type { Pattern, PatternHost } from "./pattern.ts";
import { RoundRobin } from "./round-robin.ts";

export class PushPattern implements Pattern {
  readonly #outgoing = new RoundRobin();
  readonly canReceive = false;

  // biome-ignore lint/complexity/noUselessConstructor: every pattern is made with its host
  constructor(_host: PatternHost) {}

  attach(pipe: NearEnd): void {
    this.#outgoing.add(pipe);
  }

  detach(pipe: NearEnd): void {
    this.#outgoing.remove(pipe);
  }

  /** Messages that a peer sends against the rules are never read. */
  readable(_pipe: NearEnd): void {}

  writable(pipe: NearEnd): void {
    this.#outgoing.add(pipe);
  }

  send(message: Message): boolean {
    return this.#outgoing.send(message) !== undefined;
  }

  get canSend(): boolean {
    return this.#outgoing.canSend;
  }
}

export class PullPattern implements Pattern {
  readonly #incoming = new FairQueue();
  readonly canSend = false;

  // biome-ignore lint/complexity/noUselessConstructor: every pattern is made with its host
  constructor(_host: PatternHost) {}

  attach(pipe: NearEnd): void {
    this.#incoming.attach(pipe);
  }

  /** Unread messages stay in the fair queue. */
  detach(pipe: NearEnd): void {
    this.#incoming.ended(pipe);
  }

  readable(pipe: NearEnd): void {
    this.#incoming.add(pipe);
  }

  writable(_pipe: NearEnd): void {}

  receive(): Message | undefined {
    return this.#incoming.receive();
  }

  receiveRun(into: Message[], max: number): boolean {
    return this.#incoming.receiveRun(into, max);
  }

  get canReceive(): boolean {
    return this.#incoming.canReceive;
  }

  get source(): NearEnd | undefined {
    return this.#incoming.source;
  }
}
