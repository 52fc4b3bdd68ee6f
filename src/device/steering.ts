/** The commands that a proxy's control socket receives, as those of zmq_proxy_steerable. */

import { fromText, toText } from "../base/bytes.ts";
import type { SocketCore, Watcher } from "../core/socket-core.ts";
import { encodeStatistics, type ProxyStatistics } from "./statistics.ts";

/** A running proxy. */
export interface Steered {
  readonly statistics: ProxyStatistics;
  pause(): void;
  resume(): void;
  stop(): void;
}

export class Steering implements Watcher {
  readonly #control: SocketCore;
  readonly #proxy: Steered;
  #isRunning = false;
  #isDue = false;

  constructor(control: SocketCore, proxy: Steered) {
    this.#control = control;
    this.#proxy = proxy;
  }

  start(): void {
    this.#isRunning = true;
    this.#control.watch(this);
    this.changed();
  }

  stop(): void {
    this.#isRunning = false;
    this.#control.unwatch(this);
  }

  changed(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    this.#control.clock.defer(this.#obey);
  }

  readonly #obey = (): void => {
    this.#isDue = false;
    while (this.#isRunning) {
      const command = this.#control.pattern.receive?.();
      if (command === undefined) return;
      this.#execute(toText(command[0] as Uint8Array));
    }
  };

  /** Unknown commands are ignored, as in libzmq; REP must answer all the same. */
  #execute(command: string): void {
    const control = this.#control;
    if (command === "STATISTICS") {
      control.pattern.send?.(encodeStatistics(this.#proxy.statistics));
      return;
    }
    if (command === "PAUSE") this.#proxy.pause();
    else if (command === "RESUME") this.#proxy.resume();
    if (control.type === "REP") control.pattern.send?.([fromText("")]);
    if (command === "TERMINATE" || command === "KILL") this.#proxy.stop();
  }
}
