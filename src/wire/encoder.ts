/**
 * Messages to bytes, in batches. Bodies up to some kilobytes are copied into a
 * batch buffer behind their frame headers; larger ones go by reference between
 * two pieces of it, so that one gathering write carries both.
 *
 * Batch buffers are shared by all encoders: an idle connection holds none.
 */

import { copyOf, isResizable, uninitialized } from "../base/bytes.ts";
import { type Control, type Message, type SharedMessage, subscriptionFrame } from "../base/message.ts";
import { BATCH_BYTES, type FrameCipher, type FrameEncoder } from "../base/protocol.ts";
import { controlBody, pingBody, pongBody } from "./command.ts";
import { COMMAND, LONGEST_HEADER, MORE, writeHeader, writeSize } from "./frame.ts";
import { sharedBlock } from "./shared-frames.ts";

/** Larger bodies travel by reference. */
const COPIED_BYTES = 16_384;
/** Sealed frames up to this size go into the batch, whose memory is used again: a body of 64 KiB and the octets that CURVE adds. */
const SEALED_BYTES = BATCH_BYTES + 33;
const MEMORY_BYTES = LONGEST_HEADER + SEALED_BYTES;
/**
 * The first batch of a connection that sends little at a time: a thousand of them have theirs at once, where the small
 * ones, which are kept, fit into a cache, and the large ones would be fresh memory each time.
 */
const SMALL_MEMORY_BYTES = 2048;

/** So many shared messages must have followed each other in a block before it is referred to: a reference costs as much as some copies. */
const SHARED_STREAK = 4;
/** A shorter run of shared messages is copied when others follow it, so that a batch has few pieces. */
const REFERENCED_BYTES = 8192;

const CIPHER_MORE = 1;
const CIPHER_COMMAND = 2;

/** How frames are written: ZMTP 1.0 (`v1`), or 2.0 and later (`v2`). */
export type Framing = "v1" | "v2";

const freeBatches: Uint8Array[] = [];
const KEPT_BATCHES = 8;
const freeSmallBatches: Uint8Array[] = [];
const KEPT_SMALL_BATCHES = 1024;

function largeBatch(): Uint8Array {
  return freeBatches.pop() ?? uninitialized(MEMORY_BYTES);
}

/** The link has written the batch: it may be used again. */
function free(batch: Uint8Array): void {
  if (batch.length === MEMORY_BYTES) {
    if (freeBatches.length < KEPT_BATCHES) freeBatches.push(batch);
  } else if (freeSmallBatches.length < KEPT_SMALL_BATCHES) freeSmallBatches.push(batch);
}

export class Encoder implements FrameEncoder {
  readonly #framing: Framing;
  /** Subscriptions travel as commands (ZMTP 3.1) or as messages (older). */
  readonly #sendsCommands: boolean;
  #cipher: FrameCipher | undefined = undefined;
  #batch: Uint8Array | undefined = undefined;
  /** Batch buffers that were used before this one, since the last `take`. */
  readonly #filled: Uint8Array[] = [];
  /** Finished pieces, in wire order; the batch's bytes from `#start` to `#end` follow them. */
  #pieces: Uint8Array[] = [];
  #start = 0;
  #end = 0;
  /** The block of the last shared message, and where that ended in it. */
  #block: Uint8Array | undefined = undefined;
  #blockEnd = 0;
  /** Shared messages that followed each other in the block. */
  #streak = 0;
  /** From here to `#blockEnd` it is a run of shared messages: bytes that follow all others and are not copied yet. -1: there is none. */
  #runStart = -1;
  /** The last batches were more than a small one holds. */
  #sendsMuch = false;
  /** Bytes encoded and not yet taken. */
  size = 0;

  /** `sendsCommands`: the peer knows subscriptions as commands. */
  constructor(framing: Framing, sendsCommands = false) {
    this.#framing = framing;
    this.#sendsCommands = sendsCommands;
  }

  /** From now on every frame is sealed. */
  secure(cipher: FrameCipher): void {
    this.#cipher = cipher;
  }

  encode(message: Message): void {
    if (this.#runStart >= 0) this.#closeRun(false);
    const last = message.length - 1;
    for (let i = 0; i < last; i++) this.#frame(MORE, message[i] as Uint8Array);
    this.#frame(0, message[last] as Uint8Array);
  }

  encodeShared(message: SharedMessage): void {
    const { share } = message;
    const isPlain = this.#cipher === undefined && this.#framing === "v2";
    const block = share !== undefined && isPlain ? sharedBlock(message, share) : undefined;
    if (share === undefined || block === undefined) {
      this.encode(message);
      return;
    }
    const { start, end } = share;
    const follows = block === this.#block && start === this.#blockEnd;
    if (this.#runStart >= 0 && follows) {
      this.#blockEnd = end;
      this.size += end - start;
      return;
    }
    this.#streak = follows ? this.#streak + 1 : 0;
    if (this.#streak < SHARED_STREAK) this.encode(message);
    else {
      this.#runStart = start;
      this.size += end - start;
    }
    this.#block = block;
    this.#blockEnd = end;
  }

  /** A command frame; `body` as `Mechanism.produce` and the builders of command.ts give it. Not for `v1`. */
  encodeCommand(body: Uint8Array): void {
    if (this.#runStart >= 0) this.#closeRun(false);
    this.#frame(COMMAND, body);
  }

  encodeControl(control: Control): void {
    // JOIN and LEAVE have no other form.
    if (this.#sendsCommands || control.kind === "join" || control.kind === "leave") {
      this.encodeCommand(controlBody(control));
    } else this.encode([subscriptionFrame(control)]);
  }

  encodePing(ttlDeciseconds: number): void {
    this.encodeCommand(pingBody(ttlDeciseconds));
  }

  encodePong(context: Uint8Array): void {
    this.encodeCommand(pongBody(context));
  }

  /** A command of the handshake, which no cipher seals. */
  encodeClear(body: Uint8Array): void {
    if (this.#runStart >= 0) this.#closeRun(false);
    this.#reserve(LONGEST_HEADER);
    this.#plain(COMMAND, body);
  }

  /** Bytes that are no frame: greetings, raw data of STREAM. */
  raw(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    if (this.#runStart >= 0) this.#closeRun(false);
    if (bytes.length <= COPIED_BYTES) this.#copy(bytes);
    else this.#reference(bytes);
  }

  /** All encoded bytes, in order. Call `sent` or `kept` once the link has them. */
  take(): Uint8Array[] {
    if (this.#runStart >= 0) this.#closeRun(true);
    this.#closePiece();
    const pieces = this.#pieces;
    this.#pieces = [];
    if (this.size < SMALL_MEMORY_BYTES / 2) this.#sendsMuch = false;
    this.size = 0;
    return pieces;
  }

  /** The link wrote everything: the batch buffer may be used again. */
  sent(): void {
    const batch = this.#batch;
    if (batch === undefined) return;
    this.#batch = undefined;
    free(batch);
    for (let used = this.#filled.pop(); used !== undefined; used = this.#filled.pop()) free(used);
  }

  /** The link still holds the bytes: the batch buffer is its own now. */
  kept(): void {
    this.#batch = undefined;
    this.#filled.length = 0;
  }

  #frame(flags: number, body: Uint8Array): void {
    if (this.#cipher !== undefined) this.#sealed(this.#cipher, flags, body);
    else {
      this.#reserve(LONGEST_HEADER);
      this.#plain(flags, body);
    }
  }

  #plain(flags: number, body: Uint8Array): void {
    const batch = this.#batch as Uint8Array;
    const length = body.length;
    const before = this.#end;
    this.#end =
      this.#framing === "v2"
        ? writeHeader(batch, before, flags, length)
        : writeLegacyHeader(batch, before, flags, length);
    this.size += this.#end - before;
    if (length <= COPIED_BYTES) this.#copy(body);
    else this.#reference(body);
  }

  #sealed(cipher: FrameCipher, flags: number, body: Uint8Array): void {
    const inner = (flags & MORE ? CIPHER_MORE : 0) | (flags & COMMAND ? CIPHER_COMMAND : 0);
    const length = body.length + cipher.overhead;
    if (length <= SEALED_BYTES) {
      this.#reserve(LONGEST_HEADER + length);
      const before = this.#end;
      const start = writeHeader(this.#batch as Uint8Array, before, 0, length);
      cipher.seal(inner, body, this.#batch as Uint8Array, start);
      this.#end = start + length;
      this.size += this.#end - before;
      return;
    }
    const sealed = uninitialized(length);
    cipher.seal(inner, body, sealed, 0);
    this.#reserve(LONGEST_HEADER);
    this.#plain(0, sealed);
  }

  #copy(bytes: Uint8Array): void {
    const length = bytes.length;
    if (length === 0) return; // Also bytes that were transferred to another thread while they waited; `set` would throw.
    this.#reserve(length);
    const batch = this.#batch as Uint8Array;
    batch.set(bytes, this.#end);
    this.#end += length;
    this.size += length;
  }

  #reference(bytes: Uint8Array): void {
    this.#closePiece();
    // The header is written: the peer waits for so many octets.
    this.#pieces.push(isResizable(bytes) ? copyOf(bytes) : bytes);
    this.size += bytes.length;
  }

  /** The run becomes a piece, or a part of the batch. `isLast`: nothing follows it in this batch. */
  #closeRun(isLast: boolean): void {
    const run = (this.#block as Uint8Array).subarray(this.#runStart, this.#blockEnd);
    this.#runStart = -1;
    if (isLast || run.length >= REFERENCED_BYTES) {
      this.#closePiece();
      this.#pieces.push(run);
    } else {
      this.size -= run.length;
      this.#copy(run);
    }
  }

  /** Makes room for `length` contiguous octets in the batch. */
  #reserve(length: number): void {
    const full = this.#batch;
    if (full !== undefined) {
      if (this.#end + length <= full.length) return;
      this.#filled.push(full);
      this.#sendsMuch = true;
      if (full.length === SMALL_MEMORY_BYTES && this.#end - this.#start + length <= MEMORY_BYTES) {
        this.#growFrom(full);
        return;
      }
      this.#closePiece();
    }
    const isSmall = !this.#sendsMuch && length <= SMALL_MEMORY_BYTES;
    this.#batch = isSmall ? (freeSmallBatches.pop() ?? uninitialized(SMALL_MEMORY_BYTES)) : largeBatch();
    this.#start = 0;
    this.#end = 0;
  }

  /** What is in the small batch, and in no piece yet, goes on in a large one. */
  #growFrom(small: Uint8Array): void {
    const large = largeBatch();
    large.set(small.subarray(this.#start, this.#end));
    this.#batch = large;
    this.#end -= this.#start;
    this.#start = 0;
  }

  #closePiece(): void {
    if (this.#end > this.#start) {
      this.#pieces.push((this.#batch as Uint8Array).subarray(this.#start, this.#end));
      this.#start = this.#end;
    }
  }
}

/** ZMTP 1.0 (13/ZMTP): `len(1) flags(1)`, or `ff len(8) flags(1)`; the length counts the flags octet. */
export function writeLegacyHeader(target: Uint8Array, offset: number, flags: number, size: number): number {
  let end = offset;
  if (size < 254) target[end++] = size + 1;
  else {
    target[end] = 0xff;
    end = writeSize(target, end + 1, size + 1);
  }
  target[end++] = flags & MORE;
  return end;
}
