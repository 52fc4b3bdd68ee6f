/**
 * `Poller`: waits until any of several sockets can receive or send, as pyzmq's
 * Poller and zmq_poll.
 */

import { ZmqError } from "../base/errors.ts";
import { waitUntil } from "../core/wait-until.ts";
import { signalOf, type WaitOptions } from "../socket/arguments.ts";
import { coreOf, isSocket } from "../socket/core-of.ts";
import type { Socket } from "../socket/socket.ts";

/** The events to wait for, and those found. */
export interface PollEvents {
  /** A message can be received (ZMQ_POLLIN). */
  readonly readable?: boolean;
  /** A message can be sent (ZMQ_POLLOUT). */
  readonly writable?: boolean;
}

export interface PollResult {
  readonly socket: Socket;
  readonly readable: boolean;
  readonly writable: boolean;
}

export class Poller {
  readonly #sockets = new Map<Socket, PollEvents>();

  /** Adds a socket, or changes its events. Polls for receiving by default. */
  register(socket: Socket, events: PollEvents = { readable: true }): void {
    if (!isSocket(socket)) throw new TypeError("Socket must be a socket object");
    this.#sockets.set(socket, events);
  }

  /** Throws ENOENT for a socket that is not registered. */
  modify(socket: Socket, events: PollEvents): void {
    this.#known(socket);
    this.#sockets.set(socket, events);
  }

  /** Throws ENOENT for a socket that is not registered. */
  unregister(socket: Socket): void {
    this.#known(socket);
    this.#sockets.delete(socket);
  }

  get size(): number {
    return this.#sockets.size;
  }

  /**
   * Resolves to the ready sockets, as soon as there is one. Empty after `timeoutMs` (default -1: wait for ever; 0: do
   * not wait). A closed socket rejects with ENOTSOCK.
   */
  poll(options: WaitOptions & { timeoutMs?: number } = {}): Promise<PollResult[]> {
    const signal = signalOf(options, 0);
    const { timeoutMs = -1 } = options;
    if (!(timeoutMs >= -1)) throw new RangeError(`timeoutMs: expected -1 or more milliseconds, not ${timeoutMs}`);
    if (signal?.aborted) return Promise.reject(signal.reason);
    const [first, ...others] = [...this.#sockets.keys()].map(coreOf);
    if (first === undefined) return Promise.resolve([]);
    let found: PollResult[] = [];
    const look = () => {
      found = this.#look();
      return found.length > 0;
    };
    const limits = { timeoutMs, signal, keeper: undefined };
    return waitUntil({ cores: [first, ...others], look }, limits).then(() => found);
  }

  #look(): PollResult[] {
    const found: PollResult[] = [];
    for (const [socket, events] of this.#sockets) {
      if (socket.closed) throw new ZmqError("ENOTSOCK");
      const readable = events.readable === true && socket.readable;
      const writable = events.writable === true && socket.writable;
      if (readable || writable) found.push({ socket, readable, writable });
    }
    return found;
  }

  #known(socket: Socket): void {
    if (!this.#sockets.has(socket)) throw new ZmqError("ENOENT", { message: "Socket is not registered" });
  }
}
