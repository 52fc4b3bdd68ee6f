/**
 * PUB and SUB (29/PUBSUB): a message goes to each subscriber of a prefix
 * of its first frame. The publisher filters, and the subscriber filters again,
 * because the publisher learns of a cancellation a little later.
 */

import { copyOf } from "../base/bytes.ts";
import { ZmqError } from "../base/errors.ts";
import type { Control, Message } from "../base/message.ts";
import type { NearEnd } from "../base/near-end.ts";
import { IN_PAGE } from "../base/target.ts";
import { FairQueue } from "./fair-queue.ts";
import { FanOut } from "./fan-out.ts";
import { inTurns, TOPICS_AT_ONCE } from "./in-turns.ts";
import { OwnSubscriptions } from "./own-subscriptions.ts";
import type { Pattern, PatternHost } from "./pattern.ts";
import { takeApart } from "./subscription-frames.ts";
import { tooManyTopics } from "./subscriptions.ts";

/** PUB: sends only. Messages from peers, subscriptions apart, are discarded. */
export class PubPattern implements Pattern {
  readonly canSend = true;
  readonly canReceive = false;
  readonly #host: PatternHost;
  readonly #fanOut: FanOut;

  constructor(host: PatternHost) {
    this.#host = host;
    this.#fanOut = new FanOut(host);
  }

  get topicsCount(): number {
    return this.#fanOut.subscriptions.topicsCount;
  }

  topics(): Uint8Array[] {
    return this.#fanOut.subscriptions.topics();
  }

  topicsOf(pipe: NearEnd, most: number): Uint8Array[] {
    return this.#fanOut.topicsOf(pipe, most);
  }

  /** Whether a message with this first frame would go to anybody. */
  hasSubscriber(frame: Uint8Array): boolean {
    return this.#fanOut.hasSubscriber(frame);
  }

  attach(pipe: NearEnd): void {
    this.#fanOut.attach(pipe);
    this.readable(pipe);
  }

  /** Until here a dialed peer keeps its subscriptions, however often its link is lost. */
  detach(pipe: NearEnd): void {
    const subscriber = this.#fanOut.subscriber(pipe);
    if (subscriber === undefined) return;
    this.#fanOut.detach(pipe);
    inTurns(this.#host, () => {
      this.#fanOut.subscriptions.removeAll(subscriber, "none", TOPICS_AT_ONCE);
      return subscriber.topicsCount === 0;
    });
  }

  readable(pipe: NearEnd): void {
    for (let message = pipe.read(); message !== undefined; message = pipe.read()) {
      for (const control of takeApart(message, false).controls) this.control(pipe, control);
    }
  }

  /** Full pipes are found at the next send. */
  writable(): void {}

  control(pipe: NearEnd, control: Control): void {
    const subscriber = this.#fanOut.subscriber(pipe);
    if (subscriber === undefined) return;
    if (control.kind === "subscribe") {
      const added = this.#fanOut.subscriptions.tryAdd(subscriber, control.topic);
      const { maxSubscriptionsPerPeer } = this.#host.options;
      const error = added instanceof ZmqError ? added : tooManyTopics(subscriber, maxSubscriptionsPerPeer);
      if (error !== undefined) pipe.refuse(error);
    } else if (control.kind === "cancel") this.#fanOut.subscriptions.remove(subscriber, control.topic);
  }

  send(message: Message): boolean {
    return this.#fanOut.send(message);
  }
}

/** SUB: receives only. Tells every publisher its topics, and all of them again after each reconnection. */
export class SubPattern implements Pattern {
  readonly canSend = false;
  readonly #host: PatternHost;
  readonly #incoming = new FairQueue();
  readonly #subscriptions: OwnSubscriptions;
  readonly #pipes = new Set<NearEnd>();
  /** A matching message that `canReceive` had to take out to know. */
  #ready: Message | undefined;
  #readySource: NearEnd | undefined;
  #source: NearEnd | undefined;

  constructor(host: PatternHost) {
    this.#host = host;
    this.#subscriptions = new OwnSubscriptions(() => host.random32());
  }

  get canReceive(): boolean {
    this.#dropOutdated();
    if (this.#ready === undefined) {
      this.#ready = this.#nextMatch();
      this.#readySource = this.#incoming.source;
    }
    return this.#ready !== undefined;
  }

  get source(): NearEnd | undefined {
    return this.#source;
  }

  get topicsCount(): number {
    return this.#subscriptions.topicsCount;
  }

  topics(): Uint8Array[] {
    return this.#subscriptions.topics();
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
    this.#dropOutdated();
    const ready = this.#ready;
    if (ready !== undefined) {
      this.#source = this.#readySource;
      this.#ready = undefined;
      this.#readySource = undefined;
      return ready;
    }
    const message = this.#nextMatch();
    this.#source = this.#incoming.source;
    return message;
  }

  receiveRun(into: Message[], max: number): boolean {
    const before = into.length;
    if (IN_PAGE || this.#ready !== undefined) {
      const message = this.receive();
      if (message !== undefined) into.push(message);
      return message !== undefined;
    }
    if (!this.#incoming.receiveRun(into, max)) return false;
    const { source } = this.#incoming;
    this.#source = source;
    let kept = before;
    for (let i = before; i < into.length; i++) {
      const message = into[i] as Message;
      if (this.#isWanted(message)) into[kept++] = message;
      else source?.wasted();
    }
    into.length = kept;
    return true;
  }

  /** Counted; every call is sent, for a publisher may want to see it. */
  subscribe(topic: Uint8Array): void {
    this.#subscriptions.add(topic);
    this.#tell("subscribe", topic);
  }

  /** The last of as many calls as there were subscriptions is sent. An unknown topic is ignored. */
  unsubscribe(topic: Uint8Array): void {
    if (!this.#subscriptions.remove(topic)) return;
    this.#tell("cancel", topic);
    if (this.#ready !== undefined && !this.#isWanted(this.#ready)) this.#ready = undefined;
  }

  #tell(kind: "subscribe" | "cancel", topic: Uint8Array): void {
    if (this.#pipes.size === 0) return;
    const control: Control = { kind, topic: copyOf(topic) };
    for (const pipe of this.#pipes) pipe.writeControl(control);
  }

  #nextMatch(): Message | undefined {
    for (;;) {
      const message = this.#incoming.receive();
      if (message === undefined || this.#isWanted(message)) return message;
      this.#incoming.source?.wasted();
    }
  }

  #isWanted(message: Message): boolean {
    return this.#subscriptions.matches(message[0] as Uint8Array) !== this.#host.options.invertMatching;
  }

  /** A conflating pipe replaces its unread message, so a newer one also replaces the message that was taken out. */
  #dropOutdated(): void {
    if (this.#host.options.conflate && this.#readySource?.canRead) {
      this.#ready = undefined;
      this.#readySource = undefined;
    }
  }
}
