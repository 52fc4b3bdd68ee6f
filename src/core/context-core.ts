/**
 * The working part of a context: what its sockets share. inproc names, the
 * platform with its engine, the socket limit, and the ZAP handler.
 * Sockets that were closed count as open until what they sent has left.
 */

import { type ContextOptionValues, defaultContextOptions } from "../base/context-options.ts";
import type { Grammar } from "../base/endpoint-grammar.ts";
import { ZmqError } from "../base/errors.ts";
import type { Link } from "../base/link.ts";
import { defaultOptions, type OptionValues } from "../base/options.ts";
import { type SocketTypeName, socketTypeName } from "../base/socket-types.ts";
import { IN_PAGE } from "../base/target.ts";
import type { EngineHost } from "../engine/engine-host.ts";
import type { PatternClass } from "../pattern/pattern.ts";
import type { ZapListener, ZapRequest } from "../security/mechanism.ts";
import type { InprocNames } from "../transport/inproc.ts";
import { Endpoints, type EndpointsContext } from "./endpoints.ts";
import { inprocEndpoints } from "./inproc.ts";
import type { ContextHandle, Lingering, Platform, Sharable } from "./platform.ts";
import type { SendLines } from "./send-lines.ts";
import { SocketCore } from "./socket-core.ts";
import { Voice } from "./voice.ts";

/** A core and its endpoints, as the context keeps them. */
export interface OpenSocket {
  readonly core: SocketCore;
  readonly endpoints: Endpoints;
}

export class ContextCore implements EndpointsContext, Lingering, Sharable {
  readonly platform: Platform;
  #inproc: InprocNames | undefined;
  #options: ContextOptionValues = defaultContextOptions();
  /** What other threads know this context by. */
  #handle: ContextHandle | undefined;
  readonly #sockets = new Set<OpenSocket>();
  /** `engine`, once it was asked for. */
  startedEngine: EngineHost | undefined;
  /** -1: no socket was opened yet. */
  #ioThreads = -1;
  #isClosed = false;
  /** Sockets so far. */
  #opened = 0;
  #onEmpty: (() => void)[] = [];

  constructor(platform: Platform) {
    this.platform = platform;
  }

  /** Throws EPROTONOSUPPORT in a page that has none. */
  get inproc(): InprocNames {
    this.#inproc ??= inprocEndpoints().newNames();
    return this.#inproc;
  }

  get options(): ContextOptionValues {
    return this.#options;
  }

  /** For another thread to make a context of. Throws ENOTSUP where threads share no memory. */
  get handle(): ContextHandle {
    if (this.#handle === undefined) this.platform.threads?.giveHandle(this);
    if (this.#handle !== undefined) return this.#handle;
    throw new ZmqError("ENOTSUP", { detail: "there is no memory that threads share" });
  }

  share(handle: ContextHandle, options: ContextOptionValues): void {
    this.#handle = handle;
    this.#options = options;
  }

  get grammar(): Grammar {
    return this.platform.grammar;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Sockets that are open, or closed and not done with sending. */
  get sockets(): ReadonlySet<OpenSocket> {
    return this.#sockets;
  }

  /** `ioThreads` says where it runs, as it is when the first socket is opened. */
  get engine(): EngineHost {
    if (IN_PAGE) return this.platform.engine;
    const { platform, options } = this;
    const count = this.#ioThreads;
    const threads = () => (count > 0 ? platform.ioThreads?.(count, options.threadNamePrefix ?? "") : undefined);
    this.startedEngine ??= threads() ?? platform.engine;
    return this.startedEngine;
  }

  /** The type with libzmq's number, and its pattern. Throws EINVAL, and ENOTSUP where types have to be named by their classes. */
  typeOf(id: number): { type: SocketTypeName; patternClass: PatternClass; sendLines?: typeof SendLines } {
    if (!IN_PAGE) {
      const type = socketTypeName(id);
      if (type === undefined) throw new ZmqError("EINVAL", { detail: `${id} is not a socket type` });
      const patternClass = this.platform.patterns?.[type];
      if (patternClass !== undefined) return { type, patternClass };
    }
    throw new ZmqError("ENOTSUP", { detail: "here a socket class extends one of the library's, such as Pair" });
  }

  /** Throws EMFILE beyond `maxSockets`, EFAULT when the context is closed. */
  open(type: SocketTypeName, patternClass: PatternClass, sendLines?: typeof SendLines): OpenSocket {
    if (this.#isClosed) throw new ZmqError("EFAULT");
    if (this.#sockets.size >= this.options.maxSockets) {
      const { size } = this.#sockets;
      throw new ZmqError("EMFILE", { detail: `the context has ${size} open sockets, as many as maxSockets allows` });
    }
    if (!IN_PAGE && this.#ioThreads < 0) this.#ioThreads = this.options.ioThreads;
    const options = defaultOptions(type, this.options);
    if (this.platform.defaults !== undefined) Object.assign(options, this.platform.defaults);
    const core = new SocketCore(type, options, this.platform.turn, patternClass, sendLines);
    core.speakBy(new Voice(this.platform, `${type} ${++this.#opened}`));
    const socket = { core, endpoints: new Endpoints(core, this) };
    if (!IN_PAGE && this.#sockets.size === 0) this.platform.lifetime?.began(this);
    this.#sockets.add(socket);
    return socket;
  }

  /**
   * Closes a socket, at once or when a bind or unbind under way has ended; what was sent still leaves, within its
   * linger period.
   */
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
      if (!IN_PAGE) this.#ended();
      for (const done of this.#onEmpty.splice(0)) done();
    });
    socket.core.emit({ type: "end" });
    socket.core.observers.clear();
  }

  /** Closes all sockets; no new ones can be opened. Resolves when all that was sent has left or lingered out. */
  close(): Promise<void> {
    this.#isClosed = true;
    for (const socket of [...this.#sockets]) this.closeSocket(socket);
    if (this.#sockets.size > 0) return new Promise((resolve) => this.#onEmpty.push(resolve));
    if (!IN_PAGE) this.#ended();
    return Promise.resolve();
  }

  /** The last socket is done. A page has no process that ends, and an engine with nothing to close. */
  #ended(): void {
    this.platform.lifetime?.ended(this);
    if (this.#isClosed) this.startedEngine?.close?.();
  }

  /** Asks the ZAP handler of this context (27/ZAP); undefined when none is bound and `options` demand one. */
  authenticate(
    request: ZapRequest,
    link: Pick<Link, "peerAddress">,
    options: OptionValues,
    signal: AbortSignal,
    listener: ZapListener,
  ): void {
    const authenticate = IN_PAGE ? undefined : this.platform.authenticate;
    if (authenticate === undefined) listener.answered(undefined);
    else authenticate(this, request, link, options, signal, listener);
  }
}
