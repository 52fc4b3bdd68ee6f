/**
 * One connected endpoint: opens a link, runs a connection over it, and opens
 * the next one when it is lost, for as long as the endpoint exists.
 *
 * Reconnection follows libzmq 4.3.5: RECONNECT_IVL plus a random part each time;
 * with RECONNECT_IVL_MAX exact doubling up to it; a lost connection starts over
 * with the shortest wait. After a protocol error it never tries again. Without an
 * interval (0 or -1) a lost connection ends the endpoint, and one that could not
 * be made leaves it as it is.
 *
 * The pipe lives as long as the endpoint, so that messages queued before the
 * first or the next link are sent then; with IMMEDIATE only as long as a link.
 */

import type { Timer } from "../base/clock.ts";
import type { DepartedBacklog } from "../base/departed-backlog.ts";
import type { Endpoint } from "../base/endpoint-grammar.ts";
import { ZmqError } from "../base/errors.ts";
import type { MonitorEvent } from "../base/events.ts";
import type { FarEnd } from "../base/far-end.ts";
import { type DialedTransport, type Link, LinkHandshakeError } from "../base/link.ts";
import type { Properties } from "../base/message.ts";
import type { OptionValues } from "../base/options.ts";
import { SOCKET_TYPES } from "../base/socket-types.ts";
import type { ZapListener, ZapRequest } from "../security/mechanism.ts";
import type { Connection, ConnectionOwner, EndReason } from "./connection.ts";
import type { ConnectionMaker, EndpointOwner } from "./endpoint-owner.ts";
import type { ConnectedEndpoint } from "./engine-endpoint.ts";
import type { EngineLoop } from "./engine-loop.ts";
import type { Sleeper } from "./wake-ups.ts";

/** RECONNECT_STOP bits. */
const STOP_ON_REFUSED = 1;
const STOP_ON_HANDSHAKE_FAILED = 2;
const STOP_AFTER_DISCONNECT = 4;

/** `lingering`: closed, but queued messages still leave, and the process stays alive meanwhile. */
type Life = "open" | "lingering" | "over";

/**
 * - `idle`: nothing was begun, or one of the others is just over.
 * - `attempt`: a link is being opened.
 * - `connected`: there is a connection, with its handshake done or not.
 * - `waiting`: the next attempt follows.
 * - `given up`: the last attempt failed, and no other follows.
 */
type Dialing =
  | { readonly state: "idle" | "given up" }
  | { readonly state: "attempt"; readonly abort: AbortController }
  | { readonly state: "connected"; readonly connection: Connection }
  | { readonly state: "waiting"; readonly timer: Timer };

const IDLE: Dialing = { state: "idle" };
const GIVEN_UP: Dialing = { state: "given up" };

/** One for all: a fresh error's stack would keep the user's socket from garbage collection while the attempt ends. */
const CANCELED = new ZmqError("ECANCELED");

export class Dialer implements ConnectionOwner, ConnectedEndpoint, Sleeper {
  readonly endpoint: string;
  readonly loop: EngineLoop;
  readonly options: OptionValues;
  readonly #owner: EndpointOwner;
  readonly #target: Endpoint;
  readonly #transport: DialedTransport;
  readonly #makeConnection: ConnectionMaker;
  readonly #routingId: Uint8Array | undefined;
  #pipe: FarEnd | undefined = undefined;
  #dialing: Dialing = IDLE;
  #lingerTimer: Timer | undefined = undefined;
  /** The next back-off with RECONNECT_IVL_MAX. */
  #backoffMs: number;
  #life: Life = "open";

  /** `options` is a snapshot: later changes of the socket's options do not reach this endpoint. */
  constructor(
    owner: EndpointOwner,
    loop: EngineLoop,
    target: Endpoint,
    transport: DialedTransport,
    options: OptionValues,
    makeConnection: ConnectionMaker,
    routingId: Uint8Array | undefined,
  ) {
    this.#owner = owner;
    this.loop = loop;
    this.#target = target;
    this.#transport = transport;
    this.options = options;
    this.#makeConnection = makeConnection;
    this.endpoint = target.text;
    this.#routingId = routingId;
    this.#backoffMs = options.reconnectInterval;
  }

  get departedBacklog(): DepartedBacklog | undefined {
    return this.options.immediate ? this.#owner.departedBacklog : undefined;
  }

  /** A subscriber is waited for. */
  get sendsBehind(): boolean {
    return !this.#subscribes;
  }

  get readsBehind(): boolean {
    return false;
  }

  isAt(text: string): boolean {
    return text === this.endpoint;
  }

  get isClosing(): boolean {
    return this.#life !== "open";
  }

  /** True when all that was sent has left. */
  get isIdle(): boolean {
    return !this.#pipe?.hasQueued && this.#connection?.isIdle !== false;
  }

  start(): void {
    if (this.#subscribes) this.loop.precedence.dialed(this);
    if (!this.options.immediate) this.#addPipe();
    this.#dial();
  }

  /**
   * Ends the endpoint once what is queued was sent, or after `lingerMs` (-1: no
   * limit, 0: now). The process is kept alive meanwhile.
   */
  close(lingerMs: number): void {
    if (this.#life !== "open") return;
    const pipe = this.#pipe;
    const hasPending = pipe?.hasQueued || this.#connection?.isIdle === false;
    pipe?.closeWrites();
    if (lingerMs === 0 || !hasPending || this.#isInVain) {
      this.#end(true);
      return;
    }
    this.#life = "lingering";
    this.loop.clock.ref();
    if (lingerMs > 0) this.#lingerTimer = this.loop.clock.setTimer(() => this.#end(false), lingerMs);
    // A connection whose handshake is not done closes once it has taken the queue: see `ready`.
    if (pipe?.isConnected) this.#connection?.close();
  }

  /** Whether queued messages will never leave. */
  get #isInVain(): boolean {
    switch (this.#dialing.state) {
      case "connected":
        return false;
      case "given up":
        return true;
      default:
        return (this.options.reconnectStop & STOP_AFTER_DISCONNECT) !== 0;
    }
  }

  get #connection(): Connection | undefined {
    return this.#dialing.state === "connected" ? this.#dialing.connection : undefined;
  }

  flushNow(): void {
    this.#connection?.flushNow();
  }

  // --- ConnectionOwner ---

  emit(event: MonitorEvent): void {
    this.#owner.emit(event);
  }

  authenticate(request: ZapRequest, link: Link, signal: AbortSignal, listener: ZapListener): void {
    this.#owner.authenticate(request, link, this.options, signal, listener);
  }

  ready(connection: Connection, _peer: Properties): FarEnd {
    this.#backoffMs = this.options.reconnectInterval;
    if (this.isClosing) this.loop.clock.defer(() => connection.close());
    return this.#pipe ?? this.#addPipe();
  }

  started(): void {
    this.#settle();
  }

  ended(_connection: Connection, reason: EndReason, cause?: unknown): void {
    this.#settle();
    this.#dialing = IDLE;
    if (this.#life === "over") return;
    const stops = reason === "handshake" && (this.options.reconnectStop & STOP_ON_HANDSHAKE_FAILED) !== 0;
    if (reason === "local" || reason === "protocol" || stops) {
      if (reason === "protocol") this.#owner.gaveUp?.(this.endpoint, cause);
      this.#end(true);
      return;
    }
    if (this.options.immediate) this.#dropPipe();
    else this.#pipe?.detach();
    if (this.isClosing && !this.#pipe?.hasQueued) this.#end(true);
    else if (reason === "renewed") this.#dial();
    else if (this.options.reconnectInterval > 0) this.#retry();
    else this.#end(true);
  }

  // --- Dialing ---

  get #subscribes(): boolean {
    return SOCKET_TYPES[this.#owner.socketType].subscribes;
  }

  /** The first attempt came to its end, one way or the other: no connection need wait for its subscriptions any more. */
  #settle(): void {
    if (this.#subscribes) this.loop.precedence.sent(this);
  }

  #addPipe(): FarEnd {
    const pipe = this.#owner.createPipe(this.endpoint, true, this.options, this.#routingId);
    this.#pipe = pipe;
    pipe.open();
    return pipe;
  }

  #dropPipe(): void {
    const pipe = this.#pipe;
    this.#pipe = undefined;
    pipe?.end();
  }

  /** While it waits; the last attempt may have failed for want of a network. */
  wake(): void {
    if (this.#dialing.state !== "waiting") return;
    this.loop.clock.clearTimer(this.#dialing.timer);
    this.#backoffMs = this.options.reconnectInterval;
    this.#dial();
  }

  #dial(): void {
    this.loop.wakeUps?.delete(this);
    const attempt: Dialing = { state: "attempt", abort: new AbortController() };
    this.#dialing = attempt;
    this.emit({ type: "connect:delay", address: this.endpoint });
    this.#transport.connect(this.#target, this.options, attempt.abort.signal).then(
      (link) => {
        if (this.#dialing !== attempt) {
          link.destroy();
          return;
        }
        this.#dialing = IDLE;
        this.emit({ type: "connect", address: this.endpoint, remoteAddress: link.remoteAddress });
        const connection = this.#makeConnection(link, this);
        this.#dialing = { state: "connected", connection };
        connection.start();
      },
      (error: unknown) => {
        if (this.#dialing !== attempt) return;
        this.#dialing = IDLE;
        this.#refused(error);
      },
    );
  }

  #refused(error: unknown): void {
    this.#settle();
    const isHandshake = error instanceof LinkHandshakeError;
    if (isHandshake) this.emit({ type: "handshake:error:other", address: this.endpoint, error });
    this.emit({ type: "close", address: this.endpoint, cause: error });
    if (this.#life === "over") return;
    const isRefused = (error as { code?: unknown }).code === "ECONNREFUSED";
    const stop = (isRefused ? STOP_ON_REFUSED : 0) | (isHandshake ? STOP_ON_HANDSHAKE_FAILED : 0);
    if ((this.options.reconnectStop & stop) !== 0) this.#end(true);
    else if (this.options.reconnectInterval > 0) this.#retry();
    else if (this.isClosing) this.#end(true);
    else this.#dialing = GIVEN_UP; // With what is queued for it, it stays as it is until it is disconnected.
  }

  #retry(): void {
    const { reconnectInterval, reconnectMaxInterval } = this.options;
    let waitMs: number;
    if (reconnectMaxInterval > 0) {
      waitMs = Math.min(this.#backoffMs, reconnectMaxInterval);
      this.#backoffMs = Math.min(this.#backoffMs * 2, reconnectMaxInterval);
    } else waitMs = reconnectInterval + (this.loop.clock.random32() % reconnectInterval);
    this.emit({ type: "connect:retry", address: this.endpoint, interval: waitMs });
    this.#dialing = { state: "waiting", timer: this.loop.clock.setTimer(() => this.#dial(), waitMs) };
    this.loop.wakeUps?.add(this);
  }

  #end(graceful: boolean): void {
    if (this.#life === "over") return;
    const wasLingering = this.#life === "lingering";
    this.#life = "over";
    this.#settle();
    if (this.#lingerTimer !== undefined) this.loop.clock.clearTimer(this.#lingerTimer);
    const dialing = this.#dialing;
    this.#dialing = IDLE;
    switch (dialing.state) {
      case "attempt":
        dialing.abort.abort(CANCELED);
        this.emit({ type: "close", address: this.endpoint });
        break;
      case "connected":
        dialing.connection.abort(graceful);
        break;
      case "waiting":
        this.loop.clock.clearTimer(dialing.timer);
        this.loop.wakeUps?.delete(this);
        break;
      case "idle":
      case "given up":
    }
    this.#dropPipe();
    if (wasLingering) this.loop.clock.unref();
    this.#owner.gone(this);
  }
}
