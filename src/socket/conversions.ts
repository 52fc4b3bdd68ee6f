/**
 * Sending and receiving of other things than bytes: text, JSON, structured
 * clones. Methods of every socket, made of `send` and `receive`.
 */

import { isBytes, toText } from "../base/bytes.ts";
import { ZmqError } from "../base/errors.ts";
import { IN_PAGE } from "../base/target.ts";
import type { WaitOptions } from "./arguments.ts";
import { type Context, contextCore } from "./context.ts";

/** What these methods need of a socket. */
interface Endable {
  readonly closed: boolean;
  readonly context: Context;
  send(message: unknown, options?: WaitOptions): Promise<void>;
  receive(options?: WaitOptions): Promise<Uint8Array[]>;
}

export const conversions = {
  sendString(this: Endable, text: string, options?: WaitOptions): Promise<void> {
    return this.send(text, options);
  },

  async receiveString(this: Endable, options?: WaitOptions): Promise<string> {
    return toText(single(await this.receive(options)));
  },

  sendJson(this: Endable, value: unknown, options?: WaitOptions): Promise<void> {
    const text = JSON.stringify(value);
    if (text === undefined) throw new TypeError("Message must be a JSON value");
    return this.send(text, options);
  },

  async receiveJson(this: Endable, options?: WaitOptions): Promise<unknown> {
    return JSON.parse(toText(single(await this.receive(options))).replace(/^\uFEFF/, "")); // RFC 8259, 8.1: a mark may be passed over.
  },

  sendMultipart(this: Endable, parts: readonly unknown[], options?: WaitOptions): Promise<void> {
    if (!Array.isArray(parts)) throw new TypeError("Message must be an array");
    return this.send(parts, options);
  },

  receiveMultipart(this: Endable, options?: WaitOptions): Promise<Uint8Array[]> {
    return this.receive(options);
  },

  ...(!IN_PAGE && { sendObject, receiveObject }),
};

function sendObject(this: Endable, value: unknown, options?: WaitOptions): Promise<void> {
  return this.send(codec(this).serialize(value), options);
}

async function receiveObject(this: Endable, options?: WaitOptions): Promise<unknown> {
  return codec(this).deserialize(single(await this.receive(options)));
}

/** The one frame. The routing id or group that a draft socket tells behind it is none. */
function single(message: readonly object[]): Uint8Array {
  const [frame, next] = message;
  if (!isBytes(frame) || isBytes(next)) {
    throw new ZmqError("EINVAL", { detail: `expected a message of one frame, one of ${message.length} came` });
  }
  return frame;
}

function codec(socket: Endable) {
  const { structuredClone } = contextCore(socket.context).platform;
  if (structuredClone === undefined) {
    throw new ZmqError("ENOTSUP", { detail: "this runtime cannot turn structured clones into bytes" });
  }
  return structuredClone;
}
