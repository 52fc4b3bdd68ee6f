/**
 * What travels: a message is all frames of a multipart together, never a part
 * of one. A control is a subscription change that travels in order with the
 * messages of its pipe.
 */

import { smallCopyOf } from "./bytes.ts";

export type Frame = Uint8Array;

/** One frame or more. The array belongs to whoever received it; the bytes may be shared and are never written to. */
export type Message = Uint8Array[];

export interface Control {
  readonly kind: "subscribe" | "cancel" | "join" | "leave";
  /** The topic prefix of a subscription, or the group name. */
  readonly topic: Uint8Array;
}

/** Metadata of a peer or message: READY properties, `Peer-Address`, `User-Id`. */
export type Properties = ReadonlyMap<string, Uint8Array>;

export const NO_PROPERTIES: Properties = new Map();

/** Bodies up to this size are copied when they must wait, as zeromq.js does, so that a caller may reuse a small buffer. */
const COPIED_BYTES = 128;

/** Puts copies in the place of small frames, which are their sender's to use again, or go to other peers too. */
export function copySmall(message: Message): void {
  for (let i = 0; i < message.length; i++) {
    const frame = message[i] as Uint8Array;
    if (frame.length <= COPIED_BYTES && frame.length > 0) message[i] = smallCopyOf(frame);
  }
}
