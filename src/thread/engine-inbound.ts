/**
 * The half of an engine pipe that goes from the wire to the socket: a ring, and
 * what waits for room in it. Both together hold as many messages as the
 * high-water mark says, however long the socket's thread computes.
 */

import { copyOf } from "../base/bytes.ts";
import type { Clock } from "../base/clock.ts";
import { messageMemory } from "../base/departed-backlog.ts";
import type { Message } from "../base/message.ts";
import { Queue } from "../base/queue.ts";
import type { RingMemory } from "../base/ring.ts";
import { RingWriter } from "../base/ring-writer.ts";
import { type Bell, ring } from "./bell.ts";
import type { Inbox } from "./inbox.ts";
import { FRAME, inParts, PartialMessage } from "./records.ts";
import { GivenFrames, type PostFrame } from "./transferred-frames.ts";

/** A record that waits for room. */
interface Late {
  readonly kind: number;
  readonly bytes: Uint8Array;
}

export interface EngineInboundParts {
  readonly memory: RingMemory;
  readonly highWaterMark: number;
  readonly highWaterMarkBytes: number;
  readonly conflate: boolean;
  /** That of the socket's thread. */
  readonly bell: Bell;
  readonly inbox: Inbox;
  readonly clock: Clock;
  /** Hands on the memory of a large frame. Absent: it is copied. */
  readonly postFrame?: PostFrame;
}

export class EngineInbound {
  /** In messages, 0 for none. */
  highWaterMark: number;
  readonly #writer: RingWriter;
  readonly #conflate: boolean;
  readonly #bell: Bell;
  readonly #inbox: Inbox;
  readonly #clock: Clock;
  readonly #frames: GivenFrames | undefined;
  /** What there was no room for in the ring, in order. */
  readonly #waiting: Queue<Message | Late>;
  #partial: PartialMessage | undefined = undefined;
  /** With `conflate`: the newest message, when there was no room for it. */
  #newest: Message | undefined = undefined;
  #isFlushDue = false;
  /** The session was told that there is no room. */
  #wasFull = false;

  constructor({
    memory,
    highWaterMark,
    highWaterMarkBytes,
    conflate,
    bell,
    inbox,
    clock,
    postFrame,
  }: EngineInboundParts) {
    this.#frames = postFrame && new GivenFrames(postFrame);
    this.highWaterMark = highWaterMark;
    this.#writer = new RingWriter(memory);
    this.#conflate = conflate;
    this.#bell = bell;
    this.#inbox = inbox;
    this.#clock = clock;
    this.#waiting = new Queue<Message | Late>(0, false, highWaterMarkBytes, weigh);
  }

  deliver(message: Message): void {
    if (this.#conflate && this.hasWaiting) this.#newest = message;
    else if (this.hasWaiting || !this.#write(message)) this.#waiting.push(message);
  }

  /** A record that is no message; no mark refuses it. */
  send(kind: number, bytes: Uint8Array): void {
    if (bytes.length <= this.#writer.mostBytes) this.#send(kind, bytes);
    else inParts(kind, bytes, this.#writer.mostBytes, (k, part) => this.#send(k, part));
  }

  #send(kind: number, bytes: Uint8Array): void {
    if (this.hasWaiting || !this.#writer.write(kind, bytes)) {
      this.#waiting.append({ kind, bytes: copyOf(bytes) });
      this.#inbox.look();
    } else this.#wrote();
  }

  /** When true, `give` says so once there is room again. */
  get isFull(): boolean {
    if (!this.#isAtMark()) return false;
    this.#wasFull = true;
    if (this.#writer.wantRoom()) this.#inbox.look();
    return true;
  }

  #isAtMark(): boolean {
    if (this.#conflate) return false;
    if (this.#waiting.full) return true;
    return this.highWaterMark !== 0 && this.#writer.unread + this.#waiting.length >= this.highWaterMark;
  }

  /** Something waits for room in the ring. */
  get hasWaiting(): boolean {
    return this.#partial !== undefined || this.#waiting.length > 0 || this.#newest !== undefined;
  }

  /** About how much memory the socket has not taken. */
  get unreadBytes(): number {
    return this.#writer.used + this.#waiting.total(weigh);
  }

  /** Writes what waits, as far as there is room. `resume` is called when a full half has room again. True when anything was done. */
  give(resume: () => void): boolean {
    let isDone = false;
    do {
      while (this.#giveOne()) isDone = true;
      this.#flush();
      if (this.#wasFull && !this.isFull) {
        this.#wasFull = false;
        isDone = true;
        resume();
      }
    } while (this.hasWaiting && this.#writer.wantRoom());
    return isDone;
  }

  /** Nothing follows. */
  close(): void {
    this.#writer.close();
    ring(this.#bell);
  }

  /** The socket's thread reads nothing any more. */
  get isReaderClosed(): boolean {
    return this.#writer.isReaderClosed;
  }

  #write(message: Message): boolean {
    const writer = this.#writer;
    const first = message[0] as Uint8Array;
    if (message.length === 1 && first.length <= writer.mostBytes && this.#frames?.isFor(first) !== true) {
      if (!writer.write(FRAME, first)) {
        this.#inbox.look();
        return false;
      }
      writer.countMessage();
      this.#wrote();
      return true;
    }
    const partial = new PartialMessage(message, this.#frames);
    if (partial.writeTo(writer)) this.#wrote();
    else {
      this.#partial = partial;
      this.#inbox.look();
    }
    return true;
  }

  #giveOne(): boolean {
    const writer = this.#writer;
    if (this.#partial !== undefined) {
      if (!this.#partial.writeTo(writer)) return false;
      this.#partial = undefined;
      return true;
    }
    const item = this.#waiting.shift();
    if (item === undefined) {
      const newest = this.#newest;
      if (newest === undefined) return false;
      this.#newest = undefined;
      this.#partial = new PartialMessage(newest, this.#frames);
    } else if (Array.isArray(item)) this.#partial = new PartialMessage(item, this.#frames);
    else if (!writer.write(item.kind, item.bytes)) {
      this.#waiting.unshift(item);
      return false;
    }
    return true;
  }

  #wrote(): void {
    if (this.#writer.isWorthPublish) this.#flush();
    else if (!this.#isFlushDue) {
      this.#isFlushDue = true;
      this.#clock.defer(this.#flushLater);
    }
  }

  readonly #flushLater = (): void => {
    this.#isFlushDue = false;
    this.#flush();
  };

  #flush(): void {
    if (this.#writer.publish()) ring(this.#bell);
  }
}

/** A record weighs nothing, as high-water marks do not count it. */
function weigh(item: Message | Late): number {
  return Array.isArray(item) ? messageMemory(item) : 0;
}
