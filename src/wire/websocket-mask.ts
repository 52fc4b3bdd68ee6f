/** The mask of WebSocket frames (RFC 6455 section 5.3): the four octets of a key, again and again, xored to the payload. */

import { isMaskable, maskByVectors } from "./mask-vectors.ts";

/** From so many octets on vectors are quicker, where they can be had. */
const VECTORS_BYTES = 256;
/** Shorter payloads are masked octet by octet: a view of words costs more. */
const WORDS_BYTES = 32;
const WORDS_KEPT_BYTES = 1 << 18;
const isLittleEndian = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;

const NONE: Uint8Array = new Uint8Array(0);

/**
 * What was masked last, and what is known of its memory: to ask for it takes as long as to mask 64 octets, and chunks and
 * blocks hold many frames.
 */
let last = NONE;
let memory: ArrayBufferLike = NONE.buffer;
let words: Int32Array = new Int32Array(0);
let offset = 0;
let isVectors = false;
let isKept = true;

/**
 * Masks or unmasks `bytes` from `from` to `to`. The lowest octet of `key` is for the first of them.
 * Words are twelve times as quick as octets (64 KiB), and vectors three times as quick as words.
 */
export function maskBytes(bytes: Uint8Array, from: number, to: number, key: number): void {
  let at = from;
  let rotated = key | 0;
  if (to - from >= WORDS_BYTES) {
    if (bytes !== last) remember(bytes);
    if (isVectors && to - from >= VECTORS_BYTES) at = maskByVectors(bytes, from, to, rotated);
    if (to - at >= WORDS_BYTES) {
      while (((offset + at) & 3) !== 0) {
        bytes[at] = (bytes[at] as number) ^ rotated;
        rotated = (rotated >>> 8) | (rotated << 24);
        at++;
      }
      const end = (offset + to) >>> 2;
      maskWords(words, (offset + at) >>> 2, end, isLittleEndian ? rotated : swapped(rotated));
      at = (end << 2) - offset;
    }
    if (!isKept) remember(NONE);
  }
  for (; at < to; at++) {
    bytes[at] = (bytes[at] as number) ^ rotated;
    rotated = (rotated >>> 8) | (rotated << 24);
  }
}

function remember(bytes: Uint8Array): void {
  const { buffer } = bytes;
  if (buffer !== memory) {
    memory = buffer;
    words = new Int32Array(buffer, 0, buffer.byteLength >>> 2);
  }
  last = bytes;
  offset = bytes.byteOffset;
  isVectors = isMaskable(bytes);
  // No large memory is kept by this.
  isKept = isVectors || buffer.byteLength <= WORDS_KEPT_BYTES;
}

/** Eight at a time take half as long as one. */
function maskWords(words: Int32Array, from: number, to: number, key: number): void {
  let i = from;
  for (; i + 8 <= to; i += 8) {
    words[i] = (words[i] as number) ^ key;
    words[i + 1] = (words[i + 1] as number) ^ key;
    words[i + 2] = (words[i + 2] as number) ^ key;
    words[i + 3] = (words[i + 3] as number) ^ key;
    words[i + 4] = (words[i + 4] as number) ^ key;
    words[i + 5] = (words[i + 5] as number) ^ key;
    words[i + 6] = (words[i + 6] as number) ^ key;
    words[i + 7] = (words[i + 7] as number) ^ key;
  }
  for (; i < to; i++) words[i] = (words[i] as number) ^ key;
}

/** The key for what follows `length` octets. */
export function rotatedKey(key: number, length: number): number {
  const turn = (length & 3) << 3;
  return turn === 0 ? key : (key >>> turn) | (key << (32 - turn));
}

function swapped(word: number): number {
  return (word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24);
}
