/**
 * `send`, `receive`, their kin and the loops of every socket: they check their
 * arguments and leave the rest to the socket's operations.
 */

import { ZmqError } from "../base/errors.ts";
import { IN_PAGE } from "../base/target.ts";
import type { SocketCore } from "../core/socket-core.ts";
import { type BatchOptions, maxOf, signalOf, type WaitOptions } from "./arguments.ts";
import type { AnySocket } from "./core-of.ts";
import { toMessage, toMessages } from "./frames.ts";
import { metadataOf, NO_METADATA, NO_TOPICS, type PeerInfo, peerInfo } from "./peer-info.ts";

/** A message with its origin, as far as it is known. */
export interface Received<M> {
  readonly message: M;
  /**
   * Handshake properties of the peer (`Socket-Type`, `Identity`, `X-…`), `Peer-Address`, `User-Id`: frozen, without a
   * prototype, one object a connection.
   */
  readonly metadata: Readonly<Record<string, string>>;
  /** The peer; undefined when it is gone. */
  readonly peer: PeerInfo | undefined;
}

const INSPECT = Symbol.for("nodejs.util.inspect.custom");

/** The methods, which every socket has as in zeromq.js; the types of sockets.ts show what its type can do. */
export function messages<S extends AnySocket>(coreOf: (socket: S) => SocketCore) {
  return {
    send(this: S, message: unknown, options?: WaitOptions): Promise<void> {
      const frames = toMessage(message, this);
      const core = coreOf(this);
      if (core.isClosed || core.isProxied) refuse(core);
      const signal = options === undefined ? undefined : signalOf(options, 1);
      if (signal?.aborted) return Promise.reject(signal.reason);
      return core.operations.send(frames, this, signal);
    },
    trySend(this: S, message: unknown): boolean {
      const frames = toMessage(message, this);
      const core = coreOf(this);
      if (core.isClosed || core.isProxied) refuse(core);
      return core.operations.trySend(frames);
    },
    sendMany(this: S, messages: unknown, options?: WaitOptions): Promise<void> {
      const all = toMessages(messages, this);
      const core = coreOf(this);
      if (core.isClosed || core.isProxied) refuse(core);
      const signal = signalOf(options, 1);
      if (signal?.aborted) return Promise.reject(signal.reason);
      return core.operations.sendMany(all, this, signal);
    },
    receive(this: S, options?: WaitOptions): Promise<Uint8Array[]> {
      const core = coreOf(this);
      if (core.isClosed || core.isProxied) refuse(core);
      const signal = options === undefined ? undefined : signalOf(options, 0);
      if (signal?.aborted) return Promise.reject(signal.reason);
      return core.operations.receive(this, signal);
    },
    tryReceive(this: S): Uint8Array[] | undefined {
      const core = coreOf(this);
      if (core.isClosed || core.isProxied) refuse(core);
      return core.operations.tryReceive();
    },
    receiveMany(this: S, options?: BatchOptions): Promise<Uint8Array[][]> {
      const core = coreOf(this);
      if (core.isClosed || core.isProxied) refuse(core);
      const signal = signalOf(options, 0);
      const max = maxOf(options);
      if (signal?.aborted) return Promise.reject(signal.reason);
      return core.operations.receiveMany(max, this, signal);
    },
    async receiveFrom(this: S, options?: WaitOptions): Promise<Received<Uint8Array[]>> {
      const core = coreOf(this);
      if (core.isClosed || core.isProxied) refuse(core);
      const signal = signalOf(options, 0);
      signal?.throwIfAborted();
      const { message, source } = await core.operations.receiveFrom(this, signal);
      return {
        message,
        metadata: source === undefined ? NO_METADATA : metadataOf(source),
        peer: source === undefined ? undefined : peerInfo(source, NO_TOPICS),
      };
    },
    /** A loop of `receive`, which `break` leaves with the socket open. */
    [Symbol.asyncIterator](this: S): AsyncIterator<Uint8Array[], undefined> {
      const core = coreOf(this);
      return {
        next: () => {
          if (core.isProxied) refuse(core);
          return core.operations.next(this);
        },
      };
    },
    /** A loop of `receiveMany`. */
    batches(this: S, options?: BatchOptions): AsyncIterable<Uint8Array[][]> {
      const core = coreOf(this);
      const signal = signalOf(options, 0);
      const max = maxOf(options);
      const next = () => {
        if (core.isProxied) refuse(core);
        if (signal?.aborted) return Promise.reject(signal.reason);
        return core.operations.nextMany(max, this, signal);
      };
      return { [Symbol.asyncIterator]: () => ({ next }) };
    },
    ...(!IN_PAGE && { [INSPECT]: inspectSocket }),
  };
}

/**
 * What consoles show, in Node and elsewhere: never an option, for some are secret and `getters: true` would read
 * them. Consoles of browsers have ways of their own.
 */
function inspectSocket(
  this: AnySocket,
  _depth: number,
  options: object,
  inspect: (value: unknown, options: object) => string,
): string {
  const { closed, lastEndpoint } = this;
  return `${this.constructor.name} ${inspect({ closed, lastEndpoint, ...(this as object) }, options)}`;
}

/** Sending and receiving are impossible now. */
export function refuse(core: SocketCore): never {
  if (core.isClosed) throw new ZmqError("EBADF");
  const detail = "a proxy has the socket";
  throw new ZmqError("EBUSY", { message: "Socket is blocked by a bind or unbind operation", detail });
}
