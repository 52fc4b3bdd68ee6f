/**
 * Options of connections by whatever transport.
 */

import { bool, int } from "./kinds.ts";
import { RECEIVERS, SENDERS } from "./queues.ts";

export const CONNECTION_OPTIONS = {
  /** ZMQ_IPV6. Allows IPv6; a wildcard then binds both families. The default comes from the context. Default false. */
  ipv6: bool({ id: 42, default: false }),
  /** ZMQ_SNDBUF. Bytes of the operating system's send buffer; -1 = its default. Default -1. Note: A hint: no runtime sets it for tcp and ipc. */
  sendBufferSize: int({
    id: 11,
    default: -1,
    min: -1,
    on: SENDERS,
  }),
  /** ZMQ_RCVBUF. Bytes of the operating system's receive buffer; -1 = its default. Default -1. Note: A hint: no runtime sets it for tcp and ipc. */
  receiveBufferSize: int({
    id: 12,
    default: -1,
    min: -1,
    on: RECEIVERS,
  }),
  /** ZMQ_CONNECT_TIMEOUT. Milliseconds that one attempt to connect may take; 0 = the operating system's limit. Default 0. */
  connectTimeout: int({ id: 79, default: 0, min: 0 }),
};
