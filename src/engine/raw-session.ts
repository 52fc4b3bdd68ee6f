/**
 * Raw bytes instead of ZMTP, for STREAM sockets and ROUTER in raw mode: each
 * chunk from the link is a message of one frame, and each frame written goes
 * out as it is. No handshake, no heartbeat.
 */

import { copyOf, EMPTY } from "../base/bytes.ts";
import type { Timer } from "../base/clock.ts";
import type { DelayedReader } from "../base/departed-backlog.ts";
import type { FarEnd, Outlet } from "../base/far-end.ts";
import type { Link, LinkHandler } from "../base/link.ts";
import { type Control, copySmall, type Message, NO_PROPERTIES } from "../base/message.ts";
import type { Connection, ConnectionOwner, EndReason } from "./connection.ts";

/**
 * The link is paused but for `flowing`. `delayed`: until `startReading`; `waiting`: until the pipe has room, for it was full when
 * the connection began; `stalled`: until it has room again.
 */
type Reading = "delayed" | "waiting" | "flowing" | "stalled";
/** `pumping`: what waited in the pipe is written, newer messages queue behind it; `blocked`: the link holds bytes. */
type Writing = "open" | "pumping" | "blocked";
/** `closing`: what is queued is still written. */
type Life = "open" | "closing" | "over";

export class RawSession implements Connection, LinkHandler, Outlet, DelayedReader {
  readonly link: Link;
  readonly queues = true;
  readonly #owner: ConnectionOwner;
  #pipe: FarEnd | undefined = undefined;
  /** Chunks that arrived beyond the high-water mark. */
  #waiting: Uint8Array[] = [];
  #reading: Reading = "flowing";
  #writing: Writing = "open";
  #life: Life = "open";
  #lingerTimer: Timer | undefined = undefined;

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
    pipe.attach(this);
    pipe.connect(NO_PROPERTIES, this.link.remoteAddress);
    if (this.#isOver) return;
    const { departedBacklog } = this.#owner;
    const isDelayed = departedBacklog?.mustDelay === true;
    if (isDelayed) departedBacklog?.delay(this);
    if (isDelayed || pipe.inboundFull) this.#pause(isDelayed ? "delayed" : "waiting");
    this.drained();
  }

  get isIdle(): boolean {
    return this.#writing !== "blocked" && !this.#pipe?.hasQueued;
  }

  get canWrite(): boolean {
    return this.#writing === "open";
  }

  write(message: Message): boolean {
    if (!this.canWrite) return false;
    copySmall(message); // The link may keep what it is given.
    this.#send(message);
    return true;
  }

  /** Raw peers know no subscriptions. */
  writeControl(_control: Control): boolean {
    return true;
  }

  resume(): void {
    const pipe = this.#pipe;
    if (pipe === undefined || this.#reading === "flowing" || this.#reading === "delayed" || pipe.inboundFull) return;
    this.#reading = "stalled";
    while (this.#waiting.length > 0 && !pipe.inboundFull) pipe.deliver([this.#waiting.shift() ?? EMPTY]);
    if (this.#waiting.length > 0 || this.#isOver) return;
    this.#reading = "flowing";
    this.link.resume();
  }

  /** Former peers have left room again. */
  startReading(): void {
    if (this.#reading !== "delayed") return;
    this.#reading = "waiting";
    this.resume();
  }

  /** From the dialer or acceptor, which keep the linger period themselves, or from the pipe. */
  close(lingerMs = -1): void {
    if (this.#isOver) return;
    this.#readRest();
    this.#life = "closing";
    if (this.isIdle) this.#finish("local", true);
    else if (lingerMs === 0) this.#finish("local", false);
    else if (lingerMs > 0) {
      this.#lingerTimer ??= this.#owner.loop.clock.setTimer(() => this.#finish("local", false), lingerMs);
    }
  }

  abort(graceful: boolean): void {
    if (graceful && !this.#isOver) this.#readRest();
    this.#finish("local", graceful);
  }

  /** Nothing is ever batched here. */
  flushNow(): void {}

  data(chunk: Uint8Array): void {
    const pipe = this.#pipe;
    if (pipe === undefined || this.#isOver) return;
    pipe.countReceived(chunk.length);
    if (this.#reading === "flowing" && !pipe.inboundFull) {
      pipe.deliver([copyOf(chunk)]);
      return;
    }
    this.#waiting.push(copyOf(chunk));
    if (this.#reading === "flowing") this.#pause("stalled");
  }

  drained(): void {
    const pipe = this.#pipe;
    if (pipe === undefined || this.#isOver) return;
    this.#writing = "pumping";
    while (this.#isPumping) {
      const item = pipe.pull();
      if (item === undefined) this.#writing = "open";
      else if (Array.isArray(item)) this.#send(item);
    }
    if (!this.isIdle) return;
    pipe.signalIdle();
    if (this.#life === "closing") this.#finish("local", true);
  }

  closed(): void {
    if (this.#isOver) return;
    this.#readRest();
    this.#owner.emit({
      type: "disconnect",
      address: this.#owner.endpoint,
      remoteAddress: this.link.remoteAddress,
    });
    this.#finish("lost", false);
  }

  /** Delivers what has arrived, as `Incoming.finish` does. */
  #readRest(): void {
    const hasBegun = this.#reading === "flowing" || this.#reading === "stalled";
    if (hasBegun) for (const chunk of this.#waiting.splice(0)) this.#pipe?.deliver([chunk]);
  }

  #pause(reading: Reading): void {
    this.#reading = reading;
    this.link.pause();
  }

  get #isPumping(): boolean {
    return this.#writing === "pumping";
  }

  get #isOver(): boolean {
    return this.#life === "over";
  }

  #send(message: Message): void {
    for (const frame of message) this.#pipe?.countSent(frame.length);
    if (!this.link.write(message)) this.#writing = "blocked";
  }

  #finish(reason: EndReason, graceful: boolean): void {
    if (this.#isOver) return;
    this.#life = "over";
    this.#owner.departedBacklog?.forget(this);
    if (this.#lingerTimer !== undefined) this.#owner.loop.clock.clearTimer(this.#lingerTimer);
    if (graceful) this.link.close();
    else this.link.destroy();
    this.#owner.ended(this, reason);
  }
}
