/**
 * The sends that wait where the sender names the peer. There is a line for each,
 * so that a peer that does not read delays only the messages for it, in order.
 */

import { toKey } from "../base/bytes.ts";
import type { Message } from "../base/message.ts";
import type { NearEnd } from "../base/near-end.ts";
import type { Pattern } from "../pattern/pattern.ts";
import { type LineMaker, type SendLine, serveLine } from "./send-line.ts";
import type { Line, WaitLimits } from "./waiting.ts";

type Lines = { [Member in keyof SendLine]: SendLine[Member] };

export class SendLines implements Lines {
  /** Sends that wait. */
  length = 0;
  readonly #pattern: Pattern;
  readonly #createLine: LineMaker;
  readonly #common: Line<Message, void>;
  readonly #byAddress = new Map<string, Line<Message, void>>();
  /** Lines whose peers may have room. */
  readonly #due = new Set<Line<Message, void>>();

  constructor(pattern: Pattern, createLine: LineMaker) {
    this.#pattern = pattern;
    this.#createLine = createLine;
    this.#common = createLine(() => this.length--);
  }

  /** Whether a send that came before must go before this one. */
  mustWait(message: Message): boolean {
    const key = this.keyOf(message);
    return key === undefined ? this.#common.length > 0 : this.#byAddress.has(key);
  }

  /** Names the line in which this message would wait. */
  keyOf(message: Message): string | undefined {
    const address = this.#pattern.address?.(message);
    return address === undefined ? undefined : toKey(address);
  }

  /** `isFirst`: ahead of all that wait there. */
  join(
    message: Message,
    limits: WaitLimits,
    resolve: () => void,
    reject: (error: unknown) => void,
    isFirst = false,
  ): void {
    this.length++;
    this.#lineOf(message).join(message, limits, resolve, reject, isFirst);
  }

  /** The sends that wait for this peer, or all that wait, may be possible now. */
  notice(pipe: NearEnd | undefined): void {
    if (this.#byAddress.size === 0) return;
    if (pipe === undefined) {
      for (const line of this.#byAddress.values()) this.#due.add(line);
      return;
    }
    const line = pipe.routingId && this.#byAddress.get(toKey(pipe.routingId));
    if (line !== undefined) this.#due.add(line);
  }

  /** Sends what can be sent, as long as `mayGoOn`. True when any send was completed. */
  serve(mayGoOn: () => boolean): boolean {
    let progress = serveLine(this.#common, this.#pattern, mayGoOn);
    for (const line of this.#due) {
      if (!mayGoOn()) break;
      this.#due.delete(line);
      if (serveLine(line, this.#pattern, mayGoOn)) progress = true;
      // The turn is over, not the room.
      if (line.length > 0 && !mayGoOn()) this.#due.add(line);
    }
    return progress;
  }

  rejectAll(error: () => unknown): void {
    this.#common.rejectAll(error);
    for (const line of [...this.#byAddress.values()]) line.rejectAll(error);
  }

  #lineOf(message: Message): Line<Message, void> {
    const key = this.keyOf(message);
    if (key === undefined) return this.#common;
    const existing = this.#byAddress.get(key);
    if (existing !== undefined) return existing;
    const line = this.#createLine(() => {
      this.length--;
      if (line.length > 0) return;
      this.#byAddress.delete(key);
      this.#due.delete(line);
    });
    this.#byAddress.set(key, line);
    return line;
  }
}
