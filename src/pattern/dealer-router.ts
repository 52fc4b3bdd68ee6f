/**
 * DEALER and ROUTER (28/REQREP): the asynchronous halves of request-reply.
 * DEALER deals out and collects fairly. ROUTER puts the sender's routing id
 * before each message it receives, and takes the receiver's off each one it
 * sends. ROUTER also has libzmq's raw mode, where the peers are plain TCP.
 */

import { copyOf, EMPTY } from "../base/bytes.ts";
import { ZmqError } from "../base/errors.ts";
import type { Message } from "../base/message.ts";
import type { NearEnd } from "../base/near-end.ts";
import { prepend } from "./envelope.ts";
import { FairQueue } from "./fair-queue.ts";
import { OpeningMessages } from "./opening-messages.ts";
import type { Pattern, PatternHost } from "./pattern.ts";
import { idFrame, PeerTable } from "./peer-table.ts";
import { RoundRobin } from "./round-robin.ts";

/** Bits of `routerNotify`. */
const NOTIFY_CONNECT = 1;
const NOTIFY_DISCONNECT = 2;

export class DealerPattern implements Pattern {
  readonly #host: PatternHost;
  readonly #outgoing = new RoundRobin();
  /** As with libzmq, a peer that left is dealt nothing, and has no turn, from when its end was read. */
  readonly #incoming = new FairQueue((pipe) => this.#outgoing.remove(pipe));
  readonly #first: OpeningMessages;

  constructor(host: PatternHost) {
    this.#host = host;
    this.#first = new OpeningMessages(host.options);
  }

  attach(pipe: NearEnd): void {
    this.#outgoing.add(pipe);
    this.#incoming.attach(pipe);
  }

  /** Unread messages stay in the fair queue. */
  detach(pipe: NearEnd): void {
    this.#first.forget(pipe);
    this.#incoming.ended(pipe);
  }

  connected(pipe: NearEnd): void {
    this.#first.write(pipe, true);
  }

  disconnected(pipe: NearEnd): void {
    const { hiccupMessage } = this.#host.options;
    if (hiccupMessage.length > 0) this.#incoming.inject(pipe, [copyOf(hiccupMessage)]);
  }

  readable(pipe: NearEnd): void {
    this.#incoming.add(pipe);
  }

  writable(pipe: NearEnd): void {
    this.#outgoing.add(pipe);
  }

  send(message: Message): boolean {
    return this.#outgoing.send(message) !== undefined;
  }

  receive(): Message | undefined {
    return this.#incoming.receive();
  }

  receiveRun(into: Message[], max: number): boolean {
    return this.#incoming.receiveRun(into, max);
  }

  get canSend(): boolean {
    return this.#outgoing.canSend;
  }

  get canReceive(): boolean {
    return this.#incoming.canReceive;
  }

  get source(): NearEnd | undefined {
    return this.#incoming.source;
  }
}

export class RouterPattern implements Pattern {
  readonly #host: PatternHost;
  readonly #peers: PeerTable;
  readonly #incoming = new FairQueue();
  readonly #first: OpeningMessages;
  /** Their link is up and this side has not closed them, so that the loss is worth a notice. */
  readonly #active = new Set<NearEnd>();
  /** Came with the routing id of another peer: connected, but neither read nor addressable, for life. */
  readonly #mute = new Set<NearEnd>();

  constructor(host: PatternHost) {
    this.#host = host;
    this.#peers = new PeerTable(() => host.random32());
    this.#first = new OpeningMessages(host.options);
  }

  /** Whether a peer has this routing id, so that `connect` can refuse to give it to another. */
  hasPeer(routingId: Uint8Array): boolean {
    return this.#peers.has(routingId);
  }

  /**
   * A pipe with a preset routing id is addressable at once, the others from
   * `connected` on. Throws EINVAL when another peer has the preset id.
   */
  attach(pipe: NearEnd): void {
    if (pipe.routingId !== undefined) this.#peers.add(pipe, pipe.routingId);
    else if (this.#host.options.raw) this.#peers.add(pipe, this.#peers.freshId());
    else return;
    this.#incoming.attach(pipe);
  }

  detach(pipe: NearEnd): void {
    this.#peers.delete(pipe);
    this.#mute.delete(pipe);
    this.#first.forget(pipe);
    const { disconnectMessage } = this.#host.options;
    const wasActive = this.#active.has(pipe);
    if (pipe.routingId !== undefined) this.#incoming.ended(pipe);
    this.#lost(pipe);
    if (!wasActive || pipe.dialed || disconnectMessage.length === 0) return;
    this.#incoming.inject(pipe, [copyOf(disconnectMessage)]);
  }

  connected(pipe: NearEnd): void {
    if (!this.#host.options.raw) this.#first.write(pipe, true);
    if (pipe.routingId === undefined) {
      if (!this.#identify(pipe)) return;
      this.#incoming.attach(pipe);
    }
    this.#active.add(pipe);
    if (this.#host.options.routerNotify & NOTIFY_CONNECT) this.#incoming.inject(pipe, [EMPTY]);
  }

  disconnected(pipe: NearEnd): void {
    this.#lost(pipe);
  }

  readable(pipe: NearEnd): void {
    if (pipe.routingId !== undefined) this.#incoming.add(pipe);
  }

  writable(_pipe: NearEnd): void {}

  /** A dropped message is reported with its routing id, while it still has one. */
  send(message: Message): boolean {
    const pipe = this.#peers.get(message[0] as Uint8Array);
    if (message.length === 1) {
      this.#host.dropped("invalid", pipe, message);
      return true;
    }
    const { mandatory, raw } = this.#host.options;
    if (pipe === undefined || pipe.isClosed) {
      if (mandatory) throw new ZmqError("EHOSTUNREACH", { detail: "no peer has this routing id" });
      this.#host.dropped("unroutable", pipe, message);
      return true;
    }
    if (raw && message.length === 2 && message[1]?.length === 0) {
      this.#close(pipe);
      return true;
    }
    if (!pipe.canWrite) {
      if (mandatory) return false;
      this.#host.dropped("highWaterMark", pipe, message);
      return true;
    }
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

  get canSend(): boolean {
    return !this.#host.options.mandatory || this.#peers.hasRoom;
  }

  get canReceive(): boolean {
    return this.#incoming.canReceive;
  }

  get source(): NearEnd | undefined {
    return this.#incoming.source;
  }

  /** Gives a new peer its routing id; false when it is mute. */
  #identify(pipe: NearEnd): boolean {
    if (this.#mute.has(pipe)) return false;
    const own = pipe.peer.get("Identity");
    if (own === undefined || own.length === 0) {
      this.#peers.add(pipe, this.#peers.freshId());
      return true;
    }
    const holder = this.#peers.get(own);
    if (holder !== undefined) {
      if (!this.#host.options.handover && !holder.isClosed) {
        this.#mute.add(pipe);
        this.#host.dropped("duplicateRoutingId", pipe, [own]);
        return false;
      }
      // Unread messages of the former holder get a routing id of their own, as with libzmq.
      this.#peers.delete(holder);
      holder.assignRoutingId(this.#peers.freshId());
      this.#close(holder);
    }
    this.#peers.add(pipe, own);
    return true;
  }

  #close(pipe: NearEnd): void {
    this.#active.delete(pipe);
    pipe.close(this.#host.options.linger);
  }

  #lost(pipe: NearEnd): void {
    if (!this.#active.delete(pipe)) return;
    if (this.#host.options.routerNotify & NOTIFY_DISCONNECT) this.#incoming.inject(pipe, [EMPTY]);
  }
}
