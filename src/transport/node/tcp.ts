/**
 * tcp: ZMTP over a plain TCP connection. The sockets are made in tcp-sockets.ts.
 */

import net, { type Server, type Socket } from "node:net";
import type { Clock } from "../../base/clock.ts";
import { type Endpoint, formatHost, type TcpEndpoint } from "../../base/endpoint-grammar.ts";
import { ZmqError } from "../../base/errors.ts";
import type { Link, Listener, ListenHandler, Transport } from "../../base/link.ts";
import type { OptionValues } from "../../base/options.ts";
import { ServerListener } from "./server.ts";
import { proxyOf } from "./socks.ts";
import { StreamLink } from "./stream-link.ts";
import {
  acceptFilter,
  canListenSync,
  connectTcp,
  isConnected,
  openTcp,
  openTcpSync,
  SOCKET_OPTIONS,
  tune,
} from "./tcp-sockets.ts";

/** The tcp transport of Node and runtimes like it. `listenSync` is there where the runtime can. */
export function tcpTransport(clock: Clock): Transport {
  return {
    scheme: "tcp",
    checkConnect,
    async connect(to, options, signal) {
      checkConnect(to, options);
      return adopt(clock, await connectTcp(clock, tcpEndpoint(to), options, signal), options);
    },
    async listen(on, options, handler) {
      const place = tcpEndpoint(on);
      const server = await openTcp(place, options, () => acceptor(clock, options, handler));
      return listener(clock, server, handler, place.text);
    },
    ...(canListenSync && {
      listenSync(on: Endpoint, options: OptionValues, handler: ListenHandler) {
        const place = tcpEndpoint(on);
        const server = openTcpSync(place, options, () => acceptor(clock, options, handler));
        return listener(clock, server, handler, place.text);
      },
    }),
  };
}

function checkConnect(to: Endpoint, options: OptionValues): void {
  tcpEndpoint(to);
  proxyOf(options);
}

function listener(clock: Clock, server: Server, handler: ListenHandler, text: string): Listener {
  const bound = server.address();
  const isTcp = bound !== null && typeof bound === "object";
  return new ServerListener(server, isTcp ? tcpText(bound.address, bound.port) : text, handler, clock);
}

function acceptor(clock: Clock, options: OptionValues, handler: ListenHandler): Server {
  const isAllowed = acceptFilter(options);
  const server = net.createServer({ ...SOCKET_OPTIONS, pauseOnConnect: true });
  server.on("connection", (socket) => {
    if (!isConnected(socket) || !isAllowed(socket.remoteAddress)) {
      socket.destroy();
      return;
    }
    tune(socket, options);
    handler.accepted(adopt(clock, socket, options));
  });
  return server;
}

/** The connected socket as a link. */
function adopt(clock: Clock, socket: Socket, options: OptionValues): Link {
  const { remoteAddress = "", remotePort = 0, localAddress = "", localPort = 0 } = socket;
  const addresses = {
    localAddress: tcpText(localAddress, localPort),
    remoteAddress: tcpText(remoteAddress, remotePort),
    peerAddress: remoteAddress,
  };
  return new StreamLink(clock, socket, addresses, options.tcpMaxRetransmitTimeout);
}

function tcpText(address: string, port: number): string {
  return `tcp://${formatHost(address, port)}`;
}

function tcpEndpoint(endpoint: Endpoint): TcpEndpoint {
  if (endpoint.scheme === "tcp") return endpoint;
  throw new ZmqError("EPROTONOSUPPORT", { detail: `expected a tcp endpoint, not ${endpoint.scheme}` });
}
