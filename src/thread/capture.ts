/**
 * Copies of what a proxy in an I/O thread forwards, on their way to its capture
 * socket, which stays in the thread of its user. What there is no room for is
 * dropped, as by any capture socket.
 */

import type { Clock } from "../base/clock.ts";
import type { Message } from "../base/message.ts";
import { RING_HEADER_BYTES, type RingMemory } from "../base/ring.ts";
import { RingReader } from "../base/ring-reader.ts";
import { type Bell, ring } from "./bell.ts";
import { EngineInbound } from "./engine-inbound.ts";
import type { Inbox, InboxSource } from "./inbox.ts";
import { isMessage, MessageReader } from "./records.ts";

const CAPTURE_BYTES = 262_144;
/** So many copies are taken before others have their turn. */
const COPIES_A_POLL = 500;

/** What a postMessage carries: the memory, and how many copies may wait, 0 for no limit. */
export interface Capture {
  readonly buffer: SharedArrayBuffer;
  readonly highWaterMark: number;
}

export function createCapture(highWaterMark: number): Capture {
  return { buffer: new SharedArrayBuffer(RING_HEADER_BYTES + CAPTURE_BYTES), highWaterMark };
}

function memoryOf({ buffer }: Capture): RingMemory {
  return { buffer, offset: 0, bytes: buffer.byteLength };
}

/** In the I/O thread. */
export class CaptureWriter implements InboxSource {
  readonly #inbound: EngineInbound;
  readonly #inbox: Inbox;

  constructor(capture: Capture, bell: Bell, inbox: Inbox, clock: Clock) {
    this.#inbound = new EngineInbound({
      memory: memoryOf(capture),
      highWaterMark: capture.highWaterMark,
      highWaterMarkBytes: 0,
      conflate: false,
      bell,
      inbox,
      clock,
    });
    this.#inbox = inbox;
    inbox.add(this);
  }

  /** Keeps none of the frames longer than the message itself is kept. */
  take(message: Message): void {
    if (!this.#inbound.isFull) this.#inbound.deliver(message);
  }

  poll(): boolean {
    return this.#inbound.give(() => {});
  }

  /** What was taken still arrives, as far as there is room. */
  close(): void {
    this.#inbound.give(() => {});
    this.#inbound.close();
    this.#inbox.remove(this);
  }
}

/** In the thread of the socket. */
export class CaptureReader implements InboxSource {
  readonly #reader: RingReader;
  readonly #messages: MessageReader;
  readonly #inbox: Inbox;
  readonly #peer: Bell;
  readonly #taken: (message: Message) => void;

  /** `peer`: the bell of the I/O thread. */
  constructor(capture: Capture, inbox: Inbox, peer: Bell, taken: (message: Message) => void) {
    this.#reader = new RingReader(memoryOf(capture));
    this.#messages = new MessageReader(this.#reader);
    this.#inbox = inbox;
    this.#peer = peer;
    this.#taken = taken;
    inbox.add(this);
  }

  poll(): boolean {
    const reader = this.#reader;
    let count = 0;
    while (count < COPIES_A_POLL && reader.next()) {
      if (!isMessage(reader.kind)) continue;
      const message = this.#messages.take();
      if (message === undefined) continue;
      count++;
      reader.countMessages(1);
      this.#taken(message);
    }
    if (reader.release()) ring(this.#peer);
    if (reader.isOver) this.#inbox.remove(this);
    return count > 0 || !reader.wantData();
  }

  /** The I/O thread has gone. */
  end(): void {
    this.poll();
    this.#inbox.remove(this);
  }
}
