/**
 * The three dialects of ZeroMQ over WebSocket, and how two peers choose one by the subprotocols that the client offers
 * (RFC 6455 section 1.9).
 *
 *   zmtp3.1.stream      the byte stream of ZMTP 3.1, greeting included, in messages without meaning of their own
 *                       (docs/zmtp-over-websocket.md): between peers of this library
 *   ZWS2.0/NULL, /PLAIN, /CURVE   a mechanism, then a message a frame (45/ZWS, and the mechanisms as libzmq adds them)
 *   ZWS2.0              the same without a mechanism: jszmq, and pages, which cannot offer a name with a slash
 */

import type { OptionValues } from "../base/options.ts";
import { IN_PAGE } from "../base/target.ts";

export const STREAM = "zmtp3.1.stream";
export const BARE = "ZWS2.0";

/** What an endpoint speaks. */
export interface Speaker {
  readonly mechanism: "NULL" | "PLAIN" | "CURVE";
  /** Peers without a mechanism are not let in. */
  readonly needsMechanism: boolean;
}

/**
 * What a client offers. libzmq takes the first that it knows, and jszmq whatever is first, so theirs come first.
 * `isSlashless`: for servers and pages to which `/` is no part of a name.
 */
export function offeredProtocols({ mechanism, needsMechanism }: Speaker, isSlashless = false): string[] {
  if (isSlashless) return needsMechanism ? [STREAM] : [BARE, STREAM];
  return needsMechanism ? [`${BARE}/${mechanism}`, STREAM] : [`${BARE}/${mechanism}`, BARE, STREAM];
}

/**
 * What a server chooses, or undefined. The stream wherever it is offered; a mechanism before none, for libzmq aborts
 * when it has heartbeats and no mechanism.
 */
export function chooseProtocol(offered: readonly string[], { mechanism, needsMechanism }: Speaker): string | undefined {
  const known = needsMechanism ? [STREAM, `${BARE}/${mechanism}`] : [STREAM, `${BARE}/${mechanism}`, BARE];
  return known.find((name) => offered.includes(name));
}

/** What an endpoint speaks, by its options. */
export function speakerOf({ securityMechanism, zapDomain }: OptionValues): Speaker {
  const mechanism = securityMechanism === "plain" ? "PLAIN" : securityMechanism === "curve" ? "CURVE" : "NULL";
  return { mechanism, needsMechanism: mechanism !== "NULL" || (!IN_PAGE && zapDomain !== null) };
}

/** Whether who offers these is libzmq: peers of this library offer the stream too, and jszmq and pages no mechanism. */
export function isLibzmqOffer(offered: readonly string[]): boolean {
  return !offered.includes(STREAM) && offered.some((name) => name.startsWith(`${BARE}/`));
}
