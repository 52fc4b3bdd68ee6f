/**
 * What a dialer or an acceptor needs from the socket it works for. The socket's
 * core implements it; tests implement it with a few lines.
 */

import type { DepartedBacklog } from "../base/departed-backlog.ts";
import type { ZmqError } from "../base/errors.ts";
import type { MonitorEvent } from "../base/events.ts";
import type { FarEnd } from "../base/far-end.ts";
import type { Link } from "../base/link.ts";
import type { OptionValues } from "../base/options.ts";
import type { SocketTypeName } from "../base/socket-types.ts";
import type { ZapListener, ZapRequest } from "../security/mechanism.ts";
import type { Connection, ConnectionOwner } from "./connection.ts";
import type { EngineEndpoint } from "./engine-endpoint.ts";

/** Makes a session, or raw traffic for STREAM, over a fresh link of an endpoint. */
export type ConnectionMaker = (link: Link, owner: ConnectionOwner) => Connection;

export interface EndpointOwner {
  readonly socketType: SocketTypeName;
  /** The socket is closed: nobody reads any more. */
  readonly isClosed: boolean;
  /** Its pattern is in the I/O thread of its endpoints. */
  readonly isMoved?: boolean;
  /** The unread messages of departed peers of this socket; reading from new connections is delayed when there are too many. */
  readonly departedBacklog: DepartedBacklog;
  /** The far end of a fresh pipe of this socket, not opened yet. `routingId`: the one that the user chose for the peer. */
  createPipe(endpoint: string, dialed: boolean, options: OptionValues, routingId?: Uint8Array): FarEnd;
  emit(event: MonitorEvent): void;
  /** As `ConnectionOwner.authenticate`, for a connection with these options. */
  authenticate(
    request: ZapRequest,
    link: Pick<Link, "peerAddress">,
    options: OptionValues,
    signal: AbortSignal,
    listener: ZapListener,
  ): void;
  /** This connected endpoint will not be tried again, because of what the peer did. Its `disconnect` event came before. */
  gaveUp?(endpoint: string, cause: unknown): void;
  /** The engine of this endpoint is gone, and the endpoint with it: what waits for it waits in vain. `gone` follows. */
  failed?(endpoint: EngineEndpoint, error: ZmqError): void;
  /** This endpoint is over: it gave up, or its linger period ended. */
  gone(endpoint: EngineEndpoint): void;
}
