/** How much may wait in a pipe, each way, and how it is weighed. */

import { messageMemory } from "./departed-backlog.ts";
import type { Control, Message } from "./message.ts";

export interface PipeLimits {
  /** Messages, 0 for no limit. Frames of multipart messages are bounded with them. */
  readonly sendHighWaterMark: number;
  readonly receiveHighWaterMark: number;
  readonly conflate: boolean;
  /** Memory of the messages in each queue, in about bytes, 0 or absent for no limit. */
  readonly sendHighWaterMarkBytes?: number;
  readonly receiveHighWaterMarkBytes?: number;
}

/** A subscription change weighs nothing, as high-water marks do not count it. */
export function weigh(item: Message | Control): number {
  return Array.isArray(item) ? messageMemory(item) : 0;
}
