/**
 * A pipe joins one socket to one peer. Its two ends are two contracts: the
 * pattern holds the near one (near-end.ts), a session or the other half of an
 * inproc pair the far one (far-end.ts). One class is behind both, so that the
 * engine sees one shape wherever a message passes.
 *
 *   pattern --write--> [outbound queue] --write/pull--> outlet
 *   pattern <--read--- [inbound queue]  <--deliver----- far side
 *
 * While the outlet takes messages at once, the outbound queue stays empty and
 * costs nothing. High-water marks count messages, per pipe and direction.
 */

import { type DepartedBacklog, DepartedPipe } from "./departed-backlog.ts";
import type { ZmqError } from "./errors.ts";
import type { FarEnd, Outlet } from "./far-end.ts";
import type { Control, Message, Properties, SharedMessage } from "./message.ts";
import { copySmall, NO_PROPERTIES } from "./message.ts";
import type { OwnedPipe, PipeOwner } from "./near-end.ts";
import { type PipeLimits, weigh } from "./pipe-limits.ts";
import { Queue } from "./queue.ts";
import { IN_PAGE } from "./target.ts";

/** Both ends. The maker of a pipe gets them together, and hands each to its user. */
export interface Pipe extends OwnedPipe, Omit<FarEnd, "assignRoutingId"> {}

/**
 * `dialed`: this side connected. `routingId`: the one that the user chose for the peer, with `connect`; a pattern that
 * addresses peers may give it another.
 */
export function createPipe(...given: ConstructorParameters<typeof QueuePair>): Pipe {
  return new QueuePair(...given);
}

class QueuePair implements Pipe {
  readonly endpoint: string;
  readonly dialed: boolean;
  readonly conflates: boolean;
  remoteAddress = "";
  peer: Properties = NO_PROPERTIES;
  routingId: Uint8Array | undefined;
  isConnected = false;
  isClosed = false;
  messagesSent = 0;
  messagesReceived = 0;
  isQueued = false;
  isBehind = false;

  readonly #owner: PipeOwner;
  readonly #outbound: Queue<Message | Control>;
  readonly #inbound: Queue<Message>;
  #outlet: Outlet | undefined;
  #bytesSent = 0;
  #bytesReceived = 0;
  /** A `write` was refused, and the owner was not told of room since. */
  #isRefused = false;
  /** Before `beginRead`. */
  #wasFull = false;
  /** Once the peer is gone: the count of its unread messages. */
  #departed: DepartedPipe | undefined;

  constructor(owner: PipeOwner, endpoint: string, dialed: boolean, limits: PipeLimits, routingId?: Uint8Array) {
    const { sendHighWaterMark, sendHighWaterMarkBytes, receiveHighWaterMark, receiveHighWaterMarkBytes } = limits;
    this.#owner = owner;
    this.endpoint = endpoint;
    this.dialed = dialed;
    this.routingId = routingId;
    this.conflates = limits.conflate;
    this.#outbound = new Queue<Message | Control>(sendHighWaterMark, limits.conflate, sendHighWaterMarkBytes, weigh);
    this.#inbound = new Queue<Message>(receiveHighWaterMark, limits.conflate, receiveHighWaterMarkBytes, weigh);
  }

  get isCrossed(): boolean {
    return this.#outlet?.isCrossing === true;
  }
  get hasQueued(): boolean {
    return this.#outbound.length > 0;
  }
  get outboundLength(): number {
    return this.#outbound.length;
  }
  get unsentLength(): number {
    return this.#outbound.length + (IN_PAGE ? 0 : (this.#outlet?.remote?.unsent ?? 0));
  }
  get inboundLength(): number {
    return this.#inbound.length + (this.#outlet?.remote?.unread ?? 0);
  }
  get sendHighWaterMark(): number {
    return this.#outbound.highWaterMark;
  }
  get receiveHighWaterMark(): number {
    return this.#inbound.highWaterMark;
  }
  get bytesSent(): number {
    if (!IN_PAGE) this.#outlet?.remote?.countBytes();
    return this.#bytesSent;
  }
  get bytesReceived(): number {
    if (!IN_PAGE) this.#outlet?.remote?.countBytes();
    return this.#bytesReceived;
  }

  // --- Near end: writing ---

  write(message: Message): boolean {
    if (this.isClosed) return false;
    if (this.#outbound.length === 0 && this.#outlet !== undefined && this.#outlet.write(message)) {
      this.messagesSent++;
      return true;
    }
    if (this.#outbound.full || this.#outlet?.queues === false) {
      this.#isRefused = true;
      return false;
    }
    copySmall(message);
    this.#outbound.push(message);
    this.messagesSent++;
    return true;
  }

  writeShared(message: SharedMessage): boolean {
    const outlet = this.#outlet;
    const { share } = message;
    if (IN_PAGE || outlet?.queues !== true) return this.write(message.slice());
    if (share === undefined || outlet.writeShared === undefined) return this.write(message);
    if (this.isClosed) return false;
    if (this.#outbound.length > 0 || !outlet.writeShared(message)) {
      if (this.#outbound.full) {
        this.#isRefused = true;
        return false;
      }
      if (!share.isCopied) copySmall(message);
      share.isCopied = true;
      this.#outbound.push(message);
    }
    this.messagesSent++;
    return true;
  }

  writeFirst(messages: readonly Message[]): void {
    if (this.isClosed) return;
    this.messagesSent += messages.length;
    let taken = 0;
    if (this.#outbound.length === 0)
      while (taken < messages.length && this.#outlet?.write(messages[taken] as Message)) taken++;
    for (let i = messages.length - 1; i >= taken; i--) this.#outbound.unshift(messages[i] as Message);
  }

  writeControl(control: Control): void {
    if (this.isClosed || !this.isConnected) return;
    if (this.#outbound.length === 0 && this.#outlet?.writeControl(control)) return;
    this.#outbound.append(control);
  }

  expedite(): void {
    this.#outlet?.expedite?.();
  }

  get canWrite(): boolean {
    if (this.isClosed) return false;
    const outlet = this.#outlet;
    if (!this.#outbound.full && (outlet === undefined || outlet.queues || outlet.canWrite)) return true;
    this.#isRefused = true;
    return false;
  }

  // --- Near end: reading ---

  read(): Message | undefined {
    const inbound = this.#inbound;
    const wasFull = inbound.full;
    const message = inbound.shift();
    if (message !== undefined) {
      this.messagesReceived++;
      if (this.isBehind && inbound.length === 0) this.#outlet?.supply?.();
      else if (wasFull && !inbound.full) this.#outlet?.resume();
      if (this.#departed?.wasRead(message)) this.#departed = undefined;
    }
    return message;
  }

  readRun(into: Message[], max: number): void {
    const inbound = this.#inbound;
    const outlet = this.#outlet;
    const before = into.length;
    if (IN_PAGE || !this.isBehind || this.conflates || outlet?.supplyRun === undefined) {
      const message = this.read();
      if (message !== undefined) into.push(message);
      return;
    }
    while (inbound.length > 0 && into.length < before + max) into.push(inbound.shift() as Message);
    if (into.length < before + max) outlet.supplyRun(into, before + max - into.length);
    this.messagesReceived += into.length - before;
    if (this.isBehind && inbound.length === 0) outlet.supply?.();
  }

  beginRead(): Message | undefined {
    this.#wasFull = this.#inbound.full;
    const message = this.#inbound.shift();
    if (message !== undefined) this.messagesReceived++;
    return message;
  }

  endRead(): void {
    const inbound = this.#inbound;
    if (this.isBehind && inbound.length === 0) this.#outlet?.supply?.();
    else if (this.#wasFull && !inbound.full) this.#outlet?.resume();
  }

  wasted(): void {
    if (!IN_PAGE) this.#outlet?.wasted?.(); // What comes to a page is decoded at once, read or not.
  }

  get canRead(): boolean {
    return this.#inbound.length > 0;
  }

  inject(message: Message): void {
    this.deliver(message);
  }

  pauseReading(isPaused: boolean): void {
    if (this.#inbound.pause(isPaused)) this.#outlet?.resume();
  }

  // --- Near end: the connection ---

  close(lingerMs = -1): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.#outlet?.close(lingerMs);
  }

  refuse(error: ZmqError): void {
    if (this.isClosed) return;
    this.isClosed = true;
    const outlet = this.#outlet;
    if (outlet?.refuse !== undefined) outlet.refuse(error);
    else outlet?.close(0);
  }

  renew(): void {
    if (this.isClosed) return;
    this.#outbound.clear();
    this.#outlet?.renew?.();
    this.signalRoom();
  }

  dropQueued(): void {
    this.#discard();
    this.signalRoom();
  }

  resize(sendHighWaterMark: number, receiveHighWaterMark: number): void {
    if (this.#outlet?.resize !== undefined) this.#outlet.resize(sendHighWaterMark, receiveHighWaterMark);
    else this.limit(sendHighWaterMark, receiveHighWaterMark);
  }

  assignRoutingId(id: Uint8Array): void {
    this.routingId = id;
  }

  setQueued(isQueued: boolean): void {
    this.isQueued = isQueued;
  }

  leaveTo(backlog: DepartedBacklog): void {
    if (this.#inbound.length > 0) this.#departed = new DepartedPipe(backlog, this.peer, this.#inbound);
  }

  // --- Far end: the connection ---

  open(): void {
    this.#owner.opened?.(this);
  }

  attach(outlet: Outlet): void {
    this.#outlet = outlet;
  }

  connect(peer: Properties, remoteAddress = ""): void {
    this.peer = peer;
    this.remoteAddress = remoteAddress;
    this.isConnected = true;
    this.#owner.connected(this);
  }

  detach(): void {
    this.#outlet = undefined;
    this.isBehind = false;
    const wasConnected = this.isConnected;
    this.isConnected = false;
    this.#dropControls();
    if (wasConnected) this.#owner.disconnected(this);
  }

  end(): void {
    this.#outlet = undefined;
    this.isBehind = false;
    this.isConnected = false;
    this.isClosed = true;
    if (this.#outbound.length > 0) this.#discard();
    this.#owner.ended(this);
  }

  closeWrites(): void {
    this.isClosed = true;
  }

  limit(sendHighWaterMark: number, receiveHighWaterMark: number): void {
    if (this.#outbound.resize(sendHighWaterMark)) this.signalRoom();
    if (this.#inbound.resize(receiveHighWaterMark)) this.#outlet?.resume();
  }

  countSent(bytes: number, messages = 0): void {
    this.#bytesSent += bytes;
    this.messagesSent += messages;
  }
  countReceived(bytes: number, messages = 0): void {
    this.#bytesReceived += bytes;
    this.messagesReceived += messages;
  }

  // --- Far end: messages ---

  pull(): Message | Control | undefined {
    const item = this.#outbound.shift();
    if (this.#isRefused && !this.#outbound.full) this.signalRoom();
    return item;
  }

  discard(message: Message, reason?: "tooLong"): void {
    this.#owner.discarded?.(this, message, reason);
  }

  signalRoom(): void {
    if (!this.#isRefused) return;
    this.#isRefused = false;
    this.#owner.writable(this);
  }

  signalIdle(): void {
    this.#owner.idle?.(this);
  }

  deliver(message: Message): void {
    const inbound = this.#inbound;
    const wasEmpty = inbound.length === 0;
    inbound.push(message);
    if (wasEmpty) this.#owner.readable(this);
  }

  append(message: Message): void {
    this.#inbound.push(message);
  }

  deliverControl(control: Control): void {
    this.#owner.control(this, control);
  }

  get inboundFull(): boolean {
    return this.#inbound.full;
  }

  setBehind(isBehind: boolean): void {
    this.isBehind = isBehind;
  }

  /** Drops messages that will not be sent any more; the owner counts them. */
  #discard(): void {
    for (let item = this.#outbound.shift(); item !== undefined; item = this.#outbound.shift())
      if (Array.isArray(item)) this.#owner.discarded?.(this, item);
    this.#outbound.clear();
  }

  #dropControls(): void {
    const kept: Message[] = [];
    for (let item = this.#outbound.shift(); item !== undefined; item = this.#outbound.shift())
      if (Array.isArray(item)) kept.push(item);
    this.#outbound.clear();
    for (const message of kept) this.#outbound.push(message);
  }
}
