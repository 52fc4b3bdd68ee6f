/**
 * What an I/O thread does: it runs the engine for the endpoints of sockets in
 * another thread. To the engine it looks as if the sockets were here.
 */

import type { Clock } from "../base/clock.ts";
import { DepartedBacklog } from "../base/departed-backlog.ts";
import type { MonitorEvent } from "../base/events.ts";
import type { FarEnd } from "../base/far-end.ts";
import type { Link } from "../base/link.ts";
import type { OptionValues } from "../base/options.ts";
import type { SocketTypeName } from "../base/socket-types.ts";
import type { EndpointOwner } from "../engine/endpoint-owner.ts";
import type { BoundEndpoint, ConnectedEndpoint, EngineEndpoint } from "../engine/engine-endpoint.ts";
import type { EngineHost } from "../engine/engine-host.ts";
import type { ZapListener, ZapRequest } from "../security/mechanism.ts";
import { type Bell, ring } from "./bell.ts";
import { EngineFarEnd } from "./engine-far-end.ts";
import type { EngineNotice, EngineRequest, Mail, PeerChange, SentEvent } from "./engine-mail.ts";
import { createCountsMemory, createEngineMemory, type EngineMemory, engineCounts } from "./engine-memory.ts";
import { EngineProxies, type ProxiesServer } from "./engine-proxies.ts";
import type { Inbox, InboxSource } from "./inbox.ts";
import type { ProxyMaker } from "./moved-socket.ts";
import { receiveError, sendError } from "./sent-errors.ts";
import { ServedPipe } from "./served-pipe.ts";

/** At the end of the process: so often it is looked whether all has left. */
const FINISH_LOOK_MS = 2;

export interface EngineServerParts {
  readonly mail: Mail<EngineNotice, EngineRequest>;
  /** That of the sockets' thread. */
  readonly bell: Bell;
  readonly inbox: Inbox;
  readonly clock: Clock;
  readonly host: EngineHost;
  /** For proxies that move here. */
  readonly proxies: ProxyMaker;
}

export class EngineServer implements InboxSource, ProxiesServer {
  readonly proxies: EngineProxies;
  readonly bell: Bell;
  readonly inbox: Inbox;
  readonly clock: Clock;
  readonly #mail: Mail<EngineNotice, EngineRequest>;
  readonly #host: EngineHost;
  readonly #endpoints = new Map<number, ServedEndpoint>();
  /** What departed peers left, by the number of the socket. */
  readonly #backlogs = new Map<number, SocketBacklog>();
  readonly #questions = new Map<number, ZapListener>();
  #lastQuestion = 0;
  readonly #outgoing: EngineNotice[] = [];
  readonly #changed = new Set<EngineFarEnd>();

  constructor({ mail, bell, inbox, clock, host, proxies }: EngineServerParts) {
    this.#mail = mail;
    this.bell = bell;
    this.inbox = inbox;
    this.clock = clock;
    this.#host = host;
    this.proxies = new EngineProxies(this, proxies);
    inbox.add(this);
  }

  /** In this turn, behind what the pipes have written in it. */
  post(notice: EngineNotice): void {
    this.#outgoing.push(notice);
    if (this.#outgoing.length === 1) this.clock.defer(() => this.flush());
  }

  /** At once, and not behind what waits to be posted: a record follows. */
  postFrame(notice: EngineNotice & { readonly kind: "frame" }): void {
    this.#mail.post(notice, [notice.memory]);
  }

  /** The peer of the pipe came or went. */
  changed(pipe: EngineFarEnd): void {
    this.#changed.add(pipe);
  }

  /** Posts what waits to be posted. */
  flush(): void {
    for (const pipe of this.#changed) pipe.poll();
    this.#changed.clear();
    if (this.#outgoing.length === 0) return;
    for (const notice of this.#outgoing.splice(0)) this.#mail.post(notice);
    ring(this.bell);
  }

  poll(): boolean {
    let isDone = false;
    for (let request = this.receive(); request !== undefined; request = this.receive()) {
      isDone = true;
      this.requested(request);
    }
    return this.proxies.poll() || isDone;
  }

  receive(): EngineRequest | undefined {
    return this.#mail.receive();
  }

  *pipesOf(socket: number): Generator<ServedPipe> {
    for (const endpoint of this.#endpoints.values()) if (endpoint.socket === socket) yield* endpoint.pipes;
  }

  hasEndpoints(socket: number): boolean {
    for (const endpoint of this.#endpoints.values()) if (endpoint.socket === socket) return true;
    return false;
  }

  ask(id: number, request: ZapRequest, peerAddress: string, signal: AbortSignal, listener: ZapListener): void {
    const question = ++this.#lastQuestion;
    this.#questions.set(question, listener);
    signal.addEventListener("abort", () => {
      if (this.#questions.delete(question)) this.post({ kind: "notAsked", question });
    });
    this.post({ kind: "authenticate", id, question, request, peerAddress });
  }

  gone(endpoint: ServedEndpoint): void {
    this.#endpoints.delete(endpoint.id);
    const { socket } = endpoint;
    if (!this.hasEndpoints(socket)) {
      this.#backlogs.delete(socket);
      this.proxies.withoutEndpoints(socket);
    }
    this.post({ kind: "gone", id: endpoint.id });
  }

  requested(request: EngineRequest): void {
    switch (request.kind) {
      case "endpoint": {
        let backlog = this.#backlogs.get(request.socket);
        if (backlog === undefined) {
          backlog = new SocketBacklog(this.clock, request.options.departedHighWaterMarkBytes);
          this.#backlogs.set(request.socket, backlog);
        }
        this.#endpoints.set(request.id, new ServedEndpoint(this, this.#host, request, backlog));
        break;
      }
      case "start":
        this.#endpoints.get(request.id)?.start();
        break;
      case "startSync":
        this.#endpoints.get(request.id)?.start(() => {
          this.flush();
          Atomics.store(request.done, 0, 1);
          Atomics.notify(request.done, 0);
        });
        break;
      case "stopListening":
        this.#endpoints.get(request.id)?.stopListening();
        break;
      case "close":
        this.#endpoints.get(request.id)?.close(request.lingerMs);
        break;
      case "authenticated":
        this.#take(request.question)?.answered(request.reply);
        break;
      case "notAuthenticated":
        this.#take(request.question)?.failed(receiveError(request.error));
        break;
      case "backlog":
        this.#endpoints.get(request.id)?.backlog.fill(request.isFull);
        break;
      case "finish":
        this.#finish(request.done);
        break;
      case "moveProxy":
        this.proxies.move(request);
        break;
      case "movedProxy":
        break; // It comes when it is waited for.
      case "steerProxy":
        this.proxies.steer(request.proxy, request.to);
        break;
      case "look":
      case "hearDrops":
        this.proxies.asked(request);
        break;
      case "assign":
        this.proxies.assign(request.socket, request.name, request.value);
        break;
    }
  }

  #take(question: number): ZapListener | undefined {
    const taken = this.#questions.get(question);
    this.#questions.delete(question);
    return taken;
  }

  #finish(done: Int32Array): void {
    let isIdle = true;
    for (const endpoint of this.#endpoints.values()) if (!endpoint.flush()) isIdle = false;
    if (!isIdle) {
      this.clock.setTimer(() => this.#finish(done), FINISH_LOOK_MS);
      return;
    }
    Atomics.store(done, 0, 1);
    Atomics.notify(done, 0);
  }
}

/** The unread messages of departed peers of a socket: those that it has not taken yet, and what it says of the others. */
class SocketBacklog {
  readonly departed: DepartedBacklog;
  readonly #limit: number;
  #filledWith = 0;

  constructor(clock: Clock, limit: number) {
    this.#limit = limit;
    this.departed = new DepartedBacklog(clock, () => this.#limit);
  }

  fill(isFull: boolean): void {
    if (isFull === this.#filledWith > 0) return;
    if (isFull) {
      this.#filledWith = Math.max(1, this.#limit);
      this.departed.add(this.#filledWith);
    } else {
      const bytes = this.#filledWith;
      this.#filledWith = 0;
      this.departed.remove(bytes);
    }
  }
}

/** An endpoint of a socket in the other thread, and all that the engine asks of that socket for it. */
class ServedEndpoint implements EndpointOwner {
  readonly id: number;
  readonly socketType: SocketTypeName;
  readonly isClosed = false;
  /** The number of its socket. */
  readonly socket: number;
  readonly backlog: SocketBacklog;
  readonly pipes = new Set<ServedPipe>();
  readonly #server: EngineServer;
  readonly #options: OptionValues;
  readonly #start: () => Promise<void> | undefined;
  readonly #endpoint: EngineEndpoint & { stopListening?(): void };
  /** Of the pipe that the request brought. */
  #memory: EngineMemory | undefined;
  #lastPipe = 0;

  constructor(
    server: EngineServer,
    host: EngineHost,
    request: EngineRequest & { readonly kind: "endpoint" },
    backlog: SocketBacklog,
  ) {
    const { id, type, target, options, routingId, memory } = request;
    this.id = id;
    this.socketType = type;
    this.socket = request.socket;
    this.backlog = backlog;
    this.#server = server;
    this.#options = options;
    this.#memory = memory;
    if (request.role === "connect") {
      const endpoint: ConnectedEndpoint = host.connect(this, target, options, routingId);
      this.#endpoint = endpoint;
      this.#start = () => void endpoint.start();
    } else {
      const endpoint: BoundEndpoint = host.bind(this, target, options);
      this.#endpoint = endpoint;
      this.#start = () => endpoint.start();
    }
  }

  /** `settled` hears when it is bound, or cannot be. Not at once: there are runtimes that only bind so. */
  start(settled?: () => void): void {
    this.#start()
      ?.then(
        () => this.#bound(),
        (error: unknown) => this.#bindFailed(error),
      )
      .then(settled);
  }

  stopListening(): void {
    this.#endpoint.stopListening?.();
  }

  close(lingerMs: number): void {
    // The socket said so behind all that it wrote.
    for (const pipe of this.pipes) pipe.takeAll();
    this.#endpoint.close(lingerMs);
  }

  /** Hands on what was written. True when all of it has left. */
  flush(): boolean {
    for (const pipe of this.pipes) pipe.takeAll();
    this.#endpoint.flushNow();
    if (!this.#endpoint.isIdle) return false;
    for (const pipe of this.pipes) if (pipe.hasQueued) return false;
    return true;
  }

  // --- EndpointOwner ---

  get departedBacklog(): DepartedBacklog {
    return this.#server.proxies.socket(this.socket)?.departedBacklog ?? this.backlog.departed;
  }

  createPipe(endpoint: string, dialed: boolean, options: OptionValues, routingId?: Uint8Array): FarEnd {
    const given = this.#memory;
    this.#memory = undefined;
    const moved = this.#server.proxies.socket(this.socket);
    const memory = given ?? (moved === undefined ? createEngineMemory() : createCountsMemory());
    const number = given === undefined ? ++this.#lastPipe : 0;
    const { id } = this;
    const parts = {
      id,
      number,
      endpoint,
      dialed,
      options,
      routingId,
      counts: engineCounts(memory),
      tell: (change: PeerChange, routingId: Uint8Array | undefined) => {
        if (change === "ended") this.pipes.delete(served);
        this.#server.post({ kind: "peer", id, pipe: number, change, routingId });
      },
    };
    const served = new ServedPipe(parts, moved ?? this.#ring(memory, number, dialed, () => this.pipes.delete(served)));
    this.pipes.add(served);
    if (given === undefined) this.#server.post({ kind: "pipe", id, pipe: number, memory, dialed, endpoint });
    return served;
  }

  /** `over`: all that came by it was read. */
  #ring(memory: EngineMemory, number: number, dialed: boolean, over: () => void): EngineFarEnd {
    const { helloMessage, probeRouter, raw } = this.#options;
    const pipe: EngineFarEnd = new EngineFarEnd({
      memory,
      limits: this.#options,
      greets: dialed && (helloMessage.length > 0 || probeRouter),
      dropsWhenLost: this.socketType === "STREAM" || raw,
      bell: this.#server.bell,
      inbox: this.#server.inbox,
      clock: this.#server.clock,
      owner: {
        dropped: (messages) => this.#server.post({ kind: "dropped", id: this.id, pipe: number, messages }),
        changed: () => this.#server.changed(pipe),
        postFrame: (frame, content) =>
          this.#server.postFrame({ kind: "frame", id: this.id, pipe: number, frame, memory: content }),
        left: (bytes) => this.backlog.departed.add(bytes),
        done: (bytes) => {
          over();
          this.backlog.departed.remove(bytes);
        },
      },
    });
    return pipe;
  }

  emit(event: MonitorEvent): void {
    const { error, cause, ...rest } = event as MonitorEvent & { error?: unknown; cause?: unknown };
    const sent = {
      ...rest,
      ...(error !== undefined && { error: sendError(error) }),
      ...(cause !== undefined && { cause: sendError(cause) }),
    };
    this.#server.post({ kind: "event", id: this.id, event: sent as SentEvent });
  }

  gaveUp(_endpoint: string, cause: unknown): void {
    this.#server.post({ kind: "gaveUp", id: this.id, ...(cause !== undefined && { cause: sendError(cause) }) });
  }

  authenticate(
    request: ZapRequest,
    { peerAddress }: Pick<Link, "peerAddress">,
    _options: OptionValues,
    signal: AbortSignal,
    listener: ZapListener,
  ): void {
    this.#server.ask(this.id, request, peerAddress, signal, listener);
  }

  gone(): void {
    this.#server.gone(this);
  }

  #bound(): void {
    this.#server.post({ kind: "bound", id: this.id, endpoint: this.#endpoint.endpoint });
  }

  #bindFailed(error: unknown): void {
    this.#server.post({ kind: "bindFailed", id: this.id, error: sendError(error) });
  }
}
