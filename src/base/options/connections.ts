/**
 * Options of connections by whatever transport.
 */

import { bool, int } from "./kinds.ts";

export const CONNECTION_OPTIONS = {
  /** ZMQ_IPV6. Allows IPv6; a wildcard then binds both families. The default comes from the context. Default false. */
  ipv6: bool({ id: 42, default: false }),
  /** ZMQ_CONNECT_TIMEOUT. Milliseconds that one attempt to connect may take; 0 = the operating system's limit. Default 0. */
  connectTimeout: int({ id: 79, default: 0, min: 0 }),
};
