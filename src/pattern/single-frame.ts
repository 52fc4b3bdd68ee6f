/**
 * What the draft socket types have in common: a message of theirs is one frame. One of more frames is refused when it
 * is sent, and dropped when it is received, as libzmq does.
 */

import { ZmqError } from "../base/errors.ts";
import type { Message } from "../base/message.ts";
import type { FairQueue } from "./fair-queue.ts";
import type { PatternHost } from "./pattern.ts";

/** The error for a message of `frames` frames that a user sends. */
export function tooManyFrames(frames: number): ZmqError {
  return new ZmqError("EINVAL", { detail: `expected a message of one frame, not of ${frames}` });
}

/** Throws EINVAL for a message of other than one frame. */
export function expectOneFrame(message: Message): void {
  if (message.length !== 1) throw tooManyFrames(message.length);
}

/** The next message of one frame; others are dropped. */
export function receiveOneFrame(incoming: FairQueue, host: PatternHost): Message | undefined {
  for (;;) {
    const message = incoming.receive();
    if (message === undefined || message.length === 1) return message;
    const { source } = incoming;
    host.dropped("invalid", source, message);
    source?.wasted();
  }
}
