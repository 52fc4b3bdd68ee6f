/** `UnreadNotices` of unread-notices.ts for pages: nothing is forgotten, for the peers of a page do not come and go by themselves. */

import { Queue } from "../base/queue.ts";
import type { Unread } from "./unread-notices.ts";

export class UnreadNotices<U extends Unread> {
  readonly #queue = new Queue<U>(0);

  get length(): number {
    return this.#queue.length;
  }

  push(unread: U): void {
    this.#queue.push(unread);
  }

  shift(): U | undefined {
    return this.#queue.shift();
  }
}
