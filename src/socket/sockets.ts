/**
 * One class a socket type. What its users may call is in the interfaces it
 * joins: `Readable`, `Writable`, and the options that the table gives its type.
 */

import { ZmqError } from "../base/errors.ts";
import {
  PROBE_OPTIONS,
  PUBLISHER_OPTIONS,
  REQUEST_OPTIONS,
  ROUTER_OPTIONS,
  STREAM_OPTIONS,
  TOPIC_OPTIONS,
  UPSTREAM_OPTIONS,
  XPUB_OPTIONS,
  XSUB_OPTIONS,
} from "../base/options/patterns.ts";
import type { OptionInputs, OptionsOf } from "../base/options.ts";
import type { SocketTypeName } from "../base/socket-types.ts";
import type { ConnectOptions } from "../core/endpoints.ts";
import { SendLines } from "../core/send-lines.ts";
import { DealerPattern, RouterPattern } from "../pattern/dealer-router.ts";
import { PairPattern } from "../pattern/exclusive-pair.ts";
import { PullPattern, PushPattern } from "../pattern/pipeline.ts";
import { PubPattern, SubPattern } from "../pattern/publish-subscribe.ts";
import { RepPattern, ReqPattern } from "../pattern/request-reply.ts";
import { StreamPattern } from "../pattern/stream.ts";
import { XPubPattern } from "../pattern/xpub.ts";
import { XSubPattern } from "../pattern/xsub.ts";
import type { BatchOptions, WaitOptions } from "./arguments.ts";
import type { Context } from "./context.ts";
import { coreOf } from "./core-of.ts";
import { type MessageLike, toFrame, toMessage } from "./frames.ts";
import { type RequestOptions, request } from "./lazy-pirate.ts";
import type { Received } from "./messages.ts";
import { Socket } from "./socket.ts";
import { type SocketKind, withInproc } from "./socket-kind.ts";

/** A received frame: a `Buffer` where the runtime has it. */
export type Message = typeof globalThis extends {
  Buffer: { isBuffer(value: unknown): value is infer B extends Uint8Array };
}
  ? B
  : Uint8Array;

/** What a constructor takes: any option of the type, and the context. */
export type Options<T extends SocketTypeName> = OptionInputs<T> & { context?: Context };
/** The option properties that a class gets from the table. */
export type Properties<T extends SocketTypeName> = Omit<OptionsOf<T>, "type" | "lastEndpoint">;

/** A socket that can send messages of type `M`. */
export interface Writable<
  M extends MessageLike | MessageLike[] = MessageLike | MessageLike[],
  O extends [...object[]] = [],
> extends Pick<OptionsOf<"PUSH">, "multicastHops" | "sendBufferSize" | "sendHighWaterMark" | "sendTimeout"> {
  /**
   * Sends a message, all frames together. Resolves when the message has been taken for sending, which is not yet
   * delivery. At the high-water mark it waits its turn, `sendTimeout` at most, then rejects with EAGAIN (EFSM when out
   * of turn on request and reply sockets). Frames of more than 128 bytes must not be changed until they have left.
   */
  send(message: M, ...options: O | [WaitOptions]): Promise<void>;
  /**
   * Sends a message if it can be taken now. False when it would have to wait; nothing was sent then. Throws what `send`
   * rejects with, EAGAIN aside. A loop that never awaits keeps timers and connections waiting: nothing leaves meanwhile.
   */
  trySend(message: M, ...options: O): boolean;
  /**
   * Sends many messages, in order, as so many calls of `send`, and resolves when all were taken. Quicker than an `await`
   * for each. Each item is a message: of several frames where it is an array. When one fails, those behind it are not
   * sent, and the error's `sent` says how many were before it; a signal's reason is then its `cause`.
   */
  sendMany(messages: Iterable<M>, ...options: O | [WaitOptions]): Promise<void>;
  /** A message of one frame, UTF-8. */
  sendString(text: string, ...options: O | [WaitOptions]): Promise<void>;
  /** A message of one frame, JSON. Throws TypeError for values that JSON cannot express. */
  sendJson(value: unknown, ...options: O | [WaitOptions]): Promise<void>;
  /** A message of one frame, by the structured clone algorithm: dates, maps, typed arrays and cycles; no functions. Not in a page. */
  sendObject(value: unknown, ...options: O | [WaitOptions]): Promise<void>;
  /** `send` for an array of frames. */
  sendMultipart(parts: readonly MessageLike[], ...options: O | [WaitOptions]): Promise<void>;
}

/** A socket that can receive messages of type `M`. */
export interface Readable<M extends object[] = Message[]>
  extends Pick<OptionsOf<"PULL">, "receiveBufferSize" | "receiveHighWaterMark" | "receiveTimeout"> {
  /**
   * The next message, all frames. Waits `receiveTimeout` at most, then rejects with EAGAIN. Calls are served in order.
   */
  receive(options?: WaitOptions): Promise<M>;
  /**
   * The next message if it is there, or else undefined. Throws what `receive` rejects with, EAGAIN aside. What arrives
   * is read from the network between turns of the event loop only, so a loop of it needs an `await` now and then.
   */
  tryReceive(): M | undefined;
  /**
   * The messages that are there, at least one, `max` at most, in the order in which `receive` gives them. Quicker than an
   * `await` for each. Waits as `receive` while there is none. On request and reply sockets it is one. With `manual`, an
   * XPUB's `subscribe` is for the peer of the last.
   */
  receiveMany(options?: BatchOptions): Promise<M[]>;
  /** A loop of `receiveMany`, until the socket is closed. Leaving it leaves the socket open. */
  batches(options?: BatchOptions): AsyncIterable<M[]>;
  /** As `receive`, with the peer and its metadata. */
  receiveFrom(options?: WaitOptions): Promise<Received<M>>;
  /** A message of one frame as UTF-8 text; EINVAL when it has more. */
  receiveString(options?: WaitOptions): Promise<string>;
  /** A message of one frame, parsed as JSON. Rejects with SyntaxError for other content. */
  receiveJson(options?: WaitOptions): Promise<unknown>;
  /**
   * What a peer sent by `sendObject`. Rejects with EINVAL for bytes that are no structured clone, or whose arrays would
   * take more memory than the message justifies: a million elements with holes, or four for each octet. Bun does not
   * check this. Not in a page.
   */
  receiveObject(options?: WaitOptions): Promise<unknown>;
  receiveMultipart(options?: WaitOptions): Promise<M>;
  /** Messages until the socket is closed. Leaving the loop leaves the socket open. */
  [Symbol.asyncIterator](): AsyncIterator<M, undefined>;
}

const PAIR: SocketKind = withInproc({ type: "PAIR", socketClass: () => Pair, patternClass: PairPattern });

/** Exactly one peer, both ways. */
export class Pair extends Socket {
  constructor(options?: Options<"PAIR">) {
    super(PAIR, options);
  }
}
export interface Pair extends Writable, Readable, Properties<"PAIR"> {}

const PUB: SocketKind = withInproc({
  type: "PUB",
  socketClass: () => Publisher,
  patternClass: PubPattern,
  options: [PUBLISHER_OPTIONS, TOPIC_OPTIONS],
});

/** Sends each message to all subscribers of its topic. Slow subscribers miss messages. */
export class Publisher extends Socket {
  constructor(options?: Options<"PUB">) {
    super(PUB, options);
  }
  /** Resolves when a peer is subscribed to `topic` or a prefix of it. */
  subscriberJoined(topic: string | Uint8Array = "", options?: WaitOptions): Promise<void> {
    return this.untilSubscribed(toFrame(topic), options);
  }
  /** The distinct topics that peers are subscribed to, in the order of their bytes. Copies. */
  topics(): Message[] {
    return this.subscribedTopics() as Message[];
  }
}
export interface Publisher extends Writable, Properties<"PUB"> {}

const SUB: SocketKind = {
  type: "SUB",
  socketClass: () => Subscriber,
  patternClass: SubPattern,
  options: [TOPIC_OPTIONS],
};

/** Receives published messages of the topics it subscribes to. */
export class Subscriber extends Socket {
  constructor(options?: Options<"SUB">) {
    super(SUB, options);
  }
  /**
   * Subscribes to topics that begin with any of `prefixes`, or to everything without arguments. Counted: each call
   * needs its own `unsubscribe`.
   */
  subscribe(...prefixes: (Uint8Array | string)[]): void {
    this.changeSubscriptions("subscribe", prefixes.length === 0 ? [""] : prefixes);
  }
  unsubscribe(...prefixes: (Uint8Array | string)[]): void {
    this.changeSubscriptions("unsubscribe", prefixes.length === 0 ? [""] : prefixes);
  }
  /** The distinct topics that this socket is subscribed to, in the order of their bytes. Copies. */
  topics(): Message[] {
    return this.subscribedTopics() as Message[];
  }
}
export interface Subscriber extends Readable, Properties<"SUB"> {}

const REQ: SocketKind = {
  type: "REQ",
  socketClass: () => Request,
  patternClass: ReqPattern,
  options: [REQUEST_OPTIONS, PROBE_OPTIONS],
};

/** Sends a request and receives its reply, in turn. */
export class Request extends Socket {
  constructor(options?: Options<"REQ">) {
    super(REQ, options);
  }
  /**
   * Sends a request and resolves to its reply. When none comes within `timeout`, it asks again over a fresh connection
   * (the next peer, where there are several), `retries` times at most, then rejects with ETIMEDOUT. A late reply is
   * never mistaken for another, because its connection is gone. (A socket with its own `routingId` should set
   * `correlate`: a server may send a late reply to that name on the new connection.) Calls queue; the socket stays
   * usable after each, and `sendTimeout` and `receiveTimeout` do not apply. The server may see a request more than
   * once. Rejects with EFSM while a `send` awaits its reply. The frames must not be changed meanwhile.
   */
  request(message: MessageLike | MessageLike[], options: RequestOptions = {}): Promise<Message[]> {
    const core = coreOf(this);
    if (core.isClosed) throw new ZmqError("EBADF");
    return request(core, toMessage(message, this), options, this) as Promise<Message[]>;
  }
}
export interface Request extends Readable, Writable, Properties<"REQ"> {}

const REP: SocketKind = withInproc({ type: "REP", socketClass: () => Reply, patternClass: RepPattern });

/** Receives a request and sends its reply, in turn. */
export class Reply extends Socket {
  constructor(options?: Options<"REP">) {
    super(REP, options);
  }
}
export interface Reply extends Readable, Writable, Properties<"REP"> {}

const DEALER: SocketKind = withInproc({
  type: "DEALER",
  socketClass: () => Dealer,
  patternClass: DealerPattern,
  options: [PROBE_OPTIONS],
});

/** Distributes messages over its peers and receives from all of them; like REQ, but without taking turns. */
export class Dealer extends Socket {
  constructor(options?: Options<"DEALER">) {
    super(DEALER, options);
  }
}
export interface Dealer extends Readable, Writable, Properties<"DEALER"> {}

const ROUTER: SocketKind = withInproc({
  type: "ROUTER",
  socketClass: () => Router,
  patternClass: RouterPattern,
  sendLines: SendLines,
  options: [ROUTER_OPTIONS, PROBE_OPTIONS],
});

/**
 * Receives from all peers, with the peer's routing id as first frame, and sends to the peer named in the first frame.
 */
export class Router extends Socket {
  constructor(options?: Options<"ROUTER">) {
    super(ROUTER, options);
  }
  /** `routingId` names the peer of this connection, whatever name it gives itself. */
  override connect(address: string, options?: ConnectOptions): void {
    super.connect(address, options);
  }
}
export interface Router extends Readable, Writable, Properties<"ROUTER"> {}

const PULL: SocketKind = { type: "PULL", socketClass: () => Pull, patternClass: PullPattern };

/** Receives from all its peers in turn. */
export class Pull extends Socket {
  constructor(options?: Options<"PULL">) {
    super(PULL, options);
  }
}
export interface Pull extends Readable, Properties<"PULL"> {}

const PUSH: SocketKind = withInproc({ type: "PUSH", socketClass: () => Push, patternClass: PushPattern });

/** Distributes messages over its peers in turn. */
export class Push extends Socket {
  constructor(options?: Options<"PUSH">) {
    super(PUSH, options);
  }
}
export interface Push extends Writable, Properties<"PUSH"> {}

const XPUB: SocketKind = withInproc({
  type: "XPUB",
  socketClass: () => XPublisher,
  patternClass: XPubPattern,
  options: [PUBLISHER_OPTIONS, TOPIC_OPTIONS, XPUB_OPTIONS, UPSTREAM_OPTIONS],
});

/** A publisher that receives its subscribers' subscriptions: `01` or `00` and the topic. */
export class XPublisher extends Socket {
  constructor(options?: Options<"XPUB">) {
    super(XPUB, options);
  }
  /** With `manual`: subscribes the peer whose subscription was received last (ZMQ_SUBSCRIBE on XPUB). */
  subscribe(...prefixes: (Uint8Array | string)[]): void {
    this.changeSubscriptions("subscribe", prefixes.length === 0 ? [""] : prefixes);
  }
  unsubscribe(...prefixes: (Uint8Array | string)[]): void {
    this.changeSubscriptions("unsubscribe", prefixes.length === 0 ? [""] : prefixes);
  }
  /** Resolves when a peer is subscribed to `topic` or a prefix of it. */
  subscriberJoined(topic: string | Uint8Array = "", options?: WaitOptions): Promise<void> {
    return this.untilSubscribed(toFrame(topic), options);
  }
  /** The distinct topics that peers are subscribed to, in the order of their bytes. Copies. */
  topics(): Message[] {
    return this.subscribedTopics() as Message[];
  }
}
export interface XPublisher extends Readable, Writable, Properties<"XPUB"> {}

const XSUB: SocketKind = {
  type: "XSUB",
  socketClass: () => XSubscriber,
  patternClass: XSubPattern,
  options: [TOPIC_OPTIONS, UPSTREAM_OPTIONS, XSUB_OPTIONS],
};

/** A subscriber that subscribes by sending `01` or `00` and the topic. */
export class XSubscriber extends Socket {
  constructor(options?: Options<"XSUB">) {
    super(XSUB, options);
  }
}
export interface XSubscriber extends Readable, Writable, Properties<"XSUB"> {}

const STREAM: SocketKind = {
  type: "STREAM",
  socketClass: () => Stream,
  patternClass: StreamPattern,
  sendLines: SendLines,
  options: [STREAM_OPTIONS],
};

/** Plain TCP peers without ZMTP: messages are the peer's routing id and bytes. */
export class Stream extends Socket {
  constructor(options?: Options<"STREAM">) {
    super(STREAM, options);
  }
  /** `routingId` names the peer of this connection. */
  override connect(address: string, options?: ConnectOptions): void {
    super.connect(address, options);
  }
}
export interface Stream
  extends Readable<[Message, Message]>,
    Writable<[MessageLike, MessageLike]>,
    Properties<"STREAM"> {}

/** The classes of this file. */
export const STABLE_KINDS: readonly SocketKind[] = [
  PAIR,
  PUB,
  SUB,
  REQ,
  REP,
  DEALER,
  ROUTER,
  PULL,
  PUSH,
  XPUB,
  XSUB,
  STREAM,
];
