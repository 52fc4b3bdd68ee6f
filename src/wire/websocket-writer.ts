/**
 * Bytes to WebSocket frames (RFC 6455 section 5), each a whole message and never a fragment, for libzmq stalls when it
 * gets one. Masked frames are copied, because the caller's memory is not ours to change.
 */

import { EMPTY, uninitialized } from "../base/bytes.ts";
import { isMaskable, maskableMemory } from "./mask-vectors.ts";
import {
  BINARY,
  type Carrying,
  CLOSE,
  closePayload,
  frameHeadBytes,
  LONGEST_FRAME_HEAD,
  writeFrameHead,
} from "./websocket.ts";
import { maskBytes, rotatedKey } from "./websocket-mask.ts";

/** A stream is cut into messages of so many octets at most: a page gets a message only when all of it is there. */
const STREAM_MESSAGE_BYTES = 131_072;
/** Larger chunks travel by reference, where nothing masks them. */
const COPIED_BYTES = 4096;

/** Our memory comes in blocks of two sizes, which are used again: fresh memory costs more than the copy into it. */
const BLOCK_BYTES = STREAM_MESSAGE_BYTES + 64;
const SMALL_BLOCK_BYTES = 2048;
const KEPT_BLOCKS = 16;
const KEPT_SMALL_BLOCKS = 256;
const freeBlocks: Uint8Array[] = [];
const freeSmallBlocks: Uint8Array[] = [];

function blockFor(length: number): Uint8Array {
  if (length <= SMALL_BLOCK_BYTES) return freeSmallBlocks.pop() ?? uninitialized(SMALL_BLOCK_BYTES);
  return freeBlocks.pop() ?? maskableMemory(BLOCK_BYTES);
}

function free(blocks: Uint8Array[]): void {
  for (let block = blocks.pop(); block !== undefined; block = blocks.pop()) {
    if (block.length === SMALL_BLOCK_BYTES) {
      if (freeSmallBlocks.length < KEPT_SMALL_BLOCKS) freeSmallBlocks.push(block);
    } else if (freeBlocks.length < KEPT_BLOCKS || isMaskable(block)) freeBlocks.push(block);
  }
}

export class WebSocketWriter {
  readonly #isStream: boolean;
  readonly #random32: (() => number) | undefined;
  #block: Uint8Array = EMPTY;
  /** What is in the block and in no piece yet. */
  #start = 0;
  #end = 0;
  /** Octets that may still have to go into our memory. */
  #expected = 0;
  /** The key of the frame at hand, turned for what in the block is not masked yet, which begins here. */
  #key = 0;
  #unmasked = 0;
  #pieces: Uint8Array[] = [];
  /** The blocks of the last `encode`, and those that the link holds. */
  readonly #used: Uint8Array[] = [];
  readonly #held: Uint8Array[] = [];

  /** `random32`: makes keys, with which a client masks; a server has none. */
  constructor(carrying: Carrying, random32?: () => number) {
    this.#isStream = carrying === "stream";
    this.#random32 = random32;
  }

  /** Whether the caller's memory is free again when `encode` returns: all was copied. */
  get copies(): boolean {
    return this.#random32 !== undefined;
  }

  /** The frames, in pieces of our memory and, where nothing is masked, of the caller's. Call `sent` or `kept` once the link has them. */
  encode(chunks: readonly Uint8Array[]): Uint8Array[] {
    let total = 0;
    let referred = 0;
    for (let i = 0; i < chunks.length; i++) {
      const { length } = chunks[i] as Uint8Array;
      total += length;
      if (!this.copies && length > COPIED_BYTES) referred += length;
    }
    const frames = this.#isStream ? Math.ceil(total / STREAM_MESSAGE_BYTES) : chunks.length;
    this.#expected = frames * LONGEST_FRAME_HEAD + total - referred;
    if (this.#isStream) this.#stream(chunks, total);
    else for (let i = 0; i < chunks.length; i++) this.#message(chunks[i] as Uint8Array);
    this.#closePiece();
    this.#block = EMPTY;
    this.#start = 0;
    this.#end = 0;
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
    free(this.#used);
  }

  /** The link still holds the bytes. */
  kept(): void {
    for (let i = 0; i < this.#used.length; i++) this.#held.push(this.#used[i] as Uint8Array);
    this.#used.length = 0;
  }

  /** The link holds nothing any more: all has left, or it is over. */
  released(): void {
    free(this.#held);
  }

  #message(body: Uint8Array): void {
    this.#head(body.length);
    this.#append(body, body.length > COPIED_BYTES);
    this.#mask();
  }

  #stream(chunks: readonly Uint8Array[], total: number): void {
    let index = 0;
    let used = 0;
    for (let rest = total; rest > 0; rest -= STREAM_MESSAGE_BYTES) {
      const length = Math.min(rest, STREAM_MESSAGE_BYTES);
      this.#head(length);
      for (let left = length; left > 0; ) {
        const chunk = chunks[index] as Uint8Array;
        const size = Math.min(left, chunk.length - used);
        this.#append(size === chunk.length ? chunk : chunk.subarray(used, used + size), chunk.length > COPIED_BYTES);
        left -= size;
        used += size;
        if (used < chunk.length) continue;
        used = 0;
        index++;
      }
      this.#mask();
    }
  }

  #head(length: number): void {
    if (this.#end + LONGEST_FRAME_HEAD > this.#block.length) this.#nextBlock();
    const key = this.#random32?.();
    const start = this.#end;
    this.#end = writeFrameHead(this.#block, start, BINARY, length, key);
    this.#expected -= LONGEST_FRAME_HEAD;
    this.#unmasked = this.#end;
    this.#key = key ?? 0;
  }

  #append(bytes: Uint8Array, isLarge: boolean): void {
    if (isLarge && !this.copies) {
      this.#closePiece();
      this.#pieces.push(bytes);
      return;
    }
    let { length } = bytes;
    this.#expected -= length;
    let rest = bytes;
    let room = this.#block.length - this.#end;
    while (length > room) {
      this.#block.set(rest.subarray(0, room), this.#end);
      this.#end += room;
      rest = rest.subarray(room);
      length -= room;
      this.#mask();
      this.#nextBlock(length);
      room = this.#block.length;
    }
    this.#block.set(rest, this.#end);
    this.#end += length;
  }

  /** Masks the payload that is in the block. */
  #mask(): void {
    if (this.#random32 === undefined) return;
    maskBytes(this.#block, this.#unmasked, this.#end, this.#key);
    this.#key = rotatedKey(this.#key, this.#end - this.#unmasked);
    this.#unmasked = this.#end;
  }

  /** `length`: of what is at hand, which is not expected any more. */
  #nextBlock(length = 0): void {
    this.#closePiece();
    this.#block = blockFor(this.#expected + length);
    this.#used.push(this.#block);
    this.#start = 0;
    this.#end = 0;
    this.#unmasked = 0;
  }

  #closePiece(): void {
    if (this.#end === this.#start) return;
    this.#pieces.push(this.#block.subarray(this.#start, this.#end));
    this.#start = this.#end;
  }
}
