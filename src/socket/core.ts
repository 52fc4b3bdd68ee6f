/**
 * The working part of a socket: joins its pattern (routing) with its pipes
 * (peers) and its waiting operations. The only place that knows promises and
 * time-outs. `Socket` is the thin object that users hold; it may be garbage-
 * collected while a core still delivers what was sent.
 */

import { fromText } from "../base/bytes.ts";
import type { Clock } from "../base/clock.ts";
import { ZmqError } from "../base/errors.ts";
import type { MonitorEvent } from "../base/events.ts";
import { Leftovers } from "../base/leftovers.ts";
import type { Control, Message, Properties } from "../base/message.ts";
import {
  getOptionById,
  hasOption,
  type OptionName,
  type OptionValues,
  optionById,
  optionInput,
  setOption,
} from "../base/options.ts";
import { Pipe, type PipeOwner } from "../base/pipe.ts";
import type { SocketTypeName } from "../base/socket-types.ts";
import type { DropReason, Pattern, PatternHost } from "../pattern/pattern.ts";
import { WaitingLine } from "./waiting.ts";

/**
 * Operations that may complete in a row without a turn of the event loop. The
 * next one completes in a later turn, so that timers and other sockets run.
 */
const BURST = 800;

/** A message and where it came from. */
export interface Received {
  readonly message: Message;
  readonly source: Pipe | undefined;
}

export type PatternFactory = (host: PatternHost) => Pattern;

/** What a core tells others that watch it: a proxy, a poller, `connected()`. */
export interface Watcher {
  /** Readiness to send or receive, or the set of peers, may have changed. Must not send or receive within the call. */
  changed(): void;
}

export class SocketCore implements PipeOwner, PatternHost {
  readonly type: SocketTypeName;
  readonly options: OptionValues;
  readonly clock: Clock;
  readonly pattern: Pattern;
  /** Peers now, dialed pipes without a link included. */
  readonly pipes = new Set<Pipe>();
  /** What those left behind unread that are gone. */
  readonly leftovers: Leftovers;
  isClosed = false;
  /** A proxy owns the socket. */
  isProxied = false;
  /** Messages that were dropped, by reason. */
  readonly drops = new Map<DropReason, number>();
  /** Set by the observer, while somebody observes. */
  observe: ((event: MonitorEvent) => void) | undefined = undefined;
  observeDrop: ((reason: DropReason, pipe: Pipe | undefined, message: Message) => void) | undefined = undefined;

  readonly #senders: WaitingLine<Message, void>;
  readonly #receivers: WaitingLine<undefined, Received>;
  readonly #watchers = new Set<Watcher>();
  /** Those that wait for the moment when all has left. */
  readonly #idleWatchers = new Set<Watcher>();
  #isIdleDue = false;
  readonly #done = Promise.resolve();
  /** Operations completed since the event loop last turned for this socket. */
  #completed = 0;
  #isServing = false;

  constructor(type: SocketTypeName, options: OptionValues, clock: Clock, createPattern: PatternFactory) {
    this.type = type;
    this.options = options;
    this.clock = clock;
    this.leftovers = new Leftovers(clock, () => options.departedHighWaterMarkBytes);
    this.pattern = createPattern(this);
    this.#senders = new WaitingLine(clock, (ms) => this.#inVain(ms, "send", "no peer had room for the message"));
    this.#receivers = new WaitingLine(clock, (ms) => this.#inVain(ms, "receive", "no message came"));
  }

  // --- Sending and receiving ---

  /** `keeper` is kept from garbage collection while the call waits, `timeoutMs` or as long as the option says. */
  send(message: Message, keeper: object, signal?: AbortSignal, timeoutMs?: number): Promise<void> {
    const { pattern } = this;
    if (pattern.send === undefined) return Promise.reject(this.#cannot("send"));
    if (this.#senders.length === 0) {
      try {
        if (pattern.send(message)) {
          if (this.#receivers.length > 0) this.#serve();
          if (++this.#completed < BURST) return this.#done;
          return this.#later(undefined);
        }
      } catch (error) {
        return Promise.reject(error);
      }
    }
    return this.#senders.join(message, { timeoutMs: timeoutMs ?? this.options.sendTimeout, signal }, keeper);
  }

  receive(keeper: object, signal?: AbortSignal, timeoutMs?: number): Promise<Message> {
    const { pattern } = this;
    if (this.#receivers.length === 0) {
      const message = pattern.receive?.();
      if (message !== undefined) {
        if (this.#senders.length > 0) this.#serve();
        if (++this.#completed < BURST) return Promise.resolve(message);
        return this.#later(message);
      }
    }
    return this.#waitToReceive(keeper, signal, timeoutMs).then(messageOf);
  }

  /** As `receive`, with the peer that the message came from. */
  receiveFrom(keeper: object, signal?: AbortSignal): Promise<Received> {
    const { pattern } = this;
    if (this.#receivers.length === 0) {
      const message = pattern.receive?.();
      if (message !== undefined) {
        const received = { message, source: pattern.source };
        if (this.#senders.length > 0) this.#serve();
        if (++this.#completed < BURST) return Promise.resolve(received);
        return this.#later(received);
      }
    }
    return this.#waitToReceive(keeper, signal);
  }

  /** As `receive`, for a loop: done once the socket is closed, also when that happens while the call waits. */
  next(keeper: object): Promise<IteratorResult<Message, undefined>> {
    if (this.isClosed) return Promise.resolve(DONE);
    if (this.#receivers.length === 0) {
      const message = this.pattern.receive?.();
      if (message !== undefined) {
        if (this.#senders.length > 0) this.#serve();
        const result = { value: message, done: false } as const;
        if (++this.#completed < BURST) return Promise.resolve(result);
        return this.#later(result);
      }
    }
    return this.#waitToReceive(keeper, undefined).then(
      ({ message }) => ({ value: message, done: false }),
      (error: unknown) => {
        if (this.isClosed && error instanceof ZmqError && error.code === "EAGAIN") return DONE;
        throw error;
      },
    );
  }

  #waitToReceive(keeper: object, signal: AbortSignal | undefined, timeoutMs?: number): Promise<Received> {
    if (this.pattern.receive === undefined) return Promise.reject(this.#cannot("receive"));
    return this.#receivers.join(undefined, { timeoutMs: timeoutMs ?? this.options.receiveTimeout, signal }, keeper);
  }

  #cannot(operation: "send" | "receive"): ZmqError {
    return new ZmqError("ENOTSUP", { detail: `${this.type} sockets cannot ${operation}` });
  }

  /** REQ: gives up the request that awaits its reply; see `Pattern.abandon`. */
  abandon(): void {
    this.pattern.abandon?.();
    this.#serve();
  }

  /** Why an operation that waited did not happen: nothing came of it, or it was out of turn. */
  #inVain(waitedMs: number, operation: "send" | "receive", nothing: string): ZmqError {
    const code = this.pattern.blockedBy ?? "EAGAIN";
    const reason = code === "EFSM" ? `a ${this.type} socket cannot ${operation} in this state` : nothing;
    return new ZmqError(code, { detail: waitedMs === 0 ? reason : `${reason} within ${waitedMs} ms` });
  }

  #later<T>(result: T): Promise<T> {
    this.#completed = 0;
    return new Promise((resolve) => this.clock.yield(() => resolve(result)));
  }

  /** Completes waiting operations as far as the pattern allows, and tells the watchers. */
  #serve(): void {
    if (this.#isServing) return;
    this.#isServing = true;
    try {
      while (this.#serveReceivers() || this.#serveSenders());
    } finally {
      this.#isServing = false;
    }
    this.#completed = 0;
    if (this.#watchers.size > 0) this.notify();
  }

  /** True when any receive was completed: then a send may have become possible. */
  #serveReceivers(): boolean {
    const receivers = this.#receivers;
    let progress = false;
    while (receivers.length > 0) {
      const message = this.pattern.receive?.();
      if (message === undefined) break;
      receivers.resolveFirst({ message, source: this.pattern.source });
      progress = true;
    }
    return progress;
  }

  #serveSenders(): boolean {
    const senders = this.#senders;
    let progress = false;
    while (senders.length > 0) {
      try {
        if (!this.pattern.send?.(senders.first)) break;
        senders.resolveFirst();
      } catch (error) {
        senders.rejectFirst(error);
      }
      progress = true;
    }
    return progress;
  }

  // --- Watching ---

  /** `tellsIdle`: also when all that was written to some peer has left. */
  watch(watcher: Watcher, tellsIdle = false): void {
    this.#watchers.add(watcher);
    if (tellsIdle) this.#idleWatchers.add(watcher);
  }

  unwatch(watcher: Watcher): void {
    this.#watchers.delete(watcher);
    this.#idleWatchers.delete(watcher);
  }

  notify(): void {
    // One that is told may come round to here again, and end the wait of others.
    for (const watcher of [...this.#watchers]) if (this.#watchers.has(watcher)) watcher.changed();
  }

  // --- PipeOwner ---

  readable(pipe: Pipe): void {
    this.pattern.readable(pipe);
    this.#serve();
  }

  writable(pipe: Pipe): void {
    this.pattern.writable(pipe);
    this.#serve();
  }

  connected(pipe: Pipe): void {
    this.pattern.connected?.(pipe);
    this.#serve();
  }

  disconnected(pipe: Pipe): void {
    this.pattern.disconnected?.(pipe);
    this.#serve();
  }

  control(pipe: Pipe, control: Control): void {
    this.pattern.control?.(pipe, control);
    this.#serve();
  }

  ended(pipe: Pipe): void {
    if (!this.pipes.delete(pipe)) return;
    this.pattern.detach(pipe);
    if (pipe.queued) pipe.leaveTo(this.leftovers);
    this.#serve();
  }

  discarded(pipe: Pipe, message: Message): void {
    this.dropped("disconnected", pipe, message);
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

  createPipe(endpoint: string, dialed: boolean, options: OptionValues): Pipe {
    return new Pipe(this, endpoint, dialed, {
      sendHighWaterMark: this.options.sendHighWaterMark,
      receiveHighWaterMark: this.options.receiveHighWaterMark,
      conflate: options.conflate,
      sendHighWaterMarkBytes: options.sendHighWaterMarkBytes,
      receiveHighWaterMarkBytes: options.receiveHighWaterMarkBytes,
    });
  }

  attach(pipe: Pipe): void {
    this.pipes.add(pipe);
    this.pattern.attach(pipe);
    this.#serve();
  }

  // --- PatternHost ---

  random32(): number {
    return this.clock.random32();
  }

  leftBehind(bytes: number): void {
    this.leftovers.add(bytes);
  }

  takenUp(bytes: number): void {
    this.leftovers.remove(bytes);
  }

  dropped(reason: DropReason, pipe: Pipe | undefined, message: Message): void {
    this.drops.set(reason, (this.drops.get(reason) ?? 0) + 1);
    this.observeDrop?.(reason, pipe, message);
  }

  emit(event: MonitorEvent): void {
    this.observe?.(event);
  }

  // --- Options and closing ---

  /** Checks and assigns; what applies at once takes effect here. Throws as `setOption` of base/options.ts. */
  assign<N extends OptionName>(name: N, value: unknown): void {
    setOption(this.options, name, value, this.type);
    if (name === "sendHighWaterMark" || name === "receiveHighWaterMark") {
      const { sendHighWaterMark, receiveHighWaterMark } = this.options;
      for (const pipe of this.pipes) pipe.resize(sendHighWaterMark, receiveHighWaterMark);
    }
    if (name === "departedHighWaterMarkBytes") this.leftovers.limitChanged();
    this.pattern.optionChanged?.(name);
  }

  /** ZMQ_TOPICS_COUNT. */
  get topicsCount(): number {
    return this.pattern.topicsCount ?? 0;
  }

  /** By libzmq's number, as libzmq's value. Throws EINVAL for one that is unknown or not of this type. */
  getById(id: number): unknown {
    return this.#option(id) === "topicsCount" ? this.topicsCount : getOptionById(this.options, id);
  }

  /** What libzmq's number and value come to: the name of the option, and what to assign to it. Throws as `getById`. */
  optionInput(id: number, value: unknown): { name: OptionName; input: unknown } {
    const name = this.#option(id);
    return { name, input: optionInput(name, id, value) };
  }

  #option(id: number): OptionName {
    if (typeof id !== "number") throw new TypeError("Identifier must be a number");
    const name = optionById(id);
    if (name === undefined || !hasOption(this.type, name)) {
      throw new ZmqError("EINVAL", { detail: `${id} is not an option of ${this.type} sockets` });
    }
    return name;
  }

  /** What this socket tells an inproc peer of itself. */
  get properties(): Properties {
    const properties = new Map([
      ["Socket-Type", fromText(this.type)],
      ["Identity", this.options.routingId],
    ]);
    for (const [name, value] of Object.entries(this.options.metadata)) properties.set(name, fromText(value));
    return properties;
  }

  /** Ends all waiting operations; the endpoints are closed by their keeper. */
  close(): void {
    if (this.isClosed) return;
    this.#serve();
    this.isClosed = true;
    // The reason is that of the last attempt: an operation out of turn fails with EFSM.
    const isBoth = this.#senders.length > 0 && this.#receivers.length > 0;
    const reason = isBoth ? "EAGAIN" : (this.pattern.blockedBy ?? "EAGAIN");
    this.#senders.rejectAll(() => new ZmqError(reason));
    this.#receivers.rejectAll(() => new ZmqError(reason));
    this.notify();
  }
}

const DONE = { value: undefined, done: true } as const;

function messageOf(received: Received): Message {
  return received.message;
}
