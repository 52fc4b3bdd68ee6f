/**
 * A pipe joins one socket to one peer. The near side (a pattern) writes and
 * reads whole messages; the far side is an `Outlet`: a session that puts them
 * on a wire, or the other half of an inproc pair.
 *
 *   pattern --write--> [outbound queue] --take/pull--> outlet
 *   pattern <--read--- [inbound queue]  <--deliver---- outlet
 *
 * While the outlet takes messages at once, the outbound queue stays empty and
 * costs nothing. High-water marks count messages, per pipe and direction, and
 * bound the frames of multipart messages with them.
 */

import { type Leftovers, messageMemory, pipeMemory } from "./departed-backlog.ts";
import type { ZmqError } from "./errors.ts";
import { type Control, copySmall, type Message, NO_PROPERTIES, type Properties } from "./message.ts";
import { Queue } from "./queue.ts";

/** The far side of a pipe. */
export interface Outlet {
  /** Whether what `take` refuses may wait in the pipe. False for inproc, whose two queues are one. */
  readonly queues: boolean;
  /** Takes the message, or returns false: then the pipe queues it and the outlet calls `pull` when it can. */
  take(message: Message): boolean;
  /** Whether `take` would take a message now. */
  readonly canTake: boolean;
  /** As `take`, for a subscription change. */
  takeControl(control: Control): boolean;
  /** Limits that are not those of this pipe's own queues alone: the outlet sets them. */
  resize?(sendHighWaterMark: number, receiveHighWaterMark: number): void;
  /** The inbound queue was full and has room again. */
  resume(): void;
  /** While the pipe is `behind`: its last message was read; the next one, if there is one, should be supplied. */
  supply?(): void;
  /** The near side gave up what it asked of this peer: the connection ends now, and another may follow at once. */
  renew?(): void;
  /** The near side found that the peer breaks a limit. Absent: as `close`. */
  refuse?(error: ZmqError): void;
  /** The near side closed the pipe. What is still queued may be pulled for so many milliseconds; -1: without limit. */
  close(lingerMs: number): void;
}

/** The near side of a pipe: whoever is told that something happened to it. */
export interface PipeOwner {
  /** The inbound queue was empty and is not any more. */
  readable(pipe: Pipe): void;
  /** The outbound queue was full and has room again. */
  writable(pipe: Pipe): void;
  /** The far side is there; called again after each reconnection. */
  connected(pipe: Pipe): void;
  /** A dialed pipe lost its link; its queues stay for the next one. */
  disconnected(pipe: Pipe): void;
  /** The peer changed its subscriptions. */
  control(pipe: Pipe, control: Control): void;
  /** The far side is gone for good. Unread messages stay readable. */
  ended(pipe: Pipe): void;
  /** A message that was queued for a peer that is gone for good was dropped. */
  discarded?(pipe: Pipe, message: Message): void;
  /** All that was written has left for the kernel or the inproc peer. */
  idle?(pipe: Pipe): void;
}

export interface PipeLimits {
  /** Messages, 0 for no limit. */
  readonly sendHighWaterMark: number;
  readonly receiveHighWaterMark: number;
  readonly conflate: boolean;
  /** Memory of the messages in each queue, in about bytes, 0 or absent for no limit. */
  readonly sendHighWaterMarkBytes?: number;
  readonly receiveHighWaterMarkBytes?: number;
}

export class Pipe {
  /** Handshake metadata, `Peer-Address`, `User-Id`; empty until connected. */
  peer: Properties = NO_PROPERTIES;
  /** Owned by the socket: `peer` as users are shown it, once somebody has asked. */
  metadata: Readonly<Record<string, string>> | undefined = undefined;
  /** The endpoint this pipe came from, as the user wrote it or as it was bound. */
  readonly endpoint: string;
  /** The peer's own address, from its link: `tcp://127.0.0.1:40312`; empty without one. */
  remoteAddress = "";
  /** True when this side connected, false when it accepted. */
  readonly dialed: boolean;
  /** The id by which a ROUTER, STREAM, SERVER or PEER addresses this peer. Set by the pattern, or by `connect`; users get copies of it. */
  routingId: Uint8Array | undefined = undefined;
  /** True from `connected` until the link is lost; a dialed pipe then waits for the next link. */
  isConnected = false;
  /** No further writes: the far side is gone or this side closed. */
  isClosed = false;
  messagesSent = 0;
  messagesReceived = 0;
  bytesSent = 0;
  bytesReceived = 0;
  /** Owned by the pattern: ROUTER and STREAM count the link as up, others have the pipe in the round that they send in. */
  active = false;
  /** Owned by the pattern: it holds this pipe, to read it empty, also when the peer is gone. */
  queued = false;

  /** Owned by the outlet: it holds more for the inbound queue, and supplies it message by message as they are read. */
  isBehind = false;

  readonly #owner: PipeOwner;
  readonly #outbound: Queue<Message | Control>;
  readonly #inbound: Queue<Message>;
  #outlet: Outlet | undefined = undefined;
  readonly #conflates: boolean;
  #refused = false;
  /** Before `take`. */
  #wasFull = false;
  /** Where it is reckoned up what is still unread. Set when the peer is gone. */
  #leftovers: Leftovers | undefined = undefined;

  constructor(owner: PipeOwner, endpoint: string, dialed: boolean, limits: PipeLimits) {
    this.#owner = owner;
    this.endpoint = endpoint;
    this.dialed = dialed;
    this.#conflates = limits.conflate;
    this.#outbound = new Queue<Message | Control>(
      limits.sendHighWaterMark,
      limits.conflate,
      limits.sendHighWaterMarkBytes,
      weigh,
    );
    this.#inbound = new Queue<Message>(
      limits.receiveHighWaterMark,
      limits.conflate,
      limits.receiveHighWaterMarkBytes,
      weigh,
    );
  }

  // --- Near side: the pattern ---

  /** False when at the high-water mark (nothing was taken; the owner hears `writable` later) or closed. */
  write(message: Message): boolean {
    if (this.isClosed) return false;
    if (this.#outbound.length === 0 && this.#outlet !== undefined && this.#outlet.take(message)) {
      this.messagesSent++;
      return true;
    }
    if (this.#outbound.full || this.#outlet?.queues === false) {
      this.#refused = true;
      return false;
    }
    copySmall(message);
    this.#outbound.push(message);
    this.messagesSent++;
    return true;
  }

  /**
   * As `write`, for an array that goes to other pipes too: an inproc peer, which
   * gets the array itself, gets a copy of it. The frames are shared.
   */
  writeShared(message: Message): boolean {
    const encodes = this.#outlet?.queues === true;
    return this.write(encodes ? message : message.slice());
  }

  /** Whether `write` would take a message now. When at the mark, `writable` follows as after a refused `write`. */
  get canWrite(): boolean {
    if (this.isClosed) return false;
    const outlet = this.#outlet;
    if (!this.#outbound.full && (outlet === undefined || outlet.queues || outlet.canTake)) return true;
    this.#refused = true;
    return false;
  }

  /** Puts messages ahead of all that waits, whatever the mark says: what a connection begins with. */
  writeFirst(messages: readonly Message[]): void {
    if (this.isClosed) return;
    this.messagesSent += messages.length;
    let taken = 0;
    if (this.#outbound.length === 0) {
      while (taken < messages.length && this.#outlet?.take(messages[taken] as Message)) taken++;
    }
    for (let i = messages.length - 1; i >= taken; i--) this.#outbound.unshift(messages[i] as Message);
  }

  /** The next message, or undefined: empty for now. */
  read(): Message | undefined {
    const inbound = this.#inbound;
    const wasFull = inbound.full;
    const message = inbound.shift();
    if (message !== undefined) {
      this.messagesReceived++;
      if (this.isBehind && inbound.length === 0) this.#outlet?.supply?.();
      else if (wasFull && !inbound.full) this.#outlet?.resume();
      if (this.#leftovers !== undefined) this.#settle(this.#leftovers, message);
    }
    return message;
  }

  /** As `read`, and `taken` is to follow: what else may come in does so there, behind what the caller did with the message. */
  take(): Message | undefined {
    this.#wasFull = this.#inbound.full;
    const message = this.#inbound.shift();
    if (message !== undefined) this.messagesReceived++;
    return message;
  }

  taken(): void {
    const inbound = this.#inbound;
    if (this.isBehind && inbound.length === 0) this.#outlet?.supply?.();
    else if (this.#wasFull && !inbound.full) this.#outlet?.resume();
  }

  get canRead(): boolean {
    return this.#inbound.length > 0;
  }

  /**
   * Sends a subscription change, in order with the messages; no high-water mark
   * refuses it. Without a link it is dropped: a pattern sends all of its
   * subscriptions again in `connected`.
   */
  control(control: Control): void {
    if (this.isClosed || !this.isConnected) return;
    if (this.#outbound.length === 0 && this.#outlet?.takeControl(control)) return;
    this.#outbound.append(control);
  }

  /** Closes this side; queued messages leave within the linger period, -1 for no limit, or are dropped. Idempotent. */
  close(lingerMs = -1): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.#outlet?.close(lingerMs);
  }

  /** The peer went beyond a limit that the pattern knows: its connection ends now, as after a broken protocol. */
  refuse(error: ZmqError): void {
    if (this.isClosed) return;
    this.isClosed = true;
    const outlet = this.#outlet;
    if (outlet?.refuse !== undefined) outlet.refuse(error);
    else outlet?.close(0);
  }

  /**
   * Withdraws what is queued and ends the connection, so that nothing that was asked on it is answered any more. A
   * dialed pipe gets another connection at once; an accepted one ends, and its peer may come again.
   */
  renew(): void {
    if (this.isClosed) return;
    this.#outbound.clear();
    this.#outlet?.renew?.();
    this.signalRoom();
  }

  /** Drops what is queued: it was for the connection that is lost, and is of no use on the next one. The owner counts it. */
  dropQueued(): void {
    this.#discard();
    this.signalRoom();
  }

  /** Holds the far side back, as if the inbound queue were full, or lets it go on. */
  holdBack(isHeld: boolean): void {
    if (this.#inbound.hold(isHeld)) this.#outlet?.resume();
  }

  /** Changes the limits of both queues at once. */
  resize(sendHighWaterMark: number, receiveHighWaterMark: number): void {
    if (this.#outlet?.resize !== undefined) this.#outlet.resize(sendHighWaterMark, receiveHighWaterMark);
    else this.limit(sendHighWaterMark, receiveHighWaterMark);
  }

  /** Sets the limits of the two queues of this pipe as they are. */
  limit(sendHighWaterMark: number, receiveHighWaterMark: number): void {
    if (this.#outbound.resize(sendHighWaterMark)) this.signalRoom();
    if (this.#inbound.resize(receiveHighWaterMark)) this.#outlet?.resume();
  }

  /** Messages waiting to leave, and to be read. */
  get outboundLength(): number {
    return this.#outbound.length;
  }
  get inboundLength(): number {
    return this.#inbound.length;
  }
  get sendHighWaterMark(): number {
    return this.#outbound.highWaterMark;
  }

  // --- Far side: the outlet ---

  /** Joins a far side. It pulls what was queued meanwhile by itself. */
  attach(outlet: Outlet): void {
    this.#outlet = outlet;
  }

  /** Tells the owner that the peer is there. `peer` is what the handshake learned. */
  connect(peer: Properties): void {
    this.peer = peer;
    this.metadata = undefined;
    this.isConnected = true;
    this.#owner.connected(this);
  }

  /** The link is lost, another may follow: queues stay, controls do not, for they are sent again. */
  detach(): void {
    this.#outlet = undefined;
    this.isBehind = false;
    const wasConnected = this.isConnected;
    this.isConnected = false;
    this.#dropControls();
    if (wasConnected) this.#owner.disconnected(this);
  }

  /** The far side is gone for good. What was not sent is dropped, what was not read stays readable. */
  end(): void {
    this.#outlet = undefined;
    this.isBehind = false;
    this.isConnected = false;
    this.isClosed = true;
    if (this.#outbound.length > 0) this.#discard();
    this.#owner.ended(this);
  }

  /** From the owner, in `ended`: what is unread is reckoned up there, until it is read. */
  leaveTo(leftovers: Leftovers): void {
    if (this.#inbound.length === 0) return;
    this.#leftovers = leftovers;
    leftovers.add(pipeMemory(this.peer) + this.#inbound.total(messageMemory));
  }

  /** Hands a message to the near side. Ask `inboundFull` first. */
  deliver(message: Message): void {
    const inbound = this.#inbound;
    const wasEmpty = inbound.length === 0;
    inbound.push(message);
    if (wasEmpty) this.#owner.readable(this);
  }

  /** As `deliver`, from within `supply`: whoever reads sees it by himself. */
  append(message: Message): void {
    this.#inbound.push(message);
  }

  /** Only the newest message counts: all that arrives must be delivered at once. */
  get conflates(): boolean {
    return this.#conflates;
  }

  get inboundFull(): boolean {
    return this.#inbound.full;
  }

  deliverControl(control: Control): void {
    this.#owner.control(this, control);
  }

  /** The next queued item for the wire, or undefined. */
  pull(): Message | Control | undefined {
    const item = this.#outbound.shift();
    if (this.#refused && !this.#outbound.full) this.signalRoom();
    return item;
  }

  get hasQueued(): boolean {
    return this.#outbound.length > 0;
  }

  /** Tells the owner, if a `write` was refused, that there is room again. */
  signalRoom(): void {
    if (!this.#refused) return;
    this.#refused = false;
    this.#owner.writable(this);
  }

  /** Tells the owner, from the outlet, that all that was written has left. */
  signalIdle(): void {
    this.#owner.idle?.(this);
  }

  #settle(leftovers: Leftovers, message: Message): void {
    const isLast = this.#inbound.length === 0;
    leftovers.remove(messageMemory(message) + (isLast ? pipeMemory(this.peer) : 0));
    if (isLast) this.#leftovers = undefined;
  }

  /** What will not be sent any more; the owner counts it. */
  #discard(): void {
    for (let item = this.#outbound.shift(); item !== undefined; item = this.#outbound.shift()) {
      if (Array.isArray(item)) this.#owner.discarded?.(this, item);
    }
    this.#outbound.clear();
  }

  #dropControls(): void {
    const kept: Message[] = [];
    for (let item = this.#outbound.shift(); item !== undefined; item = this.#outbound.shift()) {
      if (Array.isArray(item)) kept.push(item);
    }
    this.#outbound.clear();
    for (const message of kept) this.#outbound.push(message);
  }
}

/** A subscription change weighs nothing, as high-water marks do not count it. */
function weigh(item: Message | Control): number {
  return Array.isArray(item) ? messageMemory(item) : 0;
}
