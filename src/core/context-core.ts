/**
 * The working part of a context: what its sockets share. inproc names, the
 * platform with its engine, the socket limit, and the ZAP handler.
 * Sockets that were closed count as open until what they sent has left.
 */

import type { Clock } from "../base/clock.ts";
import { type ContextOptionValues, defaultContextOptions } from "../base/context-options.ts";
import { ZmqError } from "../base/errors.ts";
import type { Link } from "../base/link.ts";
import { defaultOptions, type OptionValues } from "../base/options.ts";
import type { SocketTypeName } from "../base/socket-types.ts";
import type { EngineHost } from "../engine/engine-host.ts";
import type { ZapReply, ZapRequest } from "../security/mechanism.ts";
import { securityZapRule } from "../security/select-mechanism.ts";
import { ZAP_ACCEPTED } from "../security/zap.ts";
import { InprocNames, type InprocSide } from "../transport/inproc.ts";
import { Endpoints, type EndpointsContext } from "./endpoints.ts";
import type { Lingering, Platform } from "./platform.ts";
import { type PatternFactory, SocketCore } from "./socket-core.ts";
import { Voice } from "./voice.ts";
import { askZapHandler, hasZapHandler } from "./zap-client.ts";

const OPEN_SERVER =
  "A CURVE server lets every client in, because its context has no ZAP handler. Start an Authenticator, or set zapDomain and zapEnforceDomain to refuse them.";

/** A program may bind a name a little after it connects to it. */
const UNBOUND_FOR_MS = 1000;

/** A core and its endpoints, as the context keeps them. */
export interface OpenSocket {
  readonly core: SocketCore;
  readonly endpoints: Endpoints;
}

export class ContextCore implements EndpointsContext, Lingering {
  readonly platform: Platform;
  readonly options: ContextOptionValues;
  readonly inproc = new InprocNames();
  readonly #sockets = new Set<OpenSocket>();
  #isClosed = false;
  /** Sockets so far. */
  #opened = 0;
  #onEmpty: (() => void)[] = [];

  constructor(platform: Platform) {
    this.platform = platform;
    this.options = defaultContextOptions();
  }

  get clock(): Clock {
    return this.platform.turn.clock;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Sockets that are open, or closed and not done with sending. */
  get sockets(): ReadonlySet<OpenSocket> {
    return this.#sockets;
  }

  get engine(): EngineHost {
    return this.platform.engine;
  }

  /** Throws EMFILE beyond `maxSockets`, EFAULT when the context is closed. */
  open(type: SocketTypeName, createPattern: PatternFactory): OpenSocket {
    if (this.#isClosed) throw new ZmqError("EFAULT");
    if (this.#sockets.size >= this.options.maxSockets) {
      const { size } = this.#sockets;
      throw new ZmqError("EMFILE", { detail: `the context has ${size} open sockets, as many as maxSockets allows` });
    }
    const core = new SocketCore(type, defaultOptions(type, this.options), this.platform.turn, createPattern);
    core.speakBy(new Voice(this.platform, `${type} ${++this.#opened}`));
    const socket = { core, endpoints: new Endpoints(core, this) };
    if (this.#sockets.size === 0) this.platform.lifetime?.began(this);
    this.#sockets.add(socket);
    return socket;
  }

  /** In a process of several threads it warns of a name that no socket binds: it may be bound in another thread. */
  connectInproc(name: string, side: InprocSide): void {
    const { inproc, platform } = this;
    inproc.connect(name, side);
    if (!inproc.isWaiting(name, side) || platform.hasOtherThreads?.() !== true) return;
    const warn = () => {
      if (!inproc.isWaiting(name, side)) return;
      const told = `inproc://${name} is bound by no socket of this thread.`;
      platform.warn(
        `${told} inproc:// joins sockets of one thread; use ipc:// or tcp:// between threads.`,
        "ZMQ_INPROC_THREAD",
      );
    };
    this.clock.setTimer(warn, UNBOUND_FOR_MS);
  }

  /** Closes a socket, at once or when a bind or unbind under way has ended; what was sent still leaves, within its linger period. */
  closeSocket(socket: OpenSocket): void {
    if (socket.core.isClosed) return;
    if (socket.endpoints.isBusy) {
      socket.endpoints.onceSettled(() => this.closeSocket(socket));
      return;
    }
    socket.core.close();
    socket.endpoints.close(() => {
      this.#sockets.delete(socket);
      if (this.#sockets.size > 0) return;
      this.platform.lifetime?.ended(this);
      for (const done of this.#onEmpty.splice(0)) done();
    });
    socket.core.emit({ type: "end" });
    socket.core.observe = undefined;
  }

  /** Closes all sockets; no new ones can be opened. Resolves when all that was sent has left or lingered out. */
  close(): Promise<void> {
    this.#isClosed = true;
    for (const socket of [...this.#sockets]) this.closeSocket(socket);
    if (this.#sockets.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#onEmpty.push(resolve));
  }

  linger(): boolean {
    const pending = [...this.#sockets].filter(({ core, endpoints }) => !core.isClosed && !endpoints.isIdle);
    for (const socket of pending) this.closeSocket(socket);
    return [...this.#sockets].some(({ core }) => core.isClosed);
  }

  flushNow(): void {
    for (const { endpoints } of this.#sockets) endpoints.flushNow();
  }

  get blocky(): boolean {
    return this.options.blocky;
  }

  /** Asks the ZAP handler of this context (27/ZAP); undefined when none is bound and `options` demand one. */
  async authenticate(
    request: ZapRequest,
    link: Link,
    options: OptionValues,
    signal: AbortSignal,
  ): Promise<ZapReply | undefined> {
    if (!hasZapHandler(this.inproc)) {
      if (securityZapRule(options) === "required") return undefined;
      if (request.mechanism === "CURVE") this.platform.warn(OPEN_SERVER, "ZMQ_CURVE_OPEN");
      return ZAP_ACCEPTED;
    }
    const { zapDomain, routingId } = options;
    const question = { ...request, domain: zapDomain ?? "", address: link.peerAddress, routingId };
    return askZapHandler(this.inproc, question, signal);
  }
}
