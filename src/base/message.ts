/**
 * What travels: a message is all frames of a multipart together, never a part
 * of one. A control is a subscription change that travels in order with the
 * messages of its pipe.
 */

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
