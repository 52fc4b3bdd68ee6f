/**
 * What `send` of the blocking API takes: bytes of any kind, text, numbers, null
 * for an empty frame, and arrays of these. pyzmq refuses what is no bytes; here
 * text and numbers are as good, as in the library's other sockets, and objects
 * and booleans are refused.
 */

import { isMemory } from "../base/bytes.ts";
import type { Message } from "../base/message.ts";
import { toMessage } from "../socket/frames.ts";

/** Throws TypeError. */
export function toFrames(message: unknown): Message {
  if (!Array.isArray(message)) expectFrame(message);
  else if (message.length === 0) throw new TypeError("Message must have a frame");
  else for (const each of message) expectFrame(each);
  return toMessage(message);
}

function expectFrame(value: unknown): void {
  if (typeof value === "string" || typeof value === "number" || value === null) return;
  if (ArrayBuffer.isView(value) || isMemory(value)) return;
  throw new TypeError("Message must be bytes, text or a number; sendJson and sendObject send other values");
}
