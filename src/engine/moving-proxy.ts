/**
 * What a proxy and an engine in another thread need of each other, so that the
 * proxy's loop can run there, beside the connections: the sockets move with all
 * that they know of their peers, and what is unread is handed over in order.
 */

import type { Message } from "../base/message.ts";
import type { OptionValues } from "../base/options.ts";
import type { SocketTypeName } from "../base/socket-types.ts";
import type { EndpointOwner } from "./endpoint-owner.ts";
import type { EngineEndpoint } from "./engine-endpoint.ts";

/** A socket of a proxy, as it is in the thread of its user. */
export interface MovingSocket {
  readonly owner: EndpointOwner;
  readonly type: SocketTypeName;
  readonly options: OptionValues;
  readonly endpoints: readonly EngineEndpoint[];
  /** What its pattern knows of its peers, the oldest first. */
  peers(): readonly MovingPeer[];
  /** Its own subscriptions; one that was made twice is there twice. */
  topics(): Uint8Array[];
  /** What its pattern has unread, without what is still on the way. */
  takeUnread(): Message[];
  /** The pattern is elsewhere from now on. */
  moved(movement: SocketMovement): void;
  /** A message was dropped there. */
  dropped(drop: MovedDrop): void;
  /** What `SocketMovement` knows of topics has changed since it was asked. */
  changed(): void;
}

/** A message that was dropped where its socket is. */
export interface MovedDrop {
  /** In DROP_REASONS. */
  readonly reason: number;
  /** Of the peer that it was for, or that sent it; undefined when there is none. */
  readonly peer: { readonly endpoint: string; readonly remoteAddress: string } | undefined;
  /** The first bytes of the first frame, where users may see them. */
  readonly frame: Uint8Array | undefined;
}

export interface MovingPeer {
  /** Its pipe: the object whose far end `EndpointOwner.createPipe` returned. */
  readonly pipe: object;
  readonly routingId: Uint8Array | undefined;
  /** What it has subscribed to. */
  readonly topics: readonly Uint8Array[];
}

/** A socket that is elsewhere. What is asked of its pattern is asked there: the call blocks for a moment. */
export interface SocketMovement {
  /** An option was assigned. */
  assigned(name: string, value: unknown): void;
  /** Has `dropped` of the socket called from now on, though not for each message while the thread does not turn. */
  hearDrops(): void;
  /** Counts what its pipes have done until now, and takes down what their peers subscribed to. */
  look(): void;
  /** As of the last `look`. */
  topicsOf(pipe: object): Uint8Array[] | undefined;
  readonly topicsCount: number;
  topics(): Uint8Array[];
  hasSubscriber(topic: Uint8Array): boolean;
  /** Messages dropped there, by the index of the reason in DROP_REASONS. */
  readonly drops: Float64Array;
}

/** The numbers of a proxy's statistics, in the order of zmq_proxy_steerable. */
export const STATISTICS_NUMBERS = 8;

/** A proxy whose loop is in another thread. */
export interface MovedProxy {
  /** As STATISTICS_NUMBERS says. It is written there. */
  readonly statistics: Float64Array;
  pause(): void;
  resume(): void;
  /** Nothing is forwarded any more. */
  stop(): void;
}

/** What the user's thread does for a proxy that has moved. */
export interface MovedProxyOwner {
  /** A copy of a message for the capture socket. */
  readonly captured: ((message: Message) => void) | undefined;
  /** Of the capture socket: so many copies may wait, 0 for no limit. */
  readonly captureMark: number;
  /** It has ended by itself. */
  ended(error: unknown): void;
}
