/**
 * PAIR (31/EXPAIR): one peer and no other. A peer that appears while another is
 * there is refused for good, as with libzmq: over a wire it stays connected but
 * mute, over inproc its pipe ends. When the first ends, the next new peer takes
 * its place.
 */

import type { Message } from "../base/message.ts";
import type { NearEnd } from "../base/near-end.ts";
import type { Pattern, PatternHost } from "./pattern.ts";

export class PairPattern implements Pattern {
  #peer: NearEnd | undefined;
  /** Former peers with unread messages, oldest first: read before those of the present one. */
  readonly #former: NearEnd[] = [];
  /** Peers beyond the first, which were told of. */
  readonly #refused = new Set<NearEnd>();
  readonly #host: PatternHost;
  source: NearEnd | undefined;

  constructor(host: PatternHost) {
    this.#host = host;
  }

  attach(pipe: NearEnd): void {
    this.#peer ??= pipe;
  }

  connected(pipe: NearEnd): void {
    if (pipe === this.#peer || this.#refused.has(pipe)) return;
    this.#refused.add(pipe);
    this.#host.dropped("secondPeer", pipe, []);
    if (pipe.isCrossed) pipe.close();
  }

  detach(pipe: NearEnd): void {
    this.#refused.delete(pipe);
    if (pipe !== this.#peer) return;
    this.#peer = undefined;
    if (!pipe.canRead) return;
    pipe.setQueued(true);
    this.#former.push(pipe);
  }

  readable(_pipe: NearEnd): void {}
  writable(_pipe: NearEnd): void {}

  send(message: Message): boolean {
    return this.#peer?.write(message) ?? false;
  }

  receive(): Message | undefined {
    const pipe = this.#former.length > 0 ? this.#former[0] : this.#peer;
    const message = pipe?.read();
    if (message === undefined) return undefined;
    this.source = pipe;
    if (pipe !== undefined && pipe !== this.#peer && !pipe.canRead) {
      pipe.setQueued(false);
      this.#former.shift();
    }
    return message;
  }

  get canSend(): boolean {
    return this.#peer?.canWrite ?? false;
  }

  get canReceive(): boolean {
    return this.#former.length > 0 || (this.#peer?.canRead ?? false);
  }
}
