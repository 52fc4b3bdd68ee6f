/** `epgm://` and `pgm://` (zmq_pgm(7)): PGM over UDP, and over IP, for publishers and subscribers. */

import type { DatagramTransport } from "../base/datagram.ts";
import { SOCKET_TYPES } from "../base/socket-types.ts";
import type { DatagramProtocol } from "./datagram-session.ts";
import { PgmPublisher, PgmSubscriber } from "./pgm-session.ts";
import { pgmEndpoint, pgmSettings } from "./pgm-settings.ts";

/** `transport` carries the packets: sockets of UDP for `epgm`, of IP for `pgm`. */
export function pgmProtocol(scheme: "epgm" | "pgm", transport: DatagramTransport): DatagramProtocol {
  return {
    scheme,
    check(target, options) {
      pgmSettings(pgmEndpoint(target), options, transport);
    },
    session(owner, target) {
      const endpoint = pgmEndpoint(target);
      const settings = pgmSettings(endpoint, owner.options, transport);
      const { isSubscribedTo } = SOCKET_TYPES[owner.socketType];
      return isSubscribedTo
        ? new PgmPublisher(owner, endpoint, settings, transport)
        : new PgmSubscriber(owner, endpoint, settings, transport);
    },
  };
}
