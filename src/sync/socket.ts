/**
 * `Socket` of the blocking API: one class for all types, as in pyzmq, over the
 * same core as the asynchronous sockets.
 */

import { toText } from "../base/bytes.ts";
import { ZmqError } from "../base/errors.ts";
import { SOCKET_TYPES, socketTypeName } from "../base/socket-types.ts";
import type { OpenSocket } from "../core/context-core.ts";
import type { ConnectOptions } from "../core/endpoints.ts";
import { PATTERNS } from "../core/patterns.ts";
import type { SocketCore } from "../core/socket-core.ts";
import type { MessageLike } from "../socket/frames.ts";
import { Calls } from "./calls.ts";
import { POLLIN, STREAM } from "./constants.ts";
import { type AnyContext, contextParts, noteSocket } from "./context-parts.ts";
import { toFrames } from "./frames.ts";
import { EVENTS, RCVMORE } from "./option-numbers.ts";
import { defineOptions, type SocketProperties } from "./option-properties.ts";
import { bindToRandomPort } from "./random-port.ts";
import { changeSubscription, getSocketOption, mayHave, type OptionValue, setSocketOption } from "./socket-options.ts";
import type { Waiter } from "./waiter.ts";

/** Closes the core of a socket that was garbage-collected. */
const collected = new FinalizationRegistry<() => void>((close) => close());

const INSPECT = Symbol.for("nodejs.util.inspect.custom");

class BlockingSocket {
  readonly #context: AnyContext;
  readonly #open: OpenSocket;
  readonly #core: SocketCore;
  readonly #waiter: Waiter;
  readonly #close: () => void;
  readonly #calls: Calls;

  /** `type` is a constant such as `zmq.REP`. Throws EINVAL for another number, EMFILE beyond the context's `MAX_SOCKETS`. */
  constructor(context: AnyContext, type: number) {
    const name = type > STREAM ? undefined : socketTypeName(type); // a message of the draft types is more than its frames
    if (name === undefined) throw new ZmqError("EINVAL", { detail: `${type} is not a socket type of this API` });
    const { core, waiter, defaults } = contextParts(context);
    const open = core.open(name, PATTERNS[name]);
    this.#context = context;
    this.#open = open;
    this.#core = open.core;
    this.#waiter = waiter;
    this.#calls = new Calls(open.core, waiter);
    this.#close = () => core.closeSocket(open);
    noteSocket(this, { open, waiter });
    collected.register(this, this.#close, this);
    if (new.target === BlockingSocket) Object.seal(this); // against misspelt options
    for (const [id, value] of defaults) if (mayHave(open.core, id)) setSocketOption(open.core, id, value);
  }

  get context(): AnyContext {
    return this.#context;
  }

  /** True after `close`. */
  get closed(): boolean {
    return this.#core.isClosed;
  }

  /** A constant such as `zmq.REP`. */
  get socketType(): number {
    return SOCKET_TYPES[this.#core.type].id;
  }

  /** Whether further frames of the message follow that `recv` began (ZMQ_RCVMORE). */
  get rcvmore(): boolean {
    this.#check();
    return this.#calls.hasMore;
  }

  /** POLLIN, POLLOUT, both, or 0, as they hold now (ZMQ_EVENTS). */
  get events(): number {
    this.#check();
    return this.#calls.events;
  }

  // --- Endpoints ---

  /** Returns the endpoint, wildcards resolved. Throws EADDRINUSE, EINVAL, EPROTONOSUPPORT, …. */
  bind(address: string): string {
    return this.#call(() => this.#open.endpoints.bindSync(address));
  }

  /** As `bind`, to a free port of `address` (`tcp://127.0.0.1`), which it returns: from `minPort` to below `maxPort`, or any. */
  bindToRandomPort(address: string, minPort?: number, maxPort?: number, maxTries = 100): number {
    const range = { lowest: minPort, beyond: maxPort, tries: maxTries };
    return bindToRandomPort(
      (each) => this.bind(each),
      address,
      range,
      () => this.#core.random32(),
    );
  }

  /** Connects now and whenever the connection is lost. Never waits; the peer need not exist yet. */
  connect(address: string, options: ConnectOptions = {}): void {
    this.#call(() => this.#open.endpoints.connect(address, options));
  }

  /** Throws ENOENT when nothing is bound or connected there. */
  unbind(address: string): void {
    this.#call(() => this.#open.endpoints.unbindSync(address));
  }

  /** As `unbind`: one call in libzmq. */
  disconnect(address: string): void {
    this.#call(() => this.#open.endpoints.end(address));
  }

  /** What was sent still leaves, within `linger` (milliseconds; by default as the option says). Idempotent. */
  close(linger?: number): void {
    if (this.#core.isClosed) return;
    if (linger !== undefined && linger !== null) this.#core.assign("linger", linger);
    collected.unregister(this);
    this.#close();
    this.#waiter.end();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  // --- Messages ---

  /**
   * Sends a message of one frame, or of several as an array. Blocks while no peer has room; with `zmq.NOBLOCK`, and after
   * SNDTIMEO, throws `zmq.Again`. With `zmq.SNDMORE` the frames are kept until the last ones are sent, which never waits.
   */
  send(message: MessageLike | readonly MessageLike[], flags = 0): void {
    this.#calls.send(toFrames(message), flags);
  }

  sendMultipart(parts: readonly MessageLike[], flags = 0): void {
    if (!Array.isArray(parts)) throw new TypeError("Message must be an array");
    this.send(parts, flags);
  }

  /** As UTF-8. */
  sendString(text: string, flags = 0): void {
    if (typeof text !== "string") throw new TypeError("Message must be a string");
    this.send(text, flags);
  }

  sendJson(value: unknown, flags = 0): void {
    const text = JSON.stringify(value);
    if (text === undefined) throw new TypeError("Message must be a JSON value");
    this.send(text, flags);
  }

  /** By the structured clone algorithm: for peers that are JavaScript too. */
  sendObject(value: unknown, flags = 0): void {
    this.send(this.#codec().serialize(value), flags);
  }

  /**
   * The next frame: the first of a message, or the next of the one that was begun; `rcvmore` tells whether more follow.
   * Blocks until there is one; with `zmq.NOBLOCK`, and after RCVTIMEO, throws `zmq.Again`.
   */
  recv(flags = 0): Uint8Array {
    return this.#calls.receive(flags);
  }

  /** All frames of the next message, or the rest of the one that was begun. */
  recvMultipart(flags = 0): Uint8Array[] {
    return this.#calls.receiveAll(flags);
  }

  /** As `recv`, as UTF-8. */
  recvString(flags = 0): string {
    return toText(this.recv(flags));
  }

  /** As `recv`. Throws SyntaxError for what is no JSON. */
  recvJson(flags = 0): unknown {
    return JSON.parse(toText(this.recv(flags)).replace(/^\uFEFF/, "")); // RFC 8259, 8.1: a mark may be passed over.
  }

  /** As `recv`, what `sendObject` sent. Never runs code. */
  recvObject(flags = 0): unknown {
    return this.#codec().deserialize(this.recv(flags));
  }

  /** Waits until any of `flags` holds: which of them do, as bits; 0 after `timeout` milliseconds. -1 and null: no limit. */
  poll(timeout: number | null = null, flags: number = POLLIN): number {
    this.#check();
    let found = 0;
    this.#waiter.until(() => {
      found = this.events & flags;
      return found !== 0;
    }, timeout ?? -1);
    return found;
  }

  // --- Subscriptions and options ---

  /** SUB: messages that begin with `topic` come in. */
  subscribe(topic: string | Uint8Array): void {
    this.#call(() => changeSubscription(this.#core, "subscribe", topic));
  }

  unsubscribe(topic: string | Uint8Array): void {
    this.#call(() => changeSubscription(this.#core, "unsubscribe", topic));
  }

  /** By number, such as `zmq.LINGER`; 1 and 0 are true and false. */
  setsockopt(option: number, value: number | boolean | string | Uint8Array | null): void {
    this.#call(() => setSocketOption(this.#core, option, value));
  }

  /** By number; true and false are 1 and 0, no text is "". The routing id, and messages, are bytes. */
  getsockopt<Id extends number>(option: Id): OptionValue<Id>;
  getsockopt(option: number): number | string | Uint8Array {
    if (option === RCVMORE) return Number(this.rcvmore);
    if (option === EVENTS) return this.events;
    this.#check();
    return getSocketOption(this.#core, option);
  }

  setsockoptString(option: number, value: string): void {
    if (typeof value !== "string") throw new TypeError("Option value must be a string");
    this.setsockopt(option, value);
  }

  getsockoptString(option: number): string {
    const value = this.getsockopt(option);
    if (typeof value === "number") throw new TypeError(`Option ${option} is a number`);
    return typeof value === "string" ? value : toText(value);
  }

  /** As `setsockopt`. */
  set(option: number, value: number | boolean | string | Uint8Array | null): void {
    this.setsockopt(option, value);
  }

  /** As `getsockopt`. */
  get<Id extends number>(option: Id): OptionValue<Id> {
    return this.getsockopt(option);
  }

  /** Both high-water marks. */
  setHwm(value: number): void {
    this.hwm = value;
  }

  getHwm(): number {
    return this.hwm;
  }

  [INSPECT](_depth: number, options: object, inspect: (value: unknown, options: object) => string): string {
    return `zmq.Socket(${this.#core.type}) ${inspect({ closed: this.closed, lastEndpoint: this.#open.endpoints.lastEndpoint }, options)}`;
  }

  static {
    defineOptions(BlockingSocket.prototype, (socket) => {
      socket.#check();
      return socket.#core;
    });
  }

  // --- Inside ---

  #check(): void {
    if (this.#core.isClosed) throw new ZmqError("ENOTSOCK");
  }

  /** A call that never waits: what is due is done before, and what it brought about behind. */
  #call<R>(act: () => R): R {
    this.#check();
    this.#waiter.begin();
    try {
      return act();
    } finally {
      this.#waiter.end();
    }
  }

  #codec() {
    const { structuredClone } = contextParts(this.#context).core.platform;
    if (structuredClone === undefined) {
      throw new ZmqError("ENOTSUP", { detail: "this runtime cannot turn structured clones into bytes" });
    }
    return structuredClone;
  }
}
interface BlockingSocket extends SocketProperties {}

// `Socket` is the asynchronous one: in a bundle one of two equal names would become another.
export { BlockingSocket as Socket };
