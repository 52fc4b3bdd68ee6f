/**
 * Bytes to messages and commands, pulled: `push` chunks, call `next` until it
 * returns undefined. ZMTP 2.0, 3.0 and 3.1 framing; 1.0 is in legacy-decoder.ts.
 *
 * A chunk is the link's memory, which the link uses again: nothing that leaves
 * here refers to it. Small frames are views of slabs of 8 KiB into which the
 * chunk is copied (one copy for some hundred messages, and a kept message pins
 * no more than that), middling ones of slabs of 64 KiB, large ones have memory
 * of their own. Slabs of connections whose peers are nobody in particular are
 * shared by all of these.
 */

import { ByteArray, concat, copier, copyOf, EMPTY, ownCopyOf, sharedCopyOf, uninitialized } from "../base/bytes.ts";
import { ZmqError } from "../base/errors.ts";
import type { Message } from "../base/message.ts";
import type { Decoded, DecoderLimits, FrameCipher, FrameDecoder } from "../base/protocol.ts";
import { COMMAND, LONG, MORE, readSize, unmarkedLong } from "./frame.ts";
import { RetainedChunks } from "./retained-chunk.ts";

/** Frames below this size share slabs of some kilobytes. */
const SMALL_BYTES = 256;
const SMALL_SLAB_BYTES = 8192;
const FIRST_SLAB_BYTES = 512;
/** Frames up to this size share larger slabs; beyond, each has memory of its own. */
const MIDDLING_BYTES = 8192;
const MIDDLING_SLAB_BYTES = 65_536;
/** Up to here the memory of a frame that spans chunks is taken at once; beyond, as its bytes arrive. */
const TRUSTED_BYTES = 1 << 20;
/** From so many missing octets on, the rest of a frame is read into its place: below, a read elsewhere brings what follows, too. */
const PLACED_BYTES = 131_072;
/** The most that is read into its place at once, so that other connections have their turn. */
const PLACED_AT_ONCE = 1 << 20;
/** How much more memory is taken than bytes came: an announced length alone costs no more than this. */
const GROWTH = 16;

const CIPHER_MORE = 1;
const CIPHER_COMMAND = 2;

export class Decoder implements FrameDecoder {
  readonly #limits: DecoderLimits;
  readonly #framesAtOnce: number;
  /** Of what leaves here. */
  readonly #copyOf: (bytes: Uint8Array) => Uint8Array;
  readonly #sharedCopyOf: (bytes: Uint8Array) => Uint8Array;
  #cipher: FrameCipher | undefined = undefined;

  /** Where parsing happens: a chunk, or a slab that holds a copy of some of it. */
  #window: Uint8Array = EMPTY;
  #position = 0;
  #end = 0;
  /** The memory of the window, and where in it the window begins. */
  #memory: ArrayBufferLike = EMPTY.buffer;
  #offset = 0;
  /** The window is a chunk, of which no views may leave. */
  #isChunk = false;
  /** That chunk, or the one behind the slab, is memory of the link. */
  #isForeign = false;
  /** While the window is a slab: the chunk it came from and how far it was copied; 0 when to its end. */
  #chunk: Uint8Array = EMPTY;
  #copied = 0;
  /** Copies of chunks that wait for their reader, that of the window among them. */
  readonly #retained = new RetainedChunks();
  /** Size of the next slab: grows while small frames follow each other. */
  #slabBytes = FIRST_SLAB_BYTES;

  /** A frame that spans chunks: its memory, which for a very large one is only the beginning. */
  #body: Uint8Array = EMPTY;
  #filled = 0;
  #bodyLength = 0;
  #bodyFlags = 0;

  /** Frames of the message that is not complete yet. */
  #frames: Message | undefined = undefined;
  /** Octets of these frames. */
  #assembled = 0;
  #starved = true;

  /** `isSecured`: frames share no memory with those of other connections. */
  constructor(limits: DecoderLimits, isSecured = false) {
    this.#limits = limits;
    this.#framesAtOnce = limits.framesAtOnce ?? Number.POSITIVE_INFINITY;
    this.#copyOf = isSecured ? copier(FIRST_SLAB_BYTES) : copyOf;
    this.#sharedCopyOf = isSecured ? this.#copyOf : sharedCopyOf;
  }

  get starved(): boolean {
    return this.#starved;
  }

  get assembling(): number {
    return this.#frames?.length ?? 0;
  }

  /** From now on every frame is opened. */
  secure(cipher: FrameCipher): void {
    this.#cipher = cipher;
  }

  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    if (this.#bodyLength > 0 && this.#isInPlace(chunk)) {
      this.#filled += chunk.length;
      this.#starved = this.#filled < this.#bodyLength;
      return;
    }
    if (!this.#starved) {
      this.#retained.push(chunk);
      return;
    }
    this.#starved = false;
    this.#enter(chunk);
    this.#isForeign = this.#window === chunk;
  }

  get room(): Uint8Array | undefined {
    if (!this.#starved || this.#bodyLength === 0) return undefined;
    const body = this.#body;
    const filled = this.#filled;
    if (body.length - filled < PLACED_BYTES) return undefined;
    return body.subarray(filled, Math.min(body.length, filled + PLACED_AT_ONCE));
  }

  retain(): void {
    if (!this.#isForeign) return;
    this.#isForeign = false;
    if (this.#copied > 0 && this.#position === this.#end) this.#leaveSlab(); // A slab used up: `#copied` 0 would mean none.
    if (this.#isChunk) this.#stay(this.#retained.retain(this.#window, this.#position), 0, true);
    else if (this.#copied > 0) {
      this.#chunk = this.#retained.retain(this.#chunk, this.#unslabbed);
      this.#copied = this.#end - this.#position;
    }
  }

  next(): Decoded | undefined {
    for (;;) {
      if (this.#bodyLength > 0) {
        if (!this.#fill()) return undefined;
        const body = this.#body;
        this.#body = EMPTY;
        this.#bodyLength = 0;
        const flags = this.#bodyFlags;
        const decoded =
          this.#cipher === undefined
            ? this.#accept((flags & MORE) !== 0, (flags & COMMAND) !== 0, body)
            : this.#open(this.#cipher, body, 0, body.length, true);
        if (decoded !== undefined) return decoded;
        continue;
      }
      const window = this.#window;
      const position = this.#position;
      const available = this.#end - position;
      if (available < 2) {
        if (!this.#more()) return undefined;
        continue;
      }
      const flags = window[position] as number;
      let length: number;
      let start: number;
      if ((flags & LONG) !== 0) {
        if (available < 9) {
          if (!this.#more()) return undefined;
          continue;
        }
        length = readSize(window, position + 1);
        start = position + 9;
      } else {
        length = window[position + 1] as number;
        start = position + 2;
        if (length === 0 && flags === COMMAND) {
          const long = unmarkedLong(window, position, available);
          if (long === undefined) {
            if (!this.#more()) return undefined;
            continue;
          }
          if (long > 0) {
            length = long;
            start = position + 9;
          }
        }
      }
      if (length > this.#limits.maxFrameBytes && this.#limits.maxFrameBytes >= 0) {
        throw new ZmqError("EMSGSIZE", {
          detail: `frame of ${length} bytes exceeds the limit of ${this.#limits.maxFrameBytes}`,
        });
      }
      // A cipher copies the body when it opens it.
      if (this.#isChunk && this.#cipher === undefined) {
        if (length > MIDDLING_BYTES) this.#beginSpanning(flags, length, start);
        else this.#openSlab(length);
        continue;
      }
      const end = start + length;
      if (end > this.#end) {
        if (this.#copied > 0) this.#leaveSlab();
        else this.#beginSpanning(flags, length, start);
        continue;
      }
      this.#position = end;
      let decoded: Decoded | undefined;
      if (this.#cipher !== undefined) decoded = this.#open(this.#cipher, window, start, end, false);
      else {
        let body = length === 0 ? EMPTY : new ByteArray(this.#memory, this.#offset + start, length);
        // A small frame between middling ones is not worth a slab of its own, nor may it pin theirs.
        if (length < SMALL_BYTES && this.#end > SMALL_SLAB_BYTES) body = this.#copyOf(body);
        if ((flags & (MORE | COMMAND)) === 0 && this.#frames === undefined) return [body];
        decoded = this.#accept((flags & MORE) !== 0, (flags & COMMAND) !== 0, body);
      }
      if (decoded !== undefined || this.assembling % this.#framesAtOnce === 0) return decoded;
    }
  }

  /** A complete sealed frame; its flags outside the box say nothing. */
  #open(cipher: FrameCipher, source: Uint8Array, start: number, end: number, own: boolean): Decoded | undefined {
    const body = cipher.open(source, start, end, own);
    const { flags } = cipher;
    return this.#accept((flags & CIPHER_MORE) !== 0, (flags & CIPHER_COMMAND) !== 0, body);
  }

  /** A complete frame; returns the message or command it completes. */
  #accept(more: boolean, command: boolean, body: Uint8Array): Decoded | undefined {
    if (command) return body;
    const frames = this.#frames;
    if (frames === undefined) {
      if (!more) return [body];
      this.#frames = [body];
      this.#assembled = body.length;
      return undefined;
    }
    if (frames.length >= this.#limits.maxFrames) {
      throw new ZmqError("EMSGSIZE", { detail: `message of more than ${this.#limits.maxFrames} frames` });
    }
    this.#assemble(body.length);
    frames.push(body);
    if (more) return undefined;
    this.#frames = undefined;
    return frames;
  }

  /** Counts a further frame of a multipart message. Throws EMSGSIZE. */
  #assemble(length: number): void {
    const { maxMessageBytes } = this.#limits;
    this.#assembled += length;
    if (maxMessageBytes === undefined || this.#assembled <= maxMessageBytes) return;
    throw new ZmqError("EMSGSIZE", {
      detail: `multipart message of ${this.#assembled} bytes and more exceeds the limit of ${maxMessageBytes}`,
    });
  }

  /** Moves the window on. Returns false when no unread bytes are left beyond the beginning of a frame. */
  #more(): boolean {
    if (this.#copied > 0) {
      this.#leaveSlab();
      return true;
    }
    const next = this.#shiftLater();
    if (next === undefined) {
      this.#starved = true;
      this.#isForeign = false;
      const rest = this.#end - this.#position;
      // An idle connection keeps no chunk and no slab alive.
      this.#stay(rest === 0 ? EMPTY : ownCopyOf(this.#window.subarray(this.#position, this.#end)), 0, false);
      return false;
    }
    this.#enter(next);
    return true;
  }

  /** Goes on with a new chunk, behind the octets of a header that are left of the last one. */
  #enter(chunk: Uint8Array): void {
    const rest = this.#end - this.#position;
    if (rest === 0) this.#stay(chunk, 0, true);
    else this.#stay(concat([this.#window.subarray(this.#position, this.#end), chunk]), 0, true);
  }

  #shiftLater(): Uint8Array | undefined {
    const next = this.#retained.next();
    if (next !== undefined) this.#isForeign = false;
    return next;
  }

  /** Goes on in a slab that begins with the frame at the current position of the chunk. */
  #openSlab(frameLength: number): void {
    const chunk = this.#window;
    const position = this.#position;
    const rest = this.#end - position;
    let size = MIDDLING_SLAB_BYTES;
    if (frameLength < SMALL_BYTES) {
      size = this.#slabBytes;
      this.#slabBytes = Math.min(size * 2, SMALL_SLAB_BYTES);
    } else this.#slabBytes = FIRST_SLAB_BYTES;
    const length = Math.min(rest, size);
    const slab = this.#sharedCopyOf(chunk.subarray(position, position + length));
    this.#stay(slab, 0, false);
    if (length < rest) {
      this.#chunk = chunk;
      this.#copied = position + length;
    } else this.#isForeign = false;
  }

  /** Where in the chunk the unread part of the slab came from. */
  get #unslabbed(): number {
    return this.#copied - (this.#end - this.#position);
  }

  /** Goes on in the chunk behind the slab, at the frame that begins in the one and ends in the other. */
  #leaveSlab(): void {
    this.#stay(this.#chunk, this.#unslabbed, true);
  }

  /** Goes on in `window` itself. */
  #stay(window: Uint8Array, position: number, isChunk: boolean): void {
    this.#chunk = EMPTY;
    this.#copied = 0;
    this.#isChunk = isChunk;
    this.#window = window;
    this.#memory = window.buffer;
    this.#offset = window.byteOffset;
    this.#position = position;
    this.#end = window.length;
  }

  #beginSpanning(flags: number, length: number, start: number): void {
    if (this.#frames !== undefined && (flags & COMMAND) === 0) {
      this.#assemble(length);
      this.#assembled -= length;
    }
    this.#bodyFlags = flags;
    this.#bodyLength = length;
    this.#filled = 0;
    this.#position = start;
    this.#body = memory(Math.min(length, TRUSTED_BYTES));
  }

  /** Whether the link has read it into `room`. */
  #isInPlace({ buffer, byteOffset }: Uint8Array): boolean {
    return buffer === this.#body.buffer && byteOffset === this.#body.byteOffset + this.#filled;
  }

  /** Adds the octets that are there to the spanning frame; true when it is complete. */
  #fill(): boolean {
    for (;;) {
      const missing = this.#bodyLength - this.#filled;
      const length = Math.min(missing, this.#end - this.#position);
      if (length > 0) {
        const needed = this.#filled + length;
        if (needed > this.#body.length) this.#grow(needed);
        this.#body.set(this.#window.subarray(this.#position, this.#position + length), this.#filled);
        this.#filled = needed;
        this.#position += length;
      }
      if (this.#filled === this.#bodyLength) return true;
      const next = this.#shiftLater();
      if (next === undefined) {
        this.#starved = true;
        this.#isForeign = false;
        this.#stay(EMPTY, 0, false);
        return false;
      }
      this.#stay(next, 0, true);
    }
  }

  #grow(needed: number): void {
    const body = memory(Math.min(this.#bodyLength, needed * GROWTH));
    body.set(this.#body.subarray(0, this.#filled));
    this.#body = body;
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
