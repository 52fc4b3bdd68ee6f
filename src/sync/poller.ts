/** `Poller` of the blocking API: waits until any of several sockets can receive or send, as pyzmq's. */

import { ZmqError } from "../base/errors.ts";
import { POLLIN, POLLOUT } from "./constants.ts";
import { type AnySocket, socketParts } from "./context-parts.ts";

class BlockingPoller<S extends AnySocket = AnySocket> {
  readonly #sockets = new Map<S, number>();

  /** Adds a socket, or changes what it is polled for: POLLIN, POLLOUT or, by default, both. 0 takes it away. */
  register(socket: S, flags: number = POLLIN | POLLOUT): void {
    socketParts(socket);
    if (flags === 0) this.#sockets.delete(socket);
    else this.#sockets.set(socket, flags);
  }

  /** As `register`. */
  modify(socket: S, flags: number = POLLIN | POLLOUT): void {
    this.register(socket, flags);
  }

  /** Throws ENOENT for a socket that is not registered. */
  unregister(socket: S): void {
    if (!this.#sockets.delete(socket)) throw new ZmqError("ENOENT", { message: "Socket is not registered" });
  }

  has(socket: S): boolean {
    return this.#sockets.has(socket);
  }

  /** Each socket and what it is polled for. */
  get sockets(): [S, number][] {
    return [...this.#sockets];
  }

  /**
   * The sockets that are ready, each with the bits that hold; `new Map(poller.poll())` finds one by its socket. Blocks
   * until any is; empty after `timeout` milliseconds. -1 and null: no limit. Throws ENOTSOCK for a closed socket.
   */
  poll(timeout: number | null = null): [S, number][] {
    const [first] = this.#sockets.keys();
    if (first === undefined) return [];
    let found: [S, number][] = [];
    socketParts(first).waiter.until(() => {
      found = this.#look();
      return found.length > 0;
    }, timeout ?? -1);
    return found;
  }

  #look(): [S, number][] {
    const found: [S, number][] = [];
    for (const [socket, flags] of this.#sockets) {
      const events = socket.events & flags;
      if (events !== 0) found.push([socket, events]);
    }
    return found;
  }
}

// `Poller` is the asynchronous one: in a bundle one of two equal names would become another.
export { BlockingPoller as Poller };
