/**
 * What of one peer waits for the user of an XPUB to read it, and when that is
 * so much that the peer is held back: user messages by the high-water mark, and
 * notifications by `maxUnreadSubscriptions`, their octets too.
 */

import type { Message } from "../base/message.ts";
import type { OptionValues } from "../base/options.ts";
import { framesFor } from "../base/queue.ts";

/** Octets that a topic may have on average where the number of topics is limited. */
export const TOPIC_BYTES = 256;

export class Unread {
  readonly #options: OptionValues;
  #messages = 0;
  #frames = 0;
  #notices = 0;
  #noticeBytes = 0;

  /** Live values. */
  constructor(options: OptionValues) {
    this.#options = options;
  }

  /** `sign`: 1 for a message that came, -1 for one that was read. */
  countMessage(message: Message, sign: 1 | -1): void {
    this.#messages += sign;
    this.#frames += message.length * sign;
  }

  /** As `countMessage`, for a notification of so many octets. */
  countNotice(bytes: number, sign: 1 | -1): void {
    this.#notices += sign;
    this.#noticeBytes += bytes * sign;
  }

  /** Further user messages are to wait in the pipe. */
  get isFull(): boolean {
    return this.#hasMessages(1);
  }

  /**
   * The peer is to be read no further. Messages in front of a subscription are read for its sake, however many wait, so
   * that twice of what is full holds the peer back.
   */
  get holdsBack(): boolean {
    const most = this.#options.maxUnreadSubscriptions;
    const hasNotices = this.#notices >= most || this.#noticeBytes >= most * TOPIC_BYTES;
    return this.#hasMessages(2) || (most > 0 && hasNotices);
  }

  /** Half of what holds the peer back was read. */
  get letsGo(): boolean {
    const most = this.#options.maxUnreadSubscriptions / 2;
    const hasNotices = this.#notices > most || this.#noticeBytes > most * TOPIC_BYTES;
    return !this.#hasMessages(1) && (most === 0 || !hasNotices);
  }

  #hasMessages(times: number): boolean {
    const { receiveHighWaterMark: mark } = this.#options;
    return mark > 0 && (this.#messages >= mark * times || this.#frames >= framesFor(mark) * times);
  }
}
