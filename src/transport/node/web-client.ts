/** The client's side of WebSocket's opening handshake over a link. */

import type { Clock } from "../../base/clock.ts";
import { type Link, LinkHandshakeError } from "../../base/link.ts";
import { HttpHeadReader } from "../../wire/http-head.ts";
import { chosenProtocol, type UpgradeOffer, upgradeOffer } from "../../wire/websocket-upgrade.ts";
import { sha1 } from "./web-server.ts";
import { WebSocketLink } from "./websocket-link.ts";

const CUT =
  "the server closed the connection during the WebSocket handshake: " +
  "libzmq does so when it speaks another mechanism";

/**
 * The link of WebSocket messages, once the server agreed. Rejects with an UpgradeRefusal, with ECONNRESET, with
 * ETIMEDOUT after `limitMs` (0: never), or with the reason of `signal`; `link` is destroyed then.
 */
export function upgraded(
  link: Link,
  clock: Clock,
  offer: UpgradeOffer,
  limitMs: number,
  signal: AbortSignal,
): Promise<Link> {
  return new Promise((resolve, reject) => {
    const reader = new HttpHeadReader();
    const expired = new LinkHandshakeError("ETIMEDOUT", { detail: `WebSocket: no answer within ${limitMs} ms` });
    const timer = limitMs > 0 ? clock.setTimer(() => fail(expired), limitMs) : undefined;
    let isOver = false;
    const settle = (): void => {
      isOver = true;
      if (timer !== undefined) clock.clearTimer(timer);
      signal.removeEventListener("abort", cancel);
    };
    const fail = (error: unknown): void => {
      if (isOver) return;
      settle();
      link.destroy();
      reject(error);
    };
    const cancel = (): void => fail(signal.reason);
    signal.addEventListener("abort", cancel);
    link.handler = {
      data(chunk) {
        if (isOver) return;
        try {
          const head = reader.push(chunk);
          if (head === undefined) return;
          const protocol = chosenProtocol(head, offer, sha1);
          settle();
          resolve(new WebSocketLink(link, clock, "server", protocol, reader.rest));
        } catch (error) {
          fail(error);
        }
      },
      drained() {},
      closed: (cause) => fail(new LinkHandshakeError("ECONNRESET", { detail: CUT, cause })),
    };
    link.write([upgradeOffer(offer)]);
    if (signal.aborted) cancel();
  });
}
