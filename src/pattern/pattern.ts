/**
 * The behaviour of a socket type: routing between pipes, and nothing else. A pattern is
 * synchronous; it knows no sockets, timers or promises, so a test drives it
 * with bare pipes.
 */

import type { Control, Message } from "../base/message.ts";
import type { NearEnd } from "../base/near-end.ts";
import type { OptionValues } from "../base/options.ts";

export interface Pattern {
  /** A peer appeared, or will: a dialed pipe is attached before its first link. */
  attach(pipe: NearEnd): void;
  /** The peer is gone for good. Messages still in the pipe stay readable; nothing more can be written. */
  detach(pipe: NearEnd): void;
  /** The link is there; again after each reconnection. `pipe.peer` is known from here on. */
  connected?(pipe: NearEnd): void;
  /** A dialed pipe lost its link and keeps its queues. */
  disconnected?(pipe: NearEnd): void;
  /** The pipe was empty and is not any more. */
  readable(pipe: NearEnd): void;
  /** The pipe refused a message and has room again. */
  writable(pipe: NearEnd): void;
  /** The peer (un)subscribed, joined or left, by command. */
  control?(pipe: NearEnd, control: Control): void;

  /**
   * Routes a message. Returns false when it would block: nothing was taken.
   * Throws ZmqError when it can never succeed (EHOSTUNREACH, EINVAL). Absent:
   * the type cannot send. The pattern may keep and change the array.
   */
  send?(message: Message): boolean;
  /**
   * Types whose sender names the peer: the routing id of that peer. A message that would block delays only messages
   * for the same id. Absent: it delays all.
   */
  address?(message: Message): Uint8Array | undefined;
  /** The next message for the user, or undefined. Absent: the type cannot receive. */
  receive?(): Message | undefined;
  /** As `receive`, with several at once: adds to `into`, `max` at most, and perhaps none of those that it took. False: nothing was there. */
  receiveRun?(into: Message[], max: number): boolean;
  /** Turns a received message into what users see, in place: `[body, { routingId }]` for SERVER. Absent: they see the frames. */
  present?(message: object[]): void;
  /** Whether `send` would take a message now, and `receive` return one (POLLOUT, POLLIN). */
  readonly canSend: boolean;
  readonly canReceive: boolean;
  /** The pipe that the last received message came from. */
  readonly source?: NearEnd | undefined;
  /** Why a send or receive that waited in vain was impossible: out of turn (EFSM), or just no room (EAGAIN). */
  readonly blockedBy?: "EAGAIN" | "EFSM";

  /** REQ: gives up the request that awaits its reply. No reply to it answers a later one; the peer's connection is renewed. */
  abandon?(): void;
  /** SUB: adds or removes a subscription. XPUB in manual mode: for the peer of the subscription just read. */
  subscribe?(topic: Uint8Array): void;
  unsubscribe?(topic: Uint8Array): void;
  /** DISH: joins or leaves a group. */
  join?(group: Uint8Array): void;
  leave?(group: Uint8Array): void;
  /** SERVER and PEER: the pipe that was attached last. */
  readonly newest?: NearEnd | undefined;
  /** Distinct topics: of the peers (PUB, XPUB) or one's own (SUB, XSUB). */
  readonly topicsCount?: number;
  /** Copies of them, in the order of their bytes. */
  topics?(): Uint8Array[];
  /** SUB, XSUB: copies of one's own, each as often as it was added. */
  subscriptions?(): Uint8Array[];
  /** PUB, XPUB: copies of those of one peer, `most` at most. */
  topicsOf?(pipe: NearEnd, most: number): Uint8Array[] | undefined;
  /** PUB, XPUB, RADIO: whether a peer would get a message with this first frame. */
  hasSubscriber?(topic: Uint8Array): boolean;
  /** An option that applies at once was changed. */
  optionChanged?(name: keyof OptionValues): void;
}

/** All of them; their order is what two threads of one version know. */
export const DROP_REASONS = [
  "highWaterMark",
  "unroutable",
  "conflate",
  "noSubscriber",
  "invalid",
  "disconnected",
  "duplicateRoutingId",
  "secondPeer",
  "tooLong",
  "lost",
] as const;

/**
 * Why a message was dropped:
 *
 * - `highWaterMark`: the peer's queue was full, and the type does not wait.
 * - `unroutable`: ROUTER and STREAM: no peer has the routing id that the first frame names.
 * - `conflate`: a newer message took its place.
 * - `noSubscriber`: it was published, and nobody is subscribed to its topic, or is in its group.
 * - `invalid`: it was received and is not for this socket: a late reply, a request without its delimiter, several frames
 *   where one was expected.
 * - `disconnected`: it was queued for a peer that is gone, or had not left when the linger period ended.
 * - `duplicateRoutingId`: once a peer: it came to a ROUTER with the routing id of another, and is not read.
 * - `secondPeer`: once a peer: it came to a PAIR that has one, and is not read.
 * - `tooLong`: its peer takes no frame of that length, and it had to wait, or other peers got it; else `send` rejects with EMSGSIZE.
 * - `lost`: once a gap: multicast packets that their source could not send again. Nobody knows how many messages were in them.
 */
export type DropReason = (typeof DROP_REASONS)[number];

/** The socket, as its pattern sees it. */
export interface PatternHost {
  /** Live values: an option that applies at once changes here. */
  readonly options: OptionValues;
  /** Uniform, 0 to 2^32-1. */
  random32(): number;
  /** Bytes that a departed peer sent and that stay with the pattern, unread; `takenUp`: they were read. */
  leftBehind?(bytes: number): void;
  takenUp?(bytes: number): void;
  /** Runs `task` in a later turn of the event loop, and then completes calls that wait. Absent: there are no turns. */
  later?(task: () => void): void;
  /** A message was dropped; or, whatever a peer sends and will send: with `duplicateRoutingId` the message is its routing id, with `secondPeer` empty. */
  dropped(reason: DropReason, pipe: NearEnd | undefined, message: Message): void;
}

/** A new one for each fresh socket. */
export type PatternClass = new (host: PatternHost) => Pattern;
