/**
 * ZMTP 1.0 messages (13/ZMTP): length-prefixed frames, no commands. All flag
 * bits but MORE are ignored, as libzmq does. The identity frame that comes
 * first is the handshake's affair; a peer's subscriptions are messages.
 */

import { copyOf } from "../base/bytes.ts";
import { ZmqError } from "../base/errors.ts";
import type { Message } from "../base/message.ts";
import type { Decoded, DecoderLimits, FrameDecoder } from "../base/protocol.ts";
import { MORE } from "./frame.ts";
import { FrameReader } from "./frame-reader.ts";

export class LegacyDecoder implements FrameDecoder {
  readonly #limits: DecoderLimits;
  readonly #reader: FrameReader;
  #frames: Message = [];
  #assembled = 0;
  #starved = true;

  constructor(limits: DecoderLimits) {
    this.#limits = limits;
    this.#reader = new FrameReader("v1", limits.maxFrameBytes, copyOf);
  }

  get starved(): boolean {
    return this.#starved;
  }

  get assembling(): number {
    return this.#frames.length;
  }

  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.#starved = false;
    this.#reader.push(copyOf(chunk));
  }

  /** Nothing to do: chunks are copied at once. */
  retain(): void {}

  next(): Decoded | undefined {
    for (;;) {
      const body = this.#reader.next();
      if (body === undefined) {
        this.#starved = true;
        return undefined;
      }
      const frames = this.#frames;
      const { maxFrames, maxMessageBytes, framesAtOnce } = this.#limits;
      if (frames.length >= maxFrames) {
        throw new ZmqError("EMSGSIZE", { detail: `message of more than ${maxFrames} frames` });
      }
      this.#assembled = frames.length === 0 ? body.length : this.#assembled + body.length;
      if (frames.length > 0 && maxMessageBytes !== undefined && this.#assembled > maxMessageBytes) {
        throw new ZmqError("EMSGSIZE", {
          detail: `multipart message of ${this.#assembled} bytes exceeds the limit of ${maxMessageBytes}`,
        });
      }
      frames.push(body);
      if ((this.#reader.flags & MORE) === 0) {
        this.#frames = [];
        return frames;
      }
      if (framesAtOnce !== undefined && frames.length % framesAtOnce === 0) return undefined;
    }
  }
}
