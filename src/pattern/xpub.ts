/**
 * XPUB (29/PUBSUB): publishes as PUB does and tells its user who subscribes, as
 * messages `01 topic` and `00 topic`; other messages from subscribers are
 * delivered as they are. With the option `manual` the peers only ask, and the
 * user decides what each of them gets.
 */

import { copyOf } from "../base/bytes.ts";
import { messageMemory } from "../base/departed-backlog.ts";
import { ZmqError } from "../base/errors.ts";
import { type Control, type Message, subscriptionFrame } from "../base/message.ts";
import type { NearEnd } from "../base/near-end.ts";
import { IN_PAGE } from "../base/target.ts";
import { FanOut } from "./fan-out.ts";
import { inTurns, TOPICS_AT_ONCE } from "./in-turns.ts";
import type { Pattern, PatternHost } from "./pattern.ts";
import { PeerBacklog } from "./peer-backlog.ts";
import { isSubscription, takeApart } from "./subscription-frames.ts";
import { PeerSubscriptions, SubscribedPipe, tooManyTopics } from "./subscriptions.ts";
import { type Unread, UnreadNotices } from "./unread-notices.ts";

/** The state of a peer. It may outlive the pipe in the queue of unread notifications. */
interface Peer {
  /** The subscriptions that count for publishing; undefined when the peer is gone. */
  subscriber: SubscribedPipe | undefined;
  /** Manual mode: the subscriptions that the peer asked for. */
  readonly requests: SubscribedPipe;
  /** Its unread messages and notifications: beyond a limit the peer is paused. */
  readonly backlog: PeerBacklog;
  /** The bytes in the queue that count for the departed backlog once the peer is gone. */
  unreadBytes: number;
  isPaused: boolean;
  isWelcomed: boolean;
}

interface Pending extends Unread {
  readonly peer: Peer;
  /** The pipe of a user message; undefined marks a notification. */
  readonly pipe: NearEnd | undefined;
  /** Part of `unreadBytes`. 0: this may be forgotten when it is out of date. */
  readonly bytes: number;
}

export class XPubPattern implements Pattern {
  readonly canSend = true;
  readonly #host: PatternHost;
  readonly #fanOut: FanOut;
  readonly #requested: PeerSubscriptions;
  readonly #peers = new Map<NearEnd, Peer>();
  readonly #pending = new UnreadNotices<Pending>();
  #source: NearEnd | undefined;
  /** The peer that `subscribe`, `unsubscribe` and the next message with `manualLastValue` are for. */
  #lastPeer: Peer | undefined;

  constructor(host: PatternHost) {
    this.#host = host;
    this.#fanOut = new FanOut(host);
    this.#requested = new PeerSubscriptions(() => host.random32());
  }

  get canReceive(): boolean {
    return this.#pending.length > 0;
  }

  /** Undefined for a notification whose peer is gone. */
  get source(): NearEnd | undefined {
    return this.#source;
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
    const subscriber = this.#fanOut.attach(pipe);
    this.#peers.set(pipe, {
      subscriber,
      requests: new SubscribedPipe(pipe, subscriber.serial),
      backlog: new PeerBacklog(this.#host.options),
      unreadBytes: 0,
      isPaused: false,
      isWelcomed: false,
    });
    this.readable(pipe);
  }

  connected(pipe: NearEnd): void {
    const peer = this.#peers.get(pipe);
    const { welcomeMessage } = this.#host.options;
    if (peer === undefined || peer.isWelcomed || welcomeMessage.length === 0) return;
    peer.isWelcomed = true;
    const message = [copyOf(welcomeMessage)]; // An inproc peer gets the frame itself.
    if (!pipe.write(message)) this.#host.dropped("highWaterMark", pipe, message);
  }

  /** Cancels what the peer subscribed to; the user is told of topics that no peer has now, or of all when verbose. */
  detach(pipe: NearEnd): void {
    const peer = this.#peers.get(pipe);
    if (peer?.subscriber === undefined) return;
    this.#drain(peer, pipe, false);
    this.#peers.delete(pipe);
    this.#fanOut.detach(pipe);
    const { subscriber } = peer;
    peer.subscriber = undefined;
    if (peer.unreadBytes > 0) this.#host.leftBehind?.(peer.unreadBytes);
    const isManual = this.#isManual;
    const ofPeer = this.#host.options.verbosity === "allSubsUnsubs" ? "all" : "last";
    inTurns(this.#host, () => {
      const asked = this.#requested.removeAll(peer.requests, isManual ? "all" : "none", TOPICS_AT_ONCE);
      const got = this.#fanOut.subscriptions.removeAll(subscriber, isManual ? "none" : ofPeer, TOPICS_AT_ONCE);
      const { told } = this.#fanOut.subscriptions;
      if (isManual) for (const frame of asked) this.#notify(peer, frame);
      else for (let i = 0; i < got.length; i++) this.#notify(peer, got[i] as Uint8Array, told[i]);
      return peer.requests.topicsCount === 0 && subscriber.topicsCount === 0;
    });
  }

  readable(pipe: NearEnd): void {
    const peer = this.#peers.get(pipe);
    if (peer !== undefined) this.#drain(peer, pipe, true);
  }

  /** Full pipes are found at the next send. */
  writable(): void {}

  /** A command stands behind the messages that came before it: those are read first. */
  control(pipe: NearEnd, control: Control): void {
    const peer = this.#peers.get(pipe);
    if (peer === undefined) return;
    this.#drain(peer, pipe, false);
    this.#change(peer, control);
  }

  send(message: Message): boolean {
    const isOneShot = this.#host.options.manualLastValue;
    if (!this.#fanOut.send(message, isOneShot ? this.#lastPeer?.subscriber : undefined)) return false;
    if (isOneShot) this.#lastPeer = undefined;
    return true;
  }

  receive(): Message | undefined {
    const pending = this.#pending.shift();
    if (pending === undefined) return undefined;
    const { peer, pipe, bytes } = pending;
    if (peer.subscriber === undefined && bytes > 0) this.#host.takenUp?.(bytes);
    peer.unreadBytes -= bytes;
    if (pipe === undefined) this.#lastPeer = peer; // As in libzmq, a message of the peer's own changes nothing.
    this.#source = pipe ?? peer.subscriber?.pipe;
    const message = pending.message as Message;
    if (pipe === undefined) this.#countNotice(peer, message, -1);
    else {
      peer.backlog.countMessage(message, -1);
      if (pipe.canRead && peer.subscriber !== undefined) this.#drain(peer, pipe, true);
    }
    if (peer.isPaused && peer.backlog.mayResume) this.#resume(peer);
    return message;
  }

  /** Manual mode: gives the peer of the subscription message read last a topic. Nothing happens when that peer is gone. */
  subscribe(topic: Uint8Array): void {
    const subscriber = this.#manualTarget("subscribe");
    if (subscriber !== undefined) this.#fanOut.subscriptions.add(subscriber, topic);
  }

  /** Manual mode: takes a topic from the peer of the subscription message read last. */
  unsubscribe(topic: Uint8Array): void {
    const subscriber = this.#manualTarget("unsubscribe");
    if (subscriber !== undefined) this.#fanOut.subscriptions.remove(subscriber, topic);
  }

  get #isManual(): boolean {
    const { options } = this.#host;
    return options.manual || options.manualLastValue;
  }

  #manualTarget(what: string): SubscribedPipe | undefined {
    if (!this.#isManual) throw new ZmqError("EINVAL", { message: `${what}: an XPUB needs the option manual for it` });
    return this.#lastPeer?.subscriber;
  }

  /** Reads the pipe empty, or, with `isBounded`, until the user has a queue's worth of the peer's messages to read. */
  #drain(peer: Peer, pipe: NearEnd, isBounded: boolean): void {
    const { onlyFirstSubscribe } = this.#host.options;
    while (!isBounded || !peer.backlog.isFull) {
      const message = pipe.beginRead();
      if (message === undefined) return;
      const { controls, data } = takeApart(message, onlyFirstSubscribe);
      for (const control of controls) this.#change(peer, control);
      if (data !== undefined) {
        peer.backlog.countMessage(data, 1);
        this.#push({ message: data, peer, pipe, bytes: messageMemory(data), topic: undefined });
      }
      // Only now: a command that comes in within this call stands behind the message.
      pipe.endRead();
    }
  }

  #change(peer: Peer, control: Control): void {
    const { kind, topic } = control;
    if (peer.subscriber === undefined || (kind !== "subscribe" && kind !== "cancel")) return;
    const { verbosity } = this.#host.options;
    let isNews = true;
    let topicId: number | undefined;
    if (kind === "subscribe") {
      const added = this.#isManual
        ? this.#requested.tryAdd(peer.requests, topic)
        : this.#fanOut.subscriptions.tryAdd(peer.subscriber, topic);
      if (added instanceof ZmqError) {
        peer.subscriber.pipe.refuse(added);
        return;
      }
      isNews = added || this.#isManual || verbosity !== null;
      if (added && !this.#isManual) topicId = this.#fanOut.subscriptions.told[0];
    } else if (this.#isManual) this.#requested.remove(peer.requests, topic);
    else {
      const removal = this.#fanOut.subscriptions.remove(peer.subscriber, topic);
      isNews = removal !== "others" || verbosity === "allSubsUnsubs";
      if (removal === "last") topicId = this.#fanOut.subscriptions.told[0];
    }
    if (isNews) this.#notify(peer, subscriptionFrame(control), topicId);
    if (kind === "subscribe") this.#limit(peer.subscriber, peer.requests);
  }

  /**
   * `topicId`: the topic is new, or no peer has it any more. Where the user wants to read of every change, or decides upon
   * it, nothing is forgotten, and the peer is paused.
   */
  #notify(peer: Peer, frame: Uint8Array, topicId?: number): void {
    const message = [frame];
    const { verbosity, maxUnreadSubscriptions } = this.#host.options;
    const mayForget = !IN_PAGE && topicId !== undefined && !this.#isManual && verbosity === null;
    if (!IN_PAGE && topicId !== undefined) {
      const forgotten = this.#pending.forget(topicId, mayForget ? maxUnreadSubscriptions : 0);
      if (forgotten !== undefined) {
        const { peer: owner } = forgotten.unread;
        this.#countNotice(owner, forgotten.message, -1);
        if (owner.isPaused && owner.backlog.mayResume) this.#resume(owner);
        return;
      }
    }
    this.#countNotice(peer, message, 1);
    const pending = {
      message,
      peer,
      pipe: undefined,
      bytes: mayForget ? 0 : messageMemory(message),
      topic: mayForget ? topicId : undefined,
    };
    if (mayForget && isSubscription(frame)) this.#pending.began(topicId, pending);
    this.#push(pending);
  }

  #countNotice(peer: Peer, [frame]: Message, sign: 1 | -1): void {
    const { length } = frame as Uint8Array;
    peer.backlog.countNotice(length, sign);
    if (!IN_PAGE) this.#pending.count(length * sign);
  }

  #push(pending: Pending): void {
    const { peer, bytes } = pending;
    this.#pending.push(pending);
    peer.unreadBytes += bytes;
    // Refused for what stood beside this in the same message.
    if (peer.subscriber === undefined && bytes > 0) this.#host.leftBehind?.(bytes);
    if (peer.isPaused || !peer.backlog.mustPause) return;
    peer.isPaused = true;
    peer.subscriber?.pipe.pauseReading(true);
  }

  #resume(peer: Peer): void {
    peer.isPaused = false;
    peer.subscriber?.pipe.pauseReading(false);
  }

  #limit(subscriber: SubscribedPipe, requests: SubscribedPipe): void {
    const { maxSubscriptionsPerPeer } = this.#host.options;
    const error =
      tooManyTopics(subscriber, maxSubscriptionsPerPeer) ?? tooManyTopics(requests, maxSubscriptionsPerPeer);
    if (error !== undefined) subscriber.pipe.refuse(error);
  }
}
