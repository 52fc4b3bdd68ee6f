/**
 * SCATTER and GATHER (49/SCATTER-GATHER): as PUSH and PULL, with messages of one frame.
 */

import type { Message } from "../base/message.ts";
import type { NearEnd } from "../base/near-end.ts";
import { FairQueue } from "./fair-queue.ts";
import type { Pattern, PatternHost } from "./pattern.ts";
import { RoundRobin } from "./round-robin.ts";
import { expectOneFrame, receiveOneFrame } from "./single-frame.ts";

export class ScatterPattern implements Pattern {
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
    expectOneFrame(message);
    return this.#outgoing.send(message) !== undefined;
  }

  get canSend(): boolean {
    return this.#outgoing.canSend;
  }
}

export class GatherPattern implements Pattern {
  readonly #host: PatternHost;
  readonly #incoming = new FairQueue();
  readonly canSend = false;

  constructor(host: PatternHost) {
    this.#host = host;
  }

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
    return receiveOneFrame(this.#incoming, this.#host);
  }

  /** As in libzmq also when all that is there is a message of several frames. */
  get canReceive(): boolean {
    return this.#incoming.canReceive;
  }

  get source(): NearEnd | undefined {
    return this.#incoming.source;
  }
}
