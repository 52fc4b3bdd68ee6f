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
import type { Pattern } from "../pattern/pattern.ts";
import type { Alive } from "./keep-alive.ts";
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
  /** Whether anybody wants to hear that readiness changed, and telling them. */
  readonly isWatched: boolean;
  notify(): void;
}

type Reject = (error: unknown) => void;

const SENT = Promise.resolve();
/** What must come before a call that was out of turn. */
const IN_TURN: Readonly<Record<"send" | "receive", { readonly [T in SocketTypeName]?: string }>> = {
  send: { REQ: "receive the reply to the last request first, or set relaxed", REP: "receive a request first" },
  receive: { REQ: "send a request first", REP: "send the reply to the last request first" },
};
const DONE = { value: undefined, done: true } as const;

export class Operations implements TurnWaiter {
  readonly #host: OperationsHost;
  readonly #pattern: Pattern;
  /** Users see messages in another form than as frames. */
  readonly #presents: boolean;
  readonly #turn: Turn;
  readonly #senders: SendLines;
  readonly #receivers: Line<undefined, Message>;
  #isServing = false;
  #isClosed = false;

  constructor(host: OperationsHost, pattern: Pattern) {
    const { turn, alive } = host;
    const { clock } = turn;
    this.#host = host;
    this.#pattern = pattern;
    this.#presents = pattern.present !== undefined;
    this.#turn = turn;
    const sendExpired = (send: Waiting<Message, void>) => this.#expired(send, "send");
    this.#senders = new SendLines(pattern, (onLeft) => new Line(clock, alive, sendExpired, onLeft));
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

  receive(keeper: object, signal?: AbortSignal, timeoutMs?: number): Promise<Message> {
    const message = this.#take();
    if (message !== undefined) return Promise.resolve(message);
    return this.#receiveLater(keeper, signal, timeoutMs);
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
    const detail = "the socket was closed while the call waited";
    this.#senders.rejectAll(() => new ZmqError(reason, { detail }));
    this.#receivers.rejectAll(() => new ZmqError(reason, { detail }));
  }

  /** A message that is there, unless other calls wait for one, or all wait for the next turn. */
  #take(): Message | undefined {
    if (this.#receivers.length > 0 || this.#turn.isOver) return undefined;
    const message = this.#pattern.receive?.();
    if (message === undefined) return undefined;
    if (this.#presents) this.#pattern.present?.(message);
    this.#turn.spend();
    if (this.#senders.length > 0 || this.#host.isWatched) this.serve();
    return message;
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
  ): void {
    if (this.#pattern.receive === undefined) {
      reject(this.#cannot("receive"));
      return;
    }
    const limits = { timeoutMs: timeoutMs ?? this.#host.options.receiveTimeout, signal, keeper };
    if (signal?.aborted) reject(signal.reason);
    else if (this.#isInVain(limits)) reject(this.#inVain(0, "receive"));
    else this.#receivers.join(undefined, limits, resolve, reject);
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
      if (this.#presents) this.#pattern.present?.(message);
      this.#turn.spend();
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
    return new ZmqError("ENOTSUP", { detail: `${this.#host.type} sockets cannot ${operation}` });
  }

  /** Why an operation that waited did not happen: nothing came of it, or it was out of turn. */
  #inVain(waitedMs: number, operation: "send" | "receive"): ZmqError {
    const code = this.#pattern.blockedBy ?? "EAGAIN";
    const { type, options } = this.#host;
    if (code === "EFSM") {
      return new ZmqError(code, {
        detail: `a ${type} socket cannot ${operation} in this state: ${IN_TURN[operation][type] ?? ""}`,
      });
    }
    const nothing = operation === "send" ? "no peer had room for the message" : "no message came";
    const waited = waitedMs === 0 ? nothing : `${nothing} within ${waitedMs} ms`;
    const alone = options.lastEndpoint === null ? "; the socket is neither bound nor connected" : "";
    return new ZmqError(code, { detail: `${waited}${alone}` });
  }
}
