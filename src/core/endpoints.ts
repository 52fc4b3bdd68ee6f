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
import type { InprocBinder, InprocSide } from "../base/inproc.ts";
import type { OptionValues } from "../base/options.ts";
import type { Pipe } from "../base/pipe.ts";
import { SOCKET_TYPES } from "../base/socket-types.ts";
import type { EndpointOwner } from "../engine/endpoint-owner.ts";
import type { BoundEndpoint, EngineEndpoint } from "../engine/engine-endpoint.ts";
import type { EngineHost } from "../engine/engine-host.ts";
import type { InprocNames } from "../transport/inproc.ts";
import { expectCompatible, noSuchEndpoint, resolvedNames } from "./endpoint-names.ts";
import type { SocketCore } from "./socket-core.ts";

const INPROC = "inproc://";

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

/** An inproc name that this socket bound, or a peer of it that it connected to. */
interface InprocEndpoint {
  readonly text: string;
  readonly name: string;
  /** Set when connected, absent when bound. */
  readonly side?: OwnInprocSide;
}

interface OwnInprocSide extends InprocSide {
  readonly pipe: Pipe;
}

export class Endpoints implements EndpointOwner, InprocBinder {
  readonly #core: SocketCore;
  readonly #context: EndpointsContext;
  readonly #connected = new Set<EngineEndpoint>();
  readonly #bound = new Set<EngineEndpoint>();
  readonly #inproc = new Set<InprocEndpoint>();
  /** How many of them make it worth while to look for those that ended. */
  #sweptAt = 16;
  #isBusy = false;
  /** Called when the bind or unbind under way has ended. */
  #onSettled: (() => void) | undefined = undefined;
  /** Called once all endpoints are gone after `close`. */
  #onEmpty: (() => void) | undefined = undefined;

  constructor(core: SocketCore, context: EndpointsContext) {
    this.#core = core;
    this.#context = context;
  }

  /** ZMQ_LAST_ENDPOINT: what the last bind or connect came to. */
  get lastEndpoint(): string | null {
    return this.#core.options.lastEndpoint;
  }

  /** Whether the socket was bound or connected and still is. */
  get isEmpty(): boolean {
    return this.#connected.size + this.#bound.size + this.#inproc.size === 0;
  }

  /** Whether all that was sent has left for the kernel or an inproc peer. */
  get isIdle(): boolean {
    for (const pipe of this.#core.pipes) if (pipe.hasQueued) return false;
    for (const endpoint of [...this.#connected, ...this.#bound]) if (!endpoint.isIdle) return false;
    return true;
  }

  /** Whether a bind or unbind is under way. */
  get isBusy(): boolean {
    return this.#isBusy;
  }

  /** Calls `task` when the bind or unbind under way has ended, before its caller hears of it. */
  onceSettled(task: () => void): void {
    this.#onSettled = task;
  }

  /** All of them, when all are of the engine; undefined when there are others, or peers, by inproc. */
  get ofEngine(): readonly EngineEndpoint[] | undefined {
    for (const pipe of this.#core.pipes) if (pipe.endpoint.startsWith(INPROC)) return undefined;
    return this.#inproc.size > 0 ? undefined : [...this.#connected, ...this.#bound];
  }

  // --- Called by users ---

  /** Resolves to the endpoint that it became, wildcards resolved. Throws EBUSY at once when a bind or unbind is under way. */
  bind(text: string): Promise<string> {
    this.#begin();
    return this.#bind(text);
  }

  async #bind(text: string): Promise<string> {
    try {
      // A turn even when nothing waits: until then the socket counts as busy, as in zeromq.js.
      await undefined;
      const endpoint = this.#prepareBind(text);
      if (endpoint === undefined) return text;
      await endpoint.start();
      this.#added(endpoint);
      return endpoint.endpoint;
    } finally {
      this.#settle();
    }
  }

  bindSync(text: string): string {
    this.#begin();
    try {
      const endpoint = this.#prepareBind(text);
      if (endpoint === undefined) return text;
      endpoint.startSync();
      this.#added(endpoint);
      return endpoint.endpoint;
    } finally {
      this.#settle();
    }
  }

  /** Throws EBUSY at once when a bind or unbind is under way. */
  unbind(text: string): Promise<void> {
    this.#begin();
    return this.#unbindLater(text);
  }

  async #unbindLater(text: string): Promise<void> {
    try {
      await undefined;
      this.end(text);
    } finally {
      this.#settle();
    }
  }

  unbindSync(text: string): void {
    this.#begin();
    try {
      this.end(text);
    } finally {
      this.#settle();
    }
  }

  connect(text: string, { routingId }: ConnectOptions): void {
    const core = this.#core;
    const target = this.#parse(text, "connect");
    const id = this.#takeConnectRoutingId(routingId);
    if (target.scheme === "inproc") {
      this.#expectHere();
      this.#connectInproc(target.name, text, id);
    } else {
      const { engine } = this.#context;
      engine.checkConnect(target, core.options);
      if (SOCKET_TYPES[core.type].singleConnect && this.#isJoined(text)) return;
      const endpoint = engine.connect(this, target, { ...core.options }, id);
      this.#connected.add(endpoint);
      endpoint.start();
    }
    this.#core.options.lastEndpoint = text;
  }

  /** Ends all that is bound or connected at `text`: `unbind` and `disconnect` are one call in libzmq. */
  end(text: string): void {
    const names = resolvedNames(this.#context.grammar, text, this.#core.options.ipv6);
    expectCompatible(this.#core.type, text);
    if (this.#endAt(text)) return;
    for (const name of names) if (name !== text && this.#endAt(name)) return;
    const bound: string[] = [];
    const connected: string[] = [];
    for (const { isClosing, endpoint } of this.#bound) if (!isClosing) bound.push(endpoint);
    for (const { isClosing, endpoint } of this.#connected) if (!isClosing) connected.push(endpoint);
    for (const { side, text: name } of this.#inproc) (side === undefined ? bound : connected).push(name);
    throw noSuchEndpoint(text, bound, connected);
  }

  /** Ends all endpoints, each within the socket's linger period; `done` is called once all are gone. */
  close(done: () => void): void {
    this.#onEmpty = done;
    this.#core.pipeEnded = () => this.#reportEmpty();
    const { linger } = this.#core.options;
    for (const endpoint of [...this.#inproc]) this.#closeInproc(endpoint);
    // Peers that connected to a bound name outlive its unbinding, but not the socket.
    for (const pipe of [...this.#core.pipes]) if (pipe.endpoint.startsWith(INPROC)) pipe.close(linger);
    for (const endpoint of [...this.#connected, ...this.#bound]) endpoint.close(linger);
    this.#reportEmpty();
  }

  /** Writes what is batched as far as the kernel takes it at once. */
  flushNow(): void {
    for (const endpoint of [...this.#connected, ...this.#bound]) endpoint.flushNow();
  }

  // --- EndpointOwner ---

  get socketType() {
    return this.#core.type;
  }

  get isClosed() {
    return this.#core.isClosed;
  }

  get isMoved() {
    return this.#core.movement !== undefined;
  }

  get departedBacklog() {
    return this.#core.departedBacklog;
  }

  createPipe(endpoint: string, dialed: boolean, options: OptionValues, routingId?: Uint8Array): FarEnd {
    return this.#core.createPipe(endpoint, dialed, options, routingId);
  }

  emit(event: MonitorEvent): void {
    if (event.type === "loss") this.#core.dropped(event.packets > 0 ? "lost" : "invalid", undefined, []);
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

  // --- InprocBinder ---

  createPeer(name: string): InprocSide {
    const core = this.#core;
    const { sendHighWaterMark, receiveHighWaterMark } = core.options;
    const pipe = core.createPipe(`${INPROC}${name}`, false, core.options);
    pipe.open();
    return { pipe, sendHighWaterMark, receiveHighWaterMark, properties: core.properties };
  }

  // --- Inside ---

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

  #parse(text: string, role: "bind" | "connect"): Endpoint {
    const endpoint = this.#context.grammar.parse(text, role, this.#core.options.ipv6);
    expectCompatible(this.#core.type, text, role);
    if (this.#core.type === "STREAM" && endpoint.scheme !== "tcp") {
      throw new ZmqError("EPROTONOSUPPORT", { address: text });
    }
    return endpoint;
  }

  #expectHere(): void {
    if (this.isMoved) throw new ZmqError("EBUSY", { detail: "a proxy in an I/O thread has the socket" });
  }

  /** The endpoint to start; undefined when the bind is done already, as for inproc. */
  #prepareBind(text: string): BoundEndpoint | undefined {
    const target = this.#parse(text, "bind");
    if (target.scheme === "inproc") {
      this.#expectHere();
      this.#context.inproc.bind(target.name, this);
      this.#inproc.add({ text, name: target.name });
      this.#core.options.lastEndpoint = text;
      return undefined;
    }
    return this.#context.engine.bind(this, target, { ...this.#core.options });
  }

  #added(endpoint: BoundEndpoint): void {
    if (this.#core.isClosed) {
      endpoint.close(0);
      return;
    }
    this.#bound.add(endpoint);
    this.#core.options.lastEndpoint = endpoint.endpoint;
  }

  /** True when any was there. One bound inproc name comes before the connections to it, as in libzmq. */
  #endAt(name: string): boolean {
    const bound = [...this.#inproc].find(({ side, text }) => side === undefined && text === name);
    if (bound !== undefined) {
      this.#closeInproc(bound);
      return true;
    }
    let found = false;
    for (const endpoint of [...this.#inproc]) {
      if (endpoint.text !== name) continue;
      found ||= endpoint.side?.pipe.isClosed === false;
      this.#closeInproc(endpoint);
    }
    const { linger } = this.#core.options;
    for (const endpoint of [...this.#connected, ...this.#bound]) {
      if (!endpoint.isAt(name) || endpoint.isClosing) continue;
      found = true;
      endpoint.close(linger);
    }
    return found;
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
    for (const { isClosing, endpoint } of this.#bound) if (endpoint === text && !isClosing) return true;
    for (const endpoint of this.#connected) if (endpoint.endpoint === text && !endpoint.isClosing) return true;
    return false;
  }

  #connectInproc(name: string, text: string, routingId: Uint8Array | undefined): void {
    const core = this.#core;
    const { sendHighWaterMark, receiveHighWaterMark } = core.options;
    const pipe = core.createPipe(text, true, core.options, routingId);
    const side: OwnInprocSide = { pipe, sendHighWaterMark, receiveHighWaterMark, properties: core.properties };
    this.#forgetEnded();
    this.#inproc.add({ text, name, side });
    pipe.open();
    this.#context.inproc.connect(name, side);
  }

  /** Drops inproc peers that ended by themselves, whenever their number has doubled. */
  #forgetEnded(): void {
    if (this.#inproc.size < this.#sweptAt) return;
    for (const endpoint of this.#inproc) if (endpoint.side?.pipe.isClosed) this.#inproc.delete(endpoint);
    this.#sweptAt = Math.max(16, this.#inproc.size * 2);
  }

  #closeInproc(endpoint: InprocEndpoint): void {
    this.#inproc.delete(endpoint);
    if (endpoint.side === undefined) this.#context.inproc.unbind(endpoint.name);
    else {
      const { side } = endpoint;
      if (this.#context.inproc.cancel(endpoint.name, side)) side.pipe.end();
      else side.pipe.close(this.#core.options.linger);
    }
  }

  #reportEmpty(): void {
    if (this.#onEmpty === undefined || !this.isEmpty) return;
    // What was sent to other threads is on its way.
    for (const pipe of this.#core.pipes) if (pipe.endpoint.startsWith(INPROC)) return;
    const done = this.#onEmpty;
    this.#onEmpty = undefined;
    done();
  }
}
