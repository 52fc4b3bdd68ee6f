/**
 * The half of an engine pipe that goes from the socket to the wire: a ring, and
 * what was taken out of it and not sent. Messages that wait here count as unread
 * in the ring: `READ` grows when a message leaves.
 */

import { messageMemory } from "../base/departed-backlog.ts";
import type { Outlet } from "../base/far-end.ts";
import type { Control, Message } from "../base/message.ts";
import { Queue } from "../base/queue.ts";
import type { RingMemory } from "../base/ring.ts";
import { RingReader } from "../base/ring-reader.ts";
import { type Bell, ring } from "./bell.ts";
import { BUSY, IDLE_WANTED } from "./engine-memory.ts";
import { controlOf, isMessage, MessageReader, PartedRecords } from "./records.ts";

const RECORDS_A_TAKE = 500;
/** Without a mark so many messages leave before the socket's thread is told. */
const UNTOLD = 32;

export interface EngineOutboundOwner {
  /** The session over the link; absent while there is none. */
  readonly outlet: Outlet | undefined;
  readonly isConnected: boolean;
  /** A record of the socket's thread that is neither a message nor a change of a subscription. */
  record(kind: number, bytes: Uint8Array): void;
  /** Messages that will not be sent. */
  dropped(messages: Message[]): void;
}

export interface EngineOutboundParts {
  readonly memory: RingMemory;
  /** BUSY and IDLE_WANTED. */
  readonly words: Int32Array;
  readonly highWaterMark: number;
  readonly highWaterMarkBytes: number;
  readonly conflate: boolean;
  /** The socket begins a connection with messages that go ahead of what waits. */
  readonly greets: boolean;
  /** What waits for a connection is of no use on the next one. */
  readonly dropsWhenLost: boolean;
  /** That of the socket's thread. */
  readonly bell: Bell;
  readonly owner: EngineOutboundOwner;
}

export class EngineOutbound {
  /** In messages, 0 for none. The socket's thread keeps it. */
  highWaterMark: number;
  readonly #words: Int32Array;
  readonly #conflate: boolean;
  readonly #greets: boolean;
  readonly #dropsWhenLost: boolean;
  readonly #bell: Bell;
  readonly #owner: EngineOutboundOwner;
  readonly #reader: RingReader;
  readonly #messages: MessageReader;
  readonly #parted = new PartedRecords();
  readonly #waiting: Queue<Message | Control>;
  #isOver = false;
  #isBusy = false;
  /** Messages that have left, and were not told. */
  #untold = 0;
  /** Connections, and those that the socket's thread has greeted. */
  #connections = 0;
  #greeted = 0;
  #isGreeting = false;
  /** Messages that go ahead of what waits. */
  #greeting: Message[] = [];

  constructor(parts: EngineOutboundParts) {
    this.highWaterMark = parts.highWaterMark;
    this.#words = parts.words;
    this.#conflate = parts.conflate;
    this.#greets = parts.greets;
    this.#dropsWhenLost = parts.dropsWhenLost;
    this.#bell = parts.bell;
    this.#owner = parts.owner;
    this.#reader = new RingReader(parts.memory);
    this.#messages = new MessageReader(this.#reader);
    // With a mark in bytes, the queue of the socket's thread and the ring are what holds them.
    this.#waiting = new Queue<Message | Control>(0, parts.conflate, parts.highWaterMarkBytes > 0 ? 1 : 0, weigh);
  }

  /** Takes what the socket has written and hands it to the session, or keeps it. False when the bell will ring for more. */
  poll(): boolean {
    const hasTaken = this.#take(RECORDS_A_TAKE);
    this.#offer();
    return hasTaken || (!this.#isOver && !this.#waiting.full && !this.#reader.wantData());
  }

  /** Takes all that the socket has written by now. */
  takeAll(): void {
    this.#take(Number.POSITIVE_INFINITY);
    this.#offer();
  }

  pull(): Message | Control | undefined {
    if (this.#isHeld()) return undefined;
    if (this.#waiting.length === 0) this.#take(RECORDS_A_TAKE);
    const item = this.#waiting.shift();
    if (Array.isArray(item)) {
      this.#leaves();
      if (this.#untold >= this.#untoldMost()) this.#tell(true);
    }
    return item;
  }

  get length(): number {
    return this.#waiting.length;
  }

  get hasWaiting(): boolean {
    return this.#waiting.length > 0 || this.#greeting.length > 0;
  }

  /** All that was taken has left. */
  idle(): void {
    if (this.hasWaiting) return;
    this.#tell(true);
    this.#setBusy(false);
  }

  connected(): void {
    this.#connections++;
  }

  /** The link is lost. Subscriptions are dropped, for the socket sends them again on the next one. */
  detach(): void {
    const dropped: Message[] = [];
    const kept: Message[] = [];
    for (let item = this.#waiting.shift(); item !== undefined; item = this.#waiting.shift()) {
      if (Array.isArray(item)) (this.#dropsWhenLost ? dropped : kept).push(item);
    }
    for (const message of kept) this.#waiting.append(message);
    this.#drop(dropped);
    this.idle(); // What the link had taken is gone with it, and the next session may have nothing to send.
  }

  /** Nothing leaves any more. */
  end(): void {
    this.#take(Number.POSITIVE_INFINITY);
    const dropped = this.#greeting;
    this.#greeting = [];
    for (let item = this.#waiting.shift(); item !== undefined; item = this.#waiting.shift()) {
      if (Array.isArray(item)) dropped.push(item);
    }
    this.#isOver = true;
    // It is seen that nothing leaves any more before there is room again, which nobody shall use. The dropped ones make none.
    this.#reader.close();
    this.#reader.release();
    this.#setBusy(false);
    if (dropped.length > 0) this.#owner.dropped(dropped);
  }

  /** Takes all that the socket has written. Nothing of it leaves from here any more. */
  leave(): { readonly isGreeted: boolean; readonly unsent: (Message | Control)[] } {
    this.takeAll();
    this.#isOver = true;
    const unsent: (Message | Control)[] = [];
    for (let item = this.#waiting.shift(); item !== undefined; item = this.#waiting.shift()) unsent.push(item);
    return { isGreeted: this.#greeted === this.#connections, unsent };
  }

  /** Withdraws what waits. */
  clear(): void {
    for (let item = this.#waiting.shift(); item !== undefined; item = this.#waiting.shift()) {
      if (Array.isArray(item)) this.#untold++;
    }
    this.#tell(true);
  }

  /** GREET: messages from here on go ahead of what waits. */
  greet(): void {
    this.#isGreeting = true;
  }

  /** GREETED. */
  greetingIsOver(): void {
    this.#isGreeting = false;
    this.#greeted++;
    for (const message of this.#greeting.splice(0).reverse()) this.#waiting.unshift(message);
    this.#offer();
  }

  /** What waits may not leave: the socket's thread has not said yet what goes ahead of it. */
  #isHeld(): boolean {
    return this.#greets && this.#greeted !== this.#connections;
  }

  #take(most: number): boolean {
    const reader = this.#reader;
    let count = 0;
    while (count < most && !this.#isOver && (!this.#waiting.full || most === Number.POSITIVE_INFINITY)) {
      if (!reader.next()) break;
      count++;
      if (!isMessage(reader.kind)) this.#record(reader.kind, reader.take());
      else {
        const message = this.#messages.take();
        if (message !== undefined) this.#took(message);
      }
    }
    this.#tell(false);
    return count > 0;
  }

  #took(message: Message): void {
    const { outlet, isConnected } = this.#owner;
    if (this.#isGreeting && this.#greets) this.#greeting.push(message);
    else if (this.#dropsWhenLost && (this.#greeted !== this.#connections || !isConnected)) this.#drop([message]);
    else if (this.#waiting.length > 0 || this.#isHeld() || outlet === undefined || !this.#write(outlet, message)) {
      if (this.#conflate && this.#waiting.length === 1) this.#untold++; // the older one
      this.#waiting.push(message);
    }
  }

  #record(kind: number, part: Uint8Array): void {
    const bytes = this.#parted.join(kind, part);
    if (bytes === undefined) return;
    const control = controlOf(kind, bytes);
    if (control === undefined) this.#owner.record(kind, bytes);
    else if (this.#owner.isConnected && this.#greeted + (this.#isGreeting ? 1 : 0) === this.#connections) {
      const mayLeave = this.#waiting.length === 0 && !this.#isHeld();
      if (!mayLeave || !this.#owner.outlet?.writeControl(control)) this.#waiting.append(control);
    }
  }

  /** Offers what waits, and may leave now, to a session that has asked already. */
  #offer(): void {
    const { outlet } = this.#owner;
    while (outlet !== undefined && !this.#isHeld()) {
      const item = this.#waiting.shift();
      if (item === undefined) return;
      if (Array.isArray(item) ? this.#write(outlet, item) : outlet.writeControl(item)) continue;
      this.#waiting.unshift(item);
      return;
    }
  }

  #write(outlet: Outlet, message: Message): boolean {
    this.#leaves(); // Within the call all may have left.
    const isTaken = outlet.write(message);
    if (!isTaken) this.#untold--;
    return isTaken;
  }

  #leaves(): void {
    if (!this.#isBusy) this.#setBusy(true);
    this.#untold++;
  }

  #drop(messages: Message[]): void {
    if (messages.length === 0) return;
    this.#untold += messages.length;
    this.#tell(true);
    this.#owner.dropped(messages);
  }

  /** As libzmq, by half of the high-water mark. */
  #untoldMost(): number {
    return (this.highWaterMark + 1) >>> 1 || UNTOLD;
  }

  /** Tells the socket's thread what has left and, when it is worth it, what room there is in the ring. */
  #tell(always: boolean): void {
    const reader = this.#reader;
    if (always || this.#untold >= this.#untoldMost()) {
      reader.countMessages(this.#untold);
      this.#untold = 0;
    } else if (!reader.isWorthRelease && reader.hasNext) return;
    if (reader.release()) ring(this.#bell);
  }

  #setBusy(isBusy: boolean): void {
    this.#isBusy = isBusy;
    Atomics.store(this.#words, BUSY, isBusy ? 1 : 0);
    if (!isBusy && Atomics.exchange(this.#words, IDLE_WANTED, 0) === 1) ring(this.#bell);
  }
}

/** A change of a subscription weighs nothing, as high-water marks do not count it. */
function weigh(item: Message | Control): number {
  return Array.isArray(item) ? messageMemory(item) : 0;
}
