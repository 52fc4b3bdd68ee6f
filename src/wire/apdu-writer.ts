/**
 * Messages to the APDUs that libzmq sends by PGM, one in each data packet: `offset(2)`, then a slice of one continuous
 * stream of ZMTP 1.0 frames. The offset is where the first message begins that begins in this slice, counted behind the
 * offset itself; `ff ff` when none does. By it a receiver that comes late, or lost something, finds its way in.
 *
 * Packets are cut out of larger pieces of memory and keep it: they are sent again when they are lost. Each has room for
 * the headers of PGM in front of its APDU.
 */

import { ByteArray, copyOf, EMPTY, isResizable, uninitialized } from "../base/bytes.ts";
import type { Message } from "../base/message.ts";
import { writeLegacyHeader } from "./encoder.ts";
import { LONGEST_HEADER, MORE } from "./frame.ts";
import { DATA_HEADER_BYTES } from "./pgm.ts";

const OFFSET_BYTES = 2;
const NO_MESSAGE = 0xffff;
const SLAB_BYTES = 65_536;
const COPIED_BYTES = 2048;
/** Checksums are quicker where a packet begins at a multiple of this. */
const ALIGNED = 4;

export class ApduWriter {
  /** Octets of the largest packet, its headers included. */
  readonly #packetBytes: number;
  #slab: Uint8Array = EMPTY;
  /** Where the packet begins, where its stream does, and where it is written next. */
  #start = 0;
  #stream = 0;
  #end = 0;
  #limit = 0;
  #first = NO_MESSAGE;
  /** The message on its way, the frame of it, and how many octets of that frame, its header included, are written. */
  #message: Message | undefined = undefined;
  #index = 0;
  #written = 0;
  /** The frame that did not fit: its header, its octets with it, and its body. */
  readonly #header = new Uint8Array(LONGEST_HEADER);
  #headerBytes = 0;
  #frameBytes = 0;
  #body: Uint8Array = EMPTY;

  /** `apduBytes`: of the largest APDU, its offset included. */
  constructor(apduBytes: number) {
    this.#packetBytes = DATA_HEADER_BYTES + apduBytes;
  }

  /** Whether a message can be begun: the one before is written to its end. */
  get isReady(): boolean {
    return this.#message === undefined;
  }

  /** Whether the packet holds anything. */
  get hasData(): boolean {
    return this.#end > this.#stream;
  }

  /** Takes a message; the array and its bytes stay as they are until `isReady`. `fill` writes it. */
  begin(message: Message): void {
    this.#message = message;
    this.#index = 0;
    this.#written = 0;
  }

  /** Writes as much of the message as the packet has room for. True when the packet is full: then `take` it. */
  fill(): boolean {
    const message = this.#message;
    if (message === undefined) return false;
    if (this.#limit === 0) this.#open();
    const last = message.length - 1;
    for (;;) {
      const index = this.#index;
      if (this.#end === this.#limit) return true;
      if (index === 0 && this.#written === 0 && this.#first === NO_MESSAGE) this.#first = this.#end - this.#stream;
      const body = message[index] as Uint8Array;
      const flags = index < last ? MORE : 0;
      if (this.#written === 0 && this.#end + LONGEST_HEADER + body.length <= this.#limit) {
        this.#end = writeLegacyHeader(this.#slab, this.#end, flags, body.length);
        // Bytes that were transferred to another thread while they waited have no length any more.
        if (body.length > 0) this.#slab.set(body, this.#end);
        this.#end += body.length;
      } else if (!this.#split(body, flags)) return true;
      this.#written = 0;
      if (index === last) {
        this.#message = undefined;
        this.#body = EMPTY;
        return this.#end === this.#limit;
      }
      this.#index = index + 1;
    }
  }

  /** The packet as it is; its headers are the caller's to write. The next one is begun. */
  take(): Uint8Array {
    const { buffer, byteOffset } = this.#slab;
    this.#slab[this.#stream - 2] = this.#first >>> 8;
    this.#slab[this.#stream - 1] = this.#first;
    const packet = new ByteArray(buffer, byteOffset + this.#start, this.#end - this.#start);
    this.#start = Math.ceil(this.#end / ALIGNED) * ALIGNED;
    this.#begin();
    return packet;
  }

  /** Writes what there is room for of a frame that may not fit; true when it is written to its end. */
  #split(body: Uint8Array, flags: number): boolean {
    if (this.#written === 0) {
      // A small frame is its sender's again. It is also quicker to copy it than to ask whether it may change its length.
      this.#body = body.length <= COPIED_BYTES || isResizable(body) ? copyOf(body) : body;
      this.#headerBytes = writeLegacyHeader(this.#header, 0, flags, body.length);
      this.#frameBytes = this.#headerBytes + body.length;
    }
    const slab = this.#slab;
    while (this.#written < this.#headerBytes && this.#end < this.#limit) {
      slab[this.#end++] = this.#header[this.#written++] as number;
    }
    const count = Math.min(this.#frameBytes - this.#written, this.#limit - this.#end);
    if (count > 0 && this.#written >= this.#headerBytes) {
      const from = this.#written - this.#headerBytes;
      // The header is sent: the peer waits for so many octets, also of a body that was transferred to another thread.
      if (this.#body.length === 0) slab.fill(0, this.#end, this.#end + count);
      else slab.set(this.#body.subarray(from, from + count), this.#end);
      this.#end += count;
      this.#written += count;
    }
    return this.#written === this.#frameBytes;
  }

  #open(): void {
    this.#slab = uninitialized(Math.max(SLAB_BYTES, this.#packetBytes));
    this.#start = 0;
    this.#begin();
  }

  /** A packet at `#start`, in the next slab when this one has no room for a whole one. */
  #begin(): void {
    if (this.#start + this.#packetBytes > this.#slab.length) {
      // Without a message on its way, memory is taken when there is one.
      this.#limit = 0;
      this.#stream = 0;
      this.#end = 0;
      this.#first = NO_MESSAGE;
      if (this.#message !== undefined) this.#open();
      return;
    }
    this.#stream = this.#start + DATA_HEADER_BYTES + OFFSET_BYTES;
    this.#end = this.#stream;
    this.#limit = this.#start + this.#packetBytes;
    this.#first = NO_MESSAGE;
  }
}
