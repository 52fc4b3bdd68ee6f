/**
 * A proxy whose loop runs in the I/O thread of its sockets, in the thread of its
 * user: it steers the loop, hands on what is captured, and obeys the control
 * socket.
 */

import { ZmqError } from "../base/errors.ts";
import type { Message } from "../base/message.ts";
import type { SocketCore, Watcher } from "../core/socket-core.ts";
import type { MovedProxy } from "../engine/moving-proxy.ts";
import type { ProxyCores } from "./forwarder.ts";
import { noStatistics, type ProxyStatistics, sharedStatistics } from "./statistics.ts";
import { type Steered, Steering } from "./steering.ts";

export class MovedForwarder implements Watcher, Steered {
  readonly #cores: ProxyCores;
  readonly #all: readonly SocketCore[];
  readonly #steering: Steering | undefined;
  #proxy: MovedProxy | undefined;
  #onEnd: ((error?: unknown) => void) | undefined;
  #statistics: ProxyStatistics = noStatistics();

  constructor(cores: ProxyCores) {
    const { front, back, capture, control } = cores;
    this.#cores = cores;
    this.#all = [...new Set([front, back, capture, control].filter((core) => core !== undefined))];
    this.#steering = control && new Steering(control, this);
  }

  get statistics(): ProxyStatistics {
    return this.#statistics;
  }

  /** For the capture socket; undefined when there is none. */
  get captured(): ((message: Message) => void) | undefined {
    const { capture } = this.#cores;
    return capture && ((message) => void (capture.isClosed || capture.pattern.send?.(message)));
  }

  start(proxy: MovedProxy, onEnd: (error?: unknown) => void): void {
    this.#proxy = proxy;
    this.#onEnd = onEnd;
    this.#statistics = sharedStatistics(proxy.statistics);
    for (const core of this.#all) {
      core.isProxied = true;
      core.watch(this);
    }
    this.#steering?.start();
  }

  pause(): void {
    this.#running().pause();
  }

  resume(): void {
    this.#running().resume();
  }

  stop(): void {
    this.#running().stop();
    this.ended();
  }

  /** One of the sockets may have been closed. */
  changed(): void {
    if (this.#onEnd !== undefined && (this.#cores.front.isClosed || this.#cores.back.isClosed)) this.stop();
  }

  /** The loop has ended. */
  ended(error?: unknown): void {
    const onEnd = this.#onEnd;
    if (onEnd === undefined) return;
    this.#onEnd = undefined;
    this.#steering?.stop();
    for (const core of this.#all) {
      core.isProxied = false;
      core.unwatch(this);
    }
    onEnd(error);
  }

  #running(): MovedProxy {
    if (this.#onEnd === undefined || this.#proxy === undefined) throw new ZmqError("EBADF");
    return this.#proxy;
  }
}
