/**
 * One bound endpoint: listens, and runs a connection over each link that comes
 * in. Each gets a pipe of its own once its handshake is done. Closing the
 * endpoint also closes the connections it accepted, as libzmq does.
 */

import type { Timer } from "../base/clock.ts";
import type { DepartedBacklog } from "../base/departed-backlog.ts";
import type { Endpoint } from "../base/endpoint-grammar.ts";
import { isErrorCode, ZmqError } from "../base/errors.ts";
import type { MonitorEvent } from "../base/events.ts";
import type { FarEnd } from "../base/far-end.ts";
import type { Link, Listener, ListenHandler, Transport } from "../base/link.ts";
import type { Properties } from "../base/message.ts";
import type { OptionValues } from "../base/options.ts";
import { SOCKET_TYPES } from "../base/socket-types.ts";
import type { ZapListener, ZapRequest } from "../security/mechanism.ts";
import type { Connection, ConnectionOwner, EndReason } from "./connection.ts";
import type { ConnectionMaker, EndpointOwner } from "./endpoint-owner.ts";
import type { BoundEndpoint } from "./engine-endpoint.ts";
import type { EngineLoop } from "./engine-loop.ts";
import { Pending } from "./pending.ts";

/**
 * `unbound`: the address is free; `closing`: connections are told to end; `lingering`: those that have something left to
 * send do so, and the process stays alive meanwhile.
 */
type Life = "open" | "unbound" | "closing" | "lingering" | "over";

export class Acceptor implements BoundEndpoint, ConnectionOwner, ListenHandler {
  /** The endpoint as given, until it is bound; then the resolved one. */
  endpoint: string;
  readonly loop: EngineLoop;
  readonly options: OptionValues;
  readonly #owner: EndpointOwner;
  readonly #target: Endpoint;
  readonly #transport: Transport;
  readonly #makeConnection: ConnectionMaker;
  /** Each connection, and its pipe once its handshake is done. */
  readonly #connections = new Map<Connection, FarEnd | undefined>();
  readonly #pending = new Pending();
  #listener: Listener | undefined = undefined;
  #lingerTimer: Timer | undefined = undefined;
  #life: Life = "open";

  constructor(
    owner: EndpointOwner,
    loop: EngineLoop,
    target: Endpoint,
    transport: Transport,
    options: OptionValues,
    makeConnection: ConnectionMaker,
  ) {
    this.#owner = owner;
    this.loop = loop;
    this.#target = target;
    this.#transport = transport;
    this.options = options;
    this.#makeConnection = makeConnection;
    this.endpoint = target.text;
  }

  get departedBacklog(): DepartedBacklog {
    return this.#owner.departedBacklog;
  }

  get sendsBehind(): boolean {
    return false;
  }

  get readsBehind(): boolean {
    return !this.#isSubscribedTo;
  }

  isAt(text: string): boolean {
    return text === this.endpoint || text === this.#target.text;
  }

  /** Unbound already, though it may linger. */
  get isClosing(): boolean {
    return this.#life !== "open";
  }

  /** True when all that was sent has left. */
  get isIdle(): boolean {
    for (const connection of this.#connections.keys()) if (!connection.isIdle) return false;
    return true;
  }

  /** Rejects with a ZmqError. */
  async start(): Promise<void> {
    try {
      this.#bound(await this.#transport.listen(this.#target, this.options, this));
    } catch (error) {
      throw this.#bindFailed(error);
    }
  }

  /** As `start`, at once; ENOTSUP where the transport or runtime cannot. */
  startSync(): void {
    try {
      if (this.#transport.listenSync === undefined) {
        throw new ZmqError("ENOTSUP", {
          detail: `${this.#transport.scheme} cannot bind synchronously in this runtime`,
        });
      }
      this.#bound(this.#transport.listenSync(this.#target, this.options, this));
    } catch (error) {
      throw this.#bindFailed(error);
    }
  }

  stopListening(): void {
    if (this.#life !== "open") return;
    this.#life = "unbound";
    if (this.#listener !== undefined) {
      this.#listener.close();
      this.emit({ type: "close", address: this.endpoint });
    }
    for (const [connection, pipe] of [...this.#connections]) if (pipe === undefined) connection.abort(true);
  }

  /** Frees the address now, and ends the connections once what is queued was sent, or after `lingerMs` (-1: no limit). */
  close(lingerMs: number): void {
    this.stopListening();
    if (this.#life !== "unbound") return;
    this.#life = "closing";
    let pending = 0;
    for (const [connection, pipe] of [...this.#connections]) {
      pipe?.closeWrites();
      if (lingerMs === 0) connection.abort(true);
      else {
        connection.close();
        if (this.#connections.has(connection)) pending++;
      }
    }
    if (pending === 0) {
      this.#end();
      return;
    }
    this.#life = "lingering";
    this.loop.clock.ref();
    if (lingerMs > 0) {
      this.#lingerTimer = this.loop.clock.setTimer(() => {
        for (const connection of [...this.#connections.keys()]) connection.abort(false);
      }, lingerMs);
    }
  }

  flushNow(): void {
    for (const connection of this.#connections.keys()) connection.flushNow();
  }

  // --- ListenHandler ---

  accepted(link: Link): void {
    if (this.isClosing) {
      link.destroy();
      return;
    }
    this.emit({ type: "accept", address: this.endpoint, remoteAddress: link.remoteAddress });
    const connection = this.#makeConnection(link, this);
    this.#connections.set(connection, undefined);
    this.#pending.add(connection);
    if (this.#isSubscribedTo) this.loop.precedence.accepted();
    const { maxPendingHandshakes } = this.options;
    if (maxPendingHandshakes > 0 && this.#pending.size > maxPendingHandshakes) this.#giveUpOldest();
    connection.start();
  }

  failed(error: Error): void {
    this.emit({ type: "accept:error", address: this.endpoint, error: asZmqError(error, this.endpoint) });
  }

  // --- ConnectionOwner ---

  emit(event: MonitorEvent): void {
    this.#owner.emit(event);
  }

  authenticate(request: ZapRequest, link: Link, signal: AbortSignal, listener: ZapListener): void {
    this.#owner.authenticate(request, link, this.options, signal, listener);
  }

  ready(connection: Connection, _peer: Properties): FarEnd {
    this.#pending.delete(connection);
    const pipe = this.#owner.createPipe(this.endpoint, false, this.options);
    this.#connections.set(connection, pipe);
    pipe.open();
    return pipe;
  }

  started(): void {}

  ended(connection: Connection, _reason: EndReason): void {
    const pipe = this.#connections.get(connection);
    this.#connections.delete(connection);
    this.#pending.delete(connection);
    pipe?.end();
    if (this.#life === "lingering" && this.#connections.size === 0) this.#end();
  }

  get #isSubscribedTo(): boolean {
    return SOCKET_TYPES[this.#owner.socketType].isSubscribedTo;
  }

  /** A serious peer is done soon. So the oldest handshake makes room, of the network that has most of them; no network is locked out. */
  #giveUpOldest(): void {
    const oldest = this.#pending.first;
    if (oldest === undefined) return;
    const { remoteAddress } = oldest.link;
    const detail = `more than ${this.options.maxPendingHandshakes} handshakes at a time: the oldest was given up`;
    const error = new ZmqError("EAGAIN", { detail });
    this.emit({ type: "handshake:error:other", address: this.endpoint, error, remoteAddress });
    this.emit({ type: "disconnect", address: this.endpoint, remoteAddress });
    oldest.abort(false);
  }

  #bound(listener: Listener): void {
    this.#listener = listener;
    this.endpoint = listener.address;
    if (this.isClosing) listener.close();
    else this.emit({ type: "bind", address: this.endpoint });
  }

  #bindFailed(error: unknown): ZmqError {
    const failure = asZmqError(error, this.#target.text);
    // libzmq's bind failures name the address without its scheme.
    this.emit({ type: "bind:error", address: this.#target.text.replace(/^\w+:\/\//, ""), error: failure });
    this.#life = "over";
    return failure;
  }

  #end(): void {
    const wasLingering = this.#life === "lingering";
    this.#life = "over";
    if (this.#lingerTimer !== undefined) this.loop.clock.clearTimer(this.#lingerTimer);
    if (wasLingering) this.loop.clock.unref();
    this.#owner.gone(this);
  }
}

/** Platform errors keep their code where libzmq knows it too. */
function asZmqError(error: unknown, address: string): ZmqError {
  if (error instanceof ZmqError) return error;
  const code = (error as { code?: unknown } | undefined)?.code;
  return new ZmqError(isErrorCode(code) ? code : "EINVAL", { address, cause: error });
}
