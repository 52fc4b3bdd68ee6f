/**
 * Options of a socket as a whole: queues, waiting, the life of its
 * connections, heartbeats. libzmq's ids, defaults and ranges;
 * what libzmq has not has a negative id.
 */

import { IN_PAGE } from "../target.ts";
import { metadata } from "./additive.ts";
import { bool, int, int64, rawBytes, text } from "./kinds.ts";

/** Of the types that no page has. */
const SENDERS_ELSEWHERE = ["STREAM", "SERVER", "CLIENT", "RADIO", "SCATTER", "DGRAM", "PEER", "CHANNEL"] as const;
const RECEIVERS_ELSEWHERE = ["STREAM", "SERVER", "CLIENT", "DISH", "GATHER", "DGRAM", "PEER", "CHANNEL"] as const;

/** Socket types whose users send. zeromq.js gives the options of sending to these only. */
export const SENDERS = [
  "PAIR",
  "PUB",
  "REQ",
  "REP",
  "DEALER",
  "ROUTER",
  "PUSH",
  "XPUB",
  "XSUB",
  ...(IN_PAGE ? ([] as unknown as typeof SENDERS_ELSEWHERE) : SENDERS_ELSEWHERE),
] as const;
/** Socket types whose users receive. */
export const RECEIVERS = [
  "PAIR",
  "SUB",
  "REQ",
  "REP",
  "DEALER",
  "ROUTER",
  "PULL",
  "XPUB",
  "XSUB",
  ...(IN_PAGE ? ([] as unknown as typeof RECEIVERS_ELSEWHERE) : RECEIVERS_ELSEWHERE),
] as const;

export const QUEUE_OPTIONS = {
  /** ZMQ_SNDHWM. Messages queued per peer before `send` waits or drops, as the socket type says; 0 = no limit. Default 1000. Note: Multipart messages also fill the queue by their frames: 65,536, or 16 times the mark where that is more. */
  sendHighWaterMark: int({ id: 23, default: 1000, min: 0, applies: "now", on: SENDERS }),
  /** ZMQ_RCVHWM. Messages queued per peer before its connection is read no further; 0 = no limit. Default 1000. Note: Multipart messages also fill the queue by their frames: 65,536, or 16 times the mark where that is more. */
  receiveHighWaterMark: int({ id: 24, default: 1000, min: 0, applies: "now", on: RECEIVERS }),
  /** ZMQ_SNDTIMEO. Milliseconds `send` waits before it rejects with EAGAIN; 0 = not at all, -1 = for ever. Default -1. */
  sendTimeout: int({ id: 28, default: -1, min: -1, applies: "now", on: SENDERS }),
  /** ZMQ_RCVTIMEO. Milliseconds `receive` waits before it rejects with EAGAIN; 0 = not at all, -1 = for ever. Default -1. */
  receiveTimeout: int({ id: 27, default: -1, min: -1, applies: "now", on: RECEIVERS }),
  /** ZMQ_LINGER. Milliseconds for which unsent messages are still sent after `close`; 0 = drop them at once, -1 = until all are sent. The default is 0 when `context.blocky` is false. Default -1, SUB: 0, XSUB: 0, DISH: 0. Default -1, SUB: 0, XSUB: 0, DISH: 0. */
  linger: int({ id: 17, default: -1, min: -1, applies: "now", defaultOn: { SUB: 0, XSUB: 0, DISH: 0 } }),
  /** ZMQ_CONFLATE. Keeps only the newest message of each queue; does not work with multipart messages. On GATHER and SCATTER libzmq accepts the option but ignores it. Default false. */
  conflate: bool({ id: 54, default: false, on: ["DEALER", "PULL", "PUSH", "PUB", "SUB", "GATHER", "SCATTER"] }),
  /** ZMQ_IMMEDIATE. Queues messages only for established connections, not for those still being made. Default false. */
  immediate: bool({ id: 39, default: false }),
  /** ZMQ_MAXMSGSIZE. Bytes of the largest frame accepted; a larger one closes its connection. -1 = no limit. Default -1. */
  maxMessageSize: int64({ id: 22, default: -1 }),
  /** Not in libzmq. Approximate bytes of memory of the messages queued per peer before `send` waits or drops, in addition to the mark in messages; 0 = no limit. Default 0. Note: Counts 64 bytes a message and 128 a frame beside the octets. Over inproc only the receiver's mark counts. */
  sendHighWaterMarkBytes: int64({
    id: -1,
    default: 0,
    min: 0,
    on: SENDERS,
  }),
  /** Not in libzmq. Approximate bytes of memory of the messages queued per peer before its connection is read no further, in addition to the mark in messages; 0 = no limit. Default 0. Note: Counts 64 bytes a message and 128 a frame beside the octets. */
  receiveHighWaterMarkBytes: int64({ id: -2, default: 0, min: 0, on: RECEIVERS }),
  /** Not in libzmq. Frames of one received message; a peer that sends more is disconnected. -1 = no limit. Default 65536. */
  maxMessageFrames: int({ id: -3, default: 65_536, min: -1 }),
  /** Not in libzmq. Bytes of all frames of one received multipart message; a peer that sends more is disconnected. -1 = no limit. Default -1. */
  maxMultipartSize: int64({ id: -4, default: -1, min: -1 }),
  /** Not in libzmq. Bytes of one command or identity frame of a handshake; a peer that sends more is disconnected. Default 65536. */
  maxHandshakeSize: int({ id: -5, default: 65_536, min: 256 }),
  /** Not in libzmq. Approximate bytes of memory of the unread messages of all departed peers; beyond that, new connections are not read until half of it has been received. 0 = no limit. Default 268435456. Note: Counts 64 bytes a message, 128 a frame and 2 KiB a peer beside the octets. */
  departedHighWaterMarkBytes: int64({
    id: -9,
    default: 268_435_456,
    min: 0,
    applies: "now",
    on: RECEIVERS,
  }),

  /** ZMQ_RECONNECT_IVL. Milliseconds before a lost or refused connection is tried again; 0 or -1 = never. Default 100. */
  reconnectInterval: int({ id: 18, default: 100, min: -1 }),
  /** ZMQ_RECONNECT_IVL_MAX. Maximum in milliseconds to which the interval doubles with each attempt; 0 = it does not grow. Default 0. */
  reconnectMaxInterval: int({ id: 21, default: 0, min: 0 }),
  /** ZMQ_RECONNECT_STOP. Sum of the cases that are not tried again: 1 refused, 2 handshake failed, 4 after `disconnect`. Default 0. */
  reconnectStop: int({ id: 109, default: 0, min: 0, max: 7 }),
  /** ZMQ_HANDSHAKE_IVL. Milliseconds a handshake may take before its connection is closed; 0 = for ever. JeroMQ's greeting is sometimes late: with 1000 the next attempt comes soon. Default 30000. */
  handshakeInterval: int({ id: 66, default: 30000, min: 0 }),

  /** ZMQ_HEARTBEAT_IVL. Milliseconds between two PINGs; 0 = none are sent. In browsers 15000 until it is set. Default 0. */
  heartbeatInterval: int({ id: 75, default: 0, min: 0 }),
  /** ZMQ_HEARTBEAT_TIMEOUT. Milliseconds without an answer to a PING before the connection is closed; -1 = as `heartbeatInterval`. Default -1. */
  heartbeatTimeout: int({ id: 77, default: -1, min: -1 }),
  /** ZMQ_HEARTBEAT_TTL. Milliseconds of silence after which the peer should close the connection, sent to it in each PING; rounded down to 100 ms. Default 0. */
  heartbeatTimeToLive: int({ id: 76, default: 0, min: 0, max: 6_553_599, step: 100 }),

  /** ZMQ_METADATA. Properties sent in the handshake, as `{ "X-name": "value" }` or `"X-name:value"`. Assignments add to it; null clears it. Default empty. */
  metadata: metadata({ id: 95 }),
  /** ZMQ_HELLO_MSG. A message of one frame sent to each peer before any other, whenever it connects. Reads as bytes. Other socket types throw, where libzmq accepts the option but ignores it. Default empty. */
  helloMessage: rawBytes({ id: 110, on: ["DEALER", "ROUTER", "SERVER", "CLIENT", "PEER"] }),
  /** ZMQ_DISCONNECT_MSG. A message received, after the peer's routing id, when an accepted peer's connection ends. Reads as bytes. Default empty. */
  disconnectMessage: rawBytes({ id: 111, on: ["ROUTER", "SERVER", "PEER"] }),
  /** ZMQ_HICCUP_MSG. A message received when a connection made by this side is lost and retried. Reads as bytes. Default empty. */
  hiccupMessage: rawBytes({ id: 114, on: ["DEALER", "CLIENT", "PEER"] }),

  /** ZMQ_TYPE. Number of the socket type, 0 (PAIR) to 20 (CHANNEL). */
  type: int({ id: 16, default: 0, access: "r" }),
  /** ZMQ_LAST_ENDPOINT. The endpoint of the last `bind` or `connect`, with wildcards resolved; null before the first. */
  lastEndpoint: text({ id: 32, access: "r" }),
  /** ZMQ_THREAD_SAFE. Whether libzmq calls the socket type thread-safe. */
  threadSafe: bool({ id: 81, default: false, access: "r" }),
};
