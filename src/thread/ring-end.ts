/**
 * The far side of a pipe whose peer is in another thread: a ring to it and a ring
 * from it. It moves messages and subscription changes, in order, with the marks
 * of both sides; all else is its owner's, which gets the records of its own kinds
 * and decides when the pipe is connected, detached or ended.
 *
 * The high-water mark of a direction counts what is in the pipe, in the ring, and
 * with the peer, unread. Messages wait in the pipe when there is no room for their
 * bytes in the ring.
 *
 * Messages are read from the ring when the one before was read from the pipe
 * (`isBehind`), as `engine/incoming.ts` does with bytes. When nobody reads for a
 * while, all are, up to the mark: subscriptions and records may be behind them.
 */

import type { Clock } from "../base/clock.ts";
import type { FarEnd, Outlet, RemoteOutlet } from "../base/far-end.ts";
import type { Control, Message } from "../base/message.ts";
import type { RingReader } from "../base/ring-reader.ts";
import type { RingWriter } from "../base/ring-writer.ts";
import { ring } from "./bell.ts";
import type { Inbox, InboxSource } from "./inbox.ts";
import { Outbox } from "./outbox.ts";
import { controlOf, isMessage, kindOf, MessageReader, PartedRecords } from "./records.ts";
import type { PeerThread, RingEndOwner, RingEndParts } from "./ring-end-parts.ts";
import { SlowReader } from "./slow-reader.ts";

/** Without a mark the peer is told after so many read messages, and after a quarter of the ring. */
const TOLD_AFTER = 1000;
const RECORDS_A_POLL = 500;

/** Moves messages both ways once `start` was called, until `stop`. */
export class RingEnd implements Outlet, InboxSource {
  readonly isCrossing: boolean;
  /** The peer is a thread that may be looking for this now; behind an I/O thread is a network, and work that needs the processor. */
  readonly answersSoon: boolean;
  /** For the owner to set: messages that come are for nobody. */
  isDiscarding = false;
  readonly #pipe: FarEnd;
  readonly #writer: RingWriter;
  readonly #outbox: Outbox;
  readonly #reader: RingReader;
  readonly #messages: MessageReader;
  readonly #parted = new PartedRecords();
  readonly #peer: PeerThread;
  readonly #inbox: Inbox;
  readonly #clock: Clock;
  readonly #owner: RingEndOwner;
  /** The mark for what this side sends; 0: no limit. */
  #most = 0;
  /** Half of the mark for what it receives: so many are read before the peer is told. */
  #toldAfter = 1;
  #state: "fresh" | "open" | "left" | "stopped" = "fresh";
  /** It is the outlet of its pipe, and may take messages from it. */
  #isAttached = false;
  #isHeld = false;
  /** A message is being pulled, before which no other may be written: the socket may send within `pull`. */
  #isPulling = false;
  /** The socket closed the pipe; `drained` was not told yet. */
  #isClosing = false;
  readonly #publishesAtOnce: boolean;
  #isFlushDue = false;
  /** The pipe's count of read messages that the reader knows of. */
  #counted = 0;
  /** Records are being taken, and must not be from within. */
  #isTaking = false;
  readonly #slow: SlowReader;

  constructor(parts: RingEndParts) {
    const { pipe, writer, reader, peer, inbox, clock, owner, isCrossing = false, passed, taken } = parts;
    this.isCrossing = isCrossing;
    this.answersSoon = isCrossing;
    this.#pipe = pipe;
    this.#writer = writer;
    this.#outbox = new Outbox(writer, clock, passed);
    this.#reader = reader;
    this.#messages = new MessageReader(reader, taken);
    this.#peer = peer;
    this.#inbox = inbox;
    this.#clock = clock;
    this.#owner = owner;
    this.#counted = pipe.messagesReceived;
    this.#slow = new SlowReader(clock, pipe, () => {
      if (reader.hasNext || this.#isLeft) inbox.look();
    });
    this.#publishesAtOnce = owner.publishesAtOnce === true;
  }

  /** From now on records are taken, and those of the owner are sent. */
  start(): void {
    if (this.#state !== "fresh") return;
    this.#state = "open";
    this.#inbox.add(this);
  }

  /** Nothing is moved any more, and the peer learns that this side is gone. What is published it may still take. */
  stop(): void {
    if (this.#state === "stopped") return;
    this.#state = "stopped";
    this.#inbox.remove(this);
    this.#slow.stop();
    this.#outbox.clear();
    this.#writer.close();
    this.#reader.close();
    ring(this.#peer.bell);
  }

  /** Becomes the outlet of the pipe. `isHeld`: takes no messages before `release`, for the peer is not ready. */
  attach(isHeld = false): void {
    this.#isAttached = true;
    this.#isHeld = isHeld;
    this.#pipe.attach(this);
    this.#inbox.look();
  }

  /** The peer is ready: takes messages, first those that waited. */
  release(): void {
    this.#isHeld = false;
    this.#pipe.signalRoom();
    this.#inbox.look();
  }

  /** The peer takes no messages for now. The owner detaches the pipe. */
  detach(): void {
    this.#isAttached = false;
  }

  /** The high-water marks of the two directions, each that of the sender and the receiver together. 0: no limit. */
  limit(sendMark: number, receiveMark: number): void {
    this.#most = sendMark;
    this.#toldAfter = receiveMark === 0 ? TOLD_AFTER : (receiveMark + 1) >>> 1;
    this.#pipe.limit(sendMark, receiveMark);
    this.#inbox.look();
  }

  /** Sends a record of the owner's, behind what was written; no mark refuses it. */
  send(kind: number, bytes: Uint8Array): void {
    if (this.#outbox.writeRecord(kind, bytes)) this.#flushLater();
    else this.#wantRoom();
  }

  get remote(): RemoteOutlet | undefined {
    return this.#owner.remote;
  }

  /** Delivers all that has come, whatever the mark of the pipe says. */
  takeAll(): void {
    while (!this.#isTaking && this.#state === "open" && this.#reader.hasNext) {
      const message = this.#next();
      if (message !== undefined) this.#pipe.deliver(message);
    }
  }

  /** All that was written is published. */
  get isIdle(): boolean {
    return this.#outbox.isEmpty && !(this.#isAttached && this.#pipe.hasQueued);
  }

  /** Writes and publishes what there is room for, at once. */
  drainNow(): void {
    if (this.#state !== "stopped") this.#drain();
  }

  /** Publishes what is written. */
  flush(): void {
    if (this.#writer.publish()) ring(this.#peer.bell);
  }

  // --- Outlet ---

  get queues(): boolean {
    return this.#most === 0 || this.#writer.unread + this.#pipe.outboundLength < this.#most;
  }

  get canWrite(): boolean {
    if (!this.#isHeld && this.queues) return true;
    this.#wantRoom();
    return false;
  }

  write(message: Message): boolean {
    if (
      this.#isPulling ||
      this.#isHeld ||
      !this.#outbox.isEmpty ||
      this.#isAtMark() ||
      !this.#outbox.writeMessage(message)
    ) {
      this.#wantRoom();
      return false;
    }
    if (!this.#outbox.isEmpty) this.#wantRoom();
    else if (this.#publishesAtOnce || this.#writer.isWorthPublish) this.flush();
    else this.#flushLater();
    return true;
  }

  writeControl(control: Control): boolean {
    this.send(kindOf(control), control.topic);
    return true;
  }

  resume(): void {
    if (!this.#isTaking) this.#inbox.look();
    this.#tell(true);
  }

  supply(): void {
    if (this.#isTaking) return;
    const pipe = this.#pipe;
    if (this.#state === "open" && !pipe.inboundFull) {
      const message = this.#next();
      if (message !== undefined) {
        pipe.append(message);
        this.#tell(false);
        return;
      }
    }
    pipe.setBehind(false);
    this.#tell(true);
    if (this.#state !== "open" || pipe.inboundFull || this.#messages.isWaiting || this.#reader.wantData()) return;
    this.#inbox.look();
  }

  resize(sendHighWaterMark: number, receiveHighWaterMark: number): void {
    if (this.#owner.resize !== undefined) this.#owner.resize(sendHighWaterMark, receiveHighWaterMark);
    else this.#pipe.limit(sendHighWaterMark, receiveHighWaterMark);
  }

  renew(): void {
    this.#owner.renew?.();
  }

  refuse(error: unknown): void {
    if (this.#owner.refuse !== undefined) this.#owner.refuse(error);
    else this.close(0);
  }

  close(lingerMs: number): void {
    this.#isClosing = true;
    this.#inbox.look();
    this.#owner.closing(lingerMs);
  }

  // --- InboxSource ---

  poll(): boolean {
    if (this.#state === "stopped") return false;
    if (this.#owner.polled?.() === false) return true;
    const wrote = this.#drain();
    if (this.#owner.takesRest === true && this.#reader.isWriterClosed) this.takeAll();
    const took = this.#takeSome();
    if (this.#state === "open" && !took && this.#isLeft) {
      this.#state = "left";
      this.#owner.left();
      return true;
    }
    return wrote || took;
  }

  // --- Writing ---

  #isAtMark(): boolean {
    return this.#most !== 0 && this.#writer.isAtMark(this.#most);
  }

  #flushLater(): void {
    if (this.#isFlushDue) return;
    this.#isFlushDue = true;
    this.#clock.defer(this.#flushNow);
  }

  readonly #flushNow = (): void => {
    this.#isFlushDue = false;
    if (this.#state !== "stopped") this.flush();
  };

  /** The reader must see what is there to make room; it rings when it has. What it made before that is looked for now. */
  #wantRoom(): void {
    this.flush();
    if (this.#writer.wantRoom()) this.#inbox.look();
  }

  /** Writes what waits as far as there is room. */
  #drain(): boolean {
    const pipe = this.#pipe;
    let isDone = false;
    while (!this.isIdle) {
      if (!this.#writeWaiting()) {
        this.flush();
        if (!this.#writer.wantRoom()) break;
        continue;
      }
      isDone = true;
    }
    this.flush();
    // At the mark it is asked for room before the last look: what was read in between is not told.
    if (!this.#isHeld && (this.queues || (this.#writer.wantRoom() && this.queues))) pipe.signalRoom();
    if (isDone && this.isIdle) pipe.signalIdle();
    if (this.#isClosing && this.isIdle) {
      this.#isClosing = false;
      this.#owner.drained?.();
    }
    return isDone;
  }

  /** Writes what waits, or the next message of the pipe. False when there is no room for it. */
  #writeWaiting(): boolean {
    const outbox = this.#outbox;
    if (!outbox.isEmpty) return outbox.goOn();
    if (this.#isHeld || this.#isAtMark() || !this.#writer.hasRoom(0)) return false;
    this.#isPulling = true;
    const item = this.#pipe.pull();
    this.#isPulling = false;
    if (item === undefined) return true;
    if (Array.isArray(item)) outbox.writeMessage(item, true);
    else outbox.writeRecord(kindOf(item), item.topic);
    return true;
  }

  // --- Reading ---

  /** Delivers to receives that wait, and one message more; or all up to the mark, when nobody reads. */
  #takeSome(): boolean {
    const pipe = this.#pipe;
    if (this.#state !== "open" || this.#isTaking) return false;
    const takesAll = pipe.conflates || this.#slow.isFound;
    let count = 0;
    while (this.#state === "open" && !pipe.inboundFull && (takesAll || !pipe.canRead)) {
      const message = this.#next();
      if (message === undefined) break;
      pipe.deliver(message);
      if (++count >= RECORDS_A_POLL) break;
    }
    if (this.#state !== "open") return count > 0;
    this.#tell(count === 0);
    if (!pipe.conflates && (pipe.canRead || pipe.inboundFull)) {
      pipe.setBehind(true);
      if (!pipe.inboundFull) this.#slow.lookLater();
      return count > 0;
    }
    return count > 0 || (!this.#messages.isWaiting && !this.#reader.wantData());
  }

  /** The next message; what comes before it is handed on. Undefined when there is none. */
  #next(): Message | undefined {
    const reader = this.#reader;
    this.#isTaking = true;
    try {
      if (this.#messages.isWaiting) {
        const message = this.#messages.goOn();
        if (message !== undefined || this.#messages.isWaiting) return message;
      }
      while (this.#state === "open" && !this.#messages.isWaiting && reader.next()) {
        const { kind } = reader;
        if (isMessage(kind)) {
          const message = this.#messages.take();
          if (message !== undefined && !this.isDiscarding) return message;
          if (message !== undefined) reader.countMessages(1);
          continue;
        }
        const bytes = this.#parted.join(kind, reader.take());
        if (bytes === undefined) continue;
        const control = controlOf(kind, bytes);
        if (control === undefined) this.#owner.record(kind, bytes);
        else this.#pipe.deliverControl(control);
        if (this.#pipe.inboundFull) break;
      }
    } finally {
      this.#isTaking = false;
    }
    return undefined;
  }

  /** The peer is gone, and all that it sent is delivered. */
  get #isLeft(): boolean {
    if (this.#messages.isWaiting && !this.#peer.isDead) return false;
    return this.#reader.isOver || (this.#peer.isDead && !this.#reader.hasNext);
  }

  /** Has the reader count what was read from the pipe. */
  #count(): void {
    const { messagesReceived } = this.#pipe;
    this.#reader.countMessages(messagesReceived - this.#counted);
    this.#counted = messagesReceived;
  }

  /** Tells the peer what was read; unless `always`, only when it is worth it. */
  #tell(always: boolean): void {
    const reader = this.#reader;
    this.#count();
    if (!always && reader.unacknowledged < this.#toldAfter && !reader.isWorthRelease) return;
    if (reader.release()) ring(this.#peer.bell);
  }
}
