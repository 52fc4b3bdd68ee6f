/**
 * What the socket's thread and an I/O thread tell each other of endpoints. All
 * of it can be cloned. Both sides read their mail when their bell rings, never
 * by an event of the port: a blocked thread has none.
 */

import type { Endpoint } from "../base/endpoint-grammar.ts";
import type { MonitorEvent } from "../base/events.ts";
import type { Properties } from "../base/message.ts";
import type { OptionValues } from "../base/options.ts";
import type { SocketTypeName } from "../base/socket-types.ts";
import type { MovedDrop } from "../engine/moving-proxy.ts";
import type { ZapReply, ZapRequest } from "../security/mechanism.ts";
import type { Capture } from "./capture.ts";
import type { EngineMemory } from "./engine-memory.ts";
import type { SentError } from "./sent-errors.ts";

/** One end of a mail route. Messages are in order and none is lost. */
export interface Mail<Sent, Received> {
  /** The receiver must be rung. */
  post(message: Sent, transferred?: readonly ArrayBuffer[]): void;
  receive(): Received | undefined;
}

/** From the socket's thread. `id`: of an endpoint; the socket's thread makes them up. */
export type EngineRequest =
  | {
      readonly kind: "endpoint";
      readonly id: number;
      readonly role: "bind" | "connect";
      /** Endpoints of one socket have the same. */
      readonly socket: number;
      readonly type: SocketTypeName;
      readonly target: Endpoint;
      readonly options: OptionValues;
      readonly routingId: Uint8Array | undefined;
      /** Of the pipe that a dialed endpoint has from the beginning. */
      readonly memory: EngineMemory | undefined;
    }
  | { readonly kind: "start"; readonly id: number }
  /** As `start`, of a bound one. The answer is in the mail when `done[0]` is 1. */
  | { readonly kind: "startSync"; readonly id: number; readonly done: Int32Array }
  /** Of a bound one: `close` follows, behind what is still on its way to the rings. */
  | { readonly kind: "stopListening"; readonly id: number }
  | { readonly kind: "close"; readonly id: number; readonly lingerMs: number }
  | { readonly kind: "authenticated"; readonly question: number; readonly reply: ZapReply | undefined }
  | { readonly kind: "notAuthenticated"; readonly question: number; readonly error: SentError }
  /** What departed peers left with the socket is at its limit, or is not any more. */
  | { readonly kind: "backlog"; readonly id: number; readonly isFull: boolean }
  /** The process ends: `done[0]` becomes 1 when all that was sent has left. */
  | { readonly kind: "finish"; readonly done: Int32Array }
  /** The sockets of a proxy move to the I/O thread; see engine-proxies.ts for `word` and `numbers`. */
  | {
      readonly kind: "moveProxy";
      readonly proxy: number;
      readonly front: MovingSide;
      readonly back: MovingSide;
      readonly word: Int32Array;
      readonly numbers: Float64Array;
      readonly capture: Capture | undefined;
    }
  | { readonly kind: "movedProxy"; readonly proxy: number; readonly front: MovedSide; readonly back: MovedSide }
  | { readonly kind: "steerProxy"; readonly proxy: number; readonly to: "pause" | "resume" | "stop" }
  /** What the pattern of a moved socket knows is in the mail when `word[0]` is 1. */
  | {
      readonly kind: "look";
      readonly socket: number;
      readonly want: "peers" | "topics" | Uint8Array;
      readonly word: Int32Array;
    }
  /** Drops of a moved socket are told; those that were told before have been taken. */
  | { readonly kind: "hearDrops"; readonly socket: number }
  /** An option of a socket that has moved. */
  | { readonly kind: "assign"; readonly socket: number; readonly name: string; readonly value: unknown };

/** A socket that is about to move. */
export interface MovingSide {
  readonly socket: number;
  readonly type: SocketTypeName;
  readonly options: OptionValues;
}

/** What its pattern knew. */
export interface MovedSide {
  readonly topics: readonly Uint8Array[];
  readonly unread: readonly Uint8Array[][];
  /** In the order in which they came. `id`: of the endpoint; `pipe`: its number there. */
  readonly peers: readonly {
    readonly id: number;
    readonly pipe: number;
    readonly routingId: Uint8Array | undefined;
    readonly topics: readonly Uint8Array[];
  }[];
}

/** What the pattern of a moved socket knows; empty is what was not wanted. */
export interface SeenSocket {
  readonly topicsCount: number;
  /** Whether somebody subscribed to the topic that was asked for. */
  readonly hasSubscriber: boolean;
  readonly topics: readonly Uint8Array[];
  /** `id`: of the endpoint; `pipe`: its number there. */
  readonly peers: readonly (SeenPipe & { readonly id: number; readonly pipe: number })[];
}

/** Since the socket moved. */
export interface SeenPipe {
  readonly messagesSent: number;
  readonly messagesReceived: number;
  readonly unsent: number;
  readonly unread: number;
  /** Undefined where peers do not subscribe. */
  readonly topics: Uint8Array[] | undefined;
}

/** From the I/O thread. */
export type EngineNotice =
  | { readonly kind: "bound"; readonly id: number; readonly endpoint: string }
  | { readonly kind: "bindFailed"; readonly id: number; readonly error: SentError }
  | { readonly kind: "event"; readonly id: number; readonly event: SentEvent }
  /** As `EndpointOwner.gaveUp`. */
  | { readonly kind: "gaveUp"; readonly id: number; readonly cause?: SentError }
  /** A connection has a pipe of its own. `pipe`: its number at its endpoint, from 1 on; 0 is the one that the request brought. */
  | {
      readonly kind: "pipe";
      readonly id: number;
      readonly pipe: number;
      readonly memory: EngineMemory;
      readonly dialed: boolean;
      readonly endpoint: string;
    }
  | {
      readonly kind: "authenticate";
      readonly id: number;
      readonly question: number;
      readonly request: ZapRequest;
      readonly peerAddress: string;
    }
  | { readonly kind: "notAsked"; readonly question: number }
  /** The content of a large frame, which a record of the pipe names by its number. */
  | {
      readonly kind: "frame";
      readonly id: number;
      readonly pipe: number;
      readonly frame: number;
      readonly memory: ArrayBuffer;
    }
  /** Messages that were taken out of the ring and will not be sent. */
  | { readonly kind: "dropped"; readonly id: number; readonly pipe: number; readonly messages: Uint8Array[][] }
  | { readonly kind: "gone"; readonly id: number }
  /** Of a socket that has moved. */
  | {
      readonly kind: "peer";
      readonly id: number;
      readonly pipe: number;
      readonly change: PeerChange;
      readonly routingId: Uint8Array | undefined;
    }
  /** Answers `look`. */
  | { readonly kind: "looked"; readonly socket: number; readonly seen: SeenSocket }
  | { readonly kind: "drops"; readonly socket: number; readonly drops: readonly MovedDrop[] }
  /** Topics of a moved socket may have changed since it was asked for one. */
  | { readonly kind: "changed"; readonly socket: number }
  /** A proxy ended by itself. */
  | { readonly kind: "proxyEnded"; readonly proxy: number; readonly error: SentError | undefined }
  /** The engine threw: a mistake of ours. */
  | { readonly kind: "failed"; readonly error: SentError };

/** What becomes of the peer of a pipe whose socket has moved. */
export type PeerChange = { readonly peer: Properties; readonly remoteAddress: string } | "detached" | "ended";

/** The options without those that no message to a thread can hold; only bound ws and wss endpoints need them. */
export function postedOptions(options: OptionValues): OptionValues {
  return options.wsServer === null && options.wsAccept === null
    ? options
    : { ...options, wsServer: null, wsAccept: null };
}

/** A monitor event, its errors as they travel. */
export type SentEvent = Omit<MonitorEvent, "error" | "cause"> & {
  readonly error?: SentError;
  readonly cause?: SentError;
};
