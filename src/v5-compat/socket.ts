/**
 * `Socket` of zeromq.js 5: an event emitter with callbacks, over a current
 * socket. Messages arrive as `message` events with one argument a frame.
 */

import { EventEmitter } from "node:events";
import * as zmq from "../index.ts";
import { ZMQ_SNDMORE } from "./constants.ts";
import { getOption, type OptionKey, setOption, shortOptions } from "./options.ts";

const CLASSES = {
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

/** The events of version 5 that have another name than those of today; null: it had none such. */
const EVENT_NAMES: Partial<Record<zmq.EventType, string | null>> = {
  "accept:error": "accept_error",
  bind: "listen",
  "bind:error": "bind_error",
  "close:error": "close_error",
  "connect:delay": "connect_delay",
  "connect:retry": "connect_retry",
  end: null,
  handshake: null,
  "handshake:error:auth": null,
  "handshake:error:other": null,
  "handshake:error:protocol": null,
  unknown: null,
};

type Callback = (error?: Error) => void;

/** What each type has at run time; its own class says which of it makes sense. */
type Both = zmq.Socket & zmq.Readable & zmq.Writable;

export class Socket extends EventEmitter {
  // biome-ignore lint/suspicious/noExplicitAny: programs hang properties of their own on sockets, and options have many types
  [key: string]: any;

  type: SocketType;
  readonly #socket: Both;
  /** Parts of a message whose last part is still to come. */
  #parts: zmq.MessageLike[] = [];
  /** What was received and sent while paused. */
  #received: zmq.Message[][] = [];
  #unsent: [zmq.MessageLike[], Callback | undefined][] = [];
  #isPaused = false;
  #isReceiving = false;
  /** The bind or unbind under way. */
  #endpointTask: Promise<void> | undefined = undefined;
  #observer: zmq.Observer | undefined = undefined;

  constructor(type: SocketType) {
    super();
    if (!Object.hasOwn(CLASSES, type)) throw new Error(`Invalid socket type: ${type}`);
    this.type = type;
    this.#socket = new CLASSES[type]() as zmq.Socket as Both;
    this.#receive();
  }

  get closed(): boolean {
    return this.#socket.closed;
  }

  /** Binds; then calls `callback` and emits `bind`. An error goes to the callback, or is emitted. */
  bind(address: string, callback?: Callback): this {
    this.#changeEndpoints("bind", address, callback);
    return this;
  }

  unbind(address: string, callback?: Callback): this {
    this.#changeEndpoints("unbind", address, callback);
    return this;
  }

  bindSync(address: string): this {
    this.#socket.bindSync(address);
    return this;
  }

  unbindSync(address: string): this {
    this.#socket.unbindSync(address);
    return this;
  }

  connect(address: string): this {
    this.#socket.connect(address);
    return this;
  }

  disconnect(address: string): this {
    this.#socket.disconnect(address);
    return this;
  }

  /** Sends a message, or with ZMQ_SNDMORE the first of its parts; `callback` is called when it was taken. */
  send(message: zmq.MessageLike | zmq.MessageLike[], flags?: number | null, callback?: Callback): this {
    this.#parts = this.#parts.concat(message);
    if (((flags ?? 0) & ZMQ_SNDMORE) !== 0) return this;
    const parts = this.#parts;
    this.#parts = [];
    if (this.#isPaused) this.#unsent.push([parts, callback]);
    else this.#send(parts, callback);
    return this;
  }

  /** Throws: messages come by `message` events only. */
  read(): never {
    throw new Error("read() has been removed from compatibility mode; use on('message', ...) instead.");
  }

  /** Neither sends nor emits messages until `resume`. */
  pause(): this {
    this.#isPaused = true;
    return this;
  }

  resume(): this {
    this.#isPaused = false;
    for (const message of this.#received.splice(0)) this.#emitMessage(message);
    for (const [parts, callback] of this.#unsent.splice(0)) this.#send(parts, callback);
    this.#receive();
    return this;
  }

  close(): this {
    this.#socket.close();
    return this;
  }

  subscribe(filter: string | Uint8Array): this {
    this.#subscriber().subscribe(filter);
    return this;
  }

  unsubscribe(filter: string | Uint8Array): this {
    this.#subscriber().unsubscribe(filter);
    return this;
  }

  /** Emits what happens to connections: `listen`, `accept`, `connect`, … with a value, the address and the error. */
  monitor(interval?: number, num?: number): this {
    if (interval || num) {
      process.emitWarning(
        "Arguments to monitor() are ignored in compatibility mode; all events are read automatically",
      );
    }
    if (this.#observer === undefined || this.#observer.closed) {
      this.#observer = new zmq.Observer(this.#socket);
      this.#watch(this.#observer);
    }
    return this;
  }

  unmonitor(): this {
    this.#observer?.close();
    return this;
  }

  /** Throws for an option that is unknown or has no meaning any more. */
  setsockopt(option: OptionKey, value: unknown): this {
    setOption(this.#socket, option, value);
    return this;
  }

  getsockopt(option: OptionKey): string | number | null {
    return getOption(this.#socket, option);
  }

  /** Binds and unbinds one after the other, as version 5 did. */
  #changeEndpoints(event: "bind" | "unbind", address: string, callback: Callback | undefined): void {
    const change = () => this.#socket[event](address);
    const task = this.#endpointTask === undefined ? change() : this.#endpointTask.then(change);
    const settled = task.then(
      () =>
        process.nextTick(() => {
          this.emit(event, address);
          callback?.();
        }),
      (error: Error) => process.nextTick(() => this.#report(error, callback)),
    );
    this.#endpointTask = settled;
    settled.then(() => {
      if (this.#endpointTask === settled) this.#endpointTask = undefined;
    });
  }

  async #send(parts: zmq.MessageLike[], callback: Callback | undefined): Promise<void> {
    try {
      await this.#socket.send(parts);
    } catch (error) {
      // What a closed socket did not send is no error, unless the program asks.
      if (!this.closed || callback !== undefined) this.#report(error as Error, callback);
      return;
    }
    callback?.();
  }

  #report(error: Error, callback: Callback | undefined): void {
    if (callback === undefined) this.emit("error", error);
    else callback(error);
  }

  async #receive(): Promise<void> {
    if (this.#isReceiving || this.type === "pub" || this.type === "push") return;
    this.#isReceiving = true;
    while (!this.closed && !this.#isPaused) {
      try {
        const message = await this.#socket.receive();
        if (this.#isPaused) this.#received.push(message);
        else this.#emitMessage(message);
      } catch (error) {
        if (!this.closed) process.nextTick(() => this.emit("error", error));
      }
    }
    this.#isReceiving = false;
  }

  /** In a later step, so that what a listener throws is not taken for an error of ours. */
  #emitMessage(message: zmq.Message[]): void {
    process.nextTick(() => this.emit("message", ...message));
  }

  async #watch(observer: zmq.Observer): Promise<void> {
    for await (const event of observer) {
      const name = EVENT_NAMES[event.type];
      if (name === null) continue;
      const error = "error" in event ? event.error : undefined;
      const errno = error !== undefined && "errno" in error ? error.errno : undefined;
      const value = event.type === "connect:retry" ? event.interval : errno;
      this.emit(name ?? event.type, value, "address" in event ? event.address : undefined, error);
    }
  }

  #subscriber(): zmq.Subscriber {
    if (this.#socket instanceof zmq.Subscriber) return this.#socket;
    throw new Error("Subscriber socket required");
  }
}

for (const name of Object.keys(shortOptions) as (keyof typeof shortOptions)[]) {
  Object.defineProperty(Socket.prototype, name, {
    configurable: true,
    get(this: Socket) {
      return this.getsockopt(name);
    },
    set(this: Socket, value: unknown) {
      this.setsockopt(name, typeof value === "string" ? Buffer.from(value) : value);
    },
  });
}
