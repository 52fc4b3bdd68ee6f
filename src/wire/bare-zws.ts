/**
 * Bare `ZWS2.0` (45/ZWS) for pages, which know no other form of it: no mechanism, no heartbeat, subscriptions as
 * messages. All that is ZMTP 2.0 too, whose codecs pages have, so that a link changes the headers of frames alone:
 *
 *   a WebSocket message   flags(1) body           1 = MORE, 2 = COMMAND
 *   ZMTP 2.0              flags(1) size(1, or 8 with LONG) body
 *
 * zws.ts has the dialect with mechanisms, for Node.
 */

import { ownCopyOf } from "../base/bytes.ts";
import { NO_PROPERTIES } from "../base/message.ts";
import type { Dialect, Opening, Protocol } from "../base/protocol.ts";
import { parseCommand } from "./command.ts";
import { Decoder } from "./decoder.ts";
import { COMMAND, LONGEST_HEADER, MORE, writeHeader } from "./frame.ts";
import { FrameReader } from "./frame-reader.ts";
import { Encoder } from "./small-encoder.ts";
import { BARE } from "./subprotocols.ts";

/** libzmq stalls for good when a message comes in pieces, as Chromium sends longer ones. */
const MOST_BODY_BYTES = 65_535;
const ZWS_COMMAND = 2;

const dialect: Dialect = {
  name: BARE,
  hasMechanism: false,
  hasPing: false,
  isSubscribedToAll: false,
  peer: NO_PROPERTIES,
  reader: (maxFrameBytes) => new FrameReader("v2", maxFrameBytes, ownCopyOf),
  encoder: () => new Encoder("v2", false, MOST_BODY_BYTES),
  decoder: (limits) => new Decoder(limits),
  encodeIdentity: (encoder, routingId) => encoder.encode([routingId]),
  parseCommand,
};

const opening: Opening = { agreed: dialect, rest: [], push() {}, produce() {} };

/** Only for connections that need no mechanism: others do not offer it. */
export const bareZws: Protocol = { open: () => opening };

/** The ZMTP frame in a WebSocket message. An empty message is a sign of life, and stays as it is. */
export function toFrame(message: Uint8Array): Uint8Array {
  const [flags] = message;
  if (flags === undefined) return message;
  const size = message.length - 1;
  const frame = new Uint8Array(LONGEST_HEADER + size);
  const start = writeHeader(frame, 0, (flags & MORE) | (flags & ZWS_COMMAND ? COMMAND : 0), size);
  frame.set(message.subarray(1), start);
  return frame.subarray(0, start + size);
}

/** Cuts ZMTP into WebSocket messages, one a frame. */
export class Cutter {
  readonly #reader = new FrameReader("v2", -1, behindFlags);

  *messages(chunks: readonly Uint8Array[]): Iterable<Uint8Array> {
    const reader = this.#reader;
    for (const chunk of chunks) reader.push(chunk);
    for (let message = reader.next(); message !== undefined; message = reader.next()) {
      if (message.length === 0) message = new Uint8Array(1);
      message[0] = (reader.flags & MORE) | (reader.flags & COMMAND ? ZWS_COMMAND : 0);
      yield message;
    }
  }
}

function behindFlags(body: Uint8Array): Uint8Array {
  const message = new Uint8Array(1 + body.length);
  message.set(body, 1);
  return message;
}
