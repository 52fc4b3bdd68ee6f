/**
 * Options of single socket types: addressing, subscriptions, request-reply. Types with the same options share a table, and
 * each socket class names those of its type, so that a page has no others.
 */

import { bool, bytes, choice, int } from "./kinds.ts";

/** What peers tell which messages they want. */
const PUBLISHERS = ["PUB", "XPUB", "RADIO"] as const;

/** Every socket keeps a value of these, whatever its type. */
export const ADDRESS_OPTIONS = {
  /** ZMQ_ROUTING_ID. The name by which a ROUTER addresses this socket, 1 to 255 bytes; the ROUTER makes one up when empty. Assign bytes or a string; reads as text. Default empty. */
  routingId: bytes({ id: 5, min: 1, max: 255, on: ["REQ", "REP", "DEALER", "ROUTER"] }),
  /** ZMQ_CONNECT_ROUTING_ID. The id that the next `connect` gives its peer, 1 to 255 bytes; used once. `connect(address, { routingId })` does the same. Default empty. */
  connectRoutingId: bytes({ id: 61, min: 1, max: 255, applies: "now", on: ["ROUTER", "STREAM"] }),
};

export const ROUTER_OPTIONS = {
  /** ZMQ_ROUTER_MANDATORY. Rejects a `send` to an unknown peer with EHOSTUNREACH, and makes a `send` to a full peer wait, instead of dropping the message. Default false. */
  mandatory: bool({ id: 33, default: false, applies: "now", on: ["ROUTER"] }),
  /** ZMQ_ROUTER_HANDOVER. Lets a new peer take over the routing id of another peer, whose connection is then closed, instead of refusing the new one. Default false. */
  handover: bool({ id: 56, default: false, applies: "now", on: ["ROUTER"] }),
  /** ZMQ_ROUTER_NOTIFY. Sum of the notices received as empty messages from a peer: 1 connected, 2 disconnected. Default 0. */
  routerNotify: int({ id: 97, default: 0, min: 0, max: 3, on: ["ROUTER"] }),
  /** ZMQ_ROUTER_RAW. Talks to plain TCP peers without ZMTP: bytes in, bytes out, each after the peer's routing id. Default false. */
  raw: bool({ id: 41, default: false, on: ["ROUTER"] }),
};

export const PROBE_OPTIONS = {
  /** ZMQ_PROBE_ROUTER. Sends an empty message to each new peer, so that a ROUTER learns of this socket. Default false. */
  probeRouter: bool({ id: 51, default: false, applies: "now", on: ["ROUTER", "DEALER", "REQ"] }),
};

export const REQUEST_OPTIONS = {
  /** ZMQ_REQ_CORRELATE. Marks requests with an id and ignores replies that carry another. Default false. */
  correlate: bool({ id: 52, default: false, applies: "now", on: ["REQ"] }),
  /** ZMQ_REQ_RELAXED. Allows a new request before the reply to the last one arrives; that reply is then dropped. Default false. */
  relaxed: bool({ id: 53, default: false, applies: "now", on: ["REQ"] }),
};

export const XPUB_OPTIONS = {
  /** ZMQ_XPUB_VERBOSE and ZMQ_XPUB_VERBOSER. Which subscription messages are received: null = only changes, "allSubs" = every subscription, "allSubsUnsubs" = every cancellation too. Default null. */
  verbosity: choice({
    id: 40,
    default: null,
    values: [null, "allSubs", "allSubsUnsubs"],
    applies: "now",
    on: ["XPUB"],
  }),
  /** ZMQ_XPUB_MANUAL. This socket makes the subscriptions, for the peer whose request was received last; peers only ask for them. Default false. */
  manual: bool({ id: 71, default: false, applies: "now", on: ["XPUB"] }),
  /** ZMQ_XPUB_MANUAL_LAST_VALUE. As `manual`, and the next message goes only to the peer whose subscription message was received last. As in libzmq, that is any subscription message, including a cancellation: the message sent after one reaches no subscriber. So set it only for a message meant for that peer, and clear it again. Default false. */
  manualLastValue: bool({ id: 98, default: false, applies: "now", on: ["XPUB"] }),
  /** ZMQ_XPUB_WELCOME_MSG. A message that each new subscriber receives, if subscribed to it. Assign bytes or a string; reads as text. Default empty. */
  welcomeMessage: bytes({ id: 72, applies: "now", on: ["XPUB"] }),
  /** Not in libzmq. Subscription messages of one peer that may wait for `receive`, of 256 bytes each on average; beyond that, the peer is not read, and when all peers together have that many, pairs that cancel each other out are discarded. 0 = no limit. Default 100000. */
  maxUnreadSubscriptions: int({ id: -8, default: 100_000, min: 0, applies: "now", on: ["XPUB"] }),
};

export const PUBLISHER_OPTIONS = {
  /** ZMQ_XPUB_NODROP. Makes `send` wait for a peer at its high-water mark instead of skipping it. Default false. */
  noDrop: bool({ id: 69, default: false, applies: "now", on: PUBLISHERS }),
  /** Not in libzmq. Topics that one peer may subscribe to, or groups that it may join, of 256 bytes each on average; a peer that exceeds this is disconnected. 0 = no limit. Default 1000000. */
  maxSubscriptionsPerPeer: int({ id: -7, default: 1_000_000, min: 0, applies: "now", on: PUBLISHERS }),
};

export const TOPIC_OPTIONS = {
  /** ZMQ_INVERT_MATCHING. Delivers only messages that match no subscription. Set it on both sides. Default false. */
  invertMatching: bool({ id: 74, default: false, applies: "now", on: ["PUB", "SUB", "XPUB", "XSUB"] }),
  /** ZMQ_TOPICS_COUNT. Number of subscribed topics: of the peers (PUB, XPUB) or of this socket (SUB, XSUB). */
  topicsCount: int({ id: 116, default: 0, access: "r", on: ["PUB", "SUB", "XPUB", "XSUB"] }),
};

/** Of those that read subscriptions as messages. */
export const UPSTREAM_OPTIONS = {
  /** ZMQ_ONLY_FIRST_SUBSCRIBE. Only the first frame of a multipart message may be a subscription; the others are data. Default false. */
  onlyFirstSubscribe: bool({ id: 108, default: false, applies: "now", on: ["XPUB", "XSUB"] }),
};

export const XSUB_OPTIONS = {
  /** ZMQ_XSUB_VERBOSE_UNSUBSCRIBE. Sends every cancellation upstream, even while other subscriptions to the topic remain. Default false. */
  verboseUnsubscribe: bool({ id: 115, default: false, applies: "now", on: ["XSUB"] }),
};

export const STREAM_OPTIONS = {
  /** ZMQ_STREAM_NOTIFY. Receives an empty message from a peer when it connects and when it disconnects. Default true. */
  notify: bool({ id: 73, default: true, applies: "now", on: ["STREAM"] }),
};

/** All of them. */
export function patternOptions() {
  return {
    ...ADDRESS_OPTIONS,
    ...ROUTER_OPTIONS,
    ...PROBE_OPTIONS,
    ...REQUEST_OPTIONS,
    ...XPUB_OPTIONS,
    ...PUBLISHER_OPTIONS,
    ...TOPIC_OPTIONS,
    ...UPSTREAM_OPTIONS,
    ...XSUB_OPTIONS,
    ...STREAM_OPTIONS,
  };
}
