/**
 * `Socket`: what users hold. A thin object over its core, so that a socket which
 * nobody refers to any more is closed, while what it sent still leaves. The
 * socket types and their options are in sockets.ts.
 */

import { ZmqError } from "../base/errors.ts";
import { bytesOf } from "../base/options/kinds.ts";
import {
  type CommonOption,
  commonOptions,
  getOption,
  type OptionName,
  type OptionsOf,
  optionRow,
  optionsOf,
  refuseWeakerMixture,
} from "../base/options.ts";
import { SOCKET_TYPES, type SocketTypeName, socketTypeName } from "../base/socket-types.ts";
import type { DropReason } from "../pattern/pattern.ts";
import { expectArguments, expectOptions, signalOf } from "./arguments.ts";
import { placed } from "./concealed.ts";
import { type Context, contextCore } from "./context.ts";
import type { OpenSocket } from "./context-core.ts";
import { conversions } from "./conversions.ts";
import type { SocketCore } from "./core.ts";
import { defaultContext } from "./default-context.ts";
import type { ConnectOptions, Endpoints } from "./endpoints.ts";
import { toMessage } from "./frames.ts";
import { Observer } from "./observer.ts";
import { PATTERNS } from "./patterns.ts";
import { metadataOf, NO_METADATA, type PeerInfo, peerInfo } from "./peers.ts";
import { bindRandomPort, type PortRange } from "./random-port.ts";
import type { SocketType } from "./socket-type.ts";
import { waitUntil } from "./until.ts";

/** Every call that may wait takes one. */
export interface WaitOptions {
  /** Rejects the call with the signal's reason; one that has fired already, before anything is sent or received. */
  readonly signal?: AbortSignal | undefined;
}

/** A message with what is known of where it came from. */
export interface Received<M> {
  readonly message: M;
  /** Handshake properties of the peer (`Socket-Type`, `Identity`, `X-…`), `Peer-Address`, `User-Id`: frozen, without a prototype, one object a connection. */
  readonly metadata: Readonly<Record<string, string>>;
  /** The peer; undefined when it is gone. */
  readonly peer: PeerInfo | undefined;
}

/** Closes the core of a socket that was garbage-collected. */
const collected = new FinalizationRegistry<() => void>((close) => close());

/** Warnings in zeromq.js's words: programs filter on them. */
const TOO_LATE = "Socket option will not take effect until next connect/bind.";
const ROUNDED = "Value is larger than Number.MAX_SAFE_INTEGER and may have been rounded inaccurately.";

const INSPECT = Symbol.for("nodejs.util.inspect.custom");

/** Subscriptions are options to libzmq. */
const [SUBSCRIBE, UNSUBSCRIBE] = [6, 7];

/** Instances of these are sealed; those of a user's subclasses are not. */
const OWN_CLASSES = new WeakSet<object>();

// What the library does with sockets from outside: functions of this module, out of reach of users of the class.

export let coreOf: (socket: Socket) => SocketCore;
export let endpointsOf: (socket: Socket) => Endpoints;
export let isSocket: (value: unknown) => value is Socket;
/** Gives a class the option properties of its type, and seals its instances against misspelt ones. */
export let define: (socketClass: abstract new (...args: never[]) => Socket, type: SocketTypeName) => void;

export abstract class Socket {
  readonly #open: OpenSocket;
  readonly #core: SocketCore;
  readonly #context: Context;
  #events: Observer | undefined = undefined;

  /** `type` is libzmq's number of the socket type. `options.context` defaults to the global context. */
  protected constructor(type: number, options: object = {}) {
    if (typeof type !== "number") throw new TypeError("Socket type must be a number");
    if (typeof options !== "object" || options === null) throw new TypeError("Options must be an object");
    expectArguments(2, arguments.length);
    const name = socketTypeName(type);
    if (name === undefined) throw new ZmqError("EINVAL", { detail: `${type} is not a socket type` });
    const { context = defaultContext(), ...others } = options as { context?: Context };
    refuseWeakerMixture(others);
    this.#context = context;
    const core = contextCore(context);
    const open = core.open(name, PATTERNS[name]);
    this.#open = open;
    this.#core = open.core;
    collected.register(this, () => core.closeSocket(open), this);
    if (OWN_CLASSES.has(new.target)) Object.seal(this);
    Object.assign(this, others);
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

  /** What happens to this socket's connections. The same object each time. */
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

  /** Binds to an endpoint; resolves when it accepts connections. Rejects with EADDRINUSE, EINVAL, EPROTONOSUPPORT, …, and `address`. */
  bind(address: string): Promise<void> {
    this.#check(address, arguments.length);
    return this.#open.endpoints.bind(address);
  }

  /** As `bind`, at once. Host names other than localhost cannot be resolved at once: ENODEV. */
  bindSync(address: string): void {
    this.#check(address, arguments.length);
    this.#open.endpoints.bindSync(address);
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

  /** Connects to an endpoint, now and whenever the connection is lost; it need not exist yet. Throws for a malformed address only. */
  connect(address: string, options?: ConnectOptions): void {
    expectOptions(options, 1);
    this.#check(address, 1);
    this.#open.endpoints.connect(address, options ?? {});
  }

  /** Ends what is connected or bound at `address`, all of it when there are several. Throws ENOENT when there is nothing. */
  disconnect(address: string): void {
    this.#check(address, arguments.length);
    this.#open.endpoints.end(address);
  }

  /**
   * Binds `address` (`tcp://127.0.0.1`, without a port) to a free port, which it
   * resolves to. `min` and `max` narrow the choice down; then EADDRINUSE is
   * possible, after `tries` attempts.
   */
  async bindRandomPort(address: string, options: PortRange = {}): Promise<number> {
    this.#check(address, 1);
    return bindRandomPort(this, address, options, () => this.#core.random32());
  }

  /**
   * Closes the socket, at once or when a bind or unbind under way has ended.
   * Pending operations reject with EAGAIN; what was sent leaves within `linger`,
   * which keeps the process alive. Idempotent.
   */
  close(): void {
    if (typeof arguments[0] === "function") expectArguments(0, arguments.length); // It would never be called.
    if (this.#core.isClosed) return;
    const { endpoints } = this.#open;
    if (endpoints.isBusy) {
      endpoints.onceSettled(() => this.close());
      return;
    }
    collected.unregister(this);
    contextCore(this.#context).closeSocket(this.#open);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  // --- Messages. Every socket has these methods, as in zeromq.js; the types of sockets.ts show what its type can do. ---

  static {
    const methods = {
      send(this: Socket, message: unknown, options?: WaitOptions): Promise<void> {
        const frames = toMessage(message);
        const core = this.#core;
        if (core.isClosed || core.isProxied) refuse(core);
        const signal = options === undefined ? undefined : signalOf(options, 1);
        if (signal?.aborted) return Promise.reject(signal.reason);
        if (frames.length === 0 && core.pattern.send !== undefined) return Promise.resolve(); // nothing, as in zeromq.js
        return core.send(frames, this, signal);
      },
      receive(this: Socket, options?: WaitOptions): Promise<Uint8Array[]> {
        const core = this.#core;
        if (core.isClosed || core.isProxied) refuse(core);
        const signal = options === undefined ? undefined : signalOf(options, 0);
        if (signal?.aborted) return Promise.reject(signal.reason);
        return core.receive(this, signal);
      },
      async receiveFrom(this: Socket, options?: WaitOptions): Promise<Received<Uint8Array[]>> {
        const core = this.#core;
        if (core.isClosed || core.isProxied) refuse(core);
        const signal = signalOf(options, 0);
        signal?.throwIfAborted();
        const { message, source } = await core.receiveFrom(this, signal);
        return {
          message,
          metadata: source === undefined ? NO_METADATA : metadataOf(source),
          peer: source === undefined ? undefined : peerInfo(source),
        };
      },
      /** A loop of `receive`, which `break` leaves with the socket open. */
      [Symbol.asyncIterator](this: Socket): AsyncIterator<Uint8Array[], undefined> {
        const core = this.#core;
        return {
          next: () => {
            if (core.isProxied) refuse(core);
            return core.next(this);
          },
        };
      },
      /** What consoles show, in Node and elsewhere: never an option, for some are secret and `getters: true` would read them. */
      [INSPECT](this: Socket, _depth: number, options: object, inspect: (value: unknown, options: object) => string) {
        const { closed, lastEndpoint } = this;
        return `${this.constructor.name} ${inspect({ closed, lastEndpoint, ...(this as object) }, options)}`;
      },
    };
    Object.assign(Socket.prototype, methods, conversions);
    for (const [name, at] of placed(commonOptions(), Socket.prototype)) Socket.#defineOption(at, name);
  }

  // --- Peers ---

  /** The peers of now: connected ones, and connected endpoints that wait for their peer. */
  get peers(): PeerInfo[] {
    return [...this.#core.pipes].map(peerInfo);
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

  /** Resolves when all that was sent has left for the kernel or the inproc peer. */
  drained(options: WaitOptions = {}): Promise<void> {
    return this.#until(options, () => this.#open.endpoints.isIdle, true);
  }

  /** Resolves when a peer has subscribed to `topic`, or to a prefix of it. Publishers only. */
  protected untilSubscribed(topic: Uint8Array, options: WaitOptions = {}): Promise<void> {
    return this.#until(options, () => this.#core.pattern.hasSubscriber?.(topic) === true);
  }

  /** SUB, and XPUB in manual mode: changes subscriptions. */
  protected changeSubscriptions(change: "subscribe" | "unsubscribe", topics: readonly (Uint8Array | string)[]): void {
    const { isClosed, pattern, type } = this.#core;
    if (isClosed) throw new ZmqError("EBADF");
    if (pattern[change] === undefined)
      throw new ZmqError("EINVAL", { detail: `${type} sockets have no subscriptions` });
    for (const topic of topics) pattern[change](bytesOf(topic));
  }

  #until(options: WaitOptions, condition: () => boolean, tellsIdle = false): Promise<void> {
    if (this.#core.isClosed) throw new ZmqError("EBADF");
    return waitUntil(this.#core, condition, signalOf(options, 0), this, tellsIdle);
  }

  // --- Options by number, as zeromq.js's own classes use them ---

  protected getBoolOption(option: number): boolean {
    return Boolean(this.#core.getById(option));
  }
  protected setBoolOption(option: number, value: boolean): void {
    this.#assignById(option, value);
  }
  protected getInt32Option(option: number): number {
    return Number(this.#core.getById(option));
  }
  protected setInt32Option(option: number, value: number): void {
    this.#assignById(option, value);
  }
  protected getUint32Option(option: number): number {
    return Number(this.#core.getById(option));
  }
  protected setUint32Option(option: number, value: number): void {
    this.#assignById(option, value);
  }
  protected getInt64Option(option: number): number {
    return Number(this.#core.getById(option));
  }
  protected setInt64Option(option: number, value: number): void {
    this.#assignById(option, value);
  }
  protected getUint64Option(option: number): number {
    return Number(this.#core.getById(option));
  }
  protected setUint64Option(option: number, value: number): void {
    this.#assignById(option, value);
  }
  protected getStringOption(option: number): string | null {
    return this.#core.getById(option) as string | null;
  }
  protected setStringOption(option: number, value: string | Uint8Array | null): void {
    if (option === SUBSCRIBE) this.changeSubscriptions("subscribe", [value ?? ""]);
    else if (option === UNSUBSCRIBE) this.changeSubscriptions("unsubscribe", [value ?? ""]);
    else this.#assignById(option, value);
  }

  static {
    coreOf = (socket) => socket.#core;
    endpointsOf = (socket) => socket.#open.endpoints;
    isSocket = (value) => typeof value === "object" && value !== null && #core in value;
    define = (socketClass, type) => {
      OWN_CLASSES.add(socketClass);
      for (const name of optionsOf(type)) Socket.#defineOption(socketClass.prototype, name);
    };
  }

  static #defineOption(prototype: Socket, name: OptionName): void {
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

  #assign(name: OptionName, value: unknown): void {
    if (this.#core.isClosed) throw new ZmqError("EBADF");
    this.#core.assign(name, value);
    const { endpoints } = this.#open;
    const { platform } = contextCore(this.#context);
    if (typeof value === "number" && value > Number.MAX_SAFE_INTEGER) platform.warn(ROUNDED);
    if (optionRow(name).applies === "next" && (!endpoints.isEmpty || endpoints.isBusy)) platform.warn(TOO_LATE);
  }

  #assignById(id: number, value: unknown): void {
    const { name, input } = this.#core.optionInput(id, value);
    this.#assign(name, input);
  }

  #check(address: unknown, given: number): void {
    if (typeof address !== "string") throw new TypeError("Address must be a string");
    expectArguments(1, given);
    if (this.#core.isClosed) throw new ZmqError("EBADF");
  }
}
/** The options that every socket has. */
export interface Socket extends Omit<Pick<OptionsOf<SocketTypeName>, CommonOption>, "type" | "lastEndpoint"> {}

/** Sending and receiving are impossible now. */
function refuse(core: SocketCore): never {
  if (core.isClosed) throw new ZmqError("EBADF");
  const detail = "a proxy has the socket";
  throw new ZmqError("EBUSY", { message: "Socket is blocked by a bind or unbind operation", detail });
}
