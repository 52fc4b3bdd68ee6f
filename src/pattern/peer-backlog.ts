/**
 * The messages and notifications of one peer that the user of an XPUB has not
 * read yet. When there are too many, the peer is read no further: messages are
 * limited by the high-water mark, and notifications by `maxUnreadSubscriptions`,
 * in number and in octets.
 */

import type { Message } from "../base/message.ts";
import type { OptionValues } from "../base/options.ts";
import { framesFor } from "../base/queue.ts";

/** Octets that a topic may have on average where the number of topics is limited. */
export const TOPIC_BYTES = 256;

export class PeerBacklog {
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
   * The peer must be read no further. Messages in front of a subscription are read in order to reach it, also beyond
   * the mark, so that only twice the mark pauses the peer.
   */
  get mustPause(): boolean {
    const most = this.#options.maxUnreadSubscriptions;
    const hasNotices = this.#notices >= most || this.#noticeBytes >= most * TOPIC_BYTES;
    return this.#hasMessages(2) || (most > 0 && hasNotices);
  }

  /** Half of the backlog that paused the peer was read. */
  get mayResume(): boolean {
    const most = this.#options.maxUnreadSubscriptions / 2;
    const hasNotices = this.#notices > most || this.#noticeBytes > most * TOPIC_BYTES;
    return !this.#hasMessages(1) && (most === 0 || !hasNotices);
  }

  #hasMessages(times: number): boolean {
    const { receiveHighWaterMark: mark } = this.#options;
    return mark > 0 && (this.#messages >= mark * times || this.#frames >= framesFor(mark) * times);
  }
}
