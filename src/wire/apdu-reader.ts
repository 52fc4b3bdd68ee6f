/**
 * APDUs of one source to messages, pulled; see apdu-writer.ts for their form. A reader that is not joined passes over
 * everything before the first message that begins; one that is follows the stream and pays no heed to offsets, as
 * libzmq does. Frames are views of copies that some of them share, except those that span packets.
 */

import { ByteArray, copyOf, EMPTY, sharedCopyOf, uninitialized } from "../base/bytes.ts";
import { ZmqError } from "../base/errors.ts";
import type { Message } from "../base/message.ts";
import type { DecoderLimits } from "../base/protocol.ts";
import { LONGEST_HEADER, MORE, readSize } from "./frame.ts";

const OFFSET_BYTES = 2;
const NO_MESSAGE = 0xffff;
/** Up to here the memory of a frame that spans packets is taken at once; beyond, as its octets arrive. */
const TRUSTED_BYTES = 1 << 16;
/** How much more memory is taken than octets came: an announced length alone costs no more than this. */
const GROWTH = 4;
const SMALL_BYTES = 256;

export class ApduReader {
  readonly #limits: DecoderLimits;
  #isJoined = false;
  /** Octets of the stream that are not read yet. */
  #chunk: Uint8Array = EMPTY;
  #position = 0;
  /** A header that spans packets. */
  readonly #header = new Uint8Array(LONGEST_HEADER);
  #headerFilled = 0;
  /** A frame that spans packets. */
  #body: Uint8Array = EMPTY;
  #filled = 0;
  #bodyLength = -1;
  #bodyFlags = 0;
  /** The frames of the message that is not complete, and their octets. */
  #frames: Message = [];
  #assembled = 0;

  constructor(limits: DecoderLimits) {
    this.#limits = limits;
  }

  get isJoined(): boolean {
    return this.#isJoined;
  }

  /** Octets that a message which is not complete has taken. */
  get assembledBytes(): number {
    return this.#assembled + this.#body.length;
  }

  /**
   * The APDU that follows the last one, once `next` returned undefined. Its memory may be used again. Throws EPROTO for one
   * without an offset, or whose offset lies beyond its end.
   */
  push(apdu: Uint8Array): void {
    if (apdu.length < OFFSET_BYTES) throw new ZmqError("EPROTO", { detail: `APDU of ${apdu.length} bytes` });
    let start = OFFSET_BYTES;
    if (!this.#isJoined) {
      const offset = ((apdu[0] as number) << 8) | (apdu[1] as number);
      if (offset === NO_MESSAGE) return;
      start += offset;
      if (start > apdu.length) {
        throw new ZmqError("EPROTO", {
          detail: `a message begins at ${offset} of an APDU with ${apdu.length - OFFSET_BYTES} bytes`,
        });
      }
      this.#isJoined = true;
    }
    // What ends a long frame goes there by itself; a copy would be for nothing.
    const missing = this.#bodyLength - this.#filled;
    this.#chunk = missing >= apdu.length - start ? apdu : sharedCopyOf(apdu);
    this.#position = start;
    if (this.#chunk === apdu) this.#fill();
  }

  /** Something was lost: what is not complete is forgotten, and the next message that begins is waited for. */
  leave(): void {
    this.#isJoined = false;
    this.#chunk = EMPTY;
    this.#position = 0;
    this.#headerFilled = 0;
    this.#body = EMPTY;
    this.#bodyLength = -1;
    this.#filled = 0;
    this.#frames = [];
    this.#assembled = 0;
  }

  /** The next message, or undefined until more is pushed. Throws EPROTO, or EMSGSIZE beyond a limit. */
  next(): Message | undefined {
    for (;;) {
      let frame: Uint8Array;
      if (this.#bodyLength >= 0) {
        if (!this.#fill()) return undefined;
        frame = this.#body;
        this.#body = EMPTY;
        this.#bodyLength = -1;
      } else {
        const chunk = this.#chunk;
        const position = this.#position;
        const available = chunk.length - position;
        if (available === 0 && this.#headerFilled === 0) return this.#starve();
        const first = chunk[position] as number;
        if (this.#headerFilled > 0 || available < (first === 0xff ? LONGEST_HEADER : 2)) {
          if (!this.#collectHeader()) return this.#starve();
          continue;
        }
        const headerBytes = first === 0xff ? LONGEST_HEADER : 2;
        const length = this.#checked(first === 0xff ? readSize(chunk, position + 1) : first);
        const start = position + headerBytes;
        this.#bodyFlags = chunk[start - 1] as number;
        if (start + length > chunk.length) {
          this.#position = start;
          this.#beginSpanning(length);
          continue;
        }
        this.#position = start + length;
        frame = length === 0 ? EMPTY : new ByteArray(chunk.buffer, chunk.byteOffset + start, length);
        // A small frame must not pin a packet that has memory of its own.
        if (length < SMALL_BYTES && chunk.buffer.byteLength > 8192) frame = copyOf(frame);
      }
      const isLast = (this.#bodyFlags & MORE) === 0;
      if (isLast && this.#frames.length === 0) return [frame];
      this.#frames.push(frame);
      this.#assembled += frame.length;
      if (!isLast) continue;
      const message = this.#frames;
      this.#frames = [];
      this.#assembled = 0;
      return message;
    }
  }

  #starve(): undefined {
    this.#chunk = EMPTY;
    this.#position = 0;
    return undefined;
  }

  /** Octets of a body, from the length in its header; all limits are met here, before memory is taken. */
  #checked(announced: number): number {
    const length = announced - 1;
    const { maxFrameBytes, maxMessageBytes, maxFrames } = this.#limits;
    if (length < 0) throw new ZmqError("EPROTO", { detail: "frame: length is 0, expected at least 1" });
    if (maxFrameBytes >= 0 && length > maxFrameBytes) {
      throw new ZmqError("EMSGSIZE", { detail: `frame of ${length} bytes exceeds the limit of ${maxFrameBytes}` });
    }
    if (this.#frames.length >= maxFrames) {
      throw new ZmqError("EMSGSIZE", { detail: `message of more than ${maxFrames} frames` });
    }
    if (this.#frames.length > 0 && maxMessageBytes !== undefined && this.#assembled + length > maxMessageBytes) {
      throw new ZmqError("EMSGSIZE", { detail: `multipart message exceeds the limit of ${maxMessageBytes} bytes` });
    }
    return length;
  }

  /** True when the header is complete, and the frame begun. */
  #collectHeader(): boolean {
    const header = this.#header;
    for (;;) {
      const needed = this.#headerFilled > 0 && header[0] === 0xff ? LONGEST_HEADER : 2;
      if (this.#headerFilled === needed) break;
      if (this.#position === this.#chunk.length) return false;
      header[this.#headerFilled++] = this.#chunk[this.#position++] as number;
    }
    const isLong = header[0] === 0xff;
    const length = this.#checked(isLong ? readSize(header, 1) : (header[0] as number));
    this.#bodyFlags = header[this.#headerFilled - 1] as number;
    this.#headerFilled = 0;
    this.#beginSpanning(length);
    return true;
  }

  #beginSpanning(length: number): void {
    this.#bodyLength = length;
    this.#filled = 0;
    this.#body = length === 0 ? EMPTY : memory(Math.min(length, TRUSTED_BYTES));
  }

  /** Adds the octets that are there to the frame; true when it is complete. */
  #fill(): boolean {
    const count = Math.min(this.#bodyLength - this.#filled, this.#chunk.length - this.#position);
    if (count > 0) {
      const needed = this.#filled + count;
      if (needed > this.#body.length) {
        const body = memory(Math.min(this.#bodyLength, needed * GROWTH));
        body.set(this.#body.subarray(0, this.#filled));
        this.#body = body;
      }
      this.#body.set(this.#chunk.subarray(this.#position, this.#position + count), this.#filled);
      this.#filled = needed;
      this.#position += count;
    }
    if (this.#filled === this.#bodyLength) return true;
    this.#starve();
    return false;
  }
}

/** Throws EMSGSIZE for a frame that is longer than this platform's byte arrays. */
function memory(size: number): Uint8Array {
  try {
    return uninitialized(size);
  } catch (cause) {
    throw new ZmqError("EMSGSIZE", { detail: `frame too large: no memory of ${size} bytes`, cause });
  }
}
