/**
 * What nobody needs to be told any more: subscriptions to a topic that have
 * ended meanwhile. An XPUB whose user does not read its notifications would
 * otherwise keep two for each subscriber that ever was.
 */

import { subscriptionIn } from "./subscription-frames.ts";
import { TopicTable } from "./topic-table.ts";

/**
 * Which of these notifications cancel each other out: a subscription that was news, and the cancellation of the same
 * topic that follows. Frames in the order in which the user would read them, undefined for what must stay.
 */
export function pastTopics(frames: readonly (Uint8Array | undefined)[], random32: () => number): ReadonlySet<number> {
  const topics = new TopicTable(random32);
  /** By topic: where it was subscribed to, and not cancelled since. */
  const begun = new Map<number, number>();
  const past = new Set<number>();
  for (let i = 0; i < frames.length; i++) {
    const frame = frames[i];
    const control = frame && subscriptionIn(frame);
    if (control === undefined) continue;
    const id = topics.add(control.topic);
    const start = begun.get(id);
    if (control.kind === "subscribe") begun.set(id, i);
    else if (start !== undefined) {
      begun.delete(id);
      past.add(start).add(i);
    }
  }
  return past;
}
