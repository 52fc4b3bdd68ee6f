/**
 * The working part of a version 5 socket, which old programs know as `_zmq`:
 * sends in order, receives one message after the other, and does neither while
 * paused. Below it is a current socket.
 */

import type { EventEmitter } from "node:events";
import { Queue } from "../base/queue.ts";
import type { Operations } from "../core/operations.ts";
import * as zmq from "../index.ts";
import { coreOf } from "../socket/core-of.ts";
import { STATE_BUSY, STATE_CLOSED, STATE_READY } from "./constants.ts";

export const CLASSES = {
  pair: zmq.Pair,
  req: zmq.Request,
  rep: zmq.Reply,
  pub: zmq.Publisher,
  sub: zmq.Subscriber,
  dealer: zmq.Dealer,
  xreq: zmq.Dealer,
  router: zmq.Router,
  xrep: zmq.Router,
  pull: zmq.Pull,
  push: zmq.Push,
  xpub: zmq.XPublisher,
  xsub: zmq.XSubscriber,
  stream: zmq.Stream,
} as const;

export type SocketType = keyof typeof CLASSES;

export type Callback = (error?: Error) => void;

/** The methods that each type has at run time; its own class says which of them make sense. */
type Both = zmq.Socket & zmq.Readable & zmq.Writable;

interface Unsent {
  readonly parts: zmq.MessageLike[];
  readonly callback: Callback | undefined;
}

export class Binding {
  readonly socket: Both;
  readonly #operations: Operations;
  readonly #emitter: EventEmitter;
  readonly #receives: boolean;
  /** Messages sent while paused, or while another message waits for room. */
  readonly #unsent = new Queue<Unsent>(0);
  /** Messages that were received when the program paused. */
  readonly #unseen: Uint8Array[][] = [];
  /**
   * The promise of the last send. Sends that complete at once share theirs; to look at it once is enough, which saves
   * 430 bytes a message in a loop that does not yield (bench/micro/v5-sends.ts).
   */
  #lastSent: Promise<void> | undefined = undefined;
  #isPaused = false;
  #isSending = false;
  #isReceiving = false;
  /** The bind or unbind under way. */
  #endpointTask: Promise<void> | undefined = undefined;

  constructor(type: SocketType, emitter: EventEmitter) {
    if (!Object.hasOwn(CLASSES, type)) throw new Error(`Invalid socket type: ${type}`);
    this.socket = new CLASSES[type]() as zmq.Socket as Both;
    this.#operations = coreOf(this.socket).operations;
    this.#emitter = emitter;
    this.#receives = type !== "pub" && type !== "push";
    this.#receive();
  }

  /** STATE_READY, STATE_BUSY during a bind or unbind, STATE_CLOSED. */
  get state(): number {
    if (this.socket.closed) return STATE_CLOSED;
    return this.#endpointTask === undefined ? STATE_READY : STATE_BUSY;
  }

  send(parts: zmq.MessageLike[], callback: Callback | undefined): void {
    if (this.#isPaused || this.#isSending) this.#unsent.append({ parts, callback });
    else this.#send(parts, callback);
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    for (const message of this.#unseen.splice(0)) process.nextTick(() => this.#emitMessage(message));
    this.#sendRest();
    this.#receive();
  }

  /** Sends messages as long as there is room, then closes; the rest calls back with an error. */
  close(): void {
    if (this.socket.closed) return;
    while (!this.#isPaused && this.#unsent.length > 0) {
      this.#isSending = false;
      this.#sendRest();
    }
    this.socket.close();
  }

  /** Binds and unbinds one after the other, as version 5 did. */
  changeEndpoints(event: "bind" | "unbind", address: string, callback: Callback | undefined): void {
    const change = (): Promise<unknown> => this.socket[event](address);
    const task = this.#endpointTask === undefined ? change() : this.#endpointTask.then(change);
    const settled = task.then(
      () =>
        process.nextTick(() => {
          this.#emitter.emit(event, address);
          callback?.();
        }),
      (error: Error) => process.nextTick(() => this.#report(error, callback)),
    );
    this.#endpointTask = settled;
    settled.then(() => {
      if (this.#endpointTask === settled) this.#endpointTask = undefined;
    });
  }

  #send(parts: zmq.MessageLike[], callback: Callback | undefined): void {
    const mustWait = !this.socket.writable;
    let sent: Promise<void>;
    try {
      sent = this.socket.send(parts);
    } catch (error) {
      sent = Promise.reject(error);
    }
    if (sent === this.#lastSent) {
      if (callback !== undefined) process.nextTick(callback);
      return;
    }
    this.#lastSent = sent;
    // Those behind it wait here, where they cost less than in the socket, and so callbacks come in order.
    const isFirst = mustWait || callback !== undefined;
    this.#isSending = isFirst;
    sent.then(
      () => {
        if (callback !== undefined) process.nextTick(callback);
        this.#sent(isFirst);
      },
      (error: Error) => {
        // A message that a closed socket did not send is no error, unless the program asks.
        if (!this.socket.closed || callback !== undefined) process.nextTick(() => this.#report(error, callback));
        this.#sent(isFirst);
      },
    );
  }

  #sent(wasFirst: boolean): void {
    if (!wasFirst) return;
    this.#isSending = false;
    this.#sendRest();
  }

  #sendRest(): void {
    while (!this.#isPaused && !this.#isSending) {
      const next = this.#unsent.shift();
      if (next === undefined) return;
      this.#send(next.parts, next.callback);
    }
  }

  #report(error: Error, callback: Callback | undefined): void {
    if (callback === undefined) this.#emitter.emit("error", error);
    else callback(error);
  }

  /** The next message, however long it takes: no time-out, for messages come as events. */
  #receive(): void {
    if (this.#isReceiving || this.#isPaused || !this.#receives || this.socket.closed) return;
    this.#isReceiving = true;
    this.#operations.receive(this.socket, undefined, -1).then(this.#deliverLater, this.#notReceived);
  }

  /** In a later step, so that an error of a listener is not taken for an error of ours. */
  readonly #deliverLater = (message: Uint8Array[]): void => process.nextTick(this.#deliver, message);

  /** Emits it, then receives the next one: a program that pauses in its handler is given no other. */
  readonly #deliver = (message: Uint8Array[]): void => {
    this.#isReceiving = false;
    try {
      this.#emitMessage(message);
    } finally {
      this.#receive();
    }
  };

  readonly #notReceived = (error: unknown): void => {
    this.#isReceiving = false;
    if (!this.socket.closed) process.nextTick(() => this.#emitter.emit("error", error));
  };

  #emitMessage(message: Uint8Array[]): void {
    if (this.#isPaused) this.#unseen.push(message);
    else this.#emitter.emit("message", ...message);
  }
}
