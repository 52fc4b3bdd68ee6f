/**
 * Boxes of libsodium's Poly1305 and a Salsa20 (salsa20.ts), as NaCl defines
 * them: the first 32 octets of the key stream are the key of the tag, the rest
 * covers the content. libsodium's own function for it computes HSalsa20 anew
 * for each box, and the start of the stream up to three times.
 *
 * Texts are copied from the caller's arrays into the module's memory and back,
 * without the wrappers of libsodium, which allocate some five arrays a call.
 *
 * What is longer than a piece goes through in pieces: Poly1305 takes a text in
 * parts, and Salsa20 begins anywhere. The module's memory never gets smaller
 * again, and a frame of 300 MB in one piece left 632 MB behind.
 */

import type { SodiumModule } from "libsodium-sumo";
import { ByteArray, uninitialized } from "../base/bytes.ts";
import type { Boxes, BoxKey } from "./crypto.ts";
import { type Salsa20, STREAM_START } from "./salsa20.ts";
import { OVERRUN_BYTES } from "./salsa20-code.ts";

const KEY_BYTES = 32;
const TAG_BYTES = 16;
/** Where in a nonce the octets begin that the stream itself takes. */
const STREAM_NONCE_AT = 16;
const BLOCK_BYTES = 64;
const PIECE_BYTES = 65_536;
/** A frame of 64 KiB goes through in one, with what CURVE adds to it. */
const LONGEST_WHOLE = PIECE_BYTES + 64;
/** libsodium's state of Poly1305. */
const STATE_BYTES = 256;
/** Octets in front of a box, so that a frame can be copied whole with its box in its place. */
const MARGIN = 64;
/** Up to here a loop copies faster than `set`: bench/crypto.ts. */
const LOOPED_BYTES = 32;

export class SodiumBoxes implements Boxes {
  readonly #module: SodiumModule;
  readonly #salsa20: Salsa20;
  readonly #auth: SodiumModule["_crypto_onetimeauth"];
  /** Pointers into the module's memory. */
  readonly #key: number;
  readonly #nonce: number;
  readonly #tag: number;
  readonly #state: number;
  /** Where a text is put. */
  readonly #text: number;
  /** Where it is covered, or uncovered. In front of that is the key of the tag, and then the tag. */
  readonly #result: number;
  /** The longest text since `forget`. */
  #used = 0;
  /** The module's memory, which does not grow any more. */
  readonly #heap: Uint8Array<ArrayBuffer>;
  readonly #words: Int32Array<ArrayBuffer>;
  /** The array whose octets stand at `#key`. */
  #loadedKey: Uint8Array | undefined = undefined;
  /** The box and the content of the last size, as views: frames of one size follow each other. */
  #boxView: Uint8Array;
  #contentView: Uint8Array;

  constructor(module: SodiumModule, salsa20: Salsa20) {
    this.#module = module;
    this.#salsa20 = salsa20;
    this.#auth = module._crypto_onetimeauth;
    const front = MARGIN + TAG_BYTES;
    const room = aligned(front + LONGEST_WHOLE + OVERRUN_BYTES);
    this.#key = aligned(module._malloc(KEY_BYTES + 2 * TAG_BYTES + STATE_BYTES + 2 * room + 16));
    this.#nonce = this.#key + KEY_BYTES;
    this.#tag = this.#nonce + 16;
    this.#state = this.#tag + TAG_BYTES;
    this.#text = this.#state + STATE_BYTES + front;
    this.#result = this.#text + room;
    this.#heap = module.HEAPU8;
    this.#words = new Int32Array(this.#heap.buffer);
    this.#boxView = this.#heap.subarray(0, 0);
    this.#contentView = this.#boxView;
  }

  streamKey(key: Uint8Array, nonce: Uint8Array): Uint8Array {
    const heap = this.#heap;
    this.#loadedKey = undefined;
    heap.set(key, this.#key);
    for (let i = 0; i < STREAM_NONCE_AT; i++) heap[this.#nonce + i] = nonce[i] as number;
    const result = this.#result;
    this.#module._crypto_core_hsalsa20(result, this.#nonce, this.#key, 0);
    const streamKey = uninitialized(KEY_BYTES);
    streamKey.set(heap.subarray(result, result + KEY_BYTES));
    heap.fill(0, this.#key, this.#key + KEY_BYTES);
    heap.fill(0, result, result + KEY_BYTES);
    return streamKey;
  }

  seal(box: BoxKey, lead: number, body: Uint8Array, target: Uint8Array, offset: number): void {
    const bodyLength = body.length;
    const length = lead < 0 ? bodyLength : bodyLength + 1;
    this.#load(box, length);
    if (length > LONGEST_WHOLE) {
      this.#sealPieces(lead, body, target, offset);
      return;
    }
    const heap = this.#heap;
    const text = this.#text;
    const result = this.#result;
    let to = text;
    if (lead >= 0) heap[to++] = lead;
    if (bodyLength > LOOPED_BYTES) heap.set(body, to);
    else for (let i = 0; i < bodyLength; i++) heap[to + i] = body[i] as number;
    this.#salsa20(result, text, length, this.#nonce, this.#key, 0);
    const tag = result - TAG_BYTES;
    this.#auth(tag, result, length, 0, result - STREAM_START);
    const boxLength = TAG_BYTES + length;
    if (boxLength > LOOPED_BYTES) {
      if (this.#boxView.length !== boxLength) this.#boxView = heap.subarray(tag, tag + boxLength);
      target.set(this.#boxView, offset);
    } else for (let i = 0; i < boxLength; i++) target[offset + i] = heap[tag + i] as number;
  }

  open(box: BoxKey, source: Uint8Array, start: number, end: number, target: Uint8Array, offset: number): boolean {
    const boxLength = end - start;
    const length = boxLength - TAG_BYTES;
    this.#load(box, length);
    if (length > LONGEST_WHOLE) return this.#openPieces(source, start, end, target, offset);
    const heap = this.#heap;
    const text = this.#text;
    const result = this.#result;
    const tag = text - TAG_BYTES;
    if (boxLength > LOOPED_BYTES) {
      if (start <= MARGIN && end === source.length) heap.set(source, tag - start);
      else heap.set(new ByteArray(source.buffer, source.byteOffset + start, boxLength), tag);
    } else for (let i = 0; i < boxLength; i++) heap[tag + i] = source[start + i] as number;
    this.#salsa20(result, text, length, this.#nonce, this.#key, 0);
    this.#auth(this.#tag, text, length, 0, result - STREAM_START);
    if (!this.#isEqualTag(tag)) return false;
    if (length > LOOPED_BYTES) {
      if (this.#contentView.length !== length) this.#contentView = heap.subarray(result, result + length);
      target.set(this.#contentView, offset);
    } else for (let i = 0; i < length; i++) target[offset + i] = heap[result + i] as number;
    return true;
  }

  forget(): void {
    const heap = this.#heap;
    heap.fill(0, this.#key, this.#state + STATE_BYTES);
    for (const from of [this.#text, this.#result]) {
      heap.fill(0, from - MARGIN - TAG_BYTES, from + this.#used + OVERRUN_BYTES);
    }
    this.#loadedKey = undefined;
    this.#used = 0;
  }

  #load(box: BoxKey, length: number): void {
    if (length > this.#used) this.#used = Math.min(length, LONGEST_WHOLE);
    const heap = this.#heap;
    if (box.streamKey !== this.#loadedKey) {
      heap.set(box.streamKey, this.#key);
      this.#loadedKey = box.streamKey;
    }
    const { nonce } = box;
    const at = this.#nonce;
    for (let i = 0; i < 8; i++) heap[at + i] = nonce[STREAM_NONCE_AT + i] as number;
  }

  /** Looks at every bit, as libsodium's own comparison does, which takes longer than the tag of a small frame. */
  #isEqualTag(pointer: number): boolean {
    const words = this.#words;
    const [a, b] = [pointer >> 2, this.#tag >> 2];
    let difference = 0;
    for (let i = 0; i < TAG_BYTES / 4; i++) difference |= (words[a + i] as number) ^ (words[b + i] as number);
    return difference === 0;
  }

  #sealPieces(lead: number, body: Uint8Array, target: Uint8Array, offset: number): void {
    const heap = this.#heap;
    const text = this.#text;
    const result = this.#result;
    let written = offset + TAG_BYTES;
    let length = 0;
    if (lead >= 0) heap[text + length++] = lead;
    for (let read = 0; read < body.length; length = 0) {
      const taken = Math.min(PIECE_BYTES - length, body.length - read);
      heap.set(part(body, read, read + taken), text + length);
      length += taken;
      read += taken;
      this.#piece(length, written - offset - TAG_BYTES, result);
      target.set(heap.subarray(result, result + length), written);
      written += length;
    }
    this.#module._crypto_onetimeauth_final(this.#state, this.#tag);
    target.set(heap.subarray(this.#tag, this.#tag + TAG_BYTES), offset);
  }

  #openPieces(source: Uint8Array, start: number, end: number, target: Uint8Array, offset: number): boolean {
    const heap = this.#heap;
    const text = this.#text;
    const result = this.#result;
    const textStart = start + TAG_BYTES;
    heap.set(part(source, start, textStart), text - TAG_BYTES);
    for (let read = textStart; read < end; ) {
      const length = Math.min(PIECE_BYTES, end - read);
      heap.set(part(source, read, read + length), text);
      this.#piece(length, read - textStart, text);
      target.set(heap.subarray(result, result + length), offset + read - textStart);
      read += length;
    }
    this.#module._crypto_onetimeauth_final(this.#state, this.#tag);
    if (this.#isEqualTag(text - TAG_BYTES)) return true;
    target.fill(0, offset, offset + end - textStart);
    return false;
  }

  /** Covers or uncovers a piece that begins `position` octets into the text. What was or is covered, at `sealed`, is part of the tag. */
  #piece(length: number, position: number, sealed: number): void {
    const { _crypto_onetimeauth_init: init, _crypto_onetimeauth_update: update } = this.#module;
    this.#salsa20(this.#result, this.#text, length, this.#nonce, this.#key, position / BLOCK_BYTES);
    if (position === 0) init(this.#state, this.#result - STREAM_START);
    update(this.#state, sealed, length, 0);
  }
}

/** The next multiple of 16. */
function aligned(pointer: number): number {
  return (pointer + 15) & ~15;
}

function part(bytes: Uint8Array, start: number, end: number): Uint8Array {
  return new ByteArray(bytes.buffer, bytes.byteOffset + start, end - start);
}
