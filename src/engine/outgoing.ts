/**
 * The outgoing half of an established connection: messages become bytes at
 * once, in a batch that is written when it is full or at the end of the turn
 * (`Clock.defer`). While the link holds bytes that the kernel refused, messages
 * wait in the pipe.
 */

import type { Clock } from "../base/clock.ts";
import type { Link } from "../base/link.ts";
import type { Control, Message } from "../base/message.ts";
import type { Pipe } from "../base/pipe.ts";
import { controlBody, subscriptionMessage } from "../wire/command.ts";
import { BATCH_BYTES, type Encoder } from "../wire/encoder.ts";

/** Messages that may wait in a batch when the pipe has no limit. */
const UNLIMITED = 0xffff_ffff;

export interface OutgoingTraits {
  readonly sendsCommands: boolean;
  /** The link still holds bytes of the handshake. */
  readonly isBlocked: boolean;
  /** Asked before each batch, for PING. */
  readonly dueCommand: (() => Uint8Array | undefined) | undefined;
  /** Nothing can be sent any more. */
  broken(error: unknown): void;
}

export class Outgoing {
  readonly #link: Link;
  readonly #pipe: Pipe;
  readonly #encoder: Encoder;
  readonly #clock: Clock;
  /** Subscriptions travel as commands (ZMTP 3.1) or as messages (older). */
  readonly #sendsCommands: boolean;
  /** The link holds bytes that the kernel refused. */
  #isBlocked: boolean;
  /** Messages that waited in the pipe are being encoded: newer ones must queue behind them. */
  #isPumping = false;
  #isFlushDue = false;
  #isOver = false;
  #batched = 0;
  /** A command that should go out as soon as the link takes bytes. */
  readonly #dueCommand: (() => Uint8Array | undefined) | undefined;
  readonly #broken: (error: unknown) => void;
  readonly #flushLater = (): void => {
    this.#isFlushDue = false;
    this.flush();
  };

  constructor(link: Link, pipe: Pipe, encoder: Encoder, clock: Clock, traits: OutgoingTraits) {
    this.#link = link;
    this.#pipe = pipe;
    this.#encoder = encoder;
    this.#clock = clock;
    this.#sendsCommands = traits.sendsCommands;
    this.#isBlocked = traits.isBlocked;
    this.#dueCommand = traits.dueCommand;
    this.#broken = traits.broken;
  }

  /** True when every accepted message has left for the kernel. */
  get isIdle(): boolean {
    return !this.#isBlocked && !this.#pipe.hasQueued && this.#encoder.size === 0;
  }

  get isBlocked(): boolean {
    return this.#isBlocked;
  }

  get canTake(): boolean {
    return !this.#isBlocked && !this.#isPumping;
  }

  take(message: Message): boolean {
    if (this.#isBlocked || this.#isPumping) return false;
    try {
      this.#encoder.encode(message);
    } catch (error) {
      this.#break(error);
      return false;
    }
    this.#encoded();
    return true;
  }

  takeControl(control: Control): boolean {
    if (this.#isBlocked || this.#isPumping) return false;
    try {
      this.#encodeControl(control);
    } catch (error) {
      this.#break(error);
      return false;
    }
    this.#encoded();
    return true;
  }

  /** Sends a command of the connection's own, or drops it while the peer does not read. */
  command(body: Uint8Array): void {
    if (this.#isBlocked) return;
    try {
      this.#encoder.encodeCommand(body);
    } catch (error) {
      this.#break(error);
      return;
    }
    this.#encoded();
  }

  /** Writes what is batched. */
  flush(): void {
    const encoder = this.#encoder;
    if (encoder.size === 0 || this.#isOver) return;
    this.#batched = 0;
    this.#pipe.bytesSent += encoder.size;
    if (this.#link.write(encoder.take())) {
      encoder.sent();
      if (!this.#pipe.hasQueued) this.#pipe.signalIdle();
    } else {
      encoder.kept();
      this.#isBlocked = true;
    }
  }

  /** The link has room again. */
  drained(): void {
    this.#isBlocked = false;
    this.pump();
    if (this.isIdle) this.#pipe.signalIdle();
  }

  /** Encodes what waits in the pipe, as long as the link takes it. */
  pump(): void {
    this.#isPumping = true;
    try {
      this.#pumpAll();
    } catch (error) {
      this.#break(error);
    }
    this.#isPumping = false;
    if (!this.#isBlocked) this.flush();
  }

  #pumpAll(): void {
    const encoder = this.#encoder;
    while (!this.#isBlocked && !this.#isOver) {
      const due = this.#dueCommand?.();
      if (due !== undefined) encoder.encodeCommand(due);
      const item = this.#pipe.pull();
      if (item === undefined) break;
      if (Array.isArray(item)) encoder.encode(item);
      else this.#encodeControl(item);
      if (encoder.size >= BATCH_BYTES) this.flush();
    }
  }

  /**
   * Sealing is impossible: a CURVE connection is out of nonces. Nothing more is
   * written; the connection ends in a moment, not within the sender's call, and
   * the next one has keys of its own.
   */
  #break(error: unknown): void {
    this.#isBlocked = true;
    this.#isOver = true;
    this.#clock.defer(() => this.#broken(error));
  }

  /** Nothing more is written. */
  end(): void {
    this.#isOver = true;
  }

  #encoded(): void {
    if (this.#encoder.size >= BATCH_BYTES || ++this.#batched >= (this.#pipe.sendHighWaterMark || UNLIMITED)) {
      this.flush();
    } else if (!this.#isFlushDue) {
      this.#isFlushDue = true;
      this.#clock.defer(this.#flushLater);
    }
  }

  #encodeControl(control: Control): void {
    if (this.#sendsCommands || control.kind === "join" || control.kind === "leave") {
      this.#encoder.encodeCommand(controlBody(control));
    } else this.#encoder.encode([subscriptionMessage(control)]);
  }
}
