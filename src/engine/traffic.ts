/**
 * An established connection: joins a Link (bytes) to a Pipe (messages), and
 * keeps the heartbeat. Both halves of the work are in files of their own:
 *
 *   pipe --write--> Outgoing --write--> link          link --data--> Incoming --deliver--> pipe
 */

import type { Timer } from "../base/clock.ts";
import type { DelayedReader } from "../base/departed-backlog.ts";
import type { ZmqError } from "../base/errors.ts";
import type { FarEnd, Outlet } from "../base/far-end.ts";
import type { Link, LinkHandler } from "../base/link.ts";
import type { Control, Message, SharedMessage } from "../base/message.ts";
import type { OptionValues } from "../base/options.ts";
import { IN_PAGE } from "../base/target.ts";
import type { ConnectionOwner, EndReason } from "./connection.ts";
import type { EngineLoop } from "./engine-loop.ts";
import type { HandshakeOutcome } from "./handshake.ts";
import { Heartbeat } from "./heartbeat.ts";
import { Incoming, type IncomingOwner } from "./incoming.ts";
import { Outgoing } from "./outgoing.ts";
import type { Departing } from "./precedence.ts";
import type { Sleeper } from "./wake-ups.ts";

/** The session, which decides about the end of the traffic. */
export interface TrafficOwner {
  readonly loop: EngineLoop;
  readonly options: OptionValues;
  /**
   * The connection is over: `lost` when the link is gone, or the peer is silent for too long, or leaves; `renewed` when
   * the near side wants another one; `local` when the pipe was closed. `graceful`: what was written still leaves. `cause`:
   * why, where it is known.
   */
  end(reason: EndReason, graceful?: boolean, cause?: unknown): void;
  /** The peer broke the protocol. */
  broken(error: unknown): void;
}

/** Decoding begins with the first bytes, or in the turn behind them. */
type Reading = "first bytes" | "next turn" | "begun";

/** The reasons for which the first messages of a connection may have to wait. */
type Beginning = Pick<ConnectionOwner, "departedBacklog" | "sendsBehind" | "readsBehind">;

export class Traffic implements LinkHandler, Outlet, IncomingOwner, DelayedReader, Departing, Sleeper {
  /** Messages that `write` refuses wait in the pipe. */
  readonly queues = true;
  readonly #owner: TrafficOwner;
  readonly #loop: EngineLoop;
  readonly #link: Link;
  readonly #pipe: FarEnd;
  readonly #outcome: HandshakeOutcome;
  readonly #beginning: Beginning;
  readonly #outgoing: Outgoing;
  readonly #incoming: Incoming;
  readonly #heartbeat: Heartbeat | undefined;
  #heartbeatTimer: Timer | undefined = undefined;
  #heartbeatAt = 0;
  #lingerTimer: Timer | undefined = undefined;
  #reading: Reading = "first bytes";
  #isClosing = false;
  /** The link is closed; its last bytes are still being decoded. */
  #isEnded = false;
  #isOver = false;

  /** `isBlocked`: the link still holds bytes of the handshake. `beginning`: reasons to wait. */
  constructor(
    link: Link,
    pipe: FarEnd,
    outcome: HandshakeOutcome,
    isBlocked: boolean,
    beginning: Beginning,
    owner: TrafficOwner,
  ) {
    const { loop, options } = owner;
    const { clock, wakeUps } = loop;
    this.#owner = owner;
    this.#loop = loop;
    this.#link = link;
    this.#pipe = pipe;
    this.#outcome = outcome;
    this.#beginning = beginning;
    const { hasMechanism, hasPing } = outcome.dialect;
    const isUnasked = options.heartbeatInterval === wakeUps?.heartbeatMs;
    this.#heartbeat = hasMechanism ? new Heartbeat(options, clock.now(), isUnasked && !hasPing) : undefined;
    this.#outgoing = new Outgoing(link, pipe, outcome.encoder, clock, {
      isBlocked,
      duePing: this.#heartbeat && (() => this.#duePing()),
      broken: () => owner.end("lost"),
    });
    this.#incoming = new Incoming(link, pipe, outcome.decoder, outcome.cipher !== undefined, loop, this);
  }

  /** Begins, once the pipe knows its peer: queued messages leave, and bytes from behind the handshake are decoded. */
  start(): void {
    const { departedBacklog, sendsBehind, readsBehind } = this.#beginning;
    this.#scheduleHeartbeat();
    if (this.#heartbeat !== undefined) this.#loop.wakeUps?.add(this);
    if (sendsBehind && this.#loop.precedence.wait(this)) this.#outgoing.flush();
    else this.#outgoing.start();
    if (this.#isOver) return;
    const isDelayed = departedBacklog?.mustDelay === true;
    if (isDelayed) departedBacklog?.delay(this);
    if (IN_PAGE || isDelayed || !readsBehind) this.#startReading(isDelayed);
    else if (!this.#outcome.decoder.starved) this.#firstBytes();
  }

  #firstBytes(): void {
    this.#reading = "next turn";
    this.#loop.precedence.behindJoining(() => this.#startReading());
  }

  #startReading(isDelayed = false): void {
    if (this.#isOver || this.#reading === "begun") return;
    this.#reading = "begun";
    this.#incoming.start(isDelayed);
  }

  /** The subscriptions that go before have left, or do not come. */
  depart(): void {
    this.#outgoing.start();
    this.#endIfIdle();
  }

  /** Former peers have left room again. */
  startReading(): void {
    this.#incoming.startReading();
  }

  get isIdle(): boolean {
    return this.#outgoing.isIdle;
  }

  /** Writes what it can now; nothing waits for subscriptions any more. */
  flush(): void {
    this.#outgoing.start();
    this.#outgoing.flush();
  }

  /** No more traffic; the session closes the link. */
  end(): void {
    this.#isOver = true;
    this.#beginning.departedBacklog?.forget(this);
    this.#loop.precedence.forget(this);
    this.#loop.wakeUps?.delete(this);
    this.#outgoing.end();
    this.#incoming.end();
    this.#outcome.cipher?.forget?.();
    if (this.#heartbeatTimer !== undefined) this.#loop.clock.clearTimer(this.#heartbeatTimer);
    if (this.#lingerTimer !== undefined) this.#loop.clock.clearTimer(this.#lingerTimer);
  }

  // --- Outlet: from the pipe ---

  write(message: Message): boolean {
    return this.#outgoing.write(message);
  }

  writeShared(message: SharedMessage): boolean {
    return this.#outgoing.writeShared(message);
  }

  expedite(): void {
    if (!this.#pipe.isBehind && !this.#pipe.canRead) this.#outgoing.flush();
  }

  get canWrite(): boolean {
    return this.#outgoing.canWrite;
  }

  writeControl(control: Control): boolean {
    return this.#outgoing.writeControl(control);
  }

  resume(): void {
    this.#incoming.resume();
  }

  supply(): void {
    this.#incoming.supply();
  }

  supplyRun(into: Message[], max: number): void {
    this.#incoming.supplyRun(into, max);
  }

  wasted(): void {
    this.#incoming.wasted();
  }

  renew(): void {
    if (!this.#isOver) this.#owner.end("renewed");
  }

  /** The peer went beyond a limit of the near side. */
  refuse(error: ZmqError): void {
    this.#owner.broken(error);
  }

  /** Delivers what has arrived; nothing is read from the link any more. */
  readRest(): void {
    this.#startReading();
    if (!this.#isOver) this.#incoming.finish();
  }

  /** The pipe was closed by its near side: queued messages are still sent. */
  close(lingerMs: number): void {
    if (this.#isOver || this.#isClosing) return;
    this.#isClosing = true;
    this.#outgoing.flush();
    this.#endIfIdle();
    if (this.#isOver || lingerMs < 0) return;
    if (lingerMs === 0) this.#owner.end("local");
    else this.#lingerTimer = this.#loop.clock.setTimer(() => this.#owner.end("local"), lingerMs);
  }

  // --- LinkHandler: from the link ---

  data(chunk: Uint8Array): void {
    if (this.#isOver) return;
    if (!IN_PAGE && this.#reading === "first bytes") this.#firstBytes();
    this.#outgoing.asked(chunk.length);
    this.#incoming.data(chunk);
  }

  get room(): Uint8Array | undefined {
    return this.#isOver ? undefined : this.#outcome.decoder.room;
  }

  drained(): void {
    if (this.#isOver) return;
    this.#heartbeat?.drained();
    this.#outgoing.drained();
    this.#endIfIdle();
  }

  closed(error?: Error): void {
    if (this.#isOver) return;
    this.#isEnded = true;
    this.readRest();
    if (!this.#isOver) this.#owner.end("lost", false, error);
  }

  // --- IncomingOwner ---

  received(): void {
    this.#heartbeat?.received();
  }

  paused(isPaused: boolean): void {
    this.#heartbeat?.paused(isPaused, this.#loop.clock.now());
    if (!isPaused) this.#scheduleHeartbeat();
  }

  broken(error: unknown): void {
    this.#owner.broken(error);
  }

  command(body: Uint8Array): void {
    const command = this.#outcome.dialect.parseCommand(body);
    if (command === undefined) return; // Unknown, malformed or empty: ignored, as libzmq does (37/ZMTP).
    switch (command.kind) {
      case "ping":
        if (this.#isEnded) break;
        this.#heartbeat?.pinged(command.ttlDeciseconds, this.#loop.clock.now());
        this.#scheduleHeartbeat();
        // Dropped while the peer does not read: bytes it will get are sign of life enough.
        this.#outgoing.pong(command.context);
        break;
      case "pong": // A sign of life, like any frame.
        break;
      default:
        this.#pipe.deliverControl(command);
    }
  }

  // --- Heartbeat ---

  wake(): void {
    this.#heartbeat?.woke(this.#loop.clock.now());
    this.#outgoing.beat();
    this.#scheduleHeartbeat();
  }

  /** The time to live in a PING that is due; undefined: none is. */
  #duePing(): number | undefined {
    const heartbeat = this.#heartbeat;
    if (!heartbeat?.takePing(this.#loop.clock.now())) return undefined;
    this.#scheduleHeartbeat();
    return heartbeat.ttlDeciseconds;
  }

  #scheduleHeartbeat(): void {
    const heartbeat = this.#heartbeat;
    if (heartbeat === undefined || this.#isOver) return;
    const { clock } = this.#loop;
    const deadline = heartbeat.nextDeadline;
    if (this.#heartbeatTimer !== undefined) {
      // One that fires too early does no harm; a flood of PINGs sets no new one for each.
      if (this.#heartbeatAt <= deadline) return;
      clock.clearTimer(this.#heartbeatTimer);
      this.#heartbeatTimer = undefined;
    }
    if (deadline === Number.POSITIVE_INFINITY) return;
    this.#heartbeatAt = deadline;
    this.#heartbeatTimer = clock.setTimer(() => this.#beat(heartbeat), Math.max(0, deadline - clock.now()));
  }

  #beat(heartbeat: Heartbeat): void {
    this.#heartbeatTimer = undefined;
    if (this.#outgoing.isBlocked) heartbeat.blocked(this.#link.unsentBytes, this.#loop.clock.now());
    if (heartbeat.isExpired(this.#loop.clock.now())) {
      this.#owner.end("lost");
      return;
    }
    this.#outgoing.beat();
    this.#scheduleHeartbeat();
  }

  #endIfIdle(): void {
    if (this.#isClosing && !this.#isOver && this.isIdle) this.#owner.end("local", true);
  }
}
