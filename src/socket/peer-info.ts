/**
 * What a user may know of a peer: a snapshot of its pipe.
 */

import { copyOf, toText } from "../base/bytes.ts";
import type { Properties } from "../base/message.ts";
import type { NearEnd, PipeState } from "../base/near-end.ts";
import type { Pattern } from "../pattern/pattern.ts";

export interface PeerInfo {
  /** This side's endpoint: the one that was connected, or that accepted the peer. */
  readonly endpoint: string;
  /**
   * The peer's own address as transports tell it (`tcp://127.0.0.1:40312`); empty for inproc and before it is
   * connected.
   */
  readonly address: string;
  /** True when this side connected. */
  readonly dialed: boolean;
  /** True while there is a connection whose handshake is done. */
  readonly connected: boolean;
  /**
   * By which a ROUTER or STREAM addresses the peer; of SERVER and PEER the number in four octets, big-endian; null for
   * other types.
   */
  readonly routingId: Uint8Array | null;
  /** Handshake properties, `Peer-Address`, `User-Id`: frozen, without a prototype, one object a connection. */
  readonly metadata: Readonly<Record<string, string>>;
  /**
   * The topics that the peer subscribed to, in the order of their bytes, or the groups that it joined, in that order;
   * 1000 at most. Null unless this socket publishes, and with `receiveFrom`.
   */
  readonly subscriptions: readonly Uint8Array[] | null;
  /** Messages waiting to be sent and to be received. */
  readonly sendQueueLength: number;
  readonly receiveQueueLength: number;
  readonly messagesSent: number;
  readonly messagesReceived: number;
  /** Octets on the wire, framing included; 0 for inproc. */
  readonly bytesSent: number;
  readonly bytesReceived: number;
}

/** For a peer that is told with each message: its topics are not looked for. */
export const NO_TOPICS = {};

/** More topics of one peer are not told. */
const MOST_TOPICS = 1000;

export function peerInfo(pipe: NearEnd, pattern: Pick<Pattern, "topicsOf">): PeerInfo {
  return {
    endpoint: pipe.endpoint,
    address: pipe.remoteAddress,
    dialed: pipe.dialed,
    connected: pipe.isConnected,
    routingId: pipe.routingId === undefined ? null : copyOf(pipe.routingId),
    metadata: metadataOf(pipe),
    subscriptions: pattern.topicsOf?.(pipe, MOST_TOPICS) ?? null,
    sendQueueLength: pipe.unsentLength,
    receiveQueueLength: pipe.inboundLength,
    messagesSent: pipe.messagesSent,
    messagesReceived: pipe.messagesReceived,
    bytesSent: pipe.bytesSent,
    bytesReceived: pipe.bytesReceived,
  };
}

/** Of a message whose peer is not known. */
export const NO_METADATA: Readonly<Record<string, string>> = Object.freeze(Object.create(null));

/** By the properties of each connection. */
const shownMetadata = new WeakMap<Properties, Readonly<Record<string, string>>>();

/**
 * Handshake properties of a pipe's peer. Values as text; `Identity` may be any bytes, of which invalid UTF-8 is
 * replaced. Made once a connection, so that a peer with many of them costs no message more; frozen for that, and
 * without a prototype, because names are the peer's to choose.
 */
export function metadataOf(pipe: PipeState): Readonly<Record<string, string>> {
  let metadata = shownMetadata.get(pipe.peer);
  if (metadata === undefined) {
    metadata = shown(pipe.peer);
    shownMetadata.set(pipe.peer, metadata);
  }
  return metadata;
}

function shown(peer: Properties): Readonly<Record<string, string>> {
  const record: Record<string, string> = Object.create(null);
  for (const [name, value] of peer) record[name] = toText(value);
  return Object.freeze(record);
}
