/**
 * Large frames that an I/O thread received: their memory is handed on by mail
 * instead of being copied into the ring, where a record keeps their place. The
 * mail is posted before the record is published, so it is there when the record is.
 */

import { asNative } from "../base/bytes.ts";
import type { PassedFrames, TakenFrames } from "./memories.ts";

/** From here on to hand memory on takes less of the receiving thread than to copy it. */
const LEAST_BYTES = 32_768;

/** Hands a frame's memory on, with the number by which its record names it. */
export type PostFrame = (frame: number, memory: ArrayBuffer) => void;

export class GivenFrames implements PassedFrames {
  readonly #post: PostFrame;
  #newest = 0;
  /** The last one, whose record may not have found room. */
  #frame: Uint8Array | undefined = undefined;
  #reference = new Uint8Array(0);

  constructor(post: PostFrame) {
    this.#post = post;
  }

  /** Whether the frame goes so: it is large, and alone in its memory. */
  isFor({ length, buffer }: Uint8Array): boolean {
    return length >= LEAST_BYTES && buffer.byteLength === length && buffer instanceof ArrayBuffer;
  }

  referenceTo(frame: Uint8Array): Uint8Array | undefined {
    if (frame === this.#frame) return this.#reference;
    if (!this.isFor(frame)) return undefined;
    this.#frame = frame;
    this.#reference = new Uint8Array(Float64Array.of(++this.#newest).buffer);
    this.#post(this.#newest, frame.buffer as ArrayBuffer);
    return this.#reference;
  }
}

export class ReceivedFrames implements TakenFrames {
  readonly #frames = new Map<number, Uint8Array>();
  /** Takes the mail in, which may have a frame that is looked for. */
  readonly #collect: () => void;

  constructor(collect: () => void) {
    this.#collect = collect;
  }

  came(frame: number, memory: ArrayBuffer): void {
    this.#frames.set(frame, asNative(new Uint8Array(memory)));
  }

  frameOf(reference: Uint8Array): Uint8Array | undefined {
    const [number = 0] = new Float64Array(new Uint8Array(reference).buffer);
    if (!this.#frames.has(number)) this.#collect();
    const frame = this.#frames.get(number);
    this.#frames.delete(number);
    return frame;
  }
}

/**
 * Those of all pipes of an endpoint. The numbers of its pipes grow, and a pipe's frames may come ahead of it; behind its end
 * they are nobody's: their records had found no room in the ring.
 */
export class FramesOfPipes {
  readonly #pipes = new Map<number, ReceivedFrames>();
  readonly #collect: () => void;
  /** The highest number that a pipe had. */
  #newest = -1;

  /** `collect`: see `ReceivedFrames`. */
  constructor(collect: () => void) {
    this.#collect = collect;
  }

  /** Pipes that frames are kept for. */
  get size(): number {
    return this.#pipes.size;
  }

  /** A pipe begins: its frames, also those that came ahead of it. */
  begun(pipe: number): ReceivedFrames {
    this.#newest = Math.max(this.#newest, pipe);
    return this.#of(pipe);
  }

  came(pipe: number, frame: number, memory: ArrayBuffer): void {
    if (pipe > this.#newest || this.#pipes.has(pipe)) this.#of(pipe).came(frame, memory);
  }

  ended(pipe: number): void {
    this.#pipes.delete(pipe);
  }

  #of(pipe: number): ReceivedFrames {
    let frames = this.#pipes.get(pipe);
    if (frames === undefined) {
      frames = new ReceivedFrames(this.#collect);
      this.#pipes.set(pipe, frames);
    }
    return frames;
  }
}
