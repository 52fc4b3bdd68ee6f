/**
 * `Socket` of zeromq.js 5: an event emitter with callbacks, over a current
 * socket. Messages arrive as `message` events with one argument a frame.
 */

import { EventEmitter } from "node:events";
import * as zmq from "../index.ts";
import { Binding, type Callback, type SocketType } from "./binding.ts";
import { ZMQ_SNDMORE } from "./constants.ts";
import { getOption, type OptionKey, setOption, shortOptions } from "./options.ts";

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

class Socket extends EventEmitter {
  // biome-ignore lint/suspicious/noExplicitAny: programs hang properties of their own on sockets, and options have many types
  [key: string]: any;

  declare type: SocketType;
  declare readonly _zmq: Binding;
  /** Parts of a message whose last part is still to come. */
  declare _parts: zmq.MessageLike[];
  declare _observer: zmq.Observer | undefined;

  constructor(type: SocketType) {
    super();
    setUp(this, type);
  }

  get closed(): boolean {
    return this._zmq.socket.closed;
  }

  /** Binds; then calls `callback` and emits `bind`. An error goes to the callback, or is emitted. */
  bind(address: string, callback?: Callback): this {
    this._zmq.changeEndpoints("bind", address, callback);
    return this;
  }

  unbind(address: string, callback?: Callback): this {
    this._zmq.changeEndpoints("unbind", address, callback);
    return this;
  }

  bindSync(address: string): this {
    this._zmq.socket.bindSync(address);
    return this;
  }

  unbindSync(address: string): this {
    this._zmq.socket.unbindSync(address);
    return this;
  }

  connect(address: string): this {
    this._zmq.socket.connect(address);
    return this;
  }

  disconnect(address: string): this {
    this._zmq.socket.disconnect(address);
    return this;
  }

  /** Sends a message, or with ZMQ_SNDMORE the first of its parts; `callback` is called when it was taken. */
  send(message: zmq.MessageLike | zmq.MessageLike[], flags?: number | null, callback?: Callback): this {
    const parts = this._parts.concat(message);
    if (((flags ?? 0) & ZMQ_SNDMORE) !== 0) {
      this._parts = parts;
      return this;
    }
    if (this._parts.length > 0) this._parts = [];
    this._zmq.send(parts, callback);
    return this;
  }

  /** Throws: messages come by `message` events only. */
  read(): never {
    throw new Error("read() has been removed from compatibility mode; use on('message', ...) instead.");
  }

  /** Neither sends nor emits messages until `resume`; at once, also in a handler. */
  pause(): this {
    this._zmq.pause();
    return this;
  }

  resume(): this {
    this._zmq.resume();
    return this;
  }

  /** Whether a socket that waits for messages keeps the process alive: it does, unless `unref` was called. */
  ref(): this {
    this._zmq.socket.ref();
    return this;
  }

  unref(): this {
    this._zmq.socket.unref();
    return this;
  }

  close(): this {
    this._zmq.close();
    return this;
  }

  subscribe(filter: string | Uint8Array): this {
    this._subscriber().subscribe(filter);
    return this;
  }

  unsubscribe(filter: string | Uint8Array): this {
    this._subscriber().unsubscribe(filter);
    return this;
  }

  /** Emits what happens to connections: `listen`, `accept`, `connect`, … with a value, the address and the error. */
  monitor(interval?: number, num?: number): this {
    if (interval || num) {
      process.emitWarning(
        "Arguments to monitor() are ignored in compatibility mode; all events are read automatically",
      );
    }
    if (this._observer === undefined || this._observer.closed) {
      this._observer = new zmq.Observer(this._zmq.socket);
      this._watch(this._observer);
    }
    return this;
  }

  unmonitor(): this {
    this._observer?.close();
    return this;
  }

  /** Throws for an option that is unknown or has no meaning any more. */
  setsockopt(option: OptionKey, value: unknown): this {
    setOption(this._zmq.socket, option, value);
    return this;
  }

  getsockopt(option: OptionKey): string | number | null {
    return getOption(this._zmq.socket, option);
  }

  async _watch(observer: zmq.Observer): Promise<void> {
    for await (const event of observer) {
      const name = EVENT_NAMES[event.type];
      if (name === null) continue;
      const error = "error" in event ? event.error : undefined;
      const errno = error !== undefined && "errno" in error ? error.errno : undefined;
      const value = event.type === "connect:retry" ? event.interval : errno;
      this.emit(name ?? event.type, value, "address" in event ? event.address : undefined, error);
    }
  }

  _subscriber(): zmq.Subscriber {
    if (this._zmq.socket instanceof zmq.Subscriber) return this._zmq.socket;
    throw new Error("Subscriber socket required");
  }
}

/** What a new socket has; its constructor may have been called as a function. */
function setUp(socket: Socket, type: SocketType): void {
  const members = { type, _zmq: new Binding(type, socket), _parts: [], _observer: undefined };
  for (const [name, value] of Object.entries(members)) {
    const enumerable = name === "type"; // what consoles show
    Object.defineProperty(socket, name, { value, enumerable, writable: true, configurable: true });
  }
}

/** The class, which can also be called on an object of a class of ES5: `zmq.Socket.call(this, "pub")`. */
const CallableSocket = new Proxy(Socket, {
  apply(_socket, self: unknown, [type]: [SocketType]) {
    if (!(self instanceof Socket)) throw new TypeError("Class constructor Socket cannot be invoked without 'new'");
    EventEmitter.call(self);
    setUp(self, type);
  },
});
type CallableSocket = Socket;
Socket.prototype.constructor = CallableSocket;

export { CallableSocket as Socket, type SocketType };

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
