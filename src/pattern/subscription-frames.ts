/**
 * Subscriptions in message form (23/ZMTP 3.0 and before, and what XPUB and XSUB
 * users see): a frame of the octet 01 (subscribe) or 00 (cancel) and the topic.
 * Commands are the wire's business.
 */

import type { Control, Message } from "../base/message.ts";

const CANCEL = 0;
const SUBSCRIBE = 1;

/** A message that came upstream, taken apart. */
export interface Upstream {
  /** The subscription changes, in order. The topics are views of the frames. */
  readonly controls: readonly Control[];
  /** The other frames together, or undefined: there are none. */
  readonly data: Message | undefined;
}

/** Of a frame that stands for a change. */
export function isSubscription(frame: Uint8Array): boolean {
  return frame[0] === SUBSCRIBE;
}

/** The change that a frame stands for, or undefined: it is the user's. */
export function subscriptionIn(frame: Uint8Array): Control | undefined {
  const first = frame[0];
  if (first !== SUBSCRIBE && first !== CANCEL) return undefined;
  return { kind: first === SUBSCRIBE ? "subscribe" : "cancel", topic: frame.subarray(1) };
}

/**
 * Every frame of a message may be a change. With `onlyFirst`
 * (ZMQ_ONLY_FIRST_SUBSCRIBE) the later ones are looked at only if the first is.
 */
export function takeApart(message: Message, onlyFirst: boolean): Upstream {
  const controls: Control[] = [];
  let data: Message | undefined;
  for (let i = 0; i < message.length; i++) {
    const frame = message[i] as Uint8Array;
    const control = onlyFirst && i > 0 && controls.length === 0 ? undefined : subscriptionIn(frame);
    if (control !== undefined) controls.push(control);
    else if (data !== undefined) data.push(frame);
    else data = [frame];
  }
  return { controls, data };
}
