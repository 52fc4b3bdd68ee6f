/**
 * `Socket`: what users hold. A thin object over its core, so that a socket which
 * nobody refers to any more is closed, while what it sent still leaves. The
 * socket types and their options are in sockets.ts.
 */

import { ZmqError } from "../base/errors.ts";
import { bytesOf } from "../base/options/kinds.ts";
import {
  bringOptions,
  type CommonOption,
  commonOptions,
  getOption,
  type OptionName,
  type OptionsOf,
  optionRow,
  optionsOf,
  refuseWeakerMixture,
} from "../base/options.ts";
import { SOCKET_TYPES, type SocketTypeName } from "../base/socket-types.ts";
import { IN_PAGE } from "../base/target.ts";
import type { OpenSocket } from "../core/context-core.ts";
import type { ConnectOptions } from "../core/endpoints.ts";
import { optionInputOf, readOption } from "../core/option-numbers.ts";
import type { SocketCore } from "../core/socket-core.ts";
import { waitUntil } from "../core/wait-until.ts";
import type { DropReason } from "../pattern/pattern.ts";
import { expectArguments, expectOptions, signalOf, type WaitOptions } from "./arguments.ts";
import { bindRandomPort, type PortRange } from "./bind-random-port.ts";
import { type Context, contextCore } from "./context.ts";
import { conversions } from "./conversions.ts";
import { noteSocket } from "./core-of.ts";
import { defaultContext } from "./default-context.ts";
import { messages } from "./messages.ts";
import { defineNumbered, SOCKET_KINDS } from "./numbered-options.ts";
import { Observer } from "./observer.ts";
import { socketOptionError } from "./option-errors.ts";
import type { Options } from "./option-types.ts";
import { type PeerInfo, peerInfo } from "./peer-info.ts";
import { propertyHolders } from "./secret-properties.ts";
import type { SocketKind } from "./socket-kind.ts";
import type { SocketType } from "./socket-type.ts";

/** Closes the core of a socket that was garbage-collected. */
const collected = new FinalizationRegistry<() => void>((close) => close());

/** Warnings in zeromq.js's words: programs filter on them. */
const TOO_LATE = "Socket option will not take effect until next connect/bind.";
const ROUNDED = "Value is larger than Number.MAX_SAFE_INTEGER and may have been rounded inaccurately.";

/** Subscriptions are options to libzmq: ZMQ_SUBSCRIBE and ZMQ_UNSUBSCRIBE. */
const SUBSCRIPTION_OPTIONS: Readonly<Record<number, "subscribe" | "unsubscribe">> = {
  6: "subscribe",
  7: "unsubscribe",
};

/** Instances of these are sealed; those of a user's subclasses are not. */
const OWN_CLASSES = new WeakSet<object>();

/**
 * Gives a class the option properties of its type, and seals its instances against misspelt ones. Without it a class
 * gets them with its first instance.
 */
export let define: (kind: SocketKind) => void;

export abstract class Socket {
  readonly #open: OpenSocket;
  readonly #core: SocketCore;
  readonly #context: Context;
  #events: Observer | undefined;

  /** `type` is libzmq's number of the socket type. `options.context` defaults to the global context. */
  protected constructor(type: number, options?: object);
  /** @internal */
  protected constructor(kind: SocketKind, options?: object);
  protected constructor(of: number | SocketKind, options: object = {}) {
    if (typeof of === "object" && of !== null) define(of);
    else if (typeof of !== "number") throw new TypeError("Socket type must be a number");
    if (typeof options !== "object" || options === null) throw new TypeError("Options must be an object");
    expectArguments(2, arguments.length);
    const { context = defaultContext(), ...others } = options as { context?: Context };
    refuseWeakerMixture(others);
    this.#context = context;
    const core = contextCore(context);
    const { type, patternClass, sendLines } = typeof of === "object" ? of : core.typeOf(of);
    const open = core.open(type, patternClass, sendLines);
    this.#open = open;
    this.#core = open.core;
    noteSocket(this, open);
    collected.register(this, () => core.closeSocket(open), this);
    if (OWN_CLASSES.has(new.target)) Object.seal(this);
    try {
      Object.assign(this, others);
    } catch (error) {
      collected.unregister(this);
      core.closeSocket(open);
      throw socketOptionError(error, others, this, type);
    }
  }

  /** The context this socket belongs to. */
  get context(): Context {
    return this.#context;
  }

  /** True after `close`. */
  get closed(): boolean {
    return this.#core.isClosed;
  }

  /** True when `receive` would return a message at once (ZMQ_EVENTS, POLLIN). */
  get readable(): boolean {
    return !this.#core.isClosed && this.#core.pattern.canReceive;
  }

  /** True when `send` would take a message at once (ZMQ_EVENTS, POLLOUT). */
  get writable(): boolean {
    return !this.#core.isClosed && this.#core.pattern.canSend;
  }

  /** Events of this socket's connections. The same object each time. */
  get events(): Observer {
    this.#events ??= new Observer(this);
    return this.#events;
  }

  /** libzmq's number of the socket type (ZMQ_TYPE). */
  get type(): SocketType {
    return SOCKET_TYPES[this.#core.type].id;
  }

  /** The endpoint of the last `bind`, resolved, or `connect`; null before (ZMQ_LAST_ENDPOINT). */
  get lastEndpoint(): string | null {
    return this.#open.endpoints.lastEndpoint;
  }

  // --- Endpoints ---

  /**
   * Binds to an endpoint. Resolves when it accepts connections, to the endpoint with wildcards such as
   * `tcp://127.0.0.1:*` resolved, for others to `connect` to. Rejects with EADDRINUSE, EINVAL, EPROTONOSUPPORT, …, and
   * `address`. A page in a browser binds `inproc://` alone.
   */
  bind(address: string): Promise<string>;
  /** As zeromq.js declares it, for types that ask for a socket's `bind` by that. */
  bind(address: string): Promise<void>;
  bind(address: string): Promise<unknown> {
    this.#check(address, arguments.length);
    return this.#open.endpoints.bind(address);
  }

  /** As `bind`, at once. Host names other than localhost cannot be resolved at once: ENODEV. */
  bindSync(address: string): string {
    this.#check(address, arguments.length);
    return this.#open.endpoints.bindSync(address);
  }

  /** As `disconnect` (one call in libzmq), with the connections that a bound endpoint accepted. Rejects with ENOENT. */
  unbind(address: string): Promise<void> {
    this.#check(address, arguments.length);
    return this.#open.endpoints.unbind(address);
  }

  /** As `unbind`, at once. */
  unbindSync(address: string): void {
    this.#check(address, arguments.length);
    this.#open.endpoints.unbindSync(address);
  }

  /**
   * Connects to an endpoint, and reconnects whenever the connection is lost. The endpoint need not exist yet; only a
   * malformed address throws. A page in a browser connects over `ws://`, `wss://` and `inproc://`.
   */
  connect(address: string, options?: ConnectOptions): void {
    expectOptions(options, 1);
    this.#check(address, 1);
    this.#open.endpoints.connect(address, options ?? {});
  }

  /** Ends all that is connected or bound at `address`. Throws ENOENT when there is nothing. */
  disconnect(address: string): void {
    this.#check(address, arguments.length);
    this.#open.endpoints.end(address);
  }

  /**
   * Binds `address` (`tcp://127.0.0.1`, without a port) to a free port, which it
   * resolves to. `min` and `max` narrow the choice down; then EADDRINUSE is
   * possible, after `tries` attempts. Not in a page.
   */
  async bindRandomPort(address: string, options: PortRange = {}): Promise<number> {
    this.#check(address, 1);
    return bindRandomPort(this, address, options, () => this.#core.random32());
  }

  /**
   * Closes the socket, at once or when a pending bind or unbind has ended. Pending calls reject with EAGAIN; sent
   * messages still leave within `linger`, which keeps the process alive. Idempotent.
   */
  close(): void {
    if (typeof arguments[0] === "function") expectArguments(0, arguments.length); // It would never be called.
    if (this.#core.isClosed) return;
    collected.unregister(this);
    contextCore(this.#context).closeSocket(this.#open);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  /** Calls that wait on this socket, loops included, keep the process alive. The default; undoes `unref`. */
  ref(): this {
    this.#core.alive.isRef = true;
    return this;
  }

  /**
   * Calls that wait on this socket no longer keep the process alive, as with `unref` of a timer. Sent messages and
   * closing still do, within `linger`.
   */
  unref(): this {
    this.#core.alive.isRef = false;
    return this;
  }

  // --- Messages. Every socket has these methods, as in zeromq.js; the types of sockets.ts show what its type can do. ---

  static {
    Object.assign(
      Socket.prototype,
      messages((socket: Socket) => socket.#core),
      conversions,
    );
    for (const [name, at] of propertyHolders(commonOptions(), Socket.prototype)) Socket.#defineOption(at, name);
  }

  // --- Peers ---

  /** The current peers: connected ones, and connected endpoints that wait for their peer. */
  get peers(): PeerInfo[] {
    const { pipes, known } = this.#core;
    if (!IN_PAGE) this.#core.movement?.look();
    return [...pipes].map((pipe) => peerInfo(pipe, known));
  }

  /** Messages dropped since the socket was opened, by reason. */
  get drops(): Readonly<Partial<Record<DropReason, number>>> {
    return Object.fromEntries(this.#core.drops);
  }

  /** Resolves when at least `count` peers (default 1) are connected, handshake done. */
  connected(options: WaitOptions & { count?: number } = {}): Promise<void> {
    const { count = 1 } = options;
    if (!(count >= 0)) throw new RangeError(`count: expected 0 or more, not ${count}`);
    return this.#until(options, () => {
      let connected = 0;
      for (const pipe of this.#core.pipes) if (pipe.isConnected) connected++;
      return connected >= count;
    });
  }

  /** Resolves when all sent messages have left for the kernel or the inproc peer. */
  drained(options: WaitOptions = {}): Promise<void> {
    return this.#until(options, () => this.#open.endpoints.isIdle, true);
  }

  /** Resolves when a peer has subscribed to `topic`, or to a prefix of it. Publishers only. */
  protected untilSubscribed(topic: Uint8Array, options: WaitOptions = {}): Promise<void> {
    return this.#until(options, () => this.#core.known.hasSubscriber?.(topic) === true);
  }

  /** Copies of the topics of the subscribers, or of a subscriber's own. */
  protected subscribedTopics(): Uint8Array[] {
    return this.#core.known.topics?.() ?? [];
  }

  /** SUB, and XPUB in manual mode: changes subscriptions. */
  protected changeSubscriptions(change: "subscribe" | "unsubscribe", topics: readonly (Uint8Array | string)[]): void {
    const { isClosed, pattern, type } = this.#core;
    if (isClosed) throw new ZmqError("ENOTSOCK");
    if (pattern[change] === undefined)
      throw new ZmqError("EINVAL", { detail: `${type} sockets have no subscriptions` });
    for (const topic of topics) pattern[change](bytesOf(topic));
  }

  /** Rejects with EAGAIN when the socket closes first. */
  #until(options: WaitOptions, condition: () => boolean, tellsIdle = false): Promise<void> {
    const core = this.#core;
    if (core.isClosed) throw new ZmqError("EBADF");
    const look = () => {
      if (core.isClosed) throw new ZmqError("EAGAIN");
      return condition();
    };
    const limits = { timeoutMs: -1, signal: signalOf(options, 0), keeper: this };
    return waitUntil({ cores: [core], look, tellsIdle }, limits).then(() => undefined);
  }

  // --- Options by number, as zeromq.js's own classes use them. Pages have none. ---

  declare protected getBoolOption: (option: number) => boolean;
  declare protected setBoolOption: (option: number, value: boolean) => void;
  declare protected getInt32Option: (option: number) => number;
  declare protected setInt32Option: (option: number, value: number) => void;
  declare protected getUint32Option: (option: number) => number;
  declare protected setUint32Option: (option: number, value: number) => void;
  declare protected getInt64Option: (option: number) => number;
  declare protected setInt64Option: (option: number, value: number) => void;
  declare protected getUint64Option: (option: number) => number;
  declare protected setUint64Option: (option: number, value: number) => void;
  declare protected getStringOption: (option: number) => string | null;
  declare protected setStringOption: (option: number, value: string | Uint8Array | null) => void;

  static {
    if (!IN_PAGE) {
      const write = (socket: Socket, id: number, value: unknown, kind: string): void => {
        const change = kind === "String" ? SUBSCRIPTION_OPTIONS[id] : undefined;
        if (change !== undefined) socket.changeSubscriptions(change, [(value ?? "") as string | Uint8Array]);
        else {
          const { name, input } = optionInputOf(socket.#core, id, value);
          socket.#assign(name, input);
        }
      };
      defineNumbered(Socket.prototype, SOCKET_KINDS, (socket, id) => readOption(socket.#core, id), write);
    }
    define = ({ socketClass: own, type, options = [] }) => {
      const socketClass = own();
      if (OWN_CLASSES.has(socketClass)) return;
      OWN_CLASSES.add(socketClass);
      bringOptions(options);
      for (const name of optionsOf(type)) Socket.#defineOption(socketClass.prototype, name);
    };
  }

  static #defineOption(prototype: object, name: OptionName): void {
    if (name in prototype) return;
    Object.defineProperty(prototype, name, {
      configurable: true,
      enumerable: false,
      get(this: Socket) {
        return name === "topicsCount" ? this.#core.topicsCount : getOption(this.#core.options, name);
      },
      ...(optionRow(name).access === "rw" && {
        set(this: Socket, value: unknown) {
          this.#assign(name, value);
        },
      }),
    });
  }

  /** ENOTSOCK, not EBADF, is libzmq's: zeromq.js does not look before it calls. */
  #assign(name: OptionName, value: unknown): void {
    if (this.#core.isClosed) throw new ZmqError("ENOTSOCK");
    this.#core.assign(name, value);
    const { endpoints } = this.#open;
    const { platform } = contextCore(this.#context);
    if (typeof value === "number" && value > Number.MAX_SAFE_INTEGER) platform.warn(ROUNDED);
    if (optionRow(name).applies === "next" && (!endpoints.isEmpty || endpoints.isBusy)) platform.warn(TOO_LATE);
  }

  #check(address: unknown, given: number): void {
    if (typeof address !== "string") throw new TypeError("Address must be a string");
    expectArguments(1, given);
    if (this.#core.isClosed) throw new ZmqError("EBADF");
  }
}
/** The options that every socket has. */
export interface Socket extends Omit<Pick<OptionsOf<SocketTypeName>, CommonOption>, "type" | "lastEndpoint"> {}

/** What the constructor of a socket class takes. */
export type SocketOptions<S extends Socket> = Options<S, { context: Context }>;
