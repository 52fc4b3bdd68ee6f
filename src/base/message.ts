/**
 * What travels: a message is all frames of a multipart together, never a part
 * of one. A control is a subscription change that travels in order with the
 * messages of its pipe.
 */

import { copier, uninitialized } from "./bytes.ts";
import { IN_PAGE } from "./target.ts";

export type Frame = Uint8Array;

/** One frame or more. The array belongs to its receiver; the bytes may be shared and are never written to. */
export type Message = Uint8Array[];

/** An array that goes to many peers and belongs to nobody else: what is made of it for one serves the others. */
export interface SharedMessage extends Array<Uint8Array> {
  share?: Share;
}

/** What was made of a shared message. */
export class Share {
  /** Small frames are copies: see `copySmall`. */
  isCopied = false;
  /** Where it is encoded: the number of a block, -1 for none yet, and the place in it. For encoders. */
  block = -1;
  start = 0;
  end = 0;
}

/** For fewer peers it is quicker to encode the message for each: a delivery takes 18 ns instead of 28 for 8, but 48 instead of 34 for 2. */
const SHARED_BY = 4;

/** A copy of the array to be shared by so many peers, or the array itself. */
export function shareable(message: Message, peers: number): SharedMessage {
  if (IN_PAGE || peers < SHARED_BY) return message;
  const shared: SharedMessage = message.slice();
  shared.share = new Share();
  return shared;
}

export interface Control {
  readonly kind: "subscribe" | "cancel" | "join" | "leave";
  /** The topic prefix of a subscription, or the group name. */
  readonly topic: Uint8Array;
}

/** A subscription change as a frame: `01 topic`, or `00 topic` to cancel. ZMTP below 3.1, and XPUB's and XSUB's users. */
export function subscriptionFrame(control: Control): Frame {
  const frame = uninitialized(control.topic.length + 1);
  frame[0] = control.kind === "subscribe" ? 1 : 0;
  frame.set(control.topic, 1);
  return frame;
}

/** Metadata of a peer or message: READY properties, `Peer-Address`, `User-Id`. */
export type Properties = ReadonlyMap<string, Uint8Array>;

export const NO_PROPERTIES: Properties = new Map();

/** Bodies up to this size are copied when they must wait, as zeromq.js does, so that a caller may reuse a small buffer. */
const COPIED_BYTES = 128;

/** The slabs of messages that wait, also for encrypted connections: no receiver gets a view of them. */
const waitingCopyOf = copier();
/** For `copySmall`: the slabs of messages over inproc. Receivers get views of them. */
export const crossingCopyOf = copier();
let passed: Message | undefined;

/** Puts copies in the place of small frames, which are their sender's to use again, or go to other peers too. */
export function copySmall(message: Message, copyOf = waitingCopyOf): void {
  if (!IN_PAGE && message === passed) return;
  for (let i = 0; i < message.length; i++) {
    const frame = message[i] as Uint8Array;
    if (frame.length <= COPIED_BYTES && frame.length > 0) message[i] = copyOf(frame);
  }
}

/** Calls `pass`, in which no frame of `message` is copied: a secret stays in memory of its own. */
export function passUncopied(message: Message, pass: () => void): void {
  passed = message;
  try {
    pass();
  } finally {
    passed = undefined;
  }
}
