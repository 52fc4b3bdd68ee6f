/** The peers of a STREAM socket: an empty message from a peer says that it came or went. */

import type { Frame, Message } from "../../base/message.ts";

export class StreamPeers {
  readonly #ids = new Map<string, Frame>();
  #waiting: (() => void)[] = [];

  /** Notes peers that came or went. True when the message is such a notice and not data. */
  noticed([id, data]: Message): boolean {
    if (id === undefined || data === undefined || data.length > 0) return false;
    const key = Buffer.from(id).toString("latin1");
    if (!this.#ids.delete(key)) this.#ids.set(key, id);
    for (const resolve of this.#waiting.splice(0)) resolve();
    return true;
  }

  /** The ids of all peers; waits until there is one. */
  async all(signal: AbortSignal): Promise<Frame[]> {
    while (this.#ids.size === 0) {
      signal.throwIfAborted();
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
        signal.addEventListener("abort", () => resolve(), { once: true });
      });
    }
    return [...this.#ids.values()];
  }
}
