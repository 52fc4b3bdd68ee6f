/**
 * What one endpoint for datagrams speaks: PGM, or the datagrams of RADIO, DISH and DGRAM. A session is the outlet of its
 * endpoint's one pipe, with any number of peers behind it. It opens the sockets of the system that it needs, and
 * `DatagramEndpoint` runs its life.
 *
 * | call            | when                                                        | what follows                             |
 * |-----------------|-------------------------------------------------------------|------------------------------------------|
 * | `open`          | once for each attempt                                       | `start`, or another attempt              |
 * | `start`         | the sockets are open, the pipe is attached and connected    | `pull`, then `deliver` as datagrams come |
 * | `finish`        | the endpoint is closed and something waits                  | `finished` of the owner                  |
 * | `destroy`       | once and last; also when `open` failed, or was never called | the sockets are closed                   |
 */

import type { Endpoint } from "../base/endpoint-grammar.ts";
import type { MonitorEvent } from "../base/events.ts";
import type { FarEnd, Outlet } from "../base/far-end.ts";
import type { OptionValues } from "../base/options.ts";
import type { SocketTypeName } from "../base/socket-types.ts";
import type { EngineLoop } from "./engine-loop.ts";

export interface DatagramSession extends Outlet {
  /** Opens its sockets. Resolves to the endpoint as LAST_ENDPOINT has it. Rejects with a ZmqError or a platform error with a `code`. */
  open(): Promise<string>;
  /** As `open`, at once; throws ENOTSUP where the platform cannot. */
  openSync(): string;
  /** Takes what the pipe has queued, and delivers what comes from here on. */
  start(pipe: FarEnd): void;
  /** True when all that it took has left. */
  readonly isIdle: boolean;
  /** Though idle, it has something to do before it ends: it answers for what was sent just now. */
  readonly isNeeded?: boolean;
  /** Sends the rest: its own and that of the pipe. */
  finish(): void;
  /** Closes its sockets, and forgets what has not left. */
  destroy(): void;
  /** Writes what is batched as far as the kernel takes it at once. */
  flushNow(): void;
}

/** The endpoint of a session. */
export interface DatagramSessionOwner {
  readonly loop: EngineLoop;
  readonly socketType: SocketTypeName;
  readonly role: "bind" | "connect";
  readonly options: OptionValues;
  /** The endpoint in events. */
  readonly endpoint: string;
  emit(event: MonitorEvent): void;
  /** All has left after `finish`. */
  finished(): void;
  /** The near side closed the pipe. */
  close(lingerMs: number): void;
}

/** What is spoken under one scheme. The platform has a list of them. */
export interface DatagramProtocol {
  readonly scheme: Endpoint["scheme"];
  /** Throws a ZmqError for what no attempt can overcome: an interface or an option that this platform does not have. */
  check?(target: Endpoint, options: OptionValues): void;
  session(owner: DatagramSessionOwner, target: Endpoint): DatagramSession;
}
