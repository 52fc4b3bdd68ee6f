/**
 * What an XPUB's user has not read yet: notifications of subscriptions, and messages of subscribers, in order. Where
 * there are so many, or such heavy, notifications that it matters, those that cancel each other out are forgotten: of a
 * subscription that ended before the user read of it. Pages have small-unread-notices.ts.
 */

import type { Message } from "../base/message.ts";
import { Queue } from "../base/queue.ts";
import { TOPIC_BYTES } from "./peer-backlog.ts";

export interface Unread {
  /** Undefined once it is forgotten. */
  message: Message | undefined;
  /** The id of the topic of a notification that may be forgotten. */
  readonly topic: number | undefined;
}

/** The places of so many forgotten notifications are kept before the queue is looked through. */
const FORGOTTEN = 1024;

export class UnreadNotices<U extends Unread> {
  readonly #queue = new Queue<U>(0);
  /** Octets of the notifications in the queue. */
  #bytes = 0;
  /** By topic id: the notification in the queue that it was subscribed to, unless another says that it is no more. */
  readonly #begun: (U | undefined)[] = [];
  /** Places of the queue whose message is forgotten. */
  #forgotten = 0;

  get length(): number {
    return this.#queue.length - this.#forgotten;
  }

  push(unread: U): void {
    this.#queue.push(unread);
  }

  shift(): U | undefined {
    for (;;) {
      const unread = this.#queue.shift();
      if (unread === undefined || unread.message !== undefined) {
        const { topic } = unread ?? {};
        if (topic !== undefined && this.#begun[topic] === unread) this.#begun[topic] = undefined;
        return unread;
      }
      this.#forgotten--;
    }
  }

  /** Octets of a notification that came, or, with a minus, went. */
  count(bytes: number): void {
    this.#bytes += bytes;
  }

  /** The notification, to be pushed, that a topic was subscribed to. */
  began(topic: number, unread: U): void {
    this.#begun[topic] = unread;
  }

  /**
   * A topic began or is no more. The notification that it had begun, when both are to be forgotten: when the queue has
   * `most`, or such heavy ones; 0: never. It is forgotten now.
   */
  forget(topic: number, most: number): { readonly unread: U; readonly message: Message } | undefined {
    const unread = this.#begun[topic];
    this.#begun[topic] = undefined;
    const message = unread?.message;
    if (unread === undefined || message === undefined || most === 0) return undefined;
    if (this.length < most && this.#bytes < most * TOPIC_BYTES) return undefined;
    unread.message = undefined;
    if (++this.#forgotten >= FORGOTTEN && this.#forgotten * 2 >= this.#queue.length) this.#sweep();
    return { unread, message };
  }

  #sweep(): void {
    this.#forgotten = 0;
    for (let left = this.#queue.length; left > 0; left--) {
      const unread = this.#queue.shift();
      if (unread?.message !== undefined) this.#queue.push(unread);
    }
  }
}
