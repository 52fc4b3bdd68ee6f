/**
 * XSUB (29/PUBSUB): a subscriber whose user writes the subscriptions as
 * messages, `01 topic` and `00 topic`, and may send other messages upstream.
 * It does not filter what it receives. Made for proxies.
 */

import { copyOf } from "../base/bytes.ts";
import type { Control, Message } from "../base/message.ts";
import type { NearEnd } from "../base/near-end.ts";
import { FairQueue } from "./fair-queue.ts";
import { OwnSubscriptions } from "./own-subscriptions.ts";
import type { Pattern, PatternHost } from "./pattern.ts";
import { subscriptionIn } from "./subscription-frames.ts";

export class XSubPattern implements Pattern {
  readonly canSend = true;
  readonly #host: PatternHost;
  readonly #incoming = new FairQueue();
  readonly #subscriptions: OwnSubscriptions;
  readonly #pipes = new Set<NearEnd>();

  constructor(host: PatternHost) {
    this.#host = host;
    this.#subscriptions = new OwnSubscriptions(() => host.random32());
  }

  get canReceive(): boolean {
    return this.#incoming.canReceive;
  }

  get source(): NearEnd | undefined {
    return this.#incoming.source;
  }

  get topicsCount(): number {
    return this.#subscriptions.topicsCount;
  }

  subscriptions(): Uint8Array[] {
    return this.#subscriptions.all();
  }

  attach(pipe: NearEnd): void {
    this.#pipes.add(pipe);
    this.#incoming.attach(pipe);
  }

  connected(pipe: NearEnd): void {
    this.#subscriptions.sendAll(pipe);
  }

  /** Unread messages stay in the fair queue. */
  detach(pipe: NearEnd): void {
    this.#pipes.delete(pipe);
    this.#incoming.ended(pipe);
  }

  readable(pipe: NearEnd): void {
    this.#incoming.add(pipe);
  }

  writable(_pipe: NearEnd): void {}

  receive(): Message | undefined {
    return this.#incoming.receive();
  }

  /**
   * Records the subscriptions in the message and writes it to every publisher.
   * A cancellation is written only when it takes the last reference, or with
   * `verboseUnsubscribe`. Never blocks: user messages miss a full pipe.
   */
  send(message: Message): boolean {
    const { onlyFirstSubscribe, verboseUnsubscribe } = this.#host.options;
    let inspects = true;
    let changes = 0;
    let last: Control | undefined;
    let kept = 0;
    for (let i = 0; i < message.length; i++) {
      const frame = message[i] as Uint8Array;
      const control: Control | undefined = inspects ? subscriptionIn(frame) : undefined;
      if (i === 0) inspects = !onlyFirstSubscribe || control !== undefined;
      if (control !== undefined) {
        if (control.kind === "subscribe") this.#subscriptions.add(control.topic);
        else if (!this.#subscriptions.remove(control.topic) && !verboseUnsubscribe) continue;
        changes++;
        last = control;
      }
      message[kept++] = frame;
    }
    message.length = kept;
    if (kept > 0) this.#write(message, changes === kept, kept === 1 ? last : undefined);
    return true;
  }

  /** `single`: the message is this one change and nothing else, so that it may travel as a command where no message fits. */
  #write(message: Message, onlyChanges: boolean, single: Control | undefined): void {
    for (const pipe of this.#pipes) {
      // `connected` is going to send the whole table: a change in the queue would be late, and told twice.
      if (onlyChanges && !pipe.isConnected) continue;
      if (pipe.writeShared(message) || pipe.isClosed) continue;
      if (single !== undefined) pipe.writeControl({ kind: single.kind, topic: copyOf(single.topic) });
      else this.#host.dropped("highWaterMark", pipe, message);
    }
  }
}
