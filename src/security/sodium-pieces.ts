/**
 * Boxes of any length in a scratch region of 64 KiB: Salsa20 begins at any of
 * its blocks, and Poly1305 takes its text in parts. In one piece a frame would
 * need twice its size of the module's memory, which never gets smaller again: one
 * of 300 MB left 632 MB behind.
 *
 * The first 32 octets of the key stream are the key of the tag, so a first piece
 * begins with as many zeros in front of the text.
 */

import type { SodiumModule } from "libsodium-sumo";
import { ByteArray } from "../base/bytes.ts";

const TAG_BYTES = 16;
const STREAM_START = 32;
const BLOCK_BYTES = 64;
const PIECE_BYTES = 65_536;
const STATE_BYTES = 256;

export class SodiumPieces {
  readonly #module: SodiumModule;
  /** Pointers into the module's memory. */
  readonly #state: number;
  readonly #piece: number;
  readonly #key: number;
  readonly #nonce: number;
  #isUsed = false;

  /** `key` and `nonce`: where those of the stream are when a box is made. */
  constructor(module: SodiumModule, key: number, nonce: number) {
    this.#module = module;
    this.#key = key;
    this.#nonce = nonce;
    this.#state = (module._malloc(STATE_BYTES + PIECE_BYTES + 16) + 15) & ~15;
    this.#piece = this.#state + STATE_BYTES;
  }

  /** As `Boxes.seal`. */
  seal(lead: number, body: Uint8Array, target: Uint8Array, offset: number): void {
    const heap = this.#module.HEAPU8;
    const piece = this.#piece;
    let written = offset + TAG_BYTES;
    let read = 0;
    for (let block = 0; block === 0 || read < body.length; block += PIECE_BYTES / BLOCK_BYTES) {
      let start = 0;
      if (block === 0) {
        heap.fill(0, piece, piece + STREAM_START);
        start = STREAM_START;
        if (lead >= 0) heap[piece + start++] = lead;
      }
      const length = Math.min(PIECE_BYTES - start, body.length - read);
      heap.set(part(body, read, read + length), piece + start);
      read += length;
      this.#cover(start + length, block);
      const textAt = block === 0 ? STREAM_START : 0;
      if (block === 0) this.#module._crypto_onetimeauth_init(this.#state, piece);
      this.#module._crypto_onetimeauth_update(this.#state, piece + textAt, start + length - textAt, 0);
      target.set(heap.subarray(piece + textAt, piece + start + length), written);
      written += start + length - textAt;
    }
    this.#module._crypto_onetimeauth_final(this.#state, piece);
    target.set(heap.subarray(piece, piece + TAG_BYTES), offset);
  }

  /** As `Boxes.open`. */
  open(source: Uint8Array, start: number, end: number, target: Uint8Array, offset: number): boolean {
    const heap = this.#module.HEAPU8;
    const piece = this.#piece;
    const textStart = start + TAG_BYTES;
    if (!this.#isAuthentic(source, start, end)) return false;
    for (let read = textStart, block = 0; read < end; block += PIECE_BYTES / BLOCK_BYTES) {
      const at = block === 0 ? STREAM_START : 0;
      const length = Math.min(PIECE_BYTES - at, end - read);
      heap.set(part(source, read, read + length), piece + at);
      this.#cover(at + length, block);
      target.set(heap.subarray(piece + at, piece + at + length), offset + read - textStart);
      read += length;
    }
    return true;
  }

  /** Overwrites what is left of keys and contents. */
  forget(): void {
    if (!this.#isUsed) return;
    this.#isUsed = false;
    this.#module.HEAPU8.fill(0, this.#state, this.#piece + PIECE_BYTES);
  }

  #isAuthentic(source: Uint8Array, start: number, end: number): boolean {
    const heap = this.#module.HEAPU8;
    const piece = this.#piece;
    heap.fill(0, piece, piece + STREAM_START);
    this.#cover(STREAM_START, 0);
    this.#module._crypto_onetimeauth_init(this.#state, piece);
    for (let read = start + TAG_BYTES; read < end; read += PIECE_BYTES) {
      const length = Math.min(PIECE_BYTES, end - read);
      heap.set(part(source, read, read + length), piece);
      this.#module._crypto_onetimeauth_update(this.#state, piece, length, 0);
    }
    this.#module._crypto_onetimeauth_final(this.#state, piece);
    let difference = 0;
    for (let i = 0; i < TAG_BYTES; i++) difference |= (heap[piece + i] as number) ^ (source[start + i] as number);
    return difference === 0;
  }

  /** Lays the stream over the piece, from this block of the stream on. */
  #cover(length: number, block: number): void {
    this.#isUsed = true;
    const { _crypto_stream_salsa20_xor_ic: xor } = this.#module;
    xor(this.#piece, this.#piece, length, 0, this.#nonce, block, 0, this.#key);
  }
}

function part(bytes: Uint8Array, start: number, end: number): Uint8Array {
  return new ByteArray(bytes.buffer, bytes.byteOffset + start, end - start);
}
