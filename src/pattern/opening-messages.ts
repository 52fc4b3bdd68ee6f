/**
 * What a connection begins with, before anything that waits for it: the message
 * of `helloMessage` (ROUTER and DEALER; at every connection) and the empty
 * message of `probeRouter` (REQ, DEALER and ROUTER; once a pipe, so not again
 * after a reconnection). Both follow libzmq; no RFC defines them.
 */

import { copyOf, EMPTY } from "../base/bytes.ts";
import type { Message } from "../base/message.ts";
import type { NearEnd } from "../base/near-end.ts";
import type { OptionValues } from "../base/options.ts";

export class OpeningMessages {
  readonly #options: OptionValues;
  /** Dialed pipes that were probed: only these connect more than once. */
  readonly #probed = new Set<NearEnd>();

  constructor(options: OptionValues) {
    this.#options = options;
  }

  /** Call it at each `connected`. `greets`: the type has HELLO_MSG. */
  write(pipe: NearEnd, greets: boolean): void {
    const { probeRouter, helloMessage } = this.#options;
    const messages: Message[] = [];
    if (greets && helloMessage.length > 0) messages.push([copyOf(helloMessage)]); // An inproc peer gets the frame itself.
    if (probeRouter && !this.#probed.has(pipe)) {
      if (pipe.dialed) this.#probed.add(pipe);
      messages.push([EMPTY]);
    }
    if (messages.length > 0) pipe.writeFirst(messages);
  }

  /** The pipe is gone. */
  forget(pipe: NearEnd): void {
    this.#probed.delete(pipe);
  }
}
