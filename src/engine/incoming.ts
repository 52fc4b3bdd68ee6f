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

const CATCH_UP_MS = 50;
/** So many bytes may arrive ahead of the reader before the link is paused: to pause and resume costs as much as reading 64 KiB. */
const AHEAD_BYTES = 131_072;
/**
 * Commands, and messages that nobody keeps, that are handled in one turn of the event loop. The others wait for the
 * next turn, so that a flood of PINGs leaves time to other connections: with 1024 a good peer beside it kept 0.18 of
 * its rate, with 64 it keeps 0.8 (bench/hostile.ts).
 */
const BURST = 64;

/** Who hears what is not a message. */
export interface IncomingOwner {
  /** A message or command was decoded. */
  received(): void;
  /** The body of a command. */
  command(body: Uint8Array): void;
  /** The link was paused, or resumed. */
  paused(isPaused: boolean): void;
  /** The peer broke the protocol. */
  broken(error: unknown): void;
}

export class Incoming {
  readonly #link: Link;
  readonly #pipe: Pipe;
  readonly #decoder: FrameDecoder;
  readonly #clock: Clock;
  readonly #owner: IncomingOwner;
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
  /** Commands since the last rest. */
  #commands = 0;
  /** There were so many that decoding goes on in the next turn. */
  #isResting = false;
  /** The link is closed; what it brought is still being decoded. */
  #isEnded = false;
  #isOver = false;

  readonly #goOn = (): void => {
    this.#isResting = false;
    if (!this.#isOver && !this.#isStalled) this.#decodeSome();
  };

  constructor(link: Link, pipe: Pipe, decoder: FrameDecoder, clock: Clock, owner: IncomingOwner) {
    this.#link = link;
    this.#pipe = pipe;
    this.#decoder = decoder;
    this.#clock = clock;
    this.#owner = owner;
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
    const decoder = this.#decoder;
    decoder.push(chunk);
    this.#pipe.bytesReceived += chunk.length;
    if (this.#isStalled) this.#pause();
    else if (this.#pipe.isBehind) {
      this.#ahead += chunk.length;
      if (this.#ahead >= AHEAD_BYTES) this.#pause();
    } else {
      this.#decodeSome();
      decoder.retain();
    }
  }

  /** The pipe was full and has room again. */
  resume(): void {
    if (!this.#isStalled || this.#isDecoding || this.#isHeld || this.#isOver || this.#pipe.inboundFull) return;
    this.#isStalled = false;
    this.#hasBegun = true;
    if (this.#decoder.starved) this.#caughtUp();
    else this.decodeAll();
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
    if (this.#catchUpTimer !== undefined) this.#clock.clearTimer(this.#catchUpTimer);
  }

  #decodeSome(): void {
    const pipe = this.#pipe;
    if (pipe.conflates || pipe.messagesReceived === this.#unreadSince) {
      this.decodeAll();
      return;
    }
    // Pending receives take theirs at once; one more shows that there is something to read.
    for (let count = 1; !pipe.canRead && this.#decode(false); count++) if (count === BURST) this.#rest();
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
          this.#caughtUp();
          return false;
        }
        this.#owner.received();
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
      this.#owner.broken(error);
    } finally {
      this.#isDecoding = false;
    }
    return false;
  }

  /** Whether more may be decoded behind a command: the near side may hold the peer back, and there may be too many. */
  #mayGoOn(): boolean {
    if (this.#isEnded) return true;
    if (this.#pipe.inboundFull) {
      this.#isStalled = true;
      return false;
    }
    if (++this.#commands < BURST) return true;
    this.#rest();
    return false;
  }

  /** Nothing more is decoded in this turn. */
  #rest(): void {
    if (this.#isOver || this.#isResting) return;
    this.#commands = 0;
    this.#isResting = true;
    this.#pipe.isBehind = true;
    this.#clock.yield(this.#goOn);
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
