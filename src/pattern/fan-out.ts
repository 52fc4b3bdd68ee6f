/**
 * Distribution by subscription: PUB's and XPUB's way out (29/PUBSUB). Holds the
 * subscribers and what they want, and writes each message to everyone whose
 * topics match its first frame. Says nothing to users: that is XPUB's part.
 */

import { type Message, shareable } from "../base/message.ts";
import type { NearEnd } from "../base/near-end.ts";
import type { PatternHost } from "./pattern.ts";
import { GONE, PeerSubscriptions, SubscribedPipe } from "./subscriptions.ts";

export class FanOut {
  readonly subscriptions: PeerSubscriptions;
  readonly #host: PatternHost;
  readonly #byPipe = new Map<NearEnd, SubscribedPipe>();
  #subscribers: SubscribedPipe[] = [];
  #nextSerial = 1;
  #generation = 0;
  /** The subscribers of the message on its way; kept, so that a publish allocates nothing. */
  #found: SubscribedPipe[] = [];
  #isWriting = false;

  constructor(host: PatternHost) {
    this.#host = host;
    this.subscriptions = new PeerSubscriptions(() => host.random32());
  }

  attach(pipe: NearEnd): SubscribedPipe {
    const subscriber = new SubscribedPipe(pipe, this.#nextSerial++);
    this.#byPipe.set(pipe, subscriber);
    this.#subscribers.push(subscriber);
    return subscriber;
  }

  /** The pipe as a subscriber, or undefined when it is not attached. */
  subscriber(pipe: NearEnd): SubscribedPipe | undefined {
    return this.#byPipe.get(pipe);
  }

  /** Forgets the pipe. Its subscriptions are the caller's to remove. */
  detach(pipe: NearEnd): void {
    const subscriber = this.#byPipe.get(pipe);
    if (subscriber === undefined) return;
    this.#byPipe.delete(pipe);
    this.#subscribers.splice(this.#subscribers.indexOf(subscriber), 1);
    if (!this.#isWriting) this.#found = [];
  }

  /** Copies of the topics of the peer, `most` at most. */
  topicsOf(pipe: NearEnd, most: number): Uint8Array[] {
    const subscriber = this.#byPipe.get(pipe);
    return subscriber === undefined ? [] : this.subscriptions.topicsOf(subscriber, most);
  }

  /** Whether a message with this first frame would go to anybody. */
  hasSubscriber(frame: Uint8Array): boolean {
    return this.#match(frame, undefined) > 0;
  }

  /**
   * Writes the message to every matching pipe, or, where `only` is given, to
   * that subscriber if it matches. With `noDrop` returns false, and nothing was
   * written, when one of the pipes is full; else a full pipe misses the message.
   */
  send(message: Message, only?: SubscribedPipe): boolean {
    const host = this.#host;
    const count = this.#match(message[0] as Uint8Array, only);
    if (count === 0) {
      host.dropped("noSubscriber", undefined, message);
      return true;
    }
    const found = this.#found;
    if (host.options.noDrop && this.#isAnyFull(found, count)) return false;
    // A write may come round to another publish before it returns: that one takes another list.
    const isOutermost = !this.#isWriting;
    this.#isWriting = true;
    this.#found = isOutermost ? found : [];
    try {
      this.#write(found, count, message);
    } finally {
      if (isOutermost) {
        this.#isWriting = false;
        this.#found = found;
      }
    }
    return true;
  }

  /** Fills `#found` from index 0 with the subscribers of a message whose first frame this is; returns how many. */
  #match(frame: Uint8Array, only: SubscribedPipe | undefined): number {
    if (this.#generation === GONE) this.#restartGenerations();
    const generation = ++this.#generation;
    const found = this.#found;
    let count = this.subscriptions.match(frame, generation, found);
    if (only !== undefined) {
      count = only.stamp === generation ? 1 : 0;
      found[0] = only;
    }
    return this.#host.options.invertMatching ? this.#invert(count, generation, only) : count;
  }

  /** Replaces `#found` by all subscribers that are not in it. */
  #invert(matching: number, generation: number, only: SubscribedPipe | undefined): number {
    const subscribers = this.#subscribers;
    const found = this.#found;
    let count = 0;
    for (let i = 0; i < subscribers.length; i++) {
      const subscriber = subscribers[i] as SubscribedPipe;
      const isMatch = only === undefined ? subscriber.stamp === generation : matching > 0 && subscriber === only;
      if (!isMatch) found[count++] = subscriber;
    }
    return count;
  }

  #isAnyFull(found: readonly SubscribedPipe[], count: number): boolean {
    for (let i = 0; i < count; i++) {
      const pipe = (found[i] as SubscribedPipe).pipe;
      if (!pipe.canWrite && !pipe.isClosed) return true;
    }
    return false;
  }

  #write(found: readonly SubscribedPipe[], count: number, message: Message): void {
    const shared = shareable(message, count);
    for (let i = 0; i < count; i++) {
      const pipe = (found[i] as SubscribedPipe).pipe;
      if (!pipe.writeShared(shared) && !pipe.isClosed) this.#host.dropped("highWaterMark", pipe, message);
    }
  }

  #restartGenerations(): void {
    for (const subscriber of this.#subscribers) subscriber.stamp = 0;
    this.#generation = 0;
  }
}
