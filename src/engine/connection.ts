/**
 * What a dialer or an acceptor sees of one connection, whatever it speaks:
 * ZMTP (session.ts) or raw bytes (raw-session.ts).
 */

import type { DepartedBacklog } from "../base/departed-backlog.ts";
import type { MonitorEvent } from "../base/events.ts";
import type { FarEnd } from "../base/far-end.ts";
import type { Link } from "../base/link.ts";
import type { Properties } from "../base/message.ts";
import type { OptionValues } from "../base/options.ts";
import type { ZapListener, ZapRequest } from "../security/mechanism.ts";
import type { EngineLoop } from "./engine-loop.ts";

/**
 * Why a connection ended; decides whether a dialer tries again: `lost` (broken
 * or closed by the peer), `handshake` (the same before the handshake was done),
 * `protocol` (the peer broke the protocol: never again), `local` (our wish),
 * `renewed` (our wish, for another connection at once).
 */
export type EndReason = "lost" | "handshake" | "protocol" | "local" | "renewed";

export interface Connection {
  readonly link: Link;
  /** Begins; call once, in the turn in which the link appeared. */
  start(): void;
  /** True when every accepted message has left for the kernel. */
  readonly isIdle: boolean;
  /** Sends what is queued, then closes. `ended` follows. */
  close(): void;
  /** Closes now; `graceful`: what is batched is still handed to the kernel. `ended` follows at once. */
  abort(graceful: boolean): void;
  /** Writes what is batched as far as the kernel takes it. For the end of the process. */
  flushNow(): void;
}

/** The maker of the connection: a dialer or an acceptor. */
export interface ConnectionOwner {
  readonly loop: EngineLoop;
  readonly options: OptionValues;
  /** The endpoint in events. */
  readonly endpoint: string;
  /** Delays the reading of connections that have a pipe of their own. Undefined when a connection goes on with the pipe of the one before. */
  readonly departedBacklog: DepartedBacklog | undefined;
  /** The near side connected, and is no subscriber: its messages wait for the subscriptions of other connections. See `Precedence`. */
  readonly sendsBehind: boolean;
  /** The peer connected, and not to a publisher: its first messages are delivered behind those subscriptions. */
  readonly readsBehind: boolean;
  emit(event: MonitorEvent): void;
  /** The peer is there: the pipe that this connection serves. Undefined refuses the peer. */
  ready(connection: Connection, peer: Properties): FarEnd | undefined;
  /** The queued messages of that pipe, and its subscriptions, are on their way. */
  started(): void;
  /** `cause`: that of the `disconnect` event, where there is one. */
  ended(connection: Connection, reason: EndReason, cause?: unknown): void;
  /** Asks the ZAP handler; `undefined` when there must be one and is none. `signal`: the connection is over. */
  authenticate(request: ZapRequest, link: Link, signal: AbortSignal, listener: ZapListener): void;
}
