/**
 * Bytes to WebSocket frames (RFC 6455 section 5), each a whole message and never a fragment, for libzmq stalls when it
 * gets one. Masked frames are copied, because the caller's memory is not ours to change.
 */

import { EMPTY, uninitialized } from "../base/bytes.ts";
import { BINARY, CLOSE, closePayload, frameHeadBytes, maskBytes, writeFrameHead } from "./websocket.ts";

/**
 * - `stream`: chunks are one stream of bytes, and the borders of messages mean nothing.
 * - `messages`: each chunk is a message.
 */
export type Carrying = "stream" | "messages";

/** A stream is cut into messages of so many octets at most: a page gets a message only when all of it is there. */
const STREAM_MESSAGE_BYTES = 131_072;
/** Larger chunks travel by reference, where nothing masks them. */
const COPIED_BYTES = 4096;
const MEMORY_BYTES = 81_920;
const KEPT_MEMORIES = 8;
const freeMemories: Uint8Array[] = [];

export class WebSocketWriter {
  readonly #carrying: Carrying;
  readonly #random32: (() => number) | undefined;
  #memory: Uint8Array = EMPTY;
  #start = 0;
  #end = 0;
  #pieces: Uint8Array[] = [];

  /** `random32`: makes keys, with which a client masks; a server has none. */
  constructor(carrying: Carrying, random32?: () => number) {
    this.#carrying = carrying;
    this.#random32 = random32;
  }

  /** The frames, in pieces of our memory and of the caller's. Call `sent` or `kept` once the link has them. */
  encode(chunks: readonly Uint8Array[]): Uint8Array[] {
    this.#reserve(chunks);
    if (this.#carrying === "stream") this.#stream(chunks);
    else for (let i = 0; i < chunks.length; i++) this.#message(chunks[i] as Uint8Array);
    this.#closePiece();
    const pieces = this.#pieces;
    this.#pieces = [];
    return pieces;
  }

  /** A control frame, in memory of its own. `payload`: 125 octets at most. */
  control(opcode: number, payload: Uint8Array): Uint8Array {
    const key = this.#random32?.();
    const frame = uninitialized(frameHeadBytes(payload.length, key !== undefined) + payload.length);
    const start = writeFrameHead(frame, 0, opcode, payload.length, key);
    frame.set(payload, start);
    if (key !== undefined) maskBytes(frame, start, frame.length, key);
    return frame;
  }

  close(code: number): Uint8Array {
    return this.control(CLOSE, closePayload(code));
  }

  /** The link wrote everything: our memory may be used again. */
  sent(): void {
    if (this.#memory.length === MEMORY_BYTES && freeMemories.length < KEPT_MEMORIES) freeMemories.push(this.#memory);
    this.#memory = EMPTY;
  }

  /** The link still holds the bytes. */
  kept(): void {
    this.#memory = EMPTY;
  }

  /** Takes memory for all that is not sent by reference, in one piece. */
  #reserve(chunks: readonly Uint8Array[]): void {
    let length = 0;
    for (let i = 0; i < chunks.length; i++) {
      const size = (chunks[i] as Uint8Array).length;
      length += 14 + (this.#random32 !== undefined || size <= COPIED_BYTES ? size : 0);
      length += 14 * Math.floor(size / STREAM_MESSAGE_BYTES);
    }
    this.#memory = length > MEMORY_BYTES ? uninitialized(length) : (freeMemories.pop() ?? uninitialized(MEMORY_BYTES));
    this.#start = 0;
    this.#end = 0;
  }

  #message(body: Uint8Array): void {
    const key = this.#random32?.();
    this.#end = writeFrameHead(this.#memory, this.#end, BINARY, body.length, key);
    const start = this.#end;
    this.#append(body, body.length > COPIED_BYTES);
    if (key !== undefined) maskBytes(this.#memory, start, this.#end, key);
  }

  #stream(chunks: readonly Uint8Array[]): void {
    let total = 0;
    for (let i = 0; i < chunks.length; i++) total += (chunks[i] as Uint8Array).length;
    let index = 0;
    let used = 0;
    while (total > 0) {
      const length = Math.min(total, STREAM_MESSAGE_BYTES);
      total -= length;
      const key = this.#random32?.();
      this.#end = writeFrameHead(this.#memory, this.#end, BINARY, length, key);
      const start = this.#end;
      for (let left = length; left > 0; ) {
        const chunk = chunks[index] as Uint8Array;
        const size = Math.min(left, chunk.length - used);
        const isLarge = chunk.length > COPIED_BYTES;
        this.#append(size === chunk.length ? chunk : chunk.subarray(used, used + size), isLarge);
        left -= size;
        used += size;
        if (used < chunk.length) continue;
        used = 0;
        index++;
      }
      if (key !== undefined) maskBytes(this.#memory, start, this.#end, key);
    }
  }

  #append(bytes: Uint8Array, isLarge: boolean): void {
    if (this.#random32 === undefined && isLarge) {
      this.#closePiece();
      this.#pieces.push(bytes);
      return;
    }
    this.#memory.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  #closePiece(): void {
    if (this.#end === this.#start) return;
    this.#pieces.push(this.#memory.subarray(this.#start, this.#end));
    this.#start = this.#end;
  }
}
