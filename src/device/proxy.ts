/**
 * `Proxy`: joins two sockets, so that what one receives the other sends, both
 * ways (zmq_proxy, zmq_proxy_steerable). It runs in the event loop, or in the
 * I/O thread of its sockets, and costs no thread; forwarder.ts does the work.
 */

import { ZmqError } from "../base/errors.ts";
import { coreOf, endpointsOf, isSocket } from "../socket/core-of.ts";
import type { Socket } from "../socket/socket.ts";
import { Forwarder, type ProxyCores } from "./forwarder.ts";
import { moveProxy } from "./move-proxy.ts";
import type { ProxyStatistics } from "./statistics.ts";
import type { Steered } from "./steering.ts";

export type { ProxyStatistics, ProxyTraffic } from "./statistics.ts";

export interface ProxyOptions {
  /** Gets a copy of each message (PUB, PUSH, PAIR, DEALER). Copies are dropped when it has no room. */
  readonly capture?: Socket;
  /**
   * Receives commands of one frame: PAUSE, RESUME, TERMINATE, KILL, STATISTICS. STATISTICS is answered by a REP or PAIR
   * socket with eight little-endian 64-bit numbers; other commands are answered by REP with an empty message.
   */
  readonly control?: Socket;
}

/**
 * Joins two sockets: what one receives the other sends, both ways. `run` starts it; `pause`, `resume` and `terminate`
 * steer it. It takes a message only when the other side has room for it, so both sides feel the high-water marks.
 */
// biome-ignore lint/suspicious/noShadowRestrictedNames: zeromq.js's name
export class Proxy<F extends Socket = Socket, B extends Socket = Socket> {
  /** The socket that clients reach. */
  readonly frontEnd: F;
  /** The socket that workers or subscribers reach. */
  readonly backEnd: B;
  readonly #cores: ProxyCores;
  readonly #forwarder: Forwarder;
  /** In the place of the forwarder: the loop is in an I/O thread. */
  #moved: Steered | undefined;
  #isBegun = false;

  /** The proxy owns both sockets from `run` on. Throws TypeError for anything that is not a socket. */
  constructor(frontEnd: F, backEnd: B, options: ProxyOptions = {}) {
    if (!isSocket(frontEnd)) throw new TypeError("Front-end must be a socket object");
    if (!isSocket(backEnd)) throw new TypeError("Back-end must be a socket object");
    if (typeof options !== "object" || isSocket(options)) {
      throw new TypeError("Expected 2 arguments and options: { capture, control }");
    }
    for (const [name, socket] of Object.entries(options)) {
      if (!isSocket(socket)) throw new TypeError(`${name} must be a socket object`);
    }
    this.frontEnd = frontEnd;
    this.backEnd = backEnd;
    this.#cores = {
      front: coreOf(frontEnd),
      back: coreOf(backEnd),
      capture: options.capture && coreOf(options.capture),
      control: options.control && coreOf(options.control),
    };
    this.#forwarder = new Forwarder(this.#cores);
  }

  /** The messages and bytes forwarded so far. */
  get statistics(): ProxyStatistics {
    return this.#loop.statistics;
  }

  /**
   * Forwards until `terminate`, or until one of the sockets is closed; then closes both and resolves. Rejects with
   * EINVAL when a socket is neither bound nor connected, with EBUSY when one is in a proxy already. A ROUTER with
   * `mandatory` delays its direction while the peer of a message has no room, as with libzmq. A message for an unknown
   * routing id is dropped and counted as `unroutable`; libzmq ends the proxy instead, which any peer could cause.
   *
   * Where the context has `ioThreads` and all endpoints of both sockets are in one of them, it forwards there, also
   * while this thread computes; see docs/threads.md. Rejects with EMTHREAD when that thread ends.
   */
  run(): Promise<void> {
    if (this.#isBegun) throw new ZmqError("EBADF");
    this.#check(this.frontEnd, "Front-end");
    this.#check(this.backEnd, "Back-end");
    this.#isBegun = true;
    const { front, back } = this.#cores;
    return new Promise((resolve, reject) => {
      const onEnd = (error?: unknown): void => {
        for (const { alive } of [front, back]) alive.leave();
        this.frontEnd.close();
        this.backEnd.close();
        if (error === undefined) resolve();
        else reject(error);
      };
      for (const { alive } of [front, back]) alive.enter();
      try {
        this.#moved = moveProxy(this.frontEnd, this.backEnd, this.#cores, onEnd);
      } catch (error) {
        onEnd(error);
        return;
      }
      if (this.#moved === undefined) this.#forwarder.start(onEnd);
    });
  }

  /** Stops forwarding; messages wait in the sockets' queues. Throws EBADF when not running. */
  pause(): void {
    this.#loop.pause();
  }

  /** Forwards again. Throws EBADF when not running. */
  resume(): void {
    this.#loop.resume();
  }

  /** Ends `run` and closes both sockets. */
  terminate(): void {
    this.#loop.stop();
  }

  get #loop(): Steered {
    return this.#moved ?? this.#forwarder;
  }

  #check(socket: Socket, name: string): void {
    const core = coreOf(socket);
    const endpoints = endpointsOf(socket);
    if (core.isProxied || endpoints.isBusy) {
      throw new ZmqError("EBUSY", { message: "Socket is blocked by a bind or unbind operation" });
    }
    if (core.isClosed || endpoints.isEmpty) {
      throw new ZmqError("EINVAL", { message: `${name} socket must be bound or connected` });
    }
  }
}
