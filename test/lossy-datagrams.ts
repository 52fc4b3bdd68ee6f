/** A transport of datagrams that loses some of them, on the way out and on the way in. */

import type { DatagramHandler, DatagramSocket, DatagramTransport } from "../src/base/datagram.ts";
import type { Random } from "./fuzz/random.ts";

/** `loss`: the chance of each, 0 to 1. */
export function lossy(transport: DatagramTransport, loss: number, random: Random): DatagramTransport {
  const isLost = () => random.below(1_000_000) < loss * 1_000_000;
  const heard = (handler: DatagramHandler): DatagramHandler => ({
    ...handler,
    datagram(bytes, from) {
      if (!isLost()) handler.datagram(bytes, from);
    },
  });
  const sent = (socket: DatagramSocket): DatagramSocket => ({
    local: socket.local,
    get unsentBytes() {
      return socket.unsentBytes;
    },
    send(bytes, to) {
      if (!isLost()) socket.send(bytes, to);
    },
    close: () => socket.close(),
  });
  const { openSync } = transport;
  return {
    ...transport,
    open: async (place, handler) => sent(await transport.open(place, heard(handler))),
    ...(openSync !== undefined && { openSync: (place, handler) => sent(openSync(place, heard(handler))) }),
  };
}
