/**
 * An endpoint of a socket in this thread that an I/O thread runs: start and
 * close are sent there, and what comes of it is done here to the socket.
 */

import type { Clock, Timer } from "../base/clock.ts";
import type { ZmqError } from "../base/errors.ts";
import type { MonitorEvent } from "../base/events.ts";
import type { FarEnd } from "../base/far-end.ts";
import type { OptionValues } from "../base/options.ts";
import type { EndpointOwner } from "../engine/endpoint-owner.ts";
import type { BoundEndpoint, ConnectedEndpoint, EngineEndpoint } from "../engine/engine-endpoint.ts";
import type { ZapListener, ZapRequest } from "../security/mechanism.ts";
import { AwayPipe } from "./away-pipe.ts";
import type { EndpointPipe } from "./endpoint-pipe.ts";
import type { EngineRequest, PeerChange, SeenPipe, SentEvent } from "./engine-mail.ts";
import type { EngineMemory } from "./engine-memory.ts";
import type { Inbox } from "./inbox.ts";
import { RemotePipe, type RemotePipeOwner } from "./remote-pipe.ts";
import type { PeerThread } from "./ring-end-parts.ts";
import { receiveError, receiveZmqError, type SentError } from "./sent-errors.ts";
import { FramesOfPipes } from "./transferred-frames.ts";

/** The I/O thread, as its endpoints see it. */
export interface RemoteThread extends PeerThread {
  readonly inbox: Inbox;
  readonly clock: Clock;
  post(request: EngineRequest): void;
  /** Takes the mail in. */
  collect(): void;
  /** Blocks until `done[0]` is 1. Throws EMTHREAD when the thread does not answer. */
  await(done: Int32Array): void;
  /** Takes the mail of one endpoint's `startSync`. */
  forget(endpoint: RemoteEndpoint): void;
  /** A pipe whose endpoint is gone has messages that its socket may still read. */
  orphaned(pipe: EndpointPipe, owner: EndpointOwner): void;
}

export class RemoteEndpoint implements EngineEndpoint, RemotePipeOwner {
  readonly id: number;
  readonly options: OptionValues;
  /** As given, until it is bound; then the resolved one. */
  endpoint: string;
  readonly owner: EndpointOwner;
  readonly thread: RemoteThread;
  readonly #given: string;
  readonly #pipes = new Map<number, EndpointPipe>();
  readonly #frames: FramesOfPipes;
  #isClosing = false;
  /** Set while CLOSE is not sent: until when what is queued may leave, by the clock. */
  #lingerUntil: number | undefined = undefined;
  #lingerTimer: Timer | undefined = undefined;
  #isHeld = false;
  #isGone = false;
  #isBacklogTold = false;

  constructor(id: number, thread: RemoteThread, owner: EndpointOwner, text: string, options: OptionValues) {
    this.id = id;
    this.thread = thread;
    this.owner = owner;
    this.endpoint = text;
    this.#given = text;
    this.options = options;
    this.#frames = new FramesOfPipes(() => thread.collect());
  }

  isAt(text: string): boolean {
    return text === this.endpoint || text === this.#given;
  }

  get isClosing(): boolean {
    return this.#isClosing;
  }

  protected get hasPipes(): boolean {
    return this.#pipes.size > 0;
  }

  get isIdle(): boolean {
    let isIdle = true;
    for (const pipe of this.#pipes.values()) if (!pipe.isIdle) isIdle = false;
    return isIdle;
  }

  close(lingerMs: number): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    if (this.#isGone) return;
    this.#hold();
    const { clock } = this.thread;
    this.#lingerUntil = lingerMs < 0 ? Number.POSITIVE_INFINITY : clock.now() + lingerMs;
    for (const pipe of [...this.#pipes.values()]) {
      pipe.closeWrites();
      pipe.endIfIdle();
    }
    if (lingerMs > 0) this.#lingerTimer = clock.setTimer(() => this.#sayClose(), lingerMs);
    if (lingerMs === 0) this.#sayClose();
    else this.drained();
  }

  flushNow(): void {
    for (const pipe of [...this.#pipes.values()]) pipe.flush();
  }

  // --- From the I/O thread ---

  addPipe(number: number, memory: EngineMemory, dialed: boolean, endpoint: string, routingId?: Uint8Array): void {
    const { thread, owner, options } = this;
    const { inbox, clock } = thread;
    const far = owner.createPipe(endpoint, dialed, options, routingId);
    if (owner.isMoved === true) {
      this.#addAway(number, far, memory, true);
      return;
    }
    const pipe = new RemotePipe({
      pipe: far,
      memory,
      conflate: options.conflate,
      isSecret: options.securityMechanism !== null,
      thread,
      frames: this.#frames.begun(number),
      inbox,
      clock,
      owner: this,
    });
    this.#pipes.set(number, pipe);
    pipe.open(options);
    if (this.#isClosing) pipe.closeWrites();
  }

  #addAway(number: number, far: FarEnd, memory: EngineMemory, isNew: boolean): void {
    const pipe: AwayPipe = new AwayPipe(far, memory, isNew, () => this.ended(pipe));
    this.#pipes.set(number, pipe);
    if (this.isClosing) pipe.closeWrites();
  }

  /** Pipes with rings, by their numbers. */
  *ringPipes(): Generator<readonly [number: number, pipe: RemotePipe]> {
    for (const [number, pipe] of [...this.#pipes]) if (pipe instanceof RemotePipe) yield [number, pipe];
  }

  /** The socket has moved to the I/O thread. */
  moved(): void {
    for (const [number, pipe] of this.ringPipes()) {
      pipe.leave();
      this.#addAway(number, pipe.pipe, pipe.memory, false);
    }
  }

  peerChanged(number: number, change: PeerChange, routingId: Uint8Array | undefined): void {
    const pipe = this.#pipes.get(number);
    if (pipe instanceof AwayPipe) pipe.changed(change, routingId);
  }

  /** What there was to see of a pipe of a socket that has moved: returns the pipe. */
  pipeSeen(number: number, seen: SeenPipe): FarEnd | undefined {
    const pipe = this.#pipes.get(number);
    if (!(pipe instanceof AwayPipe)) return undefined;
    pipe.seen(seen);
    return pipe.pipe;
  }

  /** A large frame came for a pipe, perhaps before the notice of that, or when it is over. */
  frameCame(number: number, frame: number, memory: ArrayBuffer): void {
    this.#frames.came(number, frame, memory);
  }

  dropped(number: number, messages: readonly Uint8Array[][]): void {
    this.#pipes.get(number)?.dropped(messages);
  }

  /** CLOSE is not sent: what was written is on its way to the rings. */
  protected get isLingering(): boolean {
    return this.#lingerUntil !== undefined;
  }

  emit({ error, cause, ...event }: SentEvent): void {
    const received = {
      ...event,
      ...(error !== undefined && { error: receiveZmqError(error) }),
      ...(cause !== undefined && { cause: receiveError(cause) }),
    };
    this.owner.emit(received as MonitorEvent);
  }

  gaveUp(cause: SentError | undefined): void {
    this.owner.gaveUp?.(this.endpoint, cause === undefined ? undefined : receiveError(cause));
  }

  authenticate(request: ZapRequest, peerAddress: string, signal: AbortSignal, listener: ZapListener): void {
    this.owner.authenticate(request, { peerAddress }, this.options, signal, listener);
  }

  /** It is over in the I/O thread. */
  gone(): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#isClosing = true;
    if (this.#lingerTimer !== undefined) this.thread.clock.clearTimer(this.#lingerTimer);
    if (this.#pipes.size === 0) this.thread.forget(this); // else large frames of them may still come
    this.thread.inbox.look();
    for (const pipe of this.#pipes.values()) this.thread.orphaned(pipe, this.owner);
    if (this.#isHeld) this.thread.clock.unref();
    this.owner.gone(this);
  }

  /** The I/O thread is gone. */
  fail(error: ZmqError): void {
    if (!this.#isGone) this.owner.failed?.(this, error);
    for (const pipe of [...this.#pipes.values()]) pipe.fail();
    this.gone();
  }

  // --- RemotePipeOwner ---

  ended(pipe: EndpointPipe): void {
    for (const [number, each] of this.#pipes) {
      if (each !== pipe) continue;
      this.#pipes.delete(number);
      this.#frames.ended(number);
    }
    if (this.#isGone && this.#pipes.size === 0) this.thread.forget(this);
    else this.#tellBacklog();
    this.drained();
  }

  drained(): void {
    if (this.#lingerUntil === undefined) return;
    for (const pipe of this.#pipes.values()) if (!pipe.isInRing) return;
    this.#sayClose();
  }

  /** What departed peers left with the socket counts in the I/O thread too. */
  #tellBacklog(): void {
    const { departedBacklog } = this.owner;
    if (this.#isBacklogTold || !departedBacklog.mustDelay) return;
    this.#isBacklogTold = true;
    this.thread.post({ kind: "backlog", id: this.id, isFull: true });
    departedBacklog.delay({
      startReading: () => {
        this.#isBacklogTold = false;
        this.thread.post({ kind: "backlog", id: this.id, isFull: false });
      },
    });
  }

  #sayClose(): void {
    if (this.#lingerUntil === undefined) return;
    const leftMs = Math.max(0, this.#lingerUntil - this.thread.clock.now());
    this.#lingerUntil = undefined;
    this.flushNow();
    const lingerMs = leftMs === Number.POSITIVE_INFINITY ? -1 : Math.ceil(leftMs);
    this.thread.post({ kind: "close", id: this.id, lingerMs });
  }

  /** Keeps the process alive until it is over. */
  #hold(): void {
    if (this.#isHeld) return;
    this.#isHeld = true;
    this.thread.clock.ref();
  }
}

export class RemoteConnected extends RemoteEndpoint implements ConnectedEndpoint {
  readonly #routingId: Uint8Array | undefined;
  readonly #memory: EngineMemory | undefined;
  #isStarted = false;

  /** `memory`: of the pipe that it has from the beginning; absent with `immediate`. */
  constructor(
    id: number,
    thread: RemoteThread,
    owner: EndpointOwner,
    text: string,
    options: OptionValues,
    routingId: Uint8Array | undefined,
    memory: EngineMemory | undefined,
  ) {
    super(id, thread, owner, text, options);
    this.#routingId = routingId;
    this.#memory = memory;
  }

  /** Without its first pipe it is over, though the I/O thread may not have said so yet. */
  override get isClosing(): boolean {
    return super.isClosing || (this.#isStarted && this.#memory !== undefined && !this.hasPipes);
  }

  start(): void {
    this.#isStarted = true;
    if (this.#memory !== undefined) this.addPipe(0, this.#memory, true, this.endpoint, this.#routingId);
    this.thread.post({ kind: "start", id: this.id });
  }
}

export class RemoteBound extends RemoteEndpoint implements BoundEndpoint {
  #settle: { resolve(): void; reject(error: unknown): void } | undefined = undefined;
  #failure: ZmqError | undefined = undefined;
  #isBound = false;
  #isCloseTold = false;

  /** Frees the address now, as an endpoint of this thread does. */
  override close(lingerMs: number): void {
    if (this.isClosing) return;
    super.close(lingerMs);
    if (this.isLingering) this.thread.post({ kind: "stopListening", id: this.id });
    if (!this.owner.isClosed || !this.#isBound) return;
    // Nobody could hear it when the I/O thread says so: the socket's last event follows this call.
    this.#isCloseTold = true;
    this.owner.emit({ type: "close", address: this.endpoint });
  }

  override emit(event: SentEvent): void {
    if (event.type !== "close" || !this.#isCloseTold) super.emit(event);
  }

  start(): Promise<void> {
    const { clock } = this.thread;
    clock.ref();
    const started = new Promise<void>((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    this.thread.post({ kind: "start", id: this.id });
    return started.finally(() => clock.unref());
  }

  startSync(): void {
    const done = new Int32Array(new SharedArrayBuffer(4));
    this.thread.post({ kind: "startSync", id: this.id, done });
    this.thread.await(done);
    if (this.#failure !== undefined) throw this.#failure;
  }

  bound(endpoint: string): void {
    this.endpoint = endpoint;
    this.#isBound = true;
    this.#settle?.resolve();
  }

  bindFailed(error: ZmqError): void {
    this.#failure = error;
    this.thread.forget(this);
    this.#settle?.reject(error);
  }

  override fail(error: ZmqError): void {
    this.bindFailed(error);
    super.fail(error);
  }
}
