/**
 * The outgoing half of an established connection: messages become bytes at
 * once, in a batch that is written when it is full or at the end of the turn
 * (`Clock.defer`), or half-way through the answers to what the peer sent. While
 * the link holds bytes that the kernel refused, messages wait in the pipe.
 */

import type { Clock } from "../base/clock.ts";
import { ZmqError } from "../base/errors.ts";
import type { FarEnd } from "../base/far-end.ts";
import type { Link } from "../base/link.ts";
import type { Control, Message, SharedMessage } from "../base/message.ts";
import { BATCH_BYTES, type FrameEncoder } from "../base/protocol.ts";

/** Messages that may wait in a batch when the pipe has no limit. */
const UNLIMITED = 0xffff_ffff;

/**
 * From so many bytes on that came at once, half of the answers leave before all are made, so that the peer can work
 * meanwhile: a DEALER with 100 requests under way and its ROUTER take turns otherwise, 442,000 round trips a second, and
 * with it 706,000. Fewer are not worth a system call more.
 */
const CONVERSATION_BYTES = 4096;

/**
 * - `unstarted`: messages wait in the pipe until `start`; subscriptions and commands are encoded.
 * - `open`: messages and commands are encoded as they come.
 * - `pumping`: messages that waited in the pipe are being encoded, newer ones queue behind them.
 * - `blocked`: the link holds bytes that the kernel refused; `drained` ends it.
 * - `over`: nothing more is written.
 */
type State = "unstarted" | "open" | "pumping" | "blocked" | "over";

export interface OutgoingTraits {
  /** The link still holds bytes of the handshake. */
  readonly isBlocked: boolean;
  /** Asked before each batch: the TTL of a PING that is due, in deciseconds, or undefined. */
  readonly duePing: (() => number | undefined) | undefined;
  /** Nothing can be sent any more. */
  broken(error: unknown): void;
}

export class Outgoing {
  readonly #link: Link;
  readonly #pipe: FarEnd;
  readonly #encoder: FrameEncoder;
  readonly #clock: Clock;
  readonly #traits: OutgoingTraits;
  #state: State;
  #isFlushDue = false;
  #batched = 0;
  /** A batch of so many bytes leaves before the turn ends, once. */
  #earlyBytes = Number.POSITIVE_INFINITY;
  readonly #flushLater = (): void => {
    this.#isFlushDue = false;
    this.flush();
  };

  constructor(link: Link, pipe: FarEnd, encoder: FrameEncoder, clock: Clock, traits: OutgoingTraits) {
    this.#link = link;
    this.#pipe = pipe;
    this.#encoder = encoder;
    this.#clock = clock;
    this.#state = traits.isBlocked ? "blocked" : "unstarted";
    this.#traits = traits;
  }

  /** Begins to send the messages that wait in the pipe. Until then only encoded bytes leave. */
  start(): void {
    if (this.#state === "unstarted") this.#pump();
  }

  /** True when every accepted message has left for the kernel. */
  get isIdle(): boolean {
    if (this.#state === "blocked" || this.#state === "over") return false;
    return !this.#pipe.hasQueued && this.#encoder.size === 0;
  }

  get isBlocked(): boolean {
    return this.#state === "blocked";
  }

  get canWrite(): boolean {
    return this.#state === "open";
  }

  write(message: Message): boolean {
    if (this.#state !== "open") return false;
    try {
      this.#encoder.encode(message);
    } catch (error) {
      if (isTooLong(error)) throw error;
      this.#break(error);
      return false;
    }
    this.#encoded();
    return true;
  }

  writeShared(message: SharedMessage): boolean {
    if (this.#state !== "open") return false;
    try {
      this.#encoder.encodeShared(message);
    } catch (error) {
      if (isTooLong(error)) {
        this.#pipe.discard(message, "tooLong");
        return true;
      }
      this.#break(error);
      return false;
    }
    this.#encoded();
    return true;
  }

  writeControl(control: Control): boolean {
    return this.#say(() => this.#encoder.encodeControl(control));
  }

  /** The peer sent so many bytes at once, which may be requests. */
  asked(bytes: number): void {
    this.#earlyBytes = bytes >= CONVERSATION_BYTES ? bytes / 2 : Number.POSITIVE_INFINITY;
  }

  /** Answers a PING, unless the peer does not read. */
  pong(context: Uint8Array): void {
    this.#say(() => this.#encoder.encodePong(context));
  }

  #say(encode: () => void): boolean {
    if (this.#state !== "open" && this.#state !== "unstarted") return false;
    try {
      encode();
    } catch (error) {
      this.#break(error);
      return false;
    }
    this.#encoded();
    return true;
  }

  /** Sends the PING that is due, unless messages wait for their turn: it leaves with them. */
  beat(): void {
    if (this.#state === "open") this.#pump();
  }

  /** Writes the batch. */
  flush(): void {
    const encoder = this.#encoder;
    if (encoder.size === 0 || this.#state === "over") return;
    this.#batched = 0;
    this.#pipe.countSent(encoder.size);
    if (this.#link.write(encoder.take())) {
      encoder.sent();
      if (!this.#pipe.hasQueued) this.#pipe.signalIdle();
    } else {
      if (this.#link.copies) encoder.sent();
      else encoder.kept();
      this.#state = "blocked";
    }
  }

  /** The link has room again. */
  drained(): void {
    if (this.#state !== "blocked") return;
    this.#pump();
    if (this.isIdle) this.#pipe.signalIdle();
  }

  /** Nothing more is written. */
  end(): void {
    this.#state = "over";
  }

  /** Encodes the messages that wait in the pipe, as long as the link takes bytes. */
  #pump(): void {
    const encoder = this.#encoder;
    this.#state = "pumping";
    while (this.#isPumping()) {
      let item: SharedMessage | Control | undefined;
      try {
        const ttlDeciseconds = this.#traits.duePing?.();
        if (ttlDeciseconds !== undefined) encoder.encodePing(ttlDeciseconds);
        item = this.#pipe.pull();
        if (item === undefined) this.#state = "open";
        else if (Array.isArray(item)) encoder.encodeShared(item);
        else encoder.encodeControl(item);
      } catch (error) {
        if (Array.isArray(item) && isTooLong(error)) this.#pipe.discard(item, "tooLong");
        else this.#break(error);
      }
      if (encoder.size >= BATCH_BYTES) this.flush();
    }
    this.flush();
  }

  #isPumping(): boolean {
    return this.#state === "pumping";
  }

  /**
   * Sealing is impossible: a CURVE connection is out of nonces. Nothing more is
   * written; the connection ends in a moment, not within the sender's call, and
   * the next one has keys of its own.
   */
  #break(error: unknown): void {
    this.#state = "over";
    this.#clock.defer(() => this.#traits.broken(error));
  }

  #encoded(): void {
    const { size } = this.#encoder;
    if (size >= BATCH_BYTES || ++this.#batched >= (this.#pipe.sendHighWaterMark || UNLIMITED)) {
      this.flush();
    } else if (size >= this.#earlyBytes) {
      this.#earlyBytes = Number.POSITIVE_INFINITY;
      this.flush();
    } else if (!this.#isFlushDue) {
      this.#isFlushDue = true;
      this.#clock.defer(this.#flushLater);
      if (this.#link.isPrompt) this.flush();
    }
  }
}

/** The message cannot be sent over this connection, and nothing of it was encoded. */
function isTooLong(error: unknown): boolean {
  return error instanceof ZmqError && error.code === "EMSGSIZE";
}
