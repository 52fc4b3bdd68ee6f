/**
 * Sending and receiving of one socket: tries at once what can be done, keeps
 * the rest in line, and goes on when the pattern can. A pattern knows no
 * promises; this knows no peers.
 */

import { ZmqError } from "../base/errors.ts";
import type { Message } from "../base/message.ts";
import type { NearEnd } from "../base/near-end.ts";
import type { OptionValues } from "../base/options.ts";
import type { SocketTypeName } from "../base/socket-types.ts";
import { IN_PAGE } from "../base/target.ts";
import type { Pattern } from "../pattern/pattern.ts";
import { cannot, inVain } from "./in-vain.ts";
import type { Alive } from "./keep-alive.ts";
import { type Batch, Many, takeSome } from "./many.ts";
import { SendLine } from "./send-line.ts";
import { SendLines } from "./send-lines.ts";
import type { Turn, TurnWaiter } from "./turn.ts";
import { Line, type Waiting, type WaitLimits } from "./waiting.ts";

/** A message and where it came from. */
export interface Received {
  readonly message: Message;
  readonly source: NearEnd | undefined;
}

/** The socket, as its operations see it. */
export interface OperationsHost {
  readonly type: SocketTypeName;
  readonly options: OptionValues;
  readonly turn: Turn;
  readonly alive: Alive;
  readonly obstacle: string | undefined; // what keeps messages from coming and going, for people
  /** Whether anybody wants to hear that readiness changed, and telling them. */
  readonly isWatched: boolean;
  notify(): void;
}

type Reject = (error: unknown) => void;

const SENT = Promise.resolve();
const DONE = { value: undefined, done: true } as const;

export class Operations implements TurnWaiter {
  readonly #host: OperationsHost;
  readonly #pattern: Pattern;
  /** Users see messages in another form than as frames. */
  readonly #presents: boolean;
  readonly #turn: Turn;
  readonly #senders: SendLine | SendLines;
  /** Those that take many at a time have the place for them as payload. */
  readonly #receivers: Line<Batch | undefined, Message>;
  #isServing = false;
  #isClosed = false;

  constructor(host: OperationsHost, pattern: Pattern, sendLines?: typeof SendLines) {
    const { turn, alive } = host;
    const { clock } = turn;
    this.#host = host;
    this.#pattern = pattern;
    this.#presents = pattern.present !== undefined;
    this.#turn = turn;
    const sendExpired = (send: Waiting<Message, void>) => this.#expired(send, "send");
    // Where it matters little that there is one form more, a bundle without addresses has none of the lines for them.
    const lines = IN_PAGE ? (sendLines ?? SendLine) : SendLines;
    this.#senders = new lines(pattern, (onLeft) => new Line(clock, alive, sendExpired, onLeft));
    this.#receivers = new Line(clock, alive, (receive) => this.#expired(receive, "receive"));
  }

  /**
   * A message without frames is nothing, as in zeromq.js. One is taken at once where there is room; beyond the turn's bound only its caller hears of it later.
   * `keeper` is kept from garbage collection while the call waits, `timeoutMs` or as long as the option says.
   */
  send(message: Message, keeper: object, signal?: AbortSignal, timeoutMs?: number): Promise<void> {
    const pattern = this.#pattern;
    if (pattern.send === undefined) return Promise.reject(this.#cannot("send"));
    if (message.length === 0) return this.#turn.spend() ? SENT : this.#turn.next;
    if (this.#senders.length === 0 || !this.#senders.mustWait(message)) {
      try {
        if (pattern.send(message)) {
          if (this.#receivers.length > 0 || this.#host.isWatched) this.serve();
          return this.#turn.spend() ? SENT : this.#turn.next;
        }
      } catch (error) {
        return this.#failed(error);
      }
    }
    return this.#waitToSend(message, keeper, signal, timeoutMs);
  }

  /**
   * Takes a message now, or returns false: there is no room, or sends that came before wait. Throws what `send` rejects
   * with, EAGAIN aside. Not held up when the turn is over: only the caller could wait for the next.
   */
  trySend(message: Message): boolean {
    const pattern = this.#pattern;
    if (pattern.send === undefined) throw this.#cannot("send");
    if (message.length === 0) return true;
    if (this.#senders.length > 0 && this.#senders.mustWait(message)) return false;
    if (!pattern.send(message)) {
      if (pattern.blockedBy === "EFSM") throw this.#inVain(0, "send");
      return false;
    }
    this.#turn.spend();
    if (this.#receivers.length > 0 || this.#host.isWatched) this.serve();
    return true;
  }

  /**
   * Sends one after the other, and resolves when all were taken. The rest of them waits where the first that had no
   * room waits, ahead of later calls. An error tells by `sent` how many were taken before it.
   */
  sendMany(messages: readonly Message[], keeper: object, signal?: AbortSignal): Promise<void> {
    if (this.#pattern.send === undefined) return Promise.reject(this.#cannot("send"));
    const many = new Many(messages);
    try {
      if (this.#sendOn(many)) return this.#turn.isOver ? this.#turn.next : SENT;
    } catch (error) {
      return this.#failed(many.failure(error));
    }
    return new Promise((resolve, reject) => this.#sendRest(many, resolve, reject, keeper, signal));
  }

  receive(keeper: object, signal?: AbortSignal, timeoutMs?: number): Promise<Message> {
    const message = this.#take();
    // The look at the length tells V8 that this is a plain array: then it knows that there is no `then` to look for.
    if (message !== undefined && message.length >= 0) return Promise.resolve(message);
    return this.#receiveLater(keeper, signal, timeoutMs);
  }

  /**
   * The message that is there, or undefined, also when calls that came before wait for it. Throws what `receive` rejects
   * with, EAGAIN aside. Not held up when the turn is over, as `trySend`.
   */
  tryReceive(): Message | undefined {
    const pattern = this.#pattern;
    if (pattern.receive === undefined) throw this.#cannot("receive");
    if (this.#receivers.length > 0) return undefined;
    const message = pattern.receive();
    if (message === undefined) {
      if (pattern.blockedBy === "EFSM") throw this.#inVain(0, "receive");
      return undefined;
    }
    if (!IN_PAGE && this.#presents) pattern.present?.(message);
    this.#turn.spend();
    if (this.#senders.length > 0 || this.#host.isWatched) this.serve();
    return message;
  }

  /** What is there: at least one, `max` at most, and no more than one turn allows. */
  receiveMany(max: number, keeper: object, signal?: AbortSignal): Promise<Message[]> {
    const messages = this.#takeMany(max);
    if (messages !== undefined) return Promise.resolve(messages);
    return new Promise((resolve, reject) => this.#waitToReceiveMany(max, resolve, reject, keeper, signal));
  }

  /** As `receive`, with the peer that the message came from. */
  receiveFrom(keeper: object, signal?: AbortSignal): Promise<Received> {
    const withSource = (message: Message) => ({ message, source: this.#pattern.source });
    const message = this.#take();
    if (message !== undefined) return Promise.resolve(withSource(message));
    return new Promise((resolve, reject) => {
      this.#waitToReceive((taken) => resolve(withSource(taken)), reject, keeper, signal);
    });
  }

  /** As `receive`, for a loop: done once the socket is closed, also when that happens while the call waits. */
  next(keeper: object): Promise<IteratorResult<Message, undefined>> {
    if (this.#isClosed) return Promise.resolve(DONE);
    const message = this.#take();
    if (message !== undefined) return Promise.resolve({ value: message, done: false });
    return this.#nextLater(keeper);
  }

  /** As `receiveMany`, for a loop, as `next`. */
  nextMany(max: number, keeper: object, signal?: AbortSignal): Promise<IteratorResult<Message[], undefined>> {
    if (this.#isClosed) return Promise.resolve(DONE);
    const messages = this.#takeMany(max);
    if (messages !== undefined) return Promise.resolve({ value: messages, done: false });
    return new Promise((resolve, reject) => {
      const end: Reject = (error) => (this.#isClosed ? resolve(DONE) : reject(error));
      this.#waitToReceiveMany(max, (value) => resolve({ value, done: false }), end, keeper, signal);
    });
  }

  /** Completes what waits as far as the pattern allows. `pipe`: the one that changed, where it was one. */
  serve(pipe?: NearEnd): void {
    this.#senders.notice(pipe);
    if (this.#isServing) return;
    this.#isServing = true;
    try {
      while (this.#serveReceivers() || this.#senders.serve(this.#mayGoOn));
    } finally {
      this.#isServing = false;
    }
    if (this.#turn.isOver && (this.#receivers.length > 0 || this.#senders.length > 0)) this.#turn.wait(this);
    if (this.#host.isWatched) this.#host.notify();
  }

  get isWaiting(): boolean {
    return this.#senders.length + this.#receivers.length > 0;
  }

  /** The next turn has begun. */
  turnBegan(): void {
    if (!this.#isClosed) this.serve();
  }

  /** Completes what can be completed, and ends the rest. */
  close(): void {
    this.#isClosed = true;
    this.serve();
    // The reason is that of the last attempt: an operation out of turn fails with EFSM.
    const isBoth = this.#senders.length > 0 && this.#receivers.length > 0;
    const reason = isBoth ? "EAGAIN" : (this.#pattern.blockedBy ?? "EAGAIN");
    this.rejectAll(() => new ZmqError(reason, { detail: "the socket was closed while the call waited" }));
  }

  rejectAll(error: () => ZmqError): void {
    this.#senders.rejectAll(error);
    this.#receivers.rejectAll(error);
  }

  /** A message that is there, unless other calls wait for one, or all wait for the next turn. */
  #take(): Message | undefined {
    if (this.#receivers.length > 0 || this.#turn.isOver) return undefined;
    const message = this.#pattern.receive?.();
    if (message === undefined) return undefined;
    if (!IN_PAGE && this.#presents) this.#pattern.present?.(message);
    this.#turn.spend();
    if (this.#senders.length > 0 || this.#host.isWatched) this.serve();
    return message;
  }

  #takeMany(max: number): Message[] | undefined {
    if (this.#receivers.length > 0 || this.#turn.isOver) return undefined;
    const messages: Message[] = [];
    this.#fill(messages, max);
    if (messages.length === 0) return undefined;
    if (this.#senders.length > 0 || this.#host.isWatched) this.serve();
    return messages;
  }

  #fill(messages: Message[], max: number): void {
    while (messages.length < max && this.#mayGoOn()) {
      const before = messages.length;
      if (!takeSome(this.#pattern, messages, max)) return;
      this.#turn.spendMany(messages.length - before);
    }
  }

  /** Sends what can be sent in this turn. True when that was all. */
  #sendOn(many: Many): boolean {
    const { messages } = many;
    const pattern = this.#pattern;
    try {
      for (; many.sent < messages.length; many.sent++) {
        const message = messages[many.sent] as Message;
        if (message.length > 0) {
          if (!this.#mayGoOn()) return false;
          const isInLine = this.#senders.length > 0 && !this.#isFirst(many, message);
          if (isInLine && this.#senders.mustWait(message)) return false;
          if (!pattern.send?.(message)) return false;
        }
        this.#turn.spend();
      }
      return true;
    } finally {
      if (this.#receivers.length > 0 || this.#host.isWatched) this.serve();
    }
  }

  /** Whether the call was the first of the line in which this message would wait. */
  #isFirst(many: Many, message: Message): boolean {
    return many.hasWaited && many.lineKey === this.#senders.keyOf(message);
  }

  #sendRest(many: Many, resolve: () => void, reject: Reject, keeper: object, signal?: AbortSignal): void {
    const fail: Reject = (error) => reject(many.failure(error, signal));
    const limits = { timeoutMs: this.#host.options.sendTimeout, signal, keeper };
    if (signal?.aborted) fail(signal.reason);
    else if (this.#isInVain(limits)) fail(this.#inVain(0, "send"));
    else {
      const message = many.messages[many.sent] as Message;
      const isFirst = this.#isFirst(many, message);
      const goOn = () => {
        many.sent++;
        many.hasWaited = true;
        try {
          if (this.#sendOn(many)) resolve();
          else this.#sendRest(many, resolve, reject, keeper, signal);
        } catch (error) {
          fail(error);
        }
      };
      many.lineKey = this.#senders.keyOf(message);
      this.#senders.join(message, limits, goOn, fail, isFirst);
    }
  }

  // These have the closures: a function that makes one allocates for it at each call, also where it is not reached.

  #waitToSend(message: Message, keeper: object, signal?: AbortSignal, timeoutMs?: number): Promise<void> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    const limits = { timeoutMs: timeoutMs ?? this.#host.options.sendTimeout, signal, keeper };
    if (this.#isInVain(limits)) return Promise.reject(this.#inVain(0, "send"));
    return new Promise((resolve, reject) => this.#senders.join(message, limits, resolve, reject));
  }

  #receiveLater(keeper: object, signal?: AbortSignal, timeoutMs?: number): Promise<Message> {
    return new Promise((resolve, reject) => this.#waitToReceive(resolve, reject, keeper, signal, timeoutMs));
  }

  #nextLater(keeper: object): Promise<IteratorResult<Message, undefined>> {
    return new Promise((resolve, reject) => {
      const end: Reject = (error) => (this.#isClosed ? resolve(DONE) : reject(error));
      this.#waitToReceive((value) => resolve({ value, done: false }), end, keeper);
    });
  }

  #waitToReceive(
    resolve: (message: Message) => void,
    reject: Reject,
    keeper: object,
    signal?: AbortSignal,
    timeoutMs?: number,
    batch?: Batch,
  ): void {
    if (this.#pattern.receive === undefined) {
      reject(this.#cannot("receive"));
      return;
    }
    const limits = { timeoutMs: timeoutMs ?? this.#host.options.receiveTimeout, signal, keeper };
    if (signal?.aborted) reject(signal.reason);
    else if (this.#isInVain(limits)) reject(this.#inVain(0, "receive"));
    else this.#receivers.join(batch, limits, resolve, reject);
  }

  #waitToReceiveMany(
    max: number,
    resolve: (messages: Message[]) => void,
    reject: Reject,
    keeper: object,
    signal?: AbortSignal,
  ): void {
    const batch = { messages: [], max };
    this.#waitToReceive(() => resolve(batch.messages), reject, keeper, signal, undefined, batch);
  }

  /** After an attempt: an operation that must not wait fails now, except at the end of a turn, where it gets one more in the next. */
  #isInVain(limits: WaitLimits): boolean {
    if (limits.timeoutMs === 0 && this.#turn.spend()) return true;
    if (this.#turn.isOver) this.#turn.wait(this);
    return false;
  }

  /** A timer or a turn brought this about, so a turn has begun. */
  #expired<P, R>(waiting: Waiting<P, R>, operation: "send" | "receive"): void {
    if (this.#turn.isOver) this.#turn.begin();
    this.serve();
    waiting.reject(this.#inVain(waiting.timeoutMs, operation));
  }

  #serveReceivers(): boolean {
    const receivers = this.#receivers;
    let progress = false;
    for (let first = receivers.first; first !== undefined && this.#mayGoOn(); first = receivers.first) {
      const message = this.#pattern.receive?.();
      if (message === undefined) break;
      if (!IN_PAGE && this.#presents) this.#pattern.present?.(message);
      this.#turn.spend();
      const batch = first.payload;
      if (batch !== undefined) {
        batch.messages.push(message);
        this.#fill(batch.messages, batch.max);
      }
      first.resolve(message);
      progress = true;
    }
    return progress;
  }

  /** A socket that closes does the last it can, in this turn. */
  readonly #mayGoOn = (): boolean => this.#isClosed || !this.#turn.isOver;

  #failed(error: unknown): Promise<never> {
    if (this.#turn.spend()) return Promise.reject(error);
    return this.#turn.next.then(() => Promise.reject(error));
  }

  #cannot(operation: "send" | "receive"): ZmqError {
    return cannot(this.#host.type, operation);
  }

  #inVain(waitedMs: number, operation: "send" | "receive"): ZmqError {
    return inVain(this.#host.type, operation, this.#pattern.blockedBy, waitedMs, this.#host.obstacle);
  }
}
