/**
 * The messages of one `sendMany`, and how far it has come; and how `receiveMany`
 * takes what is there.
 */

import type { Message } from "../base/message.ts";
import { IN_PAGE } from "../base/target.ts";
import type { Pattern } from "../pattern/pattern.ts";

/** So many messages are received between two looks at the turn. */
const RUN = 32;

/** Messages that are received together. */
export interface Batch {
  readonly messages: Message[];
  /** 1 or more. */
  readonly max: number;
}

export class Many {
  readonly messages: readonly Message[];
  /** So many were taken. */
  sent = 0;
  /** It was the first of its line: of the messages for that line, its rest goes before those of later calls. */
  hasWaited = false;
  lineKey: string | undefined;

  constructor(messages: readonly Message[]) {
    this.messages = messages;
  }

  /**
   * The error of the call, with `sent`. The reason of a signal belongs to all calls that have it: half-way it is the
   * `cause` of an error of the call's own.
   */
  failure(error: unknown, signal?: AbortSignal): unknown {
    const { sent } = this;
    if (error instanceof Error && !(signal?.aborted === true && error === signal.reason)) {
      return Object.assign(error, { sent });
    }
    if (sent === 0) return error;
    const aborted = new Error(`called off after ${sent} of ${this.messages.length} messages`, { cause: error });
    return Object.assign(aborted, { name: "AbortError", code: "ABORT_ERR", sent });
  }
}

/** Adds messages that are there to `messages`, up to `max` in all; more may be there. False: there was none. */
export function takeSome(pattern: Pattern, messages: Message[], max: number): boolean {
  if (!IN_PAGE && pattern.receiveRun !== undefined)
    return pattern.receiveRun(messages, Math.min(RUN, max - messages.length));
  const message = pattern.receive?.();
  if (message === undefined) return false;
  if (!IN_PAGE) pattern.present?.(message);
  messages.push(message);
  return true;
}
