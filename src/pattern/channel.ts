/**
 * CHANNEL (52/CHANNEL): as PAIR, one peer and no other, with messages of one frame.
 */

import type { Message } from "../base/message.ts";
import type { NearEnd } from "../base/near-end.ts";
import { PairPattern } from "./exclusive-pair.ts";
import type { Pattern, PatternHost } from "./pattern.ts";
import { expectOneFrame } from "./single-frame.ts";

export class ChannelPattern implements Pattern {
  readonly #host: PatternHost;
  readonly #pair: PairPattern;

  constructor(host: PatternHost) {
    this.#host = host;
    this.#pair = new PairPattern(host);
  }

  attach(pipe: NearEnd): void {
    this.#pair.attach(pipe);
  }

  connected(pipe: NearEnd): void {
    this.#pair.connected(pipe);
  }

  detach(pipe: NearEnd): void {
    this.#pair.detach(pipe);
  }

  readable(_pipe: NearEnd): void {}
  writable(_pipe: NearEnd): void {}

  send(message: Message): boolean {
    expectOneFrame(message);
    return this.#pair.send(message);
  }

  receive(): Message | undefined {
    for (;;) {
      const message = this.#pair.receive();
      if (message === undefined || message.length === 1) return message;
      this.#host.dropped("invalid", this.#pair.source, message);
      this.#pair.source?.wasted();
    }
  }

  get canSend(): boolean {
    return this.#pair.canSend;
  }

  /** As in libzmq also when all that is there is a message of several frames. */
  get canReceive(): boolean {
    return this.#pair.canReceive;
  }

  get source(): NearEnd | undefined {
    return this.#pair.source;
  }
}
