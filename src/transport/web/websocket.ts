/**
 * ws and wss by the `WebSocket` of a browser: connecting only, for a page cannot listen. A page offers the ZMTP stream
 * and bare `ZWS2.0` (wire/subprotocols.ts), because a browser refuses the names with a slash.
 */

import type { Clock } from "../../base/clock.ts";
import { type Endpoint, formatWs } from "../../base/endpoint-grammar.ts";
import { type ErrorCode, ZmqError } from "../../base/errors.ts";
import { type DialedTransport, type Link, LinkHandshakeError } from "../../base/link.ts";
import type { OptionValues } from "../../base/options.ts";
import { BARE, STREAM } from "../../wire/subprotocols.ts";
import { WebSocketLink } from "./websocket-link.ts";

/** The transport of a page or a worker in it, for `ws` and `wss`. */
export function webSocketTransport(clock: Clock): DialedTransport {
  return {
    scheme: "ws",
    checkConnect: checkOptions,
    connect: (to, options, signal) => connect(clock, to, options, signal),
  };
}

function checkOptions(to: Endpoint, options: OptionValues): void {
  if (options.raw) {
    throw new ZmqError("ENOCOMPATPROTO", { address: to.text, detail: "raw: there are no plain bytes over WebSocket" });
  }
}

function connect(clock: Clock, to: Endpoint, options: OptionValues, signal: AbortSignal): Promise<Link> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    if (to.scheme !== "ws" && to.scheme !== "wss") throw new ZmqError("EPROTONOSUPPORT", { address: to.text });
    const address = formatWs(to);
    const socket = new WebSocket(address, options.securityMechanism === null ? [BARE, STREAM] : [STREAM]);
    socket.binaryType = "arraybuffer";
    const timeoutMs = options.connectTimeout || options.handshakeInterval;
    const timer = clock.setTimer(() => {
      refuse("ETIMEDOUT", `no WebSocket within ${timeoutMs} ms`);
    }, timeoutMs || Number.POSITIVE_INFINITY);
    const cancel = (): void => fail(signal.reason);
    signal.addEventListener("abort", cancel);
    socket.onopen = () => {
      settle();
      resolve(new WebSocketLink(socket, clock, address));
    };
    // A browser says neither why nor how far it came.
    // `close` follows, but not where the policy of the page forbids the connection.
    socket.onerror = () =>
      refuse(
        "ECONNREFUSED",
        "the browser's console says why: nobody listens, the server refused the page's origin, or it speaks no ZeroMQ",
      );

    function settle(): void {
      clock.clearTimer(timer);
      signal.removeEventListener("abort", cancel);
      socket.onerror = null;
    }
    function fail(error: unknown): void {
      settle();
      socket.close();
      reject(error);
    }
    function refuse(code: ErrorCode, detail: string): void {
      fail(new LinkHandshakeError(code, { address, detail }));
    }
  });
}
