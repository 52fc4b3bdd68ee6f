/**
 * The host that runs the engine of a context's endpoints: dialing, accepting, and
 * the connections. A socket knows its endpoints by these interfaces alone, and its
 * peers by their pipes. In this thread it is local-host.ts; tests have one of
 * their own.
 */

import type { Endpoint } from "../base/endpoint-grammar.ts";
import type { OptionValues } from "../base/options.ts";
import type { EndpointOwner } from "./endpoint-owner.ts";
import type { BoundEndpoint, ConnectedEndpoint } from "./engine-endpoint.ts";
import type { MovedProxy, MovedProxyOwner, MovingSocket } from "./moving-proxy.ts";

export interface EngineHost {
  /**
   * Throws what no attempt to connect can overcome: EPROTONOSUPPORT for a scheme without a transport, and a name or an
   * option that this platform does not have.
   */
  checkConnect(target: Endpoint, options: OptionValues): void;
  /** An endpoint that dials once it is started. `options` are its own. Throws EINVAL for options that cannot work together. */
  connect(
    owner: EndpointOwner,
    target: Endpoint,
    options: OptionValues,
    routingId: Uint8Array | undefined,
  ): ConnectedEndpoint;
  /** An endpoint that listens once it is started. `options` are its own. Throws EINVAL, and EPROTONOSUPPORT. */
  bind(owner: EndpointOwner, target: Endpoint, options: OptionValues): BoundEndpoint;
  /**
   * At the end of the process: blocks until what was sent has left, for `timeoutMs` at most. `flush`, called meanwhile,
   * hands over what waits in this thread. Absent for an engine of this thread.
   */
  finish?(timeoutMs: number, flush: () => void): void;
  /**
   * Moves the two sockets of a proxy to the thread of their endpoints, where the proxy's loop then runs. Blocks until it
   * is done. Undefined where they must stay: there is no such thread, or their endpoints are in several. Throws EMTHREAD
   * when the thread does not answer. Absent for an engine of this thread.
   */
  move?(front: MovingSocket, back: MovingSocket, owner: MovedProxyOwner): MovedProxy | undefined;
  /** The context is closed, and so are all endpoints. */
  close?(): void;
}
