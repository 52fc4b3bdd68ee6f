/**
 * The far end of a pipe whose near end is in another thread: what a session in
 * the I/O thread holds. Its two halves are engine-inbound.ts and
 * engine-outbound.ts; remote-pipe.ts is on the other side of the rings.
 */

import { EMPTY, toText } from "../base/bytes.ts";
import type { Clock } from "../base/clock.ts";
import { ZmqError } from "../base/errors.ts";
import type { FarEnd, Outlet } from "../base/far-end.ts";
import type { Control, Message, Properties } from "../base/message.ts";
import type { Bell } from "./bell.ts";
import { EngineInbound } from "./engine-inbound.ts";
import { BYTES_RECEIVED, BYTES_SENT, type EngineMemory, engineMemory } from "./engine-memory.ts";
import { EngineOutbound, type EngineOutboundOwner } from "./engine-outbound.ts";
import {
  CLOSE,
  CONNECTED,
  DETACHED,
  GREET,
  GREETED,
  numbersOf,
  PEER,
  peerBytes,
  REFUSE,
  RENEW,
  RENEWED,
  RESIZE,
} from "./engine-records.ts";
import type { Inbox, InboxSource } from "./inbox.ts";
import { kindOf } from "./records.ts";

/** A record of the peer's properties is no longer. */
const PEER_BYTES = 65_536;

export interface EngineFarEndLimits {
  readonly sendHighWaterMark: number;
  readonly receiveHighWaterMark: number;
  readonly conflate: boolean;
  readonly sendHighWaterMarkBytes: number;
  readonly receiveHighWaterMarkBytes: number;
}

export interface EngineFarEndOwner {
  /** The peer came or went: what is written of it should be seen before what is told of it. */
  changed(): void;
  /** Hands on the memory of a large frame, at once. */
  postFrame(frame: number, memory: ArrayBuffer): void;
  /** Messages that were taken from the socket will not be sent. */
  dropped(messages: Message[]): void;
  /** After `end`: about so much memory waits to be read by the socket. */
  left(bytes: number): void;
  /** After `left`: all of it was read, or will never be. */
  done(bytes: number): void;
}

/** What a pipe was when its socket moved. */
export interface LeftPipe {
  readonly isConnected: boolean;
  readonly isClosed: boolean;
  /** The peer was told what a connection begins with. */
  readonly isGreeted: boolean;
  /** What the socket had written and the connection has not taken. */
  readonly unsent: readonly (Message | Control)[];
}

export interface EngineFarEndParts {
  readonly memory: EngineMemory;
  readonly limits: EngineFarEndLimits;
  /** The socket begins a connection with messages that go ahead of what waits. */
  readonly greets: boolean;
  /** What waits for a connection is of no use on the next one. */
  readonly dropsWhenLost: boolean;
  /** That of the socket's thread. */
  readonly bell: Bell;
  readonly inbox: Inbox;
  readonly clock: Clock;
  readonly owner: EngineFarEndOwner;
}

export class EngineFarEnd implements FarEnd, InboxSource, EngineOutboundOwner {
  /** All that arrives goes on at once. */
  readonly conflates = true;
  readonly canRead = false;
  readonly messagesReceived = 0;
  readonly isBehind = false;
  isConnected = false;
  isClosed = false;
  /** Nothing more is read for the socket, which is about to move. */
  isHeld = false;
  outlet: Outlet | undefined = undefined;

  readonly #counts: Float64Array;
  readonly #inbox: Inbox;
  readonly #owner: EngineFarEndOwner;
  readonly #inbound: EngineInbound;
  readonly #outbound: EngineOutbound;
  /** `ending`: what arrived is still given to the socket; `left`: it is in the ring. */
  #state: "open" | "ending" | "left" | "over" = "open";
  #leftBytes = 0;

  constructor({ memory, limits, greets, dropsWhenLost, bell, inbox, clock, owner }: EngineFarEndParts) {
    const { words, counts, inbound, outbound } = engineMemory(memory);
    const { conflate } = limits;
    this.#counts = counts;
    this.#inbox = inbox;
    this.#owner = owner;
    this.#inbound = new EngineInbound({
      memory: inbound,
      highWaterMark: limits.receiveHighWaterMark,
      highWaterMarkBytes: limits.receiveHighWaterMarkBytes,
      conflate,
      bell,
      inbox,
      clock,
      postFrame: (frame, content) => owner.postFrame(frame, content),
    });
    this.#outbound = new EngineOutbound({
      memory: outbound,
      words,
      highWaterMark: limits.sendHighWaterMark,
      highWaterMarkBytes: limits.sendHighWaterMarkBytes,
      conflate,
      greets,
      dropsWhenLost,
      bell,
      owner: this,
    });
  }

  // --- FarEnd: the connection ---

  open(): void {
    this.#inbox.add(this);
  }

  attach(outlet: Outlet): void {
    this.outlet = outlet;
  }

  connect(peer: Properties, remoteAddress = ""): void {
    this.isConnected = true;
    this.#outbound.connected();
    const bytes = peerBytes(peer, remoteAddress);
    let at = 0;
    for (; bytes.length - at > PEER_BYTES; at += PEER_BYTES) {
      this.#inbound.send(PEER, bytes.subarray(at, at + PEER_BYTES));
    }
    this.#inbound.send(CONNECTED, bytes.subarray(at));
    this.#owner.changed();
  }

  detach(): void {
    this.outlet = undefined;
    const wasConnected = this.isConnected;
    this.isConnected = false;
    this.#outbound.detach();
    if (!wasConnected) return;
    this.#inbound.send(DETACHED, EMPTY);
    this.#owner.changed();
  }

  end(): void {
    if (this.#state !== "open") return;
    this.outlet = undefined;
    this.isConnected = false;
    this.isClosed = true;
    this.#outbound.end();
    this.#state = "ending";
    this.#leftBytes = this.#inbound.unreadBytes;
    this.#owner.left(this.#leftBytes);
    this.#owner.changed();
    this.#inbox.look();
  }

  closeWrites(): void {
    this.isClosed = true;
  }

  limit(sendHighWaterMark: number, receiveHighWaterMark: number): void {
    this.#outbound.highWaterMark = sendHighWaterMark;
    this.#inbound.highWaterMark = receiveHighWaterMark;
  }

  get sendHighWaterMark(): number {
    return this.#outbound.highWaterMark;
  }

  get receiveHighWaterMark(): number {
    return this.#inbound.highWaterMark;
  }

  // --- FarEnd: to the wire ---

  pull(): Message | Control | undefined {
    const item = this.#outbound.pull();
    if (item !== undefined && !this.#outbound.hasWaiting) this.#inbox.look();
    return item;
  }

  get hasQueued(): boolean {
    return this.#outbound.hasWaiting;
  }

  get outboundLength(): number {
    return this.#outbound.length;
  }

  signalRoom(): void {}

  signalIdle(): void {
    this.#outbound.idle();
  }

  discard(message: Message): void {
    this.#owner.dropped([message]);
  }

  countSent(bytes: number): void {
    this.#counts[BYTES_SENT] = (this.#counts[BYTES_SENT] as number) + bytes;
  }

  // --- FarEnd: from the wire ---

  deliver(message: Message): void {
    this.#inbound.deliver(message);
  }

  append(message: Message): void {
    this.#inbound.deliver(message);
  }

  deliverControl(control: Control): void {
    this.#inbound.send(kindOf(control), control.topic);
  }

  get inboundFull(): boolean {
    return this.#inbound.isFull || this.isHeld;
  }

  setBehind(_isBehind: boolean): void {}

  countReceived(bytes: number): void {
    this.#counts[BYTES_RECEIVED] = (this.#counts[BYTES_RECEIVED] as number) + bytes;
  }

  // --- InboxSource ---

  poll(): boolean {
    switch (this.#state) {
      case "open": {
        const hasTaken = this.#outbound.poll();
        const hasGiven = this.#inbound.give(this.#resume);
        return hasTaken || hasGiven;
      }
      case "ending": {
        const hasGiven = this.#inbound.give(this.#resume);
        if (this.#inbound.hasWaiting && !this.#inbound.isReaderClosed) return hasGiven;
        this.#inbound.close();
        this.#state = "left";
        return true;
      }
      case "left":
        if (!this.#inbound.isReaderClosed) return false;
        this.#state = "over";
        this.#inbox.remove(this);
        this.#owner.done(this.#leftBytes);
        return true;
      case "over":
        return false;
    }
  }

  /** Takes all that the socket has written by now. */
  takeAll(): void {
    if (this.#state === "open") this.#outbound.takeAll();
  }

  // --- When the socket moves to this thread ---

  /** All that came is in the ring, published. */
  get isInRing(): boolean {
    return !this.#inbound.hasWaiting;
  }

  get isOpen(): boolean {
    return this.#state === "open";
  }

  /** Gives up the ring, which has nothing unread for the socket. */
  leave(): LeftPipe {
    const { isConnected, isClosed } = this;
    const { isGreeted, unsent } = this.#outbound.leave();
    this.#state = "over";
    this.#inbox.remove(this);
    return { isConnected, isClosed, isGreeted, unsent };
  }

  readonly #resume = (): void => {
    this.outlet?.resume();
  };

  // --- EngineOutboundOwner ---

  record(kind: number, bytes: Uint8Array): void {
    switch (kind) {
      case GREET:
        this.#outbound.greet();
        break;
      case GREETED:
        this.#outbound.greetingIsOver();
        break;
      case CLOSE:
        this.isClosed = true;
        this.outlet?.close(numbersOf(bytes)[0] as number);
        break;
      case REFUSE: {
        this.isClosed = true;
        const { code, message, detail } = JSON.parse(toText(bytes));
        this.outlet?.refuse?.(new ZmqError(code, { message, detail }));
        break;
      }
      case RENEW:
        this.#outbound.clear();
        this.outlet?.renew?.();
        this.#inbound.send(RENEWED, EMPTY);
        break;
      case RESIZE: {
        const [sendHighWaterMark = 0, receiveHighWaterMark = 0] = numbersOf(bytes);
        this.limit(sendHighWaterMark, receiveHighWaterMark);
        break;
      }
    }
  }

  dropped(messages: Message[]): void {
    this.#owner.dropped(messages);
  }
}
