/**
 * What a user may know of a peer: a snapshot of its pipe.
 */

import { toText } from "../base/bytes.ts";
import type { Properties } from "../base/message.ts";
import type { Pipe } from "../base/pipe.ts";

export interface PeerInfo {
  /** This side's endpoint: the one that was connected, or that accepted the peer. */
  readonly endpoint: string;
  /** The peer's own address as transports tell it (`tcp://127.0.0.1:40312`); empty for inproc and before it is connected. */
  readonly address: string;
  /** True when this side connected. */
  readonly dialed: boolean;
  /** True while there is a connection whose handshake is done. */
  readonly connected: boolean;
  /** By which a ROUTER or STREAM addresses the peer; null for other types. */
  readonly routingId: Uint8Array | null;
  /** Handshake properties, `Peer-Address`, `User-Id`. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Messages waiting to be sent, and to be received. */
  readonly sendQueueLength: number;
  readonly receiveQueueLength: number;
  readonly messagesSent: number;
  readonly messagesReceived: number;
  /** Octets on the wire, framing included; 0 for inproc. */
  readonly bytesSent: number;
  readonly bytesReceived: number;
}

export function peerInfo(pipe: Pipe): PeerInfo {
  return {
    endpoint: pipe.endpoint,
    address: pipe.remoteAddress,
    dialed: pipe.dialed,
    connected: pipe.isConnected,
    routingId: pipe.routingId ?? null,
    metadata: properties(pipe.peer),
    sendQueueLength: pipe.outboundLength,
    receiveQueueLength: pipe.inboundLength,
    messagesSent: pipe.messagesSent,
    messagesReceived: pipe.messagesReceived,
    bytesSent: pipe.bytesSent,
    bytesReceived: pipe.bytesReceived,
  };
}

/** Values as text; `Identity` may be any bytes, of which invalid UTF-8 is replaced. */
export function properties(peer: Properties): Record<string, string> {
  const record: Record<string, string> = {};
  for (const [name, value] of peer) record[name] = toText(value);
  return record;
}
