/**
 * What users may pass to `send`, turned into frames. Bytes are taken as they
 * are, not copied; the types of zeromq.js's `MessageLike`.
 */

import { asNative, EMPTY, fromText, isMemory, view } from "../base/bytes.ts";
import type { Frame, Message } from "../base/message.ts";
import { type Context, contextCore } from "./context.ts";

/** One frame: bytes of any kind, UTF-8 text, a number as its decimal text, or null for an empty frame. */
export type MessageLike = ArrayBufferView | ArrayBuffer | SharedArrayBuffer | string | number | null;

/** Of the socket that sends: where to warn. */
export interface Sender {
  readonly context: Context;
}

/**
 * The frames of a message; none for an empty array. Throws TypeError for undefined, and as `toFrame`.
 */
export function toMessage(input: unknown, sender?: Sender): Message {
  if (!Array.isArray(input)) {
    if (input === undefined) throw new TypeError("Message must be present");
    return [toFrame(input, sender)];
  }
  const message = new Array<Frame>(input.length);
  for (let i = 0; i < input.length; i++) message[i] = toFrame(input[i], sender);
  return message;
}

/**
 * Each item is a message, as for `toMessage`; the first that is none is an error before any is sent. Text and bytes are
 * one message, not many: TypeError, as for all that cannot be iterated.
 */
export function toMessages(input: unknown, sender?: Sender): Message[] {
  if (typeof input !== "object" || input === null || ArrayBuffer.isView(input) || !(Symbol.iterator in input)) {
    throw new TypeError("Messages must be an array or another iterable");
  }
  const messages: Message[] = [];
  for (const each of input as Iterable<unknown>) messages.push(toMessage(each, sender));
  return messages;
}

/**
 * One frame. What is neither bytes nor null is sent as its text, undefined too, as in zeromq.js. Throws TypeError for
 * what has no text, such as a symbol, and for bytes that were transferred to another thread.
 */
export function toFrame(input: unknown, sender?: Sender): Frame {
  if (input instanceof Uint8Array) return input.length > 0 ? asNative(input) : view(input.buffer, 0, 0);
  if (typeof input === "string") return fromText(input);
  if (input === null) return EMPTY;
  if (ArrayBuffer.isView(input)) return view(input.buffer, input.byteOffset, input.byteLength);
  if (isMemory(input)) return view(input, 0, input.byteLength);
  const text = `${input}`;
  if (sender !== undefined && (typeof input === "boolean" || text.startsWith("[object "))) {
    contextCore(sender.context).platform.warn(
      `A message was sent as the text "${text}", as zeromq.js sends what is no bytes; sendJson() and sendObject() send values.`,
      "ZMQ_MESSAGE_AS_TEXT",
    );
  }
  return fromText(text);
}
