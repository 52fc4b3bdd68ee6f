/**
 * DGRAM: UDP datagrams as they are, without ZMTP. Messages are the peer's address and the payload. No RFC; as libzmq 4.3.5.
 * All peers are behind one pipe, that of the bound endpoint: a second endpoint is refused for good, as with PAIR.
 */

import { toText } from "../base/bytes.ts";
import { ZmqError } from "../base/errors.ts";
import type { Message } from "../base/message.ts";
import type { NearEnd } from "../base/near-end.ts";
import { LONGEST_DATAGRAM, parseDatagramAddress } from "../base/udp.ts";
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

  /** Throws EINVAL for what is no address and a payload, EMSGSIZE for one that fits into no datagram. */
  send(message: Message): boolean {
    if (message.length !== 2) {
      throw new ZmqError("EINVAL", { detail: `expected an address and a payload, not ${message.length} frames` });
    }
    const [address, payload] = message;
    if (parseDatagramAddress(toText(address as Uint8Array)) === undefined) {
      throw new ZmqError("EINVAL", { detail: "expected an address such as 127.0.0.1:5555 as first frame" });
    }
    if ((payload as Uint8Array).length > LONGEST_DATAGRAM) {
      throw new ZmqError("EMSGSIZE", { detail: `a payload has ${LONGEST_DATAGRAM} bytes at most` });
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
