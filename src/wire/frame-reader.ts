/**
 * One frame at a time, of any framing: for handshakes, whose frames mean
 * something before there are messages, for ZMTP 1.0 peers, and for pages. Established
 * 2.0 and later connections use the decoder instead, which is faster.
 *
 *   v1:  length(1) flags(1) body, or ff length(8) flags(1) body; length counts the flags octet
 *   v2:  flags(1) size(1) body, or, with LONG, flags(1) size(8) body
 */

import { concat, EMPTY } from "../base/bytes.ts";
import { ZmqError } from "../base/errors.ts";
import type { HandshakeReader } from "../base/protocol.ts";
import { IN_PAGE } from "../base/target.ts";
import type { Framing } from "./encoder.ts";
import { COMMAND, LONG, readSize, unmarkedLong } from "./frame.ts";

/** So many chunks in a row that are small on average become one: an array for each octet would take a hundred times its memory. */
const MERGED = 256;
const SMALL_CHUNK_BYTES = 1024;

export class FrameReader implements HandshakeReader {
  readonly #isV1: boolean;
  readonly #maxFrameBytes: number;
  readonly #copyOf: ((bytes: Uint8Array) => Uint8Array) | undefined;
  readonly #announced: ((flags: number, length: number) => void) | undefined;
  #window: Uint8Array = EMPTY;
  #position = 0;
  #later: Uint8Array[] = [];
  #laterBytes = 0;
  /** So many of them were looked at, and how many octets they have. */
  #merged = 0;
  #mergedBytes = 0;
  /** Unread octets that must be there before it makes sense to look again. */
  #needed: number;
  #flags = 0;

  /**
   * `maxFrameBytes`: the longest body that is accepted, -1 for any. `copyOf` makes the bodies, which are views without
   * it. `announced`, of what follows a handshake, is told of the header before the body is waited for, and may throw.
   */
  constructor(
    framing: Framing,
    maxFrameBytes: number,
    copyOf?: (bytes: Uint8Array) => Uint8Array,
    announced?: (flags: number, length: number) => void,
  ) {
    this.#copyOf = copyOf;
    this.#announced = announced;
    this.#isV1 = !IN_PAGE && framing === "v1";
    this.#maxFrameBytes = maxFrameBytes;
    this.#needed = this.#least;
  }

  /** Octets that say something: a v1 length of 0 is an error by itself. */
  get #least(): number {
    return !IN_PAGE && this.#isV1 ? 1 : 2;
  }

  /** The flags octet of the frame that `next` returned last. */
  get flags(): number {
    return this.#flags;
  }

  /** Octets that no `next` has returned yet. */
  get unread(): number {
    return this.#window.length - this.#position + this.#laterBytes;
  }

  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.#later.push(chunk);
    this.#laterBytes += chunk.length;
    if (this.#later.length - this.#merged >= MERGED) this.#merge();
  }

  /** The body of the next frame, or undefined until all of it came. Throws EMSGSIZE, or EPROTO for a v1 length of 0. */
  next(): Uint8Array | undefined {
    for (;;) {
      if (this.unread < this.#needed) return undefined;
      if (this.#window.length - this.#position < this.#needed) this.#join();
      const window = this.#window;
      const position = this.#position;
      const isV1 = !IN_PAGE && this.#isV1;
      const first = window[position] as number;
      if (isV1 && first === 0) throw new ZmqError("EPROTO", { detail: "frame: length is 0, expected at least 1" });
      let isLong = isV1 ? first === 0xff : (first & LONG) !== 0;
      let length = isV1 ? first : (window[position + 1] as number);
      if (this.#announced !== undefined && length === 0 && first === COMMAND) {
        const long = unmarkedLong(window, position, window.length - position);
        isLong = long !== 0;
        if (long === undefined) {
          this.#needed = window.length - position + 1;
          continue;
        }
      }
      const headerBytes = isLong ? (isV1 ? 10 : 9) : 2;
      if (window.length - position < headerBytes) {
        this.#needed = headerBytes;
        continue;
      }
      if (isLong) length = readSize(window, position + 1);
      if (isV1) {
        if (length === 0) throw new ZmqError("EPROTO", { detail: "frame: length is 0, expected at least 1" });
        length -= 1;
      }
      if (this.#maxFrameBytes >= 0 && length > this.#maxFrameBytes) {
        throw new ZmqError("EMSGSIZE", {
          detail: `frame of ${length} bytes exceeds the limit of ${this.#maxFrameBytes}`,
        });
      }
      this.#announced?.(first, length);
      const start = position + headerBytes;
      if (window.length - start < length) {
        this.#needed = headerBytes + length;
        continue;
      }
      this.#flags = isV1 ? (window[start - 1] as number) : first;
      this.#position = start + length;
      this.#needed = this.#least;
      // A connection that idles keeps no chunk alive.
      if (this.#position === window.length) {
        this.#window = EMPTY;
        this.#position = 0;
      }
      if (length === 0) return EMPTY;
      const body = window.subarray(start, start + length);
      return this.#copyOf === undefined ? body : this.#copyOf(body);
    }
  }

  /** All unread octets, in one piece if any; the reader is empty afterwards. */
  takeRest(): readonly Uint8Array[] {
    if (this.#later.length > 0) this.#join();
    const rest = this.#window.subarray(this.#position);
    this.#window = EMPTY;
    this.#position = 0;
    this.#needed = this.#least;
    return rest.length === 0 ? [] : [rest];
  }

  #merge(): void {
    const later = this.#later;
    if (this.#laterBytes - this.#mergedBytes < MERGED * SMALL_CHUNK_BYTES)
      later.push(concat(later.splice(this.#merged)));
    this.#merged = later.length;
    this.#mergedBytes = this.#laterBytes;
  }

  #join(): void {
    const rest = this.#window.subarray(this.#position);
    const later = this.#later;
    this.#window = rest.length === 0 && later.length === 1 ? (later[0] as Uint8Array) : concat([rest, ...later]);
    this.#position = 0;
    this.#later = [];
    this.#laterBytes = 0;
    this.#merged = 0;
    this.#mergedBytes = 0;
  }
}
