/**
 * The working part of a socket: joins its pattern (routing) with its pipes
 * (peers) and its operations (sending and receiving). `Socket` is the thin
 * object that users hold; it may be garbage-collected while a core still
 * delivers what was sent.
 */

import { fromText } from "../base/bytes.ts";
import type { Clock } from "../base/clock.ts";
import { DepartedBacklog } from "../base/departed-backlog.ts";
import type { ZmqError } from "../base/errors.ts";
import type { MonitorEvent } from "../base/events.ts";
import type { Control, Message, Properties } from "../base/message.ts";
import type { OwnedPipe, PipeOwner, PipeState } from "../base/near-end.ts";
import { type OptionName, type OptionValues, setOption } from "../base/options.ts";
import { createPipe, type Pipe } from "../base/pipe.ts";
import type { SocketTypeName } from "../base/socket-types.ts";
import { IN_PAGE } from "../base/target.ts";
import type { SocketMovement } from "../engine/moving-proxy.ts";
import {
  DROP_REASONS,
  type DropReason,
  type Pattern,
  type PatternClass,
  type PatternHost,
} from "../pattern/pattern.ts";
import { KeepAlive } from "./keep-alive.ts";
import { Operations, type OperationsHost } from "./operations.ts";
import type { SendLines } from "./send-lines.ts";
import type { Turn } from "./turn.ts";
import { reasonOf, shownFrame, type Voice } from "./voice.ts";

/** Something that watches a core: a proxy, a poller, `connected()`. */
export interface Watcher {
  /** Readiness to send or receive, or the set of peers, may have changed. Must not send or receive within the call. */
  changed(): void;
}

/** What is told of the peer of a dropped message. */
type DropPeer = Pick<PipeState, "endpoint" | "remoteAddress">;

/** Something that listens to what happens to a socket's connections, and to its messages that are dropped. */
export interface SocketObserver {
  event(event: MonitorEvent): void;
  /** Whether somebody reads events of this type, or listens to them. */
  hears(type: MonitorEvent["type"]): boolean;
  hearsDrops(): boolean;
  dropped(reason: DropReason, pipe: DropPeer | undefined, message: Message): void;
}

/** Events that say why a connection ended. */
const TELLING = ["disconnect", "handshake:error:protocol", "handshake:error:auth", "handshake:error:other"] as const;

export class SocketCore implements PipeOwner, PatternHost, OperationsHost {
  readonly type: SocketTypeName;
  readonly options: OptionValues;
  readonly turn: Turn;
  readonly pattern: Pattern;
  readonly operations: Operations;
  /** Keeps the process alive while calls wait on this socket. */
  readonly alive: KeepAlive;
  /** Peers now, dialed pipes without a link included. */
  readonly pipes = new Set<OwnedPipe>();
  /** The unread messages of departed peers. */
  readonly departedBacklog: DepartedBacklog;
  isClosed = false;
  isWatched = false;
  /** A proxy owns the socket. */
  isProxied = false;
  /** Its pattern is with the proxy, in the thread of its connections: here is only what is known of its peers. */
  movement: SocketMovement | undefined;
  readonly #drops = new Map<DropReason, number>();
  /** Says what nobody asked for; set by the context. */
  #voice: Voice | undefined;
  /** Why the last connection ended or could not be made. */
  #lastFailure: { readonly address: string; readonly cause: unknown } | undefined;
  #traceDrop: Voice["dropped"] = undefined;
  /** Set while the socket closes: told when a peer is gone. */
  pipeEnded: (() => void) | undefined;
  /** Those that listen to its events now. */
  readonly observers = new Set<SocketObserver>();
  readonly #watchers = new Set<Watcher>();
  /** Watchers that wait until all has left. */
  readonly #idleWatchers = new Set<Watcher>();
  #isIdleDue = false;

  /** `sendLines`: of a pattern whose sender names the peer; needed in pages alone. */
  constructor(
    type: SocketTypeName,
    options: OptionValues,
    turn: Turn,
    patternClass: PatternClass,
    sendLines?: typeof SendLines,
  ) {
    const { clock } = turn;
    this.type = type;
    this.options = options;
    this.turn = turn;
    this.departedBacklog = new DepartedBacklog(clock, () => options.departedHighWaterMarkBytes);
    this.pattern = new patternClass(this);
    this.alive = new KeepAlive(clock);
    this.operations = new Operations(this, this.pattern, sendLines);
  }

  get clock(): Clock {
    return this.turn.clock;
  }

  /** Messages that were dropped, by reason. */
  get drops(): Map<DropReason, number> {
    const movement = IN_PAGE ? undefined : this.movement;
    if (movement === undefined) return this.#drops;
    const drops = new Map(this.#drops);
    for (const [i, reason] of DROP_REASONS.entries()) {
      const count = movement.drops[i] ?? 0;
      if (count > 0) drops.set(reason, (drops.get(reason) ?? 0) + count);
    }
    return drops;
  }

  /** REQ: gives up the request that awaits its reply; see `Pattern.abandon`. */
  abandon(): void {
    this.pattern.abandon?.();
    this.operations.serve();
  }

  // --- Watching ---

  /** `tellsIdle`: also when all that was written to some peer has left. */
  watch(watcher: Watcher, tellsIdle = false): void {
    this.#watchers.add(watcher);
    this.isWatched = true;
    if (tellsIdle) this.#idleWatchers.add(watcher);
  }

  unwatch(watcher: Watcher): void {
    this.#watchers.delete(watcher);
    this.isWatched = this.#watchers.size > 0;
    this.#idleWatchers.delete(watcher);
  }

  notify(): void {
    // A watcher may cause another `notify` within the call, and end the wait of others.
    for (const watcher of [...this.#watchers]) if (this.#watchers.has(watcher)) watcher.changed();
  }

  // --- PipeOwner ---

  opened(pipe: OwnedPipe): void {
    this.pipes.add(pipe);
    if (!IN_PAGE && this.movement !== undefined) return;
    this.pattern.attach(pipe);
    this.operations.serve(pipe);
  }

  readable(pipe: OwnedPipe): void {
    this.pattern.readable(pipe);
    this.operations.serve(pipe);
  }

  writable(pipe: OwnedPipe): void {
    this.pattern.writable(pipe);
    this.operations.serve(pipe);
  }

  connected(pipe: OwnedPipe): void {
    if (IN_PAGE || this.movement === undefined) this.pattern.connected?.(pipe);
    this.operations.serve(pipe);
  }

  disconnected(pipe: OwnedPipe): void {
    if (IN_PAGE || this.movement === undefined) this.pattern.disconnected?.(pipe);
    this.operations.serve(pipe);
  }

  control(pipe: OwnedPipe, control: Control): void {
    this.pattern.control?.(pipe, control);
    this.operations.serve(pipe);
  }

  ended(pipe: OwnedPipe): void {
    if (!this.pipes.delete(pipe)) return;
    if (IN_PAGE || this.movement === undefined) this.pattern.detach(pipe);
    if (pipe.isQueued) pipe.leaveTo(this.departedBacklog);
    this.operations.serve(pipe);
    this.pipeEnded?.();
  }

  discarded(pipe: OwnedPipe, message: Message, reason: DropReason = "disconnected"): void {
    this.dropped(reason, pipe, message);
  }

  /** Once a turn, however many peers there are; also told by the endpoints. */
  idle(): void {
    if (this.#idleWatchers.size === 0 || this.#isIdleDue) return;
    this.#isIdleDue = true;
    this.clock.defer(() => {
      this.#isIdleDue = false;
      for (const watcher of [...this.#idleWatchers]) watcher.changed();
    });
  }

  // --- Pipes ---

  /** Of its own, not opened yet. `routingId`: the one that the user chose for the peer. */
  createPipe(endpoint: string, dialed: boolean, options: OptionValues, routingId?: Uint8Array): Pipe {
    const limits = {
      sendHighWaterMark: this.options.sendHighWaterMark,
      receiveHighWaterMark: this.options.receiveHighWaterMark,
      conflate: options.conflate,
      sendHighWaterMarkBytes: options.sendHighWaterMarkBytes,
      receiveHighWaterMarkBytes: options.receiveHighWaterMarkBytes,
    };
    return createPipe(this, endpoint, dialed, limits, routingId);
  }

  // --- PatternHost ---

  random32(): number {
    return this.clock.random32();
  }

  later(task: () => void): void {
    this.clock.yield(() => {
      task();
      this.operations.serve();
    });
  }

  leftBehind(bytes: number): void {
    this.departedBacklog.add(bytes);
  }

  takenUp(bytes: number): void {
    this.departedBacklog.remove(bytes);
  }

  dropped(reason: DropReason, pipe: PipeState | undefined, message: Message): void {
    this.#drops.set(reason, (this.#drops.get(reason) ?? 0) + 1);
    this.tellDrop(reason, pipe, message);
  }

  /** Tells of a message that was counted. */
  tellDrop(reason: DropReason, pipe: DropPeer | undefined, message: Message): void {
    for (const observer of this.observers) observer.dropped(reason, pipe, message);
    if (!IN_PAGE && this.#traceDrop !== undefined)
      this.#traceDrop(this.type, reason, pipe, shownFrame(message, this.options));
  }

  get hearsDrops(): boolean {
    return this.#traceDrop !== undefined || [...this.observers].some((observer) => observer.hearsDrops());
  }

  /** An observer hears of dropped messages from now on. */
  hearDrops(): void {
    if (!IN_PAGE) this.movement?.hearDrops();
  }

  emit(event: MonitorEvent): void {
    for (const observer of this.observers) observer.event(event);
    if (!IN_PAGE) this.#voice?.event(event, event.type === "accept:error" && this.#isHeard([event.type]));
    if (event.type === "handshake") this.#lastFailure = undefined;
    else if ((event.type === "close" || event.type === "disconnect") && event.cause !== undefined) {
      this.#lastFailure = { address: event.address, cause: event.cause };
    }
  }

  /** What keeps messages from coming and going, as far as this side knows. For errors of calls that waited in vain. */
  get obstacle(): string | undefined {
    if (this.options.lastEndpoint === null) return "the socket is neither bound nor connected";
    if (this.type === "SUB" && this.topicsCount === 0) return "the socket has no subscription: call subscribe()";
    for (const pipe of this.pipes) if (pipe.isConnected) return undefined;
    const failure = this.#lastFailure;
    if (failure === undefined) return "no peer is connected";
    return `no peer is connected; the last attempt at ${failure.address}: ${reasonOf(failure.cause)}`;
  }

  /** A connected endpoint will never be tried again; `cause` is that of the `disconnect` event before. */
  gaveUp(address: string, cause: unknown): void {
    this.#voice?.gaveUp(address, cause, this.#isHeard(TELLING));
  }

  #isHeard(types: readonly MonitorEvent["type"][]): boolean {
    return [...this.observers].some((observer) => types.some((type) => observer.hears(type)));
  }

  /** From now on it warns and traces by `voice`. */
  speakBy(voice: Voice): void {
    this.#voice = voice;
    if (!IN_PAGE) this.#traceDrop = voice.dropped;
  }

  // --- Options and closing ---

  /** Checks and assigns; what applies at once takes effect here. Throws as `setOption` of base/options.ts. */
  assign<N extends OptionName>(name: N, value: unknown): void {
    setOption(this.options, name, value, this.type);
    if (name === "sendHighWaterMark" || name === "receiveHighWaterMark") {
      const { sendHighWaterMark, receiveHighWaterMark } = this.options;
      for (const pipe of this.pipes) pipe.resize(sendHighWaterMark, receiveHighWaterMark);
    }
    if (name === "departedHighWaterMarkBytes") this.departedBacklog.limitChanged();
    this.pattern.optionChanged?.(name);
    if (!IN_PAGE) this.movement?.assigned(name, value);
    this.operations.serve();
  }

  /** ZMQ_TOPICS_COUNT. */
  get topicsCount(): number {
    return this.known.topicsCount ?? 0;
  }

  /** What is known of topics, by its pattern wherever that is. */
  get known(): Pick<Pattern, "topicsCount" | "topics" | "topicsOf" | "hasSubscriber"> {
    return IN_PAGE ? this.pattern : (this.movement ?? this.pattern);
  }

  /** The properties of this socket for an inproc peer. */
  get properties(): Properties {
    const properties = new Map([
      ["Socket-Type", fromText(this.type)],
      ["Identity", this.options.routingId],
    ]);
    for (const [name, value] of Object.entries(this.options.metadata)) properties.set(name, fromText(value));
    return properties;
  }

  /** The engine of an endpoint is gone: all that waits is rejected. */
  fail(address: string, error: ZmqError): void {
    this.emit({ type: "close:error", address, error });
    this.operations.rejectAll(() => error);
    this.notify();
  }

  /** Ends all waiting operations; the endpoints are closed by their keeper. */
  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.operations.close();
    this.notify();
  }
}
