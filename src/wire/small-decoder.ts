/**
 * `Decoder` of decoder.ts for pages, in a fifth of its code: the build for browsers puts it in the place of that one. A chunk
 * there is a WebSocket message in memory of its own, which nobody uses again. Small frames are copied all the same, so that
 * one that is kept pins a slab and not the whole message.
 */

import { copier, copyOf } from "../base/bytes.ts";
import { ZmqError } from "../base/errors.ts";
import type { Message } from "../base/message.ts";
import type { Decoded, DecoderLimits, FrameCipher, FrameDecoder } from "../base/protocol.ts";
import { COMMAND, MORE } from "./frame.ts";
import { FrameReader } from "./frame-reader.ts";

export class Decoder implements FrameDecoder {
  readonly #limits: DecoderLimits;
  readonly #reader: FrameReader;
  readonly #copyOf: (bytes: Uint8Array) => Uint8Array;
  #cipher: FrameCipher | undefined = undefined;
  /** Of the message that is not complete yet, with their octets. */
  #frames: Message = [];
  #assembled = 0;
  starved = true;

  /** `isSecured`: frames share no memory with those of other connections. */
  constructor(limits: DecoderLimits, isSecured = false) {
    this.#limits = limits;
    this.#copyOf = isSecured ? copier(512) : copyOf;
    this.#reader = new FrameReader("v2", limits.maxFrameBytes, undefined, (flags, length) =>
      this.#check(flags, length),
    );
  }

  get assembling(): number {
    return this.#frames.length;
  }

  secure(cipher: FrameCipher): void {
    this.#cipher = cipher;
  }

  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.#reader.push(chunk);
    this.starved = false;
  }

  /** The memory of chunks is nobody else's. */
  retain(): void {}

  next(): Decoded | undefined {
    for (;;) {
      let body = this.#reader.next();
      if (body === undefined) {
        this.starved = true;
        return undefined;
      }
      let { flags } = this.#reader;
      if (this.#cipher === undefined) body = this.#copyOf(body);
      else {
        body = this.#cipher.open(body, 0, body.length);
        // The numbers inside a box are others.
        flags = (this.#cipher.flags & 1) | ((this.#cipher.flags & 2) << 1);
      }
      if (flags & COMMAND) return body;
      const frames = this.#frames;
      if (frames.length >= this.#limits.maxFrames) {
        throw tooLong(`message of more than ${this.#limits.maxFrames} frames`);
      }
      this.#check(flags, body.length);
      frames.push(body);
      this.#assembled += body.length;
      if (!(flags & MORE)) {
        this.#frames = [];
        this.#assembled = 0;
        return frames;
      }
      if (frames.length % (this.#limits.framesAtOnce ?? Number.POSITIVE_INFINITY) === 0) return undefined;
    }
  }

  /** A frame of so many octets comes, or is announced. Throws EMSGSIZE where it would make a multipart message too large. */
  #check(flags: number, length: number): void {
    const { maxMessageBytes } = this.#limits;
    if (flags & COMMAND || maxMessageBytes === undefined || this.#frames.length === 0) return;
    if (this.#assembled + length > maxMessageBytes) {
      throw tooLong(`multipart message of more than the limit of ${maxMessageBytes} bytes`);
    }
  }
}

function tooLong(detail: string): ZmqError {
  return new ZmqError("EMSGSIZE", { detail });
}
