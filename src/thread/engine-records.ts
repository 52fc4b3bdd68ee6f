/**
 * The records that the two sides of an engine pipe have of their own, beside
 * messages and subscriptions (records.ts): all in order with the messages.
 *
 *   from the I/O thread
 *     PEER…, CONNECTED   the handshake is done: the peer's address and properties, in pieces when they are long
 *     DETACHED           the link is lost, another may follow
 *     RENEWED            answers RENEW: what came before it belongs to the connection that was given up
 *   from the socket's thread
 *     GREET              answers CONNECTED: what follows, up to GREETED, goes ahead of all that waits
 *     GREETED            subscriptions before it were for an earlier connection
 *     CLOSE              the pipe was closed by its near side: the linger period
 *     REFUSE             the near side found that the peer breaks a limit: the error
 *     RENEW              the request was given up
 *     RESIZE             the high-water marks, as they are now
 *
 * The end is the end of the ring. Numbers are float64.
 */

import { concat, fromText, ownCopyOf, toText } from "../base/bytes.ts";
import type { Properties } from "../base/message.ts";
import { OWN } from "./records.ts";

export const PEER = OWN;
export const CONNECTED = OWN + 1;
export const DETACHED = OWN + 2;
export const RENEWED = OWN + 3;
export const GREET = OWN + 4;
export const GREETED = OWN + 5;
export const CLOSE = OWN + 6;
export const REFUSE = OWN + 7;
export const RENEW = OWN + 8;
export const RESIZE = OWN + 9;

export function numbers(...values: number[]): Uint8Array {
  return new Uint8Array(Float64Array.from(values).buffer);
}

export function numbersOf(bytes: Uint8Array): readonly number[] {
  return [...new Float64Array(new Uint8Array(bytes).buffer)];
}

/** The properties of a peer and its address, as octets. */
export function peerBytes(peer: Properties, remoteAddress: string): Uint8Array {
  const parts: Uint8Array[] = [];
  const add = (bytes: Uint8Array): void => {
    parts.push(new Uint8Array(Uint32Array.of(bytes.length).buffer), bytes);
  };
  add(fromText(remoteAddress));
  for (const [name, value] of peer) {
    add(fromText(name));
    add(value);
  }
  return concat(parts);
}

export function peerOf(bytes: Uint8Array): { readonly peer: Properties; readonly remoteAddress: string } {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = new Uint32Array(new Uint8Array(bytes.subarray(at, at + 4)).buffer)[0] as number;
    parts.push(ownCopyOf(bytes.subarray(at + 4, at + 4 + length)));
    at += 4 + length;
  }
  const peer = new Map<string, Uint8Array>();
  for (let i = 1; i < parts.length; i += 2) peer.set(toText(parts[i] as Uint8Array), parts[i + 1] as Uint8Array);
  return { peer, remoteAddress: toText(parts[0] as Uint8Array) };
}
