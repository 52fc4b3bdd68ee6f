/**
 * SERVER and CLIENT (41/CLISRV), and PEER (51/P2P): request and reply without envelopes. A message is one frame. A CLIENT
 * deals out and collects fairly, as a DEALER. A SERVER knows each peer by a routing id of 32 bits, which it makes up and
 * which never travels; a PEER is a SERVER that others of its kind talk to.
 *
 * The messages of a SERVER or PEER are `[routing id, body]`, the id as four octets, big-endian. Its users see a number.
 */

import { copyOf, uninitialized } from "../base/bytes.ts";
import { ZmqError } from "../base/errors.ts";
import type { Message } from "../base/message.ts";
import type { NearEnd } from "../base/near-end.ts";
import { FairQueue } from "./fair-queue.ts";
import { OpeningMessages } from "./opening-messages.ts";
import type { Pattern, PatternHost } from "./pattern.ts";
import { RoundRobin } from "./round-robin.ts";
import { expectOneFrame, receiveOneFrame, tooManyFrames } from "./single-frame.ts";

export class ClientPattern implements Pattern {
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
    expectOneFrame(message);
    return this.#outgoing.send(message) !== undefined;
  }

  receive(): Message | undefined {
    return receiveOneFrame(this.#incoming, this.#host);
  }

  get canSend(): boolean {
    return this.#outgoing.canSend;
  }

  /** As in libzmq also when all that is there is a message of several frames. */
  get canReceive(): boolean {
    return this.#incoming.canReceive;
  }

  get source(): NearEnd | undefined {
    return this.#incoming.source;
  }
}

/** SERVER, and PEER, which has `hiccupMessage` too. */
export class ServerPattern implements Pattern {
  readonly #host: PatternHost;
  readonly #peers = new Map<number, NearEnd>();
  readonly #incoming = new FairQueue();
  readonly #first: OpeningMessages;
  /** Their link is up, or was: the loss of one that this side accepted is worth a message. */
  readonly #active = new Set<NearEnd>();
  #nextId: number;
  /** The peer that appeared last: for `connectPeer`. */
  newest: NearEnd | undefined;
  /** As in libzmq: whether there is room depends on the peer. */
  readonly canSend = true;

  constructor(host: PatternHost) {
    this.#host = host;
    this.#first = new OpeningMessages(host.options);
    this.#nextId = host.random32() >>> 0;
  }

  attach(pipe: NearEnd): void {
    const id = this.#freshId();
    this.#peers.set(id, pipe);
    pipe.assignRoutingId(encodeRoutingId(id));
    this.#incoming.attach(pipe);
    this.newest = pipe;
  }

  /** Unread messages stay in the fair queue. */
  detach(pipe: NearEnd): void {
    this.#peers.delete(decodeRoutingId(pipe.routingId));
    this.#first.forget(pipe);
    if (this.newest === pipe) this.newest = undefined;
    this.#incoming.ended(pipe);
    const { disconnectMessage } = this.#host.options;
    if (!this.#active.delete(pipe) || pipe.dialed || disconnectMessage.length === 0) return;
    this.#incoming.inject(pipe, [copyOf(disconnectMessage)]);
  }

  connected(pipe: NearEnd): void {
    this.#active.add(pipe);
    this.#first.write(pipe, true);
  }

  disconnected(pipe: NearEnd): void {
    this.#active.delete(pipe);
    const { hiccupMessage } = this.#host.options;
    if (hiccupMessage.length > 0) this.#incoming.inject(pipe, [copyOf(hiccupMessage)]);
  }

  readable(pipe: NearEnd): void {
    this.#incoming.add(pipe);
  }

  writable(_pipe: NearEnd): void {}

  /** False while that peer is at its high-water mark. Throws EHOSTUNREACH when no peer has the id. */
  send(message: Message): boolean {
    if (message.length !== 2) throw tooManyFrames(message.length - 1);
    const pipe = this.#peers.get(decodeRoutingId(message[0]));
    if (pipe === undefined || pipe.isClosed) {
      throw new ZmqError("EHOSTUNREACH", { detail: "no peer has this routing id" });
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
    const message = receiveOneFrame(this.#incoming, this.#host);
    const id = this.#incoming.source?.routingId;
    if (message === undefined || id === undefined) return undefined;
    return [id, message[0] as Uint8Array];
  }

  present(message: object[]): void {
    const id = message[0];
    const body = message[1];
    if (body === undefined || !(id instanceof Uint8Array)) return;
    message[0] = body;
    message[1] = { routingId: decodeRoutingId(id) };
  }

  get canReceive(): boolean {
    return this.#incoming.canReceive;
  }

  get source(): NearEnd | undefined {
    return this.#incoming.source;
  }

  /** As in libzmq counted from a random number, and never 0. */
  #freshId(): number {
    let id: number;
    do {
      id = this.#nextId;
      this.#nextId = (this.#nextId + 1) >>> 0;
    } while (id === 0 || this.#peers.has(id));
    return id;
  }
}

/** A routing id of 32 bits as four octets, big-endian. */
export function encodeRoutingId(id: number): Uint8Array {
  const octets = uninitialized(4);
  octets[0] = id >>> 24;
  octets[1] = id >>> 16;
  octets[2] = id >>> 8;
  octets[3] = id;
  return octets;
}

/** The number of four octets; 0, which no peer has, for anything else. */
export function decodeRoutingId(octets: Uint8Array | undefined): number {
  if (octets === undefined || octets.length !== 4) return 0;
  const high = ((octets[0] as number) << 24) | ((octets[1] as number) << 16);
  return (high | ((octets[2] as number) << 8) | (octets[3] as number)) >>> 0;
}
