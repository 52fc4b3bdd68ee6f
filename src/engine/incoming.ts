/**
 * The incoming half of an established connection: bytes become messages when
 * somebody reads them. The first message of a chunk is delivered at once; the
 * others are decoded one by one as the pipe is read, so that they die young
 * (decoding all at once cost 64 busy subscribers in one process 43 % of their
 * time in garbage collection). When nobody reads for a while, all is decoded up
 * to the pipe's high-water mark, for a PING may be among it. Bytes beyond wait
 * as they came, and the link is paused when more of them come.
 */

import type { Clock, Timer } from "../base/clock.ts";
import type { Link } from "../base/link.ts";
import type { Pipe } from "../base/pipe.ts";
import type { FrameDecoder } from "../wire/decoder.ts";
import { FRAMES_COST, type Resting, SEALED_COST, SEALED_FRAMES_COST, TurnBudget } from "./turn-budget.ts";

const CATCH_UP_MS = 50;
/** So many bytes may arrive ahead of the reader before the link is paused: to pause and resume costs as much as reading 64 KiB. */
const AHEAD_BYTES = 131_072;
/** So many messages of one chunk may be taken at once before each counts like a command: receives that wait take theirs. */
const TAKEN_FREELY = 4;

/** Who hears what is not a message. */
export interface IncomingOwner {
  /** Bytes came. */
  received(): void;
  /** The body of a command. */
  command(body: Uint8Array): void;
  /** The link was paused, or resumed. */
  paused(isPaused: boolean): void;
  /** The peer broke the protocol. */
  broken(error: unknown): void;
}

export class Incoming implements Resting {
  readonly #link: Link;
  readonly #pipe: Pipe;
  readonly #decoder: FrameDecoder;
  readonly #clock: Clock;
  readonly #owner: IncomingOwner;
  readonly #budget: TurnBudget;
  /** What a command counts as. */
  readonly #cost: number;
  /** What frames of a message that is not complete count as. */
  readonly #framesCost: number;
  #catchUpTimer: Timer | undefined = undefined;
  /** Decoding stopped at the pipe's high-water mark, or has not begun. */
  #isStalled = false;
  /** Not to be read from before `letGo`. */
  #isHeld = false;
  /** The pipe had room for something from this connection. */
  #hasBegun = false;
  #isPaused = false;
  /** Bytes that arrived while others were still to be decoded. */
  #ahead = 0;
  #isDecoding = false;
  /** The pipe's count of read messages when nobody had read for a while: until it changes, all is decoded at once. */
  #unreadSince = -1;
  /** There was so much for nobody that decoding goes on in a later turn. */
  #isResting = false;
  /** The link is closed; what it brought is still being decoded. */
  #isEnded = false;
  /** Decoding goes on because somebody reads: the connection must not end before the reader has his message. */
  #isRead = false;
  #isOver = false;

  constructor(link: Link, pipe: Pipe, decoder: FrameDecoder, isSealed: boolean, clock: Clock, owner: IncomingOwner) {
    this.#link = link;
    this.#pipe = pipe;
    this.#decoder = decoder;
    this.#clock = clock;
    this.#owner = owner;
    this.#budget = TurnBudget.of(clock);
    this.#cost = isSealed ? SEALED_COST : 1;
    this.#framesCost = isSealed ? SEALED_FRAMES_COST : FRAMES_COST;
  }

  /**
   * Begins with what came behind the handshake. Nothing is read while `isHeld`, or while the pipe is full with what
   * came by earlier connections: each of them would add its chunk or two.
   */
  start(isHeld: boolean): void {
    this.#isHeld = isHeld;
    if (isHeld || this.#pipe.inboundFull) {
      this.#isStalled = true;
      this.#pause();
      return;
    }
    this.#hasBegun = true;
    this.decodeAll();
  }

  /** Ends what `start` began with `isHeld`. */
  letGo(): void {
    this.#isHeld = false;
    this.resume();
  }

  /** Bytes from the link, valid during the call. */
  data(chunk: Uint8Array): void {
    if (this.#isOver) return;
    const decoder = this.#decoder;
    decoder.push(chunk);
    this.#pipe.bytesReceived += chunk.length;
    this.#owner.received();
    if (this.#isStalled) this.#pause();
    else if (this.#pipe.isBehind) {
      this.#ahead += chunk.length;
      if (this.#ahead >= AHEAD_BYTES) this.#pause();
    } else {
      this.#decodeSome();
      decoder.retain();
    }
  }

  /** The turn has come. */
  goOn(): void {
    this.#isResting = false;
    if (!this.#isOver && !this.#isStalled) this.#decodeSome();
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** The pipe was full and has room again. */
  resume(): void {
    if (!this.#isStalled || this.#isDecoding || this.#isHeld || this.#isOver || this.#pipe.inboundFull) return;
    this.#isStalled = false;
    this.#hasBegun = true;
    this.#isRead = true;
    if (this.#decoder.starved) this.#caughtUp();
    else this.decodeAll();
    this.#isRead = false;
  }

  /** The pipe's last message was read: the next one, if there is one. */
  supply(): void {
    this.#decode(true);
  }

  /**
   * The link is closed. What arrived is the application's, whatever the high-water mark says: it is a chunk or two.
   * What came while there was no room for this connection at all is lost with it, like what the kernel had.
   */
  finish(): void {
    this.#isEnded = true;
    if (this.#hasBegun) this.decodeAll();
  }

  /** Decodes what is there, up to the high-water mark. */
  decodeAll(): void {
    const pipe = this.#pipe;
    if (this.#isResting && !this.#isEnded) return;
    pipe.isBehind = false;
    while (!this.#isOver && !this.#decoder.starved) {
      if (pipe.inboundFull && !this.#isEnded) {
        this.#isStalled = true;
        return;
      }
      if (!this.#decode(false)) return;
    }
  }

  /** Nothing more is delivered. */
  end(): void {
    this.#isOver = true;
    this.#budget.forget(this);
    if (this.#catchUpTimer !== undefined) this.#clock.clearTimer(this.#catchUpTimer);
  }

  #decodeSome(): void {
    const pipe = this.#pipe;
    if (pipe.conflates || pipe.messagesReceived === this.#unreadSince) {
      this.decodeAll();
      return;
    }
    // Pending receives take theirs at once; one more shows that there is something to read.
    for (let count = 1; !pipe.canRead && this.#decode(false); count++) {
      if (count > TAKEN_FREELY && !this.#budget.spend(this.#cost)) this.#rest();
    }
    if (this.#isOver || this.#isResting || this.#decoder.starved) return;
    pipe.isBehind = true;
    this.#catchUpTimer ??= this.#clock.setTimer(() => this.#catchUp(pipe.messagesReceived), CATCH_UP_MS);
  }

  /** Decodes all the same, if nobody has read for a while. */
  #catchUp(messagesBefore: number): void {
    this.#catchUpTimer = undefined;
    const pipe = this.#pipe;
    if (this.#isOver || !pipe.isBehind) return;
    if (pipe.messagesReceived === messagesBefore) {
      this.#unreadSince = messagesBefore;
      this.decodeAll();
    } else this.#catchUpTimer = this.#clock.setTimer(() => this.#catchUp(pipe.messagesReceived), CATCH_UP_MS);
  }

  /** Decodes up to the next message; `supplies`: for whoever is reading just now. False when nothing came of it. */
  #decode(supplies: boolean): boolean {
    if (this.#isDecoding || (this.#isResting && !this.#isEnded)) return false;
    const pipe = this.#pipe;
    this.#isDecoding = true;
    try {
      while (!this.#isOver) {
        const decoded = this.#decoder.next();
        if (decoded === undefined) {
          if (this.#decoder.starved) this.#caughtUp();
          else if (this.#isEnded || this.#budget.spend(this.#framesCost)) continue;
          else this.#rest();
          return false;
        }
        if (!Array.isArray(decoded)) {
          this.#owner.command(decoded);
          if (this.#mayGoOn()) continue;
          return false;
        } else {
          if (supplies) pipe.append(decoded);
          else pipe.deliver(decoded);
          return true;
        }
      }
    } catch (error) {
      if (supplies || this.#isRead) this.#breakLater(error);
      else this.#owner.broken(error);
    } finally {
      this.#isDecoding = false;
    }
    return false;
  }

  /** Ends the connection in a moment, not within the reader's call. */
  #breakLater(error: unknown): void {
    this.#isOver = true;
    this.#clock.defer(() => this.#owner.broken(error));
  }

  /** Whether more may be decoded behind a command: the near side may hold the peer back, and there may be too many. */
  #mayGoOn(): boolean {
    if (this.#isEnded) return true;
    if (this.#pipe.inboundFull) {
      this.#isStalled = true;
      return false;
    }
    if (this.#budget.spend(this.#cost)) return true;
    this.#rest();
    return false;
  }

  /** Nothing more is decoded in this turn. */
  #rest(): void {
    if (this.#isOver || this.#isResting) return;
    this.#isResting = true;
    this.#pipe.isBehind = true;
    this.#budget.wait(this);
  }

  /** All that arrived is decoded. */
  #caughtUp(): void {
    this.#pipe.isBehind = false;
    this.#ahead = 0;
    if (!this.#isPaused || this.#isOver || this.#isEnded) return;
    this.#isPaused = false;
    this.#owner.paused(false);
    this.#link.resume();
  }

  #pause(): void {
    if (this.#isPaused) return;
    this.#isPaused = true;
    this.#owner.paused(true);
    this.#link.pause();
  }
}
