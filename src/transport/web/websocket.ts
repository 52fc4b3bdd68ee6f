/**
 * ws and wss by the `WebSocket` of a browser: connecting only, for a page cannot listen. A page offers the ZMTP stream
 * and bare `ZWS2.0` (wire/subprotocols.ts), because a browser refuses the names with a slash.
 */

import type { Clock } from "../../base/clock.ts";
import { type Endpoint, formatHost } from "../../base/endpoint-grammar.ts";
import { ZmqError } from "../../base/errors.ts";
import { type DialedTransport, type Link, LinkHandshakeError } from "../../base/link.ts";
import type { OptionValues } from "../../base/options.ts";
import { offeredProtocols, speakerOf } from "../../wire/subprotocols.ts";
import { WebSocketLink } from "./websocket-link.ts";

/** The transports `ws` and `wss` of a page or a worker in it. */
export function webSocketTransports(clock: Clock): DialedTransport[] {
  return (["ws", "wss"] as const).map((scheme) => ({
    scheme,
    checkConnect: checkOptions,
    connect: (to, options, signal) => connect(clock, to, options, signal),
  }));
}

function checkOptions(to: Endpoint, options: OptionValues): void {
  if (options.raw) {
    throw new ZmqError("ENOCOMPATPROTO", { address: to.text, detail: "raw: there are no plain bytes over WebSocket" });
  }
}

function connect(clock: Clock, to: Endpoint, options: OptionValues, signal: AbortSignal): Promise<Link> {
  if (to.scheme !== "ws" && to.scheme !== "wss")
    return Promise.reject(new ZmqError("EPROTONOSUPPORT", { address: to.text }));
  const address = `${to.scheme}://${formatHost(to.host, to.port)}${to.path}`;
  const timeoutMs = options.connectTimeout > 0 ? options.connectTimeout : options.handshakeInterval;
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const socket = new WebSocket(address, offeredProtocols(speakerOf(options), true));
    socket.binaryType = "arraybuffer";
    const timer = timeoutMs > 0 ? clock.setTimer(expire, timeoutMs) : undefined;
    signal.addEventListener("abort", cancel);
    socket.onopen = () => {
      settle();
      resolve(new WebSocketLink(socket, clock, address));
    };
    // A browser says neither why nor how far it came.
    // `close` follows, but not where the policy of the page forbids the connection.
    socket.onerror = () =>
      fail(
        new LinkHandshakeError("ECONNREFUSED", {
          address,
          detail:
            "the browser's console says why: nobody listens, the server refused the page's origin, or it speaks no ZeroMQ",
        }),
      );

    function settle(): void {
      if (timer !== undefined) clock.clearTimer(timer);
      signal.removeEventListener("abort", cancel);
      socket.onopen = null;
      socket.onerror = null;
    }
    function fail(error: unknown): void {
      settle();
      socket.close();
      reject(error);
    }
    function cancel(): void {
      fail(signal.reason);
    }
    function expire(): void {
      fail(new LinkHandshakeError("ETIMEDOUT", { address, detail: `no WebSocket within ${timeoutMs} ms` }));
    }
  });
}
