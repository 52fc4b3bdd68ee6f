/**
 * The endpoints of one socket: bind, unbind, connect, disconnect, and what is
 * left to do when the socket closes. It turns endpoint strings into endpoints
 * of the engine host, and into inproc names.
 */

import { EMPTY, equal } from "../base/bytes.ts";
import type { Endpoint, Grammar } from "../base/endpoint-grammar.ts";
import { ZmqError } from "../base/errors.ts";
import type { MonitorEvent } from "../base/events.ts";
import type { FarEnd } from "../base/far-end.ts";
import { isInproc } from "../base/inproc.ts";
import type { OptionValues } from "../base/options.ts";
import { SOCKET_TYPES } from "../base/socket-types.ts";
import { IN_PAGE } from "../base/target.ts";
import type { EndpointOwner } from "../engine/endpoint-owner.ts";
import type { BoundEndpoint, EngineEndpoint } from "../engine/engine-endpoint.ts";
import type { EngineHost } from "../engine/engine-host.ts";
import type { InprocNames } from "../transport/inproc.ts";
import { expectCompatible, noSuchEndpoint, resolvedNames } from "./endpoint-names.ts";
import { inprocEndpoints } from "./inproc.ts";
import type { SocketCore } from "./socket-core.ts";

export interface ConnectOptions {
  /** ROUTER, STREAM: the routing id by which this socket addresses the peer (ZMQ_CONNECT_ROUTING_ID). */
  readonly routingId?: string | Uint8Array | undefined;
}

/** The context, as its endpoints see it. */
export interface EndpointsContext {
  readonly grammar: Grammar;
  readonly engine: EngineHost;
  readonly inproc: InprocNames;
  /** As `EndpointOwner.authenticate`. */
  authenticate: EndpointOwner["authenticate"];
}

export class Endpoints implements EndpointOwner {
  readonly #core: SocketCore;
  readonly #context: EndpointsContext;
  readonly #connected = new Set<EngineEndpoint>();
  readonly #bound = new Set<EngineEndpoint>();
  /** How many connected ones make it worth while to look for inproc peers that ended. */
  #sweptAt = 16;
  #isBusy = false;
  /** Called when the bind or unbind under way has ended. */
  #onSettled: (() => void) | undefined;
  /** Called once all endpoints are gone after `close`. */
  #onEmpty: (() => void) | undefined;

  constructor(core: SocketCore, context: EndpointsContext) {
    this.#core = core;
    this.#context = context;
  }

  /** ZMQ_LAST_ENDPOINT: what the last bind or connect came to. */
  get lastEndpoint(): string | null {
    return this.#core.options.lastEndpoint;
  }

  /** Those that were bound or connected and are not gone. */
  get all(): readonly EngineEndpoint[] {
    return [...this.#connected, ...this.#bound];
  }

  /** Whether the socket was bound or connected and still is. */
  get isEmpty(): boolean {
    return this.#connected.size + this.#bound.size === 0;
  }

  /** Whether all that was sent has left for the kernel or an inproc peer. */
  get isIdle(): boolean {
    for (const pipe of this.#core.pipes) if (pipe.hasQueued) return false;
    return this.all.every(({ isIdle }) => isIdle);
  }

  /** Whether a bind or unbind is under way. */
  get isBusy(): boolean {
    return this.#isBusy;
  }

  /** Calls `task` when the bind or unbind under way has ended, before its caller hears of it. */
  onceSettled(task: () => void): void {
    this.#onSettled = task;
  }

  // --- Called by users ---

  /** Resolves to the endpoint that it became, wildcards resolved. Throws EBUSY at once when a bind or unbind is under way. */
  bind(text: string): Promise<string> {
    return this.#later(async () => {
      const endpoint = this.#created(text);
      await endpoint.start();
      return this.#added(endpoint);
    });
  }

  bindSync(text: string): string {
    return this.#now(() => {
      const endpoint = this.#created(text);
      endpoint.startSync();
      return this.#added(endpoint);
    });
  }

  /** Throws EBUSY at once when a bind or unbind is under way. */
  unbind(text: string): Promise<void> {
    return this.#later(() => this.end(text));
  }

  unbindSync(text: string): void {
    this.#now(() => this.end(text));
  }

  connect(text: string, { routingId }: ConnectOptions): void {
    const { options, type } = this.#core;
    const { engine } = this.#context;
    const target = this.#parse(text, "connect");
    const id = this.#takeConnectRoutingId(routingId);
    if (target.scheme === "inproc") this.#connectInproc(text, id);
    else {
      engine.checkConnect(target, options);
      if (SOCKET_TYPES[type].singleConnect && this.#isJoined(text)) return;
      const endpoint = engine.connect(this, target, { ...options }, id);
      this.#connected.add(endpoint);
      endpoint.start();
    }
    options.lastEndpoint = text;
  }

  /** Ends all that is bound or connected at `text`: `unbind` and `disconnect` are one call in libzmq. */
  end(text: string): void {
    const names = resolvedNames(this.#context.grammar, text, this.#core.options.ipv6);
    expectCompatible(this.#core.type, text);
    if (this.#endAt(text)) return;
    for (const name of names) if (name !== text && this.#endAt(name)) return;
    throw noSuchEndpoint(text, this.#bound, this.#connected);
  }

  /** Ends all endpoints, each within the socket's linger period; `done` is called once all are gone. */
  close(done: () => void): void {
    this.#onEmpty = done;
    this.#core.pipeEnded = () => this.#reportEmpty();
    const { linger } = this.#core.options;
    for (const endpoint of this.all) if (isInproc(endpoint)) endpoint.close(linger);
    // Peers that connected to a bound name outlive its unbinding, but not the socket.
    for (const pipe of [...this.#core.pipes]) if (isInproc(pipe)) pipe.close(linger);
    for (const endpoint of this.all) endpoint.close(linger);
    this.#reportEmpty();
  }

  // --- EndpointOwner ---

  get socketType() {
    return this.#core.type;
  }

  get isClosed() {
    return this.#core.isClosed;
  }

  get isMoved() {
    return !IN_PAGE && this.#core.movement !== undefined;
  }

  get departedBacklog() {
    return this.#core.departedBacklog;
  }

  createPipe(endpoint: string, dialed: boolean, options: OptionValues, routingId?: Uint8Array): FarEnd {
    return this.#core.createPipe(endpoint, dialed, options, routingId);
  }

  emit(event: MonitorEvent): void {
    if (!IN_PAGE && event.type === "loss") this.#core.dropped(event.packets > 0 ? "lost" : "invalid", undefined, []);
    this.#core.emit(event);
  }

  authenticate(...question: Parameters<EndpointOwner["authenticate"]>): void {
    this.#context.authenticate(...question);
  }

  gaveUp(endpoint: string, cause: unknown): void {
    this.#core.gaveUp(endpoint, cause);
  }

  failed({ endpoint }: EngineEndpoint, error: ZmqError): void {
    this.#core.fail(endpoint, error);
  }

  gone(endpoint: EngineEndpoint): void {
    this.#connected.delete(endpoint);
    this.#bound.delete(endpoint);
    this.#core.idle(); // its queued messages are dropped
    this.#reportEmpty();
  }

  // --- Inside ---

  /** One bind or unbind at a time. */
  #begin(): void {
    if (this.#isBusy) {
      throw new ZmqError("EBUSY", { message: "Socket is blocked by a bind or unbind operation" });
    }
    this.#isBusy = true;
  }

  #settle(): void {
    this.#isBusy = false;
    const task = this.#onSettled;
    this.#onSettled = undefined;
    task?.();
  }

  #now<T>(task: () => T): T {
    this.#begin();
    try {
      return task();
    } finally {
      this.#settle();
    }
  }

  #later<T>(task: () => T | Promise<T>): Promise<T> {
    this.#begin();
    // A turn even when nothing waits: until then the socket counts as busy, as in zeromq.js.
    return Promise.resolve()
      .then(task)
      .finally(() => this.#settle());
  }

  #parse(text: string, role: "bind" | "connect"): Endpoint {
    const { type, options } = this.#core;
    const endpoint = this.#context.grammar.parse(text, role, options.ipv6);
    expectCompatible(type, text, role);
    if (!IN_PAGE && type === "STREAM" && endpoint.scheme !== "tcp") {
      throw new ZmqError("EPROTONOSUPPORT", { address: text });
    }
    if (!IN_PAGE && this.isMoved && endpoint.scheme === "inproc") {
      throw new ZmqError("EBUSY", { detail: "a proxy in an I/O thread has the socket" });
    }
    return endpoint;
  }

  /** To be started. */
  #created(text: string): BoundEndpoint {
    const context = this.#context;
    const core = this.#core;
    const target = this.#parse(text, "bind");
    return target.scheme === "inproc"
      ? inprocEndpoints(text).bind(text, context.inproc, this, core)
      : context.engine.bind(this, target, { ...core.options });
  }

  /** It listens now. Returns what it is called. */
  #added(endpoint: BoundEndpoint): string {
    if (this.#core.isClosed) endpoint.close(0);
    else {
      this.#bound.add(endpoint);
      this.#core.options.lastEndpoint = endpoint.endpoint;
    }
    return endpoint.endpoint;
  }

  /** True when any was there. One bound inproc name comes before the connections to it, as in libzmq. */
  #endAt(name: string): boolean {
    const { linger } = this.#core.options;
    let found = this.all.filter((endpoint) => endpoint.isAt(name) && !endpoint.isClosing);
    const bound = found.find((endpoint) => isInproc(endpoint) && this.#bound.has(endpoint));
    if (bound !== undefined) found = [bound];
    for (const endpoint of found) endpoint.close(linger);
    return found.length > 0;
  }

  #takeConnectRoutingId(given: string | Uint8Array | undefined): Uint8Array | undefined {
    const core = this.#core;
    const { type, options } = core;
    if (given !== undefined && (type === "ROUTER" || type === "STREAM")) core.assign("connectRoutingId", given);
    const id = options.connectRoutingId;
    if (id.length === 0) return undefined;
    core.options.connectRoutingId = EMPTY; // it serves one connection
    for (const pipe of core.pipes) {
      if (pipe.routingId !== undefined && equal(pipe.routingId, id)) {
        throw new ZmqError("EINVAL", { detail: "another peer has this routing id already" });
      }
    }
    return id;
  }

  /** As in libzmq, an address that the socket bound itself counts too. */
  #isJoined(text: string): boolean {
    return this.all.some(({ isClosing, endpoint }) => endpoint === text && !isClosing);
  }

  #connectInproc(text: string, routingId: Uint8Array | undefined): void {
    const endpoint = inprocEndpoints(text).connect(text, this.#context.inproc, this, this.#core, routingId);
    this.#forgetEnded();
    this.#connected.add(endpoint);
    endpoint.startSync();
  }

  /** Drops inproc peers that ended by themselves, whenever their number has doubled. */
  #forgetEnded(): void {
    const connected = this.#connected;
    if (connected.size < this.#sweptAt) return;
    for (const each of connected) if (isInproc(each) && each.isClosing) connected.delete(each);
    this.#sweptAt = Math.max(16, connected.size * 2);
  }

  #reportEmpty(): void {
    if (this.#onEmpty === undefined || !this.isEmpty) return;
    // What was sent to other threads is on its way.
    for (const pipe of this.#core.pipes) if (isInproc(pipe)) return;
    const done = this.#onEmpty;
    this.#onEmpty = undefined;
    done();
  }
}
