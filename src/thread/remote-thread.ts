/** One I/O thread, as the socket's thread sees it: the mail with it, and what happens when it ends. */

import { asNative } from "../base/bytes.ts";
import type { Clock } from "../base/clock.ts";
import { ZmqError } from "../base/errors.ts";
import type { EndpointOwner } from "../engine/endpoint-owner.ts";
import type { MovedDrop } from "../engine/moving-proxy.ts";
import { type Bell, ring } from "./bell.ts";
import type { EndpointPipe } from "./endpoint-pipe.ts";
import type { EngineNotice, EngineRequest, Mail, SeenSocket } from "./engine-mail.ts";
import type { Inbox, InboxSource } from "./inbox.ts";
import { RemoteBound, type RemoteEndpoint, type RemoteThread } from "./remote-endpoint.ts";
import { receiveZmqError, sendError } from "./sent-errors.ts";

/** A thread that is being started, or busy, answers later than one would think. */
const ANSWER_MS = 10_000;
const SLICE_MS = 100;

/** What is told of a socket that has moved. */
export interface MovedHearer {
  /** By which the I/O thread knows it. */
  readonly number: number;
  dropped(drops: readonly MovedDrop[]): void;
  changed(): void;
}

export interface RemoteThreadParts {
  readonly mail: Mail<EngineRequest, EngineNotice>;
  readonly bell: Bell;
  readonly inbox: Inbox;
  readonly clock: Clock;
  /** Whether it has ended, also as a blocked thread sees it. */
  hasEnded(): boolean;
}

export class EngineThread implements RemoteThread, InboxSource {
  readonly bell: Bell;
  readonly inbox: Inbox;
  readonly clock: Clock;
  isDead = false;
  /** Why it has ended, once it has. */
  failure: ZmqError | undefined = undefined;
  readonly #mail: Mail<EngineRequest, EngineNotice>;
  readonly #hasEnded: () => boolean;
  readonly #endpoints = new Map<number, RemoteEndpoint>();
  readonly #questions = new Map<number, AbortController>();
  readonly #arrived: EngineNotice[] = [];
  /** What the ends of proxies that have moved to the thread are told to. */
  readonly #proxies = new Map<number, (error: ZmqError | undefined) => void>();
  /** By their numbers. */
  readonly #moved = new Map<number, MovedHearer>();
  readonly #orphans = new Map<EndpointPipe, EndpointOwner>();

  constructor({ mail, bell, inbox, clock, hasEnded }: RemoteThreadParts) {
    this.#mail = mail;
    this.bell = bell;
    this.inbox = inbox;
    this.clock = clock;
    this.#hasEnded = hasEnded;
    inbox.add(this);
  }

  /** How many endpoints it has: new ones go to the thread with the fewest. */
  get load(): number {
    return this.#endpoints.size;
  }

  /** Whether a bound endpoint is about to be closed at this address. */
  isClosingAt(address: string): boolean {
    for (const each of this.#endpoints.values())
      if (each.isClosing && each instanceof RemoteBound && each.isAt(address)) return true;
    return false;
  }

  add(endpoint: RemoteEndpoint): void {
    this.#endpoints.set(endpoint.id, endpoint);
  }

  post(request: EngineRequest): void {
    if (this.isDead) return;
    this.#mail.post(request);
    ring(this.bell);
  }

  await(done: Int32Array): void {
    if (!this.waitFor(done, ANSWER_MS)) {
      if (this.#hasEnded()) throw this.#failure(undefined);
      throw new ZmqError("EMTHREAD", { message: `The I/O thread did not answer within ${ANSWER_MS / 1000} s` });
    }
    this.receiveAll();
  }

  /** Does all that the mail says, at once. */
  receiveAll(): void {
    this.#receive();
    for (const notice of this.#arrived.splice(0)) this.#noticed(notice);
  }

  /** Whether a pipe of the socket outlives its endpoint. */
  hasOrphanOf(owner: EndpointOwner): boolean {
    this.#sweep();
    for (const each of this.#orphans.values()) if (each === owner) return true;
    return false;
  }

  /** The endpoint of a pipe that a notice tells of. */
  endpoint(id: number): RemoteEndpoint | undefined {
    return this.#endpoints.get(id);
  }

  addMoved(socket: MovedHearer): void {
    this.#moved.set(socket.number, socket);
  }

  removeMoved(socket: MovedHearer): void {
    this.#moved.delete(socket.number);
  }

  /** Blocks until the notice of this kind for a moved socket is there, and takes it; undefined when the thread has ended. */
  answerOf(socket: number, word: Int32Array): SeenSocket | undefined {
    if (this.isDead || !this.waitFor(word, ANSWER_MS)) return undefined;
    this.collect();
    const arrived = this.#arrived;
    const at = arrived.findIndex((notice) => notice.kind === "looked" && notice.socket === socket);
    const [answer] = at < 0 ? [] : arrived.splice(at, 1);
    return answer?.kind === "looked" ? answer.seen : undefined;
  }

  addProxy(id: number, ended: (error: ZmqError | undefined) => void): void {
    this.#proxies.set(id, ended);
  }

  removeProxy(id: number): void {
    this.#proxies.delete(id);
  }

  #receive(): boolean {
    let notice = this.#mail.receive();
    if (notice === undefined) return false;
    for (; notice !== undefined; notice = this.#mail.receive()) {
      if (notice.kind !== "frame") this.#arrived.push(notice);
      else this.#endpoints.get(notice.id)?.frameCame(notice.pipe, notice.frame, notice.memory);
    }
    return true;
  }

  collect(): void {
    if (this.#receive()) this.inbox.look();
  }

  /** Blocks until `done[0]` is not 0: true; false after `timeoutMs`, or when the thread has ended. `meanwhile` is called now and then. */
  waitFor(done: Int32Array, timeoutMs: number, meanwhile?: () => void): boolean {
    const until = this.clock.now() + timeoutMs;
    while (Atomics.load(done, 0) === 0) {
      const leftMs = until - this.clock.now();
      if (leftMs <= 0 || this.#hasEnded()) return Atomics.load(done, 0) !== 0;
      Atomics.wait(done, 0, 0, Math.min(leftMs, meanwhile === undefined ? SLICE_MS : 5));
      meanwhile?.();
    }
    return true;
  }

  /** Blocks until all that was sent has left, for `timeoutMs` at most. What waits in this thread is handed over as there is room. */
  finish(timeoutMs: number, flush: () => void): void {
    const until = this.clock.now() + timeoutMs;
    while (this.#endpoints.size > 0) {
      flush();
      const isAll = this.#isIdle;
      const done = new Int32Array(new SharedArrayBuffer(4));
      this.post({ kind: "finish", done });
      if (!this.waitFor(done, until - this.clock.now(), flush) || isAll) return;
    }
  }

  /** Nothing that was sent waits in this thread. */
  get #isIdle(): boolean {
    for (const endpoint of this.#endpoints.values()) if (!endpoint.isIdle) return false;
    return true;
  }

  forget(endpoint: RemoteEndpoint): void {
    this.#endpoints.delete(endpoint.id);
  }

  orphaned(pipe: EndpointPipe, owner: EndpointOwner): void {
    this.#orphans.set(pipe, owner);
  }

  // --- InboxSource ---

  poll(): boolean {
    // What came before: since then all rings were looked at, and what pipes have to say is said before what is told of them.
    for (const notice of this.#arrived.splice(0)) this.#noticed(notice);
    const isDone = this.#receive();
    if (this.#orphans.size > 0) this.#sweep();
    if (!this.isDead && this.#hasEnded()) this.ended(undefined);
    return isDone;
  }

  /** The thread ended, or its engine threw: nothing of it goes on. */
  ended(cause: unknown): void {
    if (this.isDead) return;
    this.isDead = true;
    const failure = this.#failure(cause);
    this.failure = failure;
    for (const endpoint of [...this.#endpoints.values()]) endpoint.fail(failure);
    for (const controller of this.#questions.values()) controller.abort();
    for (const proxyEnded of [...this.#proxies.values()]) proxyEnded(failure);
    this.inbox.remove(this);
  }

  #failure(cause: unknown): ZmqError {
    return new ZmqError("EMTHREAD", { message: "The I/O thread ended", cause });
  }

  #noticed(notice: EngineNotice): void {
    switch (notice.kind) {
      case "failed":
        this.ended(receiveZmqError(notice.error));
        return;
      case "notAsked":
        this.#questions.get(notice.question)?.abort();
        this.#questions.delete(notice.question);
        return;
      case "proxyEnded":
        this.#proxies.get(notice.proxy)?.(notice.error && receiveZmqError(notice.error));
        return;
      case "drops":
        this.#moved.get(notice.socket)?.dropped(notice.drops);
        return;
      case "changed":
        this.#moved.get(notice.socket)?.changed();
        return;
      case "looked":
        return; // It comes when it is waited for.
    }
    const endpoint = this.#endpoints.get(notice.id);
    if (endpoint === undefined) return;
    switch (notice.kind) {
      case "bound":
        if (endpoint instanceof RemoteBound) endpoint.bound(notice.endpoint);
        break;
      case "bindFailed":
        if (endpoint instanceof RemoteBound) endpoint.bindFailed(receiveZmqError(notice.error));
        break;
      case "event":
        endpoint.emit(notice.event);
        break;
      case "gaveUp":
        endpoint.gaveUp(notice.cause);
        break;
      case "pipe":
        endpoint.addPipe(notice.pipe, notice.memory, notice.dialed, notice.endpoint);
        break;
      case "dropped":
        endpoint.dropped(notice.pipe, notice.messages);
        break;
      case "authenticate":
        this.#authenticate(endpoint, notice);
        break;
      case "peer":
        endpoint.peerChanged(notice.pipe, notice.change, notice.routingId);
        break;
      case "gone":
        endpoint.gone();
        break;
    }
  }

  #authenticate(endpoint: RemoteEndpoint, notice: EngineNotice & { readonly kind: "authenticate" }): void {
    const { question, request, peerAddress } = notice;
    const controller = new AbortController();
    this.#questions.set(question, controller);
    const asked = { mechanism: request.mechanism, credentials: request.credentials.map(asNative) };
    endpoint.authenticate(asked, peerAddress, controller.signal, {
      answered: (reply) => {
        if (this.#questions.delete(question)) this.post({ kind: "authenticated", question, reply });
      },
      failed: (error) => {
        if (!this.#questions.delete(question)) return;
        this.post({ kind: "notAuthenticated", question, error: sendError(error) });
      },
    });
  }

  /** Ends pipes that nobody will read. */
  #sweep(): void {
    for (const [pipe, owner] of this.#orphans) {
      if (pipe.isEnded) this.#orphans.delete(pipe);
      else if (owner.isClosed) {
        this.#orphans.delete(pipe);
        pipe.fail();
      }
    }
  }
}
