/**
 * Raw bytes instead of ZMTP, for STREAM sockets and ROUTER in raw mode: each
 * chunk from the link is a message of one frame, and each frame written goes
 * out as it is. No handshake, no heartbeat.
 */

import { copyOf, EMPTY } from "../base/bytes.ts";
import type { Timer } from "../base/clock.ts";
import type { HeldBack } from "../base/leftovers.ts";
import type { Link, LinkHandler } from "../base/link.ts";
import { type Control, type Message, NO_PROPERTIES } from "../base/message.ts";
import type { Outlet, Pipe } from "../base/pipe.ts";
import type { Connection, ConnectionOwner, EndReason } from "./connection.ts";

export class RawSession implements Connection, LinkHandler, Outlet, HeldBack {
  readonly link: Link;
  readonly queues = true;
  readonly #owner: ConnectionOwner;
  #pipe: Pipe | undefined = undefined;
  /** Chunks that arrived beyond the high-water mark. */
  #waiting: Uint8Array[] = [];
  #isBlocked = false;
  #isPaused = false;
  /** Not to be read from before `letGo`. */
  #isHeld = false;
  /** The pipe had room for something from this connection. */
  #hasBegun = false;
  #isPumping = false;
  #lingerTimer: Timer | undefined = undefined;
  #isClosing = false;
  #isOver = false;

  constructor(link: Link, owner: ConnectionOwner) {
    this.link = link;
    this.#owner = owner;
    link.handler = this;
  }

  start(): void {
    const pipe = this.#owner.ready(this, NO_PROPERTIES);
    if (pipe === undefined) {
      this.abort(true);
      return;
    }
    this.#pipe = pipe;
    pipe.remoteAddress = this.link.remoteAddress;
    pipe.attach(this);
    pipe.connect(NO_PROPERTIES);
    if (this.#isOver) return;
    const { leftovers } = this.#owner;
    this.#isHeld = leftovers?.holdsBack === true;
    if (this.#isHeld) leftovers?.hold(this);
    this.#hasBegun = !this.#isHeld && !pipe.inboundFull;
    if (!this.#hasBegun) this.#pause();
    this.drained();
  }

  get isIdle(): boolean {
    return !this.#isBlocked && !this.#pipe?.hasQueued;
  }

  get canTake(): boolean {
    return !this.#isBlocked && !this.#isPumping;
  }

  take(message: Message): boolean {
    if (!this.canTake) return false;
    this.#write(message);
    return true;
  }

  /** Raw peers know no subscriptions. */
  takeControl(_control: Control): boolean {
    return true;
  }

  resume(): void {
    const pipe = this.#pipe;
    if (pipe === undefined || !this.#isPaused || this.#isHeld || pipe.inboundFull) return;
    this.#hasBegun = true;
    while (this.#waiting.length > 0 && !pipe.inboundFull) pipe.deliver([this.#waiting.shift() ?? EMPTY]);
    if (this.#waiting.length > 0 || this.#isOver) return;
    this.#isPaused = false;
    this.link.resume();
  }

  /** Former peers have left room again. */
  letGo(): void {
    this.#isHeld = false;
    this.resume();
  }

  /** From the dialer or acceptor, which keep the linger period themselves, or from the pipe. */
  close(lingerMs = -1): void {
    if (this.#isOver) return;
    this.#isClosing = true;
    if (this.isIdle) this.#finish("local", true);
    else if (lingerMs === 0) this.#finish("local", false);
    else if (lingerMs > 0) {
      this.#lingerTimer ??= this.#owner.clock.setTimer(() => this.#finish("local", false), lingerMs);
    }
  }

  abort(graceful: boolean): void {
    this.#finish("local", graceful);
  }

  /** Nothing is ever batched here. */
  flushNow(): void {}

  data(chunk: Uint8Array): void {
    const pipe = this.#pipe;
    if (pipe === undefined || this.#isOver) return;
    pipe.bytesReceived += chunk.length;
    if (!this.#isPaused && !pipe.inboundFull) {
      pipe.deliver([copyOf(chunk)]);
      return;
    }
    this.#waiting.push(copyOf(chunk));
    if (!this.#isPaused) this.#pause();
  }

  drained(): void {
    this.#isBlocked = false;
    const pipe = this.#pipe;
    if (pipe === undefined || this.#isOver) return;
    this.#isPumping = true;
    while (!this.#isBlocked) {
      const item = pipe.pull();
      if (item === undefined) break;
      if (Array.isArray(item)) this.#write(item);
    }
    this.#isPumping = false;
    if (!this.isIdle) return;
    pipe.signalIdle();
    if (this.#isClosing) this.#finish("local", true);
  }

  closed(): void {
    if (this.#isOver) return;
    // As in `Incoming.finish`.
    if (this.#hasBegun) for (const chunk of this.#waiting.splice(0)) this.#pipe?.deliver([chunk]);
    this.#owner.emit({
      type: "disconnect",
      address: this.#owner.endpoint,
      remoteAddress: this.link.remoteAddress,
    });
    this.#finish("lost", false);
  }

  #pause(): void {
    this.#isPaused = true;
    this.link.pause();
  }

  #write(message: Message): void {
    for (const frame of message) if (this.#pipe !== undefined) this.#pipe.bytesSent += frame.length;
    if (!this.link.write(message)) this.#isBlocked = true;
  }

  #finish(reason: EndReason, graceful: boolean): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#owner.leftovers?.forget(this);
    if (this.#lingerTimer !== undefined) this.#owner.clock.clearTimer(this.#lingerTimer);
    if (graceful) this.link.close();
    else this.link.destroy();
    this.#owner.ended(this, reason);
  }
}
