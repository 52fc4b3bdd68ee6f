/**
 * STREAM: plain TCP peers without ZMTP, each known by a 5-byte routing id. A
 * message is [routing id, bytes]; [routing id, empty] tells of a connection and
 * of its loss, and closes one when sent. No RFC; libzmq's behaviour.
 */

import { EMPTY } from "../base/bytes.ts";
import { ZmqError } from "../base/errors.ts";
import type { Message } from "../base/message.ts";
import type { NearEnd } from "../base/near-end.ts";
import { prepend } from "./envelope.ts";
import { FairQueue } from "./fair-queue.ts";
import type { Pattern, PatternHost } from "./pattern.ts";
import { idFrame, PeerTable } from "./peer-table.ts";

export class StreamPattern implements Pattern {
  readonly #host: PatternHost;
  readonly #peers: PeerTable;
  readonly #incoming = new FairQueue();
  /** Their link is up and this side has not closed them, so that the loss is worth a notice. */
  readonly #active = new Set<NearEnd>();
  /** The dialed peer whose connection is being given up: a send that waits for it is refused, not kept for the next. */
  #losing: NearEnd | undefined;
  /** libzmq's STREAM is always ready to send, although a single peer may not be. */
  readonly canSend = true;

  constructor(host: PatternHost) {
    this.#host = host;
    this.#peers = new PeerTable(() => host.random32());
  }

  /** Whether a peer has this routing id, so that `connect` can refuse to give it to another. */
  hasPeer(routingId: Uint8Array): boolean {
    return this.#peers.has(routingId);
  }

  /** Every pipe has a routing id at once: the preset one or a made-up one. Throws EINVAL when another peer has it. */
  attach(pipe: NearEnd): void {
    this.#peers.add(pipe, pipe.routingId ?? this.#peers.freshId());
    this.#incoming.attach(pipe);
  }

  detach(pipe: NearEnd): void {
    this.#peers.delete(pipe);
    this.#incoming.ended(pipe);
    this.#lost(pipe);
  }

  connected(pipe: NearEnd): void {
    this.#active.add(pipe);
    this.#notify(pipe);
  }

  /** The rest of a message makes no sense at the beginning of the next connection. */
  disconnected(pipe: NearEnd): void {
    this.#losing = pipe;
    pipe.dropQueued();
    this.#losing = undefined;
    this.#lost(pipe);
  }

  readable(pipe: NearEnd): void {
    this.#incoming.add(pipe);
  }

  writable(_pipe: NearEnd): void {}

  /**
   * The frames after the routing id are sent as one run of bytes. False while
   * that peer is at its high-water mark. Throws EHOSTUNREACH when no peer has the id, and when its connection was lost meanwhile.
   */
  send(message: Message): boolean {
    const pipe = this.#peers.get(message[0] as Uint8Array);
    if (message.length === 1) {
      this.#host.dropped("invalid", pipe, message);
      return true;
    }
    if (pipe === undefined || pipe.isClosed || pipe === this.#losing) {
      throw new ZmqError("EHOSTUNREACH", { detail: "no peer has this routing id" });
    }
    if (message.length === 2 && message[1]?.length === 0) {
      this.#active.delete(pipe);
      pipe.close(this.#host.options.linger);
      return true;
    }
    if (!pipe.canWrite) return false;
    message.shift();
    pipe.write(message);
    return true;
  }

  address(message: Message): Uint8Array | undefined {
    return message[0];
  }

  receive(): Message | undefined {
    const message = this.#incoming.receive();
    if (message === undefined) return undefined;
    return prepend(idFrame(this.#incoming.source), message);
  }

  get canReceive(): boolean {
    return this.#incoming.canReceive;
  }

  get source(): NearEnd | undefined {
    return this.#incoming.source;
  }

  /** A connection that this side closed is lost without a notice. */
  #lost(pipe: NearEnd): void {
    if (!this.#active.delete(pipe)) return;
    this.#notify(pipe);
  }

  #notify(pipe: NearEnd): void {
    if (this.#host.options.notify) this.#incoming.inject(pipe, [EMPTY]);
  }
}
