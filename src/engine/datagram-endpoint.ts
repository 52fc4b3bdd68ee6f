/**
 * One endpoint for datagrams, bound or connected: it has one pipe, whatever the number of its peers, and one session
 * that speaks for it. There is no handshake, and no connection that could be lost: its sockets are opened, messages go
 * and come, the rest is sent, and it is closed.
 *
 * A connected one whose sockets cannot be opened tries again after RECONNECT_IVL; what is sent meanwhile is queued.
 */

import { EMPTY } from "../base/bytes.ts";
import type { Timer } from "../base/clock.ts";
import type { Endpoint } from "../base/endpoint-grammar.ts";
import { isErrorCode, ZmqError } from "../base/errors.ts";
import type { MonitorEvent } from "../base/events.ts";
import type { FarEnd } from "../base/far-end.ts";
import { NO_PROPERTIES } from "../base/message.ts";
import type { OptionValues } from "../base/options.ts";
import { SOCKET_TYPES, type SocketTypeName } from "../base/socket-types.ts";
import type { DatagramProtocol, DatagramSession, DatagramSessionOwner } from "./datagram-session.ts";
import type { EndpointOwner } from "./endpoint-owner.ts";
import type { BoundEndpoint, ConnectedEndpoint } from "./engine-endpoint.ts";
import type { EngineLoop } from "./engine-loop.ts";

/**
 * - `closed`: there are no sockets yet.
 * - `opening`, `open`: the session opens its sockets, and has them.
 * - `waiting`: they could not be opened; another attempt follows.
 * - `given up`: none follows.
 * - `lingering`: closed, but what is queued still leaves, and the process stays alive meanwhile.
 */
type Life =
  | { readonly state: "closed" | "given up" | "over" }
  | { readonly state: "opening" | "open"; readonly session: DatagramSession }
  | { readonly state: "waiting"; readonly timer: Timer }
  | { readonly state: "lingering"; readonly session: DatagramSession; readonly timer: Timer | undefined };

export class DatagramEndpoint implements ConnectedEndpoint, BoundEndpoint, DatagramSessionOwner {
  /** The endpoint as given; once it is bound, the resolved one. */
  endpoint: string;
  readonly loop: EngineLoop;
  readonly role: "bind" | "connect";
  readonly options: OptionValues;
  readonly #owner: EndpointOwner;
  readonly #target: Endpoint;
  readonly #protocol: DatagramProtocol;
  readonly #routingId: Uint8Array | undefined;
  #pipe: FarEnd | undefined = undefined;
  #life: Life = { state: "closed" };

  constructor(
    owner: EndpointOwner,
    loop: EngineLoop,
    role: "bind" | "connect",
    target: Endpoint,
    protocol: DatagramProtocol,
    options: OptionValues,
    routingId?: Uint8Array,
  ) {
    this.#owner = owner;
    this.loop = loop;
    this.role = role;
    this.#target = target;
    this.#protocol = protocol;
    this.options = options;
    this.#routingId = routingId;
    this.endpoint = target.text;
  }

  get socketType(): SocketTypeName {
    return this.#owner.socketType;
  }

  isAt(text: string): boolean {
    return text === this.endpoint || text === this.#target.text;
  }

  get isClosing(): boolean {
    return this.#life.state === "lingering" || this.#life.state === "over";
  }

  /** True when all that was sent has left. */
  get isIdle(): boolean {
    return !this.#pipe?.hasQueued && this.#session?.isIdle !== false;
  }

  /** Of a bound endpoint: rejects with a ZmqError. Of a connected one: resolves at once. */
  async start(): Promise<void> {
    if (this.role === "connect") {
      this.#addPipe();
      this.#dial();
      return;
    }
    const session = this.#openingSession();
    try {
      this.#bound(session, await session.open());
    } catch (error) {
      throw this.#bindFailed(session, error);
    }
  }

  startSync(): void {
    const session = this.#openingSession();
    try {
      this.#bound(session, session.openSync());
    } catch (error) {
      throw this.#bindFailed(session, error);
    }
  }

  /** Ends it once what is queued was sent, or after `lingerMs` (-1: no limit, 0: now). */
  close(lingerMs: number): void {
    const life = this.#life;
    if (this.isClosing) return;
    this.#pipe?.closeWrites();
    if (life.state !== "open" || lingerMs === 0 || (this.isIdle && life.session.isNeeded !== true)) {
      this.#end();
      return;
    }
    const { session } = life;
    const timer = lingerMs > 0 ? this.loop.clock.setTimer(() => this.#end(), lingerMs) : undefined;
    this.#life = { state: "lingering", session, timer };
    this.loop.clock.ref();
    session.finish();
  }

  flushNow(): void {
    this.#session?.flushNow();
  }

  // --- DatagramSessionOwner ---

  emit(event: MonitorEvent): void {
    this.#owner.emit(event);
  }

  finished(): void {
    if (this.#life.state === "lingering") this.#end();
  }

  // --- Inside ---

  get #session(): DatagramSession | undefined {
    const life = this.#life;
    return life.state === "open" || life.state === "lingering" ? life.session : undefined;
  }

  #addPipe(): FarEnd {
    const pipe = this.#owner.createPipe(this.endpoint, this.role === "connect", this.options, this.#routingId);
    this.#pipe = pipe;
    pipe.open();
    return pipe;
  }

  /** Of a bound endpoint. Throws what its options or its interface are refused for. */
  #openingSession(): DatagramSession {
    try {
      const session = this.#protocol.session(this, this.#target);
      this.#life = { state: "opening", session };
      return session;
    } catch (error) {
      throw this.#bindFailed(undefined, error);
    }
  }

  #dial(): void {
    this.emit({ type: "connect:delay", address: this.endpoint });
    let session: DatagramSession;
    try {
      session = this.#protocol.session(this, this.#target);
    } catch (error) {
      this.#refused(error); // The interface was there, and is gone.
      return;
    }
    this.#life = { state: "opening", session };
    session.open().then(
      () => {
        if (this.#isOpening(session)) this.#run(session, "connect");
        else session.destroy();
      },
      (error: unknown) => {
        session.destroy();
        if (this.#isOpening(session)) this.#refused(error);
      },
    );
  }

  #isOpening(session: DatagramSession): boolean {
    return this.#life.state === "opening" && this.#life.session === session;
  }

  #refused(error: unknown): void {
    this.emit({ type: "close", address: this.endpoint, cause: error });
    const { reconnectInterval } = this.options;
    if (reconnectInterval <= 0) {
      this.#life = { state: "given up" };
      return;
    }
    const waitMs = reconnectInterval + (this.loop.clock.random32() % reconnectInterval);
    this.emit({ type: "connect:retry", address: this.endpoint, interval: waitMs });
    this.#life = { state: "waiting", timer: this.loop.clock.setTimer(() => this.#dial(), waitMs) };
  }

  #bound(session: DatagramSession, address: string): void {
    if (!this.#isOpening(session)) {
      session.destroy();
      return;
    }
    this.endpoint = address;
    this.#addPipe();
    this.#run(session, "bind");
  }

  #bindFailed(session: DatagramSession | undefined, error: unknown): ZmqError {
    session?.destroy();
    const code = (error as { code?: unknown } | undefined)?.code;
    const failure =
      error instanceof ZmqError
        ? error
        : new ZmqError(isErrorCode(code) ? code : "EINVAL", { address: this.#target.text, cause: error });
    this.emit({ type: "bind:error", address: this.#target.text.replace(/^\w+:\/\//, ""), error: failure });
    this.#life = { state: "over" };
    return failure;
  }

  #run(session: DatagramSession, type: "bind" | "connect"): void {
    const pipe = this.#pipe as FarEnd;
    this.#life = { state: "open", session };
    this.emit({ type, address: this.endpoint });
    pipe.attach(session);
    pipe.connect(NO_PROPERTIES);
    // The receivers choose what they want: the publisher sends all.
    if (SOCKET_TYPES[this.socketType].isSubscribedTo) pipe.deliverControl({ kind: "subscribe", topic: EMPTY });
    session.start(pipe);
  }

  #end(): void {
    const life = this.#life;
    if (life.state === "over") return;
    this.#life = { state: "over" };
    switch (life.state) {
      case "lingering":
        if (life.timer !== undefined) this.loop.clock.clearTimer(life.timer);
        life.session.destroy();
        this.loop.clock.unref();
        break;
      case "open":
        life.session.destroy();
        break;
      case "waiting":
        this.loop.clock.clearTimer(life.timer);
        break;
      default: // An attempt under way closes its sockets when it is done.
    }
    if (life.state === "open" || life.state === "lingering") this.emit({ type: "close", address: this.endpoint });
    const pipe = this.#pipe;
    this.#pipe = undefined;
    pipe?.end();
    this.#owner.gone(this);
  }
}
