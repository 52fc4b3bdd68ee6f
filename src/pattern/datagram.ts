/**
 * DGRAM: UDP datagrams as they are, without ZMTP. Messages are the peer's address and the payload. No RFC; as libzmq 4.3.5.
 * All peers are behind one pipe, that of the bound endpoint: a second endpoint is refused for good, as with PAIR.
 */

import { ZmqError } from "../base/errors.ts";
import type { Message } from "../base/message.ts";
import type { NearEnd } from "../base/near-end.ts";
import { PairPattern } from "./exclusive-pair.ts";
import type { Pattern, PatternHost } from "./pattern.ts";

export class DatagramPattern implements Pattern {
  readonly #pair: PairPattern;

  constructor(host: PatternHost) {
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
    if (message.length !== 2) {
      throw new ZmqError("EINVAL", { detail: `expected an address and a payload, not ${message.length} frames` });
    }
    return this.#pair.send(message);
  }

  receive(): Message | undefined {
    return this.#pair.receive();
  }

  get canSend(): boolean {
    return this.#pair.canSend;
  }

  get canReceive(): boolean {
    return this.#pair.canReceive;
  }

  get source(): NearEnd | undefined {
    return this.#pair.source;
  }
}
