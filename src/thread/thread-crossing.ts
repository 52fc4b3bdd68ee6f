/**
 * One side of an inproc connection between two threads: as `Crossing` of
 * transport/inproc.ts, over a pair of rings.
 *
 * The connecting side says HELLO with the name, and holds its messages back. The
 * bound side answers WELCOME, or REFUSED when it has no such name any more; then
 * the connecting side waits for the name again. Each tells its properties and its
 * high-water marks; MARKS follow when these change. Who closes its ring without
 * any of these does not want the peer: a PAIR that has one.
 */

import type { Clock, Timer } from "../base/clock.ts";
import type { InprocSide } from "../base/inproc.ts";
import type { RingReader } from "../base/ring-reader.ts";
import type { RingWriter } from "../base/ring-writer.ts";
import { decodeGreeting, encodeGreeting, type Marks } from "./greeting.ts";
import type { Inbox } from "./inbox.ts";
import { PassedMemories, type PostMemory, TakenMemories } from "./memories.ts";
import { OWN } from "./records.ts";
import { RingEnd } from "./ring-end.ts";
import type { PeerThread, RingEndOwner } from "./ring-end-parts.ts";

export const HELLO = OWN;
const WELCOME = OWN + 1;
export const REFUSED = OWN + 2;
const MARKS = OWN + 3;
const RENEW = OWN + 4;

/** As over inproc within a thread, what was sent arrives whatever the linger period: so long the answer to HELLO is awaited. */
const GREETING_MS = 250;

export interface CrossingParts {
  readonly side: InprocSide;
  readonly writer: RingWriter;
  readonly reader: RingReader;
  readonly peer: PeerThread;
  readonly inbox: Inbox;
  readonly clock: Clock;
  /** Hands memory to the peer's thread. Absent where that cannot be: all is copied. */
  readonly postMemory?: PostMemory;
  /** Connecting side: the name is looked for again. */
  readonly again?: () => void;
  /** The rings are not used any more. */
  readonly released: (crossing: ThreadCrossing) => void;
}

export class ThreadCrossing implements RingEndOwner {
  readonly #parts: CrossingParts;
  readonly #end: RingEnd;
  readonly #taken = new TakenMemories();
  #state: "greeting" | "joined" | "over" = "greeting";
  #peerMarks: Marks = { sendHighWaterMark: 1, receiveHighWaterMark: 1 };
  /** While a closed pipe's messages leave. */
  #lingerTimer: Timer | undefined = undefined;
  #isHolding = false;

  constructor(parts: CrossingParts) {
    const { side, writer, reader, peer, inbox, clock, postMemory } = parts;
    const passed = postMemory && { passed: new PassedMemories(postMemory) };
    this.#parts = parts;
    const both = { pipe: side.pipe, owner: this, isCrossing: true, taken: this.#taken, ...passed };
    this.#end = new RingEnd({ writer, reader, peer, inbox, clock, ...both });
  }

  /** Says HELLO. */
  connect(name: string): void {
    const { side } = this.#parts;
    this.#end.start();
    this.#end.attach(true);
    this.#end.send(HELLO, encodeGreeting(side, side.properties, name));
    this.#end.flush();
  }

  /** Answers the HELLO of `greeting`. */
  accept(greeting: Uint8Array): void {
    const { side } = this.#parts;
    const { marks, properties } = decodeGreeting(greeting);
    this.#peerMarks = marks;
    this.#end.start();
    this.#end.attach(true);
    this.#applyMarks();
    this.#state = "joined";
    side.pipe.connect(properties);
    if (side.pipe.isClosed) return;
    this.#end.send(WELCOME, encodeGreeting(side, side.properties, ""));
    this.#end.release();
  }

  /** Memory that the peer's thread posted. */
  memoryCame(serial: number, memory: SharedArrayBuffer): void {
    this.#taken.came(serial, memory);
    this.#parts.inbox.look();
  }

  flushNow(): void {
    this.#end.drainNow();
  }

  /** This thread ends: what is written is published, and the peer sees that it is gone. */
  abandon(): void {
    if (this.#state === "over") return;
    this.#end.limit(0, 0); // all that the ring has room for, whatever the mark says: there is no later
    this.#end.drainNow();
    this.#over();
  }

  // --- RingEndOwner ---

  record(kind: number, bytes: Uint8Array): void {
    const { pipe } = this.#parts.side;
    if (this.#state === "over") return;
    switch (kind) {
      case WELCOME: {
        const { marks, properties } = decodeGreeting(bytes);
        this.#state = "joined";
        this.#peerMarks = marks;
        this.#applyMarks();
        if (!pipe.isClosed) pipe.connect(properties);
        this.#end.release();
        this.#end.drainNow();
        this.#applyMarks(); // now the queue does not count what waited for the answer
        break;
      }
      case MARKS:
        this.#peerMarks = decodeGreeting(bytes).marks;
        this.#applyMarks();
        break;
      case REFUSED:
      case RENEW:
        this.#again();
        break;
    }
  }

  left(): void {
    const { side, peer, again } = this.#parts;
    if (this.#state === "greeting" && again !== undefined && peer.isDead) this.#again();
    else if (this.#over()) side.pipe.end();
  }

  closing(lingerMs: number): void {
    const { clock } = this.#parts;
    if (this.#state === "over") return;
    if (lingerMs === 0 && this.#state === "joined") this.#end.drainNow();
    if (this.#end.isIdle || (lingerMs === 0 && this.#state === "joined")) {
      this.drained();
      return;
    }
    this.#isHolding = true;
    clock.ref();
    const atLeastMs = this.#state === "joined" ? lingerMs : Math.max(lingerMs, GREETING_MS);
    if (lingerMs >= 0) this.#lingerTimer = clock.setTimer(() => this.drained(), atLeastMs);
  }

  drained(): void {
    if (this.#over()) this.#parts.side.pipe.end();
  }

  renew(): void {
    if (this.#parts.again === undefined) {
      this.#end.send(RENEW, new Uint8Array(0));
      this.drained();
    } else this.#again();
  }

  resize(sendHighWaterMark: number, receiveHighWaterMark: number): void {
    const { side } = this.#parts;
    side.sendHighWaterMark = sendHighWaterMark;
    side.receiveHighWaterMark = receiveHighWaterMark;
    if (this.#state !== "joined") {
      side.pipe.limit(sendHighWaterMark, receiveHighWaterMark);
      return;
    }
    this.#end.send(MARKS, encodeGreeting(side, new Map(), ""));
    this.#applyMarks();
  }

  // --- Inside ---

  #applyMarks(): void {
    const { sendHighWaterMark, receiveHighWaterMark } = this.#parts.side;
    const peer = this.#peerMarks;
    this.#end.limit(
      sum(sendHighWaterMark, peer.receiveHighWaterMark),
      sum(peer.sendHighWaterMark, receiveHighWaterMark),
    );
  }

  #again(): void {
    const { side, again } = this.#parts;
    if (!this.#over()) return;
    if (side.pipe.isClosed || again === undefined) side.pipe.end();
    else {
      side.pipe.detach();
      again();
    }
  }

  /** False when it was over before. */
  #over(): boolean {
    const { clock, released } = this.#parts;
    if (this.#state === "over") return false;
    this.#state = "over";
    if (this.#lingerTimer !== undefined) clock.clearTimer(this.#lingerTimer);
    if (this.#isHolding) clock.unref();
    this.#end.stop();
    released(this);
    return true;
  }
}

/** As libzmq: 0, no limit, on either side is none for both. */
function sum(sender: number, receiver: number): number {
  return sender === 0 || receiver === 0 ? 0 : sender + receiver;
}
