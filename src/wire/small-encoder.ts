/**
 * `Encoder` of encoder.ts for pages, in a third of its code: the build for browsers puts it in the place of that one. It
 * writes ZMTP 2.0 and later. Each connection has a batch of its own, and messages for many are encoded for each: a page
 * has few connections, and its bytes are copied once more by the browser anyway.
 */

import { copyOf, isResizable, uninitialized } from "../base/bytes.ts";
import { ZmqError } from "../base/errors.ts";
import { type Control, type Message, subscriptionFrame } from "../base/message.ts";
import { BATCH_BYTES, type FrameCipher, type FrameEncoder } from "../base/protocol.ts";
import { controlBody, pingBody, pongBody } from "./command.ts";
import { COMMAND, LONGEST_HEADER, MORE, writeHeader } from "./frame.ts";

/** Larger bodies travel by reference. */
const COPIED_BYTES = 16_384;
const CIPHER_MORE = 1;
const CIPHER_COMMAND = 2;

export type { Framing } from "./encoder.ts";

export class Encoder implements FrameEncoder {
  readonly #sendsCommands: boolean;
  readonly #mostBytes: number;
  #cipher: FrameCipher | undefined = undefined;
  #batch: Uint8Array | undefined = undefined;
  /** Finished pieces, in wire order; the batch's bytes from `#start` to `#end` follow them. */
  #pieces: Uint8Array[] = [];
  #start = 0;
  #end = 0;
  size = 0;

  /** `mostBytes`: of a frame of a message. */
  constructor(_framing: "v2" | "v1", sendsCommands = false, mostBytes = Number.POSITIVE_INFINITY) {
    this.#sendsCommands = sendsCommands;
    this.#mostBytes = mostBytes;
  }

  secure(cipher: FrameCipher): void {
    this.#cipher = cipher;
  }

  /** Throws EMSGSIZE for a frame that is too long for the peer; nothing was encoded then. */
  encode(message: Message): void {
    for (const { length } of message) if (length > this.#mostBytes) throw tooLong(length, this.#mostBytes);
    const last = message.length - 1;
    for (let i = 0; i <= last; i++) this.#frame(i < last ? MORE : 0, message[i] as Uint8Array);
  }

  encodeShared(message: Message): void {
    this.encode(message);
  }

  encodeCommand(body: Uint8Array): void {
    this.#frame(COMMAND, body);
  }

  encodeControl(control: Control): void {
    if (this.#sendsCommands || control.kind === "join" || control.kind === "leave") {
      this.encodeCommand(controlBody(control));
    } else this.#frame(0, subscriptionFrame(control));
  }

  encodePing(ttlDeciseconds: number): void {
    this.encodeCommand(pingBody(ttlDeciseconds));
  }

  encodePong(context: Uint8Array): void {
    this.encodeCommand(pongBody(context));
  }

  encodeClear(body: Uint8Array): void {
    this.#header(COMMAND, body.length);
    this.raw(body);
  }

  raw(bytes: Uint8Array): void {
    const { length } = bytes;
    if (length === 0) return;
    if (length <= COPIED_BYTES) {
      this.#reserve(length).set(bytes, this.#end);
      this.#end += length;
    } else {
      this.#closePiece();
      this.#pieces.push(isResizable(bytes) ? copyOf(bytes) : bytes);
    }
    this.size += length;
  }

  take(): Uint8Array[] {
    this.#closePiece();
    const pieces = this.#pieces;
    this.#pieces = [];
    this.size = 0;
    return pieces;
  }

  sent(): void {
    this.#start = 0;
    this.#end = 0;
  }

  kept(): void {
    this.#batch = undefined;
  }

  #frame(flags: number, body: Uint8Array): void {
    const cipher = this.#cipher;
    if (cipher === undefined) {
      this.#header(flags, body.length);
      this.raw(body);
      return;
    }
    const inner = (flags & MORE ? CIPHER_MORE : 0) | (flags & COMMAND ? CIPHER_COMMAND : 0);
    const length = body.length + cipher.overhead;
    if (length > COPIED_BYTES) {
      const sealed = uninitialized(length);
      cipher.seal(inner, body, sealed, 0);
      this.#header(0, length);
      this.raw(sealed);
      return;
    }
    const batch = this.#reserve(LONGEST_HEADER + length);
    this.#header(0, length);
    cipher.seal(inner, body, batch, this.#end);
    this.#end += length;
    this.size += length;
  }

  #header(flags: number, length: number): void {
    const end = writeHeader(this.#reserve(LONGEST_HEADER), this.#end, flags, length);
    this.size += end - this.#end;
    this.#end = end;
  }

  /** The batch, with room for `length` octets at `#end`. */
  #reserve(length: number): Uint8Array {
    if (this.#batch === undefined || this.#end + length > BATCH_BYTES) {
      this.#closePiece();
      this.#batch = uninitialized(BATCH_BYTES);
      this.sent();
    }
    return this.#batch;
  }

  #closePiece(): void {
    if (this.#batch !== undefined && this.#end > this.#start) {
      this.#pieces.push(this.#batch.subarray(this.#start, this.#end));
      this.#start = this.#end;
    }
  }
}

function tooLong(length: number, most: number): ZmqError {
  const detail = `a frame of ${length} octets, expected ${most} at most: the peer speaks plain ZWS 2.0`;
  return new ZmqError("EMSGSIZE", { detail });
}
