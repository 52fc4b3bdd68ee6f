/**
 * What users may pass to `send`, turned into frames. Bytes are taken as they
 * are, not copied; the types of zeromq.js's `MessageLike`.
 */

import { asNative, EMPTY, fromText, isMemory, view } from "../base/bytes.ts";
import type { Frame, Message } from "../base/message.ts";

/** One frame: bytes of any kind, UTF-8 text, a number as its decimal text, or null for an empty frame. */
export type MessageLike = ArrayBufferView | ArrayBuffer | SharedArrayBuffer | string | number | null;

/** Throws TypeError when there is nothing to send. */
export function toMessage(input: unknown): Message {
  if (!Array.isArray(input)) return [toFrame(input)];
  if (input.length === 0) throw new TypeError("Message must be present");
  const message = new Array<Frame>(input.length);
  for (let i = 0; i < input.length; i++) message[i] = toFrame(input[i]);
  return message;
}

/** One frame; throws TypeError for undefined, and for bytes that were transferred to another thread. */
export function toFrame(input: unknown): Frame {
  if (input instanceof Uint8Array) return input.length > 0 ? asNative(input) : view(input.buffer, 0, 0);
  if (typeof input === "string") return fromText(input);
  if (input === null) return EMPTY;
  if (input === undefined) throw new TypeError("Message must be present");
  if (ArrayBuffer.isView(input)) return view(input.buffer, input.byteOffset, input.byteLength);
  if (isMemory(input)) return view(input, 0, input.byteLength);
  return fromText(`${input}`);
}
