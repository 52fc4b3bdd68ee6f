/** The sends of one socket that wait, in one line. Where the sender names the peer there are several, see send-lines.ts. */

import type { Message } from "../base/message.ts";
import type { NearEnd } from "../base/near-end.ts";
import type { Pattern } from "../pattern/pattern.ts";
import type { Line, WaitLimits } from "./waiting.ts";

/** Makes a line; `onLeft` hears of each send that waits no more. */
export type LineMaker = (onLeft?: () => void) => Line<Message, void>;

export class SendLine {
  readonly #pattern: Pattern;
  readonly #line: Line<Message, void>;

  constructor(pattern: Pattern, createLine: LineMaker) {
    this.#pattern = pattern;
    this.#line = createLine();
  }

  /** Sends that wait. */
  get length(): number {
    return this.#line.length;
  }

  /** Whether a send that came before must go before this one. */
  mustWait(_message: Message): boolean {
    return this.length > 0;
  }

  /** Names the line in which this message would wait. */
  keyOf(_message: Message): string | undefined {
    return undefined;
  }

  /** `isFirst`: ahead of all that wait there. */
  join(
    message: Message,
    limits: WaitLimits,
    resolve: () => void,
    reject: (error: unknown) => void,
    isFirst?: boolean,
  ): void {
    this.#line.join(message, limits, resolve, reject, isFirst);
  }

  /** The sends that wait for this peer, or all that wait, may be possible now. */
  notice(_pipe: NearEnd | undefined): void {}

  /** Sends what can be sent, as long as `mayGoOn`. True when any send was completed. */
  serve(mayGoOn: () => boolean): boolean {
    return serveLine(this.#line, this.#pattern, mayGoOn);
  }

  rejectAll(error: () => unknown): void {
    this.#line.rejectAll(error);
  }
}

/** As `SendLine.serve`. */
export function serveLine(line: Line<Message, void>, pattern: Pattern, mayGoOn: () => boolean): boolean {
  let progress = false;
  for (let send = line.first; send !== undefined && mayGoOn(); send = line.first) {
    try {
      if (!pattern.send?.(send.payload)) break;
      send.resolve();
    } catch (error) {
      send.reject(error);
    }
    progress = true;
  }
  return progress;
}
