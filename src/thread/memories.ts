/**
 * Frames that cross to another thread without a copy: those over a
 * SharedArrayBuffer that the user has named. The memory is posted to the thread
 * once; then records say where in it a frame is:
 *
 *   serial(8) oldest(8) offset(8) length(8)      float64s: the memory's number, the oldest that may still come, the frame
 */

import { view } from "../base/bytes.ts";

/** So many memories of a connection are known to both sides; the oldest is forgotten for a new one. */
const MOST = 64;
const BYTES = 32;
/** A copy of less is as quick as a reference. */
const LEAST_BYTES = 1024;

const named = new WeakSet<ArrayBufferLike>();

/**
 * From now on frames of 1024 bytes or more over `memory` go over inproc to other threads without a copy: the receiver
 * gets a view of this memory. Whoever writes to it writes to what the other one reads; so let the receiver say when it is
 * done, and do not touch the frame until then. (To sockets of the same thread frames go without a copy anyhow, by
 * other transports as all frames do.) Where threads cannot hand memory on, as in Deno, a copy arrives.
 * Throws TypeError for what is no SharedArrayBuffer.
 */
export function passByReference(memory: SharedArrayBuffer): void {
  if (Object.prototype.toString.call(memory) !== "[object SharedArrayBuffer]") {
    throw new TypeError("Memory must be a SharedArrayBuffer");
  }
  named.add(memory);
}

/** Whether a frame goes by reference. */
export function isShared(frame: Uint8Array): boolean {
  return frame.length >= LEAST_BYTES && named.has(frame.buffer);
}

/** The writer's side of frames that are not copied: `PassedMemories`, or transferred-frames.ts. */
export interface PassedFrames {
  /** The record for a frame; undefined for one that is to be copied. Asked again, with the same frame, while there is no room. */
  referenceTo(frame: Uint8Array): Uint8Array | undefined;
}

/** The reader's side. */
export interface TakenFrames {
  /** The frame that a record tells of; undefined while it has not come. */
  frameOf(reference: Uint8Array): Uint8Array | undefined;
}

/** Hands a memory to the peer's thread; it may arrive after the records. */
export type PostMemory = (serial: number, memory: SharedArrayBuffer) => void;

/** The sender's side. */
export class PassedMemories implements PassedFrames {
  readonly #post: PostMemory;
  /** Oldest first. */
  readonly #serials = new Map<ArrayBufferLike, number>();
  #newest = 0;

  constructor(post: PostMemory) {
    this.#post = post;
  }

  /** The record for a frame; undefined for one that is to be copied. */
  referenceTo(frame: Uint8Array): Uint8Array | undefined {
    if (!isShared(frame)) return undefined;
    const serials = this.#serials;
    let serial = serials.get(frame.buffer);
    if (serial === undefined) {
      serial = ++this.#newest;
      this.#post(serial, frame.buffer as SharedArrayBuffer);
      serials.set(frame.buffer, serial);
      if (serials.size > MOST) for (const oldest of serials.keys()) if (serials.delete(oldest)) break;
    }
    const [oldest = serial] = serials.values();
    const reference = new DataView(new ArrayBuffer(BYTES));
    for (const [i, value] of [serial, oldest, frame.byteOffset, frame.length].entries()) {
      reference.setFloat64(i * 8, value);
    }
    return new Uint8Array(reference.buffer);
  }
}

/** The receiver's side. */
export class TakenMemories implements TakenFrames {
  readonly #memories = new Map<number, SharedArrayBuffer>();

  came(serial: number, memory: SharedArrayBuffer): void {
    this.#memories.set(serial, memory);
  }

  /** The frame that a record tells of; undefined while its memory has not come. */
  frameOf(reference: Uint8Array): Uint8Array | undefined {
    const numbers = new DataView(reference.buffer, reference.byteOffset, BYTES);
    const memory = this.#memories.get(numbers.getFloat64(0));
    if (memory === undefined) return undefined;
    const oldest = numbers.getFloat64(8);
    for (const serial of this.#memories.keys()) if (serial < oldest) this.#memories.delete(serial);
    return view(memory, numbers.getFloat64(16), numbers.getFloat64(24));
  }
}
