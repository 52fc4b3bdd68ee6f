/**
 * The incoming half of an established connection: bytes become messages when
 * somebody reads them. The first message of a chunk is delivered at once; the
 * others are decoded a few at a time as the pipe is read, so that they die young
 * (decoding all at once cost 64 busy subscribers in one process 43 % of their
 * time in garbage collection). When nobody reads for a while, or bytes have
 * waited for long, all is decoded up to the pipe's high-water mark, for a PING
 * may be among it. Bytes beyond wait as they came, and the link is paused when
 * more of them come.
 */

import type { Clock, Timer } from "../base/clock.ts";
import type { FarEnd } from "../base/far-end.ts";
import type { Link } from "../base/link.ts";
import type { Message } from "../base/message.ts";
import type { FrameDecoder } from "../base/protocol.ts";
import type { EngineLoop } from "./engine-loop.ts";
import {
  COMMAND_OCTETS,
  FRAMES_COST,
  MANY_FRAMES,
  MANY_FRAMES_REST_MS,
  SEALED_COST,
  SEALED_FRAMES_COST,
  type TurnBudget,
  type TurnWaiter,
} from "./turn-budget.ts";

/** So often a connection that is behind its reader is looked at. All is decoded when nobody has read in between. */
const LOOK_MS = 50;
/** After so many looks all is decoded although somebody reads: a PING is answered within 200 ms, a subscription seen. */
const LOOKS = 4;
/** So many bytes may arrive ahead of the reader before the link is paused: to pause and resume costs as much as reading 64 KiB. */
const AHEAD_BYTES = 131_072;
/** A chunk counts as so many bytes at least: what carries messages brings many small ones, and each is kept as an object. */
const LEAST_CHUNK_BYTES = 64;
/** So many frames are decoded for a reader who has read all: one by one a message costs 10 ns more, and more of them would grow old. */
const SUPPLIED_FRAMES = 16;
/** So many messages of one chunk may be taken at once before each counts like a command: receives that wait take theirs. */
const TAKEN_FREELY = 4;

/**
 * What becomes of bytes:
 *
 * - `fresh`: nothing is decoded before `start`.
 * - `delayed`: nothing is decoded before `startReading`. The link is paused.
 * - `waiting`: nothing was decoded yet, for the pipe is full with what came by earlier connections. The link is paused.
 * - `flowing`: they are decoded when they come, or, while the pipe is behind, as it is read.
 * - `stalled`: the pipe is full. The link is paused when more bytes come.
 * - `resting`: so much came beside kept messages that decoding goes on in a later turn.
 * - `ending`: the link is closed, and all that it brought is decoded, whatever the pipe's mark says.
 * - `over`: nothing more is delivered.
 */
type State = "fresh" | "delayed" | "waiting" | "flowing" | "stalled" | "resting" | "ending" | "over";

/**
 * Why something is decoded: the `link` brought it or its turn has come, a `read` made room in a full pipe, or the pipe
 * was read empty and is to be `supplied`. The last two happen within the reader's call.
 */
type Cause = "link" | "read" | "supplied";

/** The receiver of everything that is not a message. */
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

export class Incoming implements TurnWaiter {
  readonly #link: Link;
  readonly #pipe: FarEnd;
  readonly #decoder: FrameDecoder;
  readonly #clock: Clock;
  readonly #owner: IncomingOwner;
  readonly #budget: TurnBudget;
  /** The cost of a command. */
  readonly #cost: number;
  /** The cost of frames of a message that is not complete. */
  readonly #framesCost: number;
  #state: State = "fresh";
  #isPaused = false;
  /** The decoder is at work, and must not be called again from within. */
  #isDecoding = false;
  /** Bytes that arrived while others were still to be decoded. */
  #ahead = 0;
  #lookTimer: Timer | undefined = undefined;
  /** Looks since all that had arrived was decoded. */
  #looks = 0;
  /** With so many frames the message that is being read has cost its share for now. */
  #restAt = MANY_FRAMES;
  /** The pipe's count of read messages when none had been read for a while. Until it changes, all is decoded at once. */
  #unreadSince = -1;

  constructor(
    link: Link,
    pipe: FarEnd,
    decoder: FrameDecoder,
    isSealed: boolean,
    loop: EngineLoop,
    owner: IncomingOwner,
  ) {
    this.#link = link;
    this.#pipe = pipe;
    this.#decoder = decoder;
    this.#clock = loop.clock;
    this.#owner = owner;
    this.#budget = loop.budget;
    this.#cost = isSealed ? SEALED_COST : 1;
    this.#framesCost = isSealed ? SEALED_FRAMES_COST : FRAMES_COST;
  }

  /**
   * Begins with what came behind the handshake. Nothing is read while `isDelayed`, or while the pipe is full with what
   * came by earlier connections: each of them would add its chunk or two.
   */
  start(isDelayed: boolean): void {
    if (this.#state === "over") return;
    this.#state = isDelayed ? "delayed" : this.#pipe.inboundFull ? "waiting" : "flowing";
    if (this.#state === "flowing") this.#decodeAll("link");
    else this.#pause();
  }

  /** Ends what `start` began with `isDelayed`. */
  startReading(): void {
    if (this.#state !== "delayed") return;
    this.#state = "waiting";
    this.resume();
  }

  /** Bytes from the link, valid during the call. */
  data(chunk: Uint8Array): void {
    const pipe = this.#pipe;
    const decoder = this.#decoder;
    switch (this.#state) {
      case "delayed":
      case "waiting":
      case "stalled":
        this.#received(chunk);
        this.#pause();
        break;
      case "fresh":
        this.#received(chunk);
        this.#ahead += Math.max(chunk.length, LEAST_CHUNK_BYTES);
        if (this.#ahead >= AHEAD_BYTES) this.#pause();
        break;
      case "resting":
      case "flowing":
        this.#received(chunk);
        if (pipe.isBehind) {
          this.#ahead += Math.max(chunk.length, LEAST_CHUNK_BYTES);
          if (this.#ahead >= AHEAD_BYTES) this.#pause();
        } else this.#decodeSome();
        break;
      case "ending":
      case "over":
        return;
    }
    // A paused link may bring a chunk too, and uses its memory again.
    decoder.retain();
  }

  /** The turn has come. */
  turnBegan(): void {
    if (this.#state !== "resting") return;
    this.#state = "flowing";
    this.#decodeSome();
  }

  /** The pipe was full and has room again. */
  resume(): void {
    const isWaiting = this.#state === "stalled" || this.#state === "waiting";
    if (!isWaiting || this.#isDecoding || this.#pipe.inboundFull) return;
    this.#state = "flowing";
    if (this.#decoder.starved) this.#caughtUp();
    else this.#decodeAll("read");
  }

  /** The pipe's last message was read: the next ones, if there are any. */
  supply(): void {
    this.#decode("supplied", SUPPLIED_FRAMES);
  }

  /** As `supply`, into an array: for a reader who takes many. */
  supplyRun(into: Message[], max: number): void {
    this.#decode("supplied", max, into);
  }

  /** What was read last was for nobody. */
  wasted(): void {
    this.#spend(this.#cost);
  }

  /**
   * The link is closed. What arrived is the application's, whatever the high-water mark says: it is a chunk or two.
   * What came while there was no room for this connection at all is lost with it, like what the kernel had.
   */
  finish(): void {
    switch (this.#state) {
      case "fresh":
      case "delayed":
      case "waiting":
        this.#state = "over";
        break;
      case "flowing":
      case "stalled":
      case "resting":
        this.#state = "ending";
        this.#decodeAll("link");
        break;
      case "ending":
      case "over":
    }
  }

  /** Nothing more is delivered. */
  end(): void {
    this.#state = "over";
    this.#budget.forget(this);
    if (this.#lookTimer !== undefined) this.#clock.clearTimer(this.#lookTimer);
  }

  #received(chunk: Uint8Array): void {
    this.#decoder.push(chunk);
    this.#pipe.countReceived(chunk.length);
    this.#owner.received();
  }

  /** Decodes all that has come, up to the high-water mark. */
  #decodeAll(cause: Cause): void {
    const pipe = this.#pipe;
    if (this.#state === "resting") return;
    pipe.setBehind(false);
    while (!this.#decoder.starved) {
      if (pipe.inboundFull && this.#state === "flowing") {
        this.#stall();
        return;
      }
      if (!this.#decode(cause)) return;
    }
    this.#caughtUp(); // A decoder may be starved behind its last message, before `next` says so.
  }

  /** Decodes for receives that wait, and one message more for the next one. */
  #decodeSome(): void {
    const pipe = this.#pipe;
    if (pipe.conflates || pipe.messagesReceived === this.#unreadSince) {
      this.#decodeAll("link");
      return;
    }
    // Pending receives take theirs at once; one more shows that there is something to read.
    for (let count = 1; !pipe.canRead && this.#decode("link"); count++) {
      if (count > TAKEN_FREELY && !this.#budget.spend(this.#cost)) this.#rest();
    }
    if (this.#state !== "flowing") return;
    if (this.#decoder.starved) {
      this.#caughtUp();
      return;
    }
    pipe.setBehind(true);
    this.#lookLater();
  }

  #lookLater(): void {
    const { messagesReceived } = this.#pipe;
    this.#lookTimer ??= this.#clock.setTimer(() => this.#look(messagesReceived), LOOK_MS);
  }

  /** Decodes all the same, if no message has been read for a while, or messages are read too slowly. */
  #look(messagesBefore: number): void {
    this.#lookTimer = undefined;
    const pipe = this.#pipe;
    if (this.#state === "over" || !pipe.isBehind) return;
    if (pipe.messagesReceived === messagesBefore) this.#unreadSince = messagesBefore;
    else if (++this.#looks < LOOKS) {
      this.#lookLater();
      return;
    }
    this.#decodeAll("link");
  }

  /** Decodes up to the next message, or some more for a reader. False when nothing more is there. */
  #decode(cause: Cause, frames = 1, into?: Message[]): boolean {
    if (this.#isDecoding || !this.#mayDecode()) return false;
    const pipe = this.#pipe;
    let wanted = frames;
    this.#isDecoding = true;
    try {
      while (this.#mayDecode()) {
        const decoded = this.#decoder.next();
        if (decoded === undefined) {
          if (this.#decoder.starved) {
            this.#caughtUp();
            return false;
          }
          if ((this.#decoder.assembling ?? 0) < this.#restAt) this.#spend(this.#framesCost);
          else this.#restLong();
        } else if (!Array.isArray(decoded)) {
          this.#owner.command(decoded);
          // The near side may hold the peer back.
          if (pipe.inboundFull && this.#state === "flowing") this.#stall();
          else this.#spend(this.#cost + Math.floor(decoded.length / COMMAND_OCTETS));
        } else {
          this.#restAt = MANY_FRAMES;
          if (into !== undefined) into.push(decoded);
          else if (cause === "supplied") pipe.append(decoded);
          else pipe.deliver(decoded);
          wanted -= decoded.length;
          if (wanted <= 0 || pipe.inboundFull) return true;
        }
      }
    } catch (error) {
      if (cause === "link") this.#owner.broken(error);
      else this.#breakLater(error);
    } finally {
      this.#isDecoding = false;
    }
    return false;
  }

  /** No accessor: V8 looks a private one up by a call at each use, 3 ns a message. */
  #mayDecode(): boolean {
    return this.#state === "flowing" || this.#state === "ending";
  }

  /** Ends the connection in a moment, not within the reader's call: it must not end before the reader has his message. */
  #breakLater(error: unknown): void {
    this.#state = "over";
    this.#clock.defer(() => this.#owner.broken(error));
  }

  /** Counts the work beside kept messages. */
  #spend(cost: number): void {
    if (this.#state === "flowing" && !this.#budget.spend(cost)) this.#rest();
  }

  /** Nothing more is decoded before the pipe has room. */
  #stall(): void {
    this.#state = "stalled";
    this.#pipe.setBehind(false);
  }

  /** Nothing more is decoded in this turn. */
  #rest(): void {
    if (this.#state !== "flowing") return;
    this.#state = "resting";
    this.#pipe.setBehind(true);
    this.#budget.wait(this);
  }

  /** Frames of one message without end cost more than turns: they cost time, in which others are served. */
  #restLong(): void {
    if (this.#state !== "flowing") return;
    this.#restAt += MANY_FRAMES;
    this.#state = "resting";
    this.#pipe.setBehind(true);
    this.#clock.setTimer(() => this.turnBegan(), MANY_FRAMES_REST_MS);
  }

  /** All that arrived is decoded. */
  #caughtUp(): void {
    this.#pipe.setBehind(false);
    this.#ahead = 0;
    this.#looks = 0;
    if (!this.#isPaused || this.#state !== "flowing") return;
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
