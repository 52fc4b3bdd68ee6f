/**
 * The kinds of records in a ring between two ends of a pipe, and how a message
 * becomes records: each frame is one, unless it is too long for that.
 *
 *   FRAME         the last frame of a message
 *   MORE          a frame that others follow
 *   LENGTH, PIECE…, FRAME or MORE    a long frame: its length as a float64, then pieces of it, the last one as FRAME or MORE
 *   REFERENCE, REFERENCE_MORE        as FRAME and MORE, for one that is not copied: where it is, see memories.ts
 *   SUBSCRIBE, CANCEL, JOIN, LEAVE   a change of a subscription: its topic or group
 *   PART          the next record is no message, and too long: the beginning of its bytes
 *   from OWN on   what only the two holders of the ends know
 */

import { concat, uninitialized } from "../base/bytes.ts";
import type { Control } from "../base/message.ts";
import type { RingReader } from "../base/ring-reader.ts";
import type { RingWriter } from "../base/ring-writer.ts";
import type { PassedFrames, TakenFrames } from "./memories.ts";

export const FRAME = 0;
export const MORE = 1;
const PIECE = 2;
const LENGTH = 3;
const REFERENCE = 4;
const REFERENCE_MORE = 5;
const SUBSCRIBE = 6;
const PART = 10;
/** The first kind that is its users' own; the last is 255. */
export const OWN = 16;

const CONTROLS = ["subscribe", "cancel", "join", "leave"] as const;

export function kindOf(control: Control): number {
  return SUBSCRIBE + CONTROLS.indexOf(control.kind);
}

/** The control that a record of `kind` is; undefined for other kinds. */
export function controlOf(kind: number, topic: Uint8Array): Control | undefined {
  const name = CONTROLS[kind - SUBSCRIBE];
  return name === undefined ? undefined : { kind: name, topic };
}

/** Calls `write` with a record that is no message, in parts when it is longer than `most` bytes. */
export function inParts(
  kind: number,
  bytes: Uint8Array,
  most: number,
  write: (kind: number, bytes: Uint8Array) => void,
): void {
  let at = 0;
  for (; bytes.length - at > most; at += most) write(PART, bytes.subarray(at, at + most));
  write(kind, at === 0 ? bytes : bytes.subarray(at));
}

/** Joins the parts of records that are no messages. */
export class PartedRecords {
  #parts: Uint8Array[] = [];

  /** The bytes of a whole record; undefined when others of it follow. */
  join(kind: number, bytes: Uint8Array): Uint8Array | undefined {
    if (kind === PART) {
      this.#parts.push(bytes);
      return undefined;
    }
    return this.#parts.length === 0 ? bytes : concat([...this.#parts.splice(0), bytes]);
  }
}

/** A message that is on its way into the ring: it needs more room than there was. */
export class PartialMessage {
  readonly #message: readonly Uint8Array[];
  readonly #memories: PassedFrames | undefined;
  /** The frame that is next, and how much of it is written; -1: not even its length. */
  #frame = 0;
  #written = -1;

  /** `memories`: of the frames that are not copied. */
  constructor(message: readonly Uint8Array[], memories?: PassedFrames) {
    this.#message = message;
    this.#memories = memories;
  }

  /** Writes what there is room for. True when all of it is written. */
  writeTo(writer: RingWriter): boolean {
    const message = this.#message;
    while (this.#frame < message.length) {
      const frame = message[this.#frame] as Uint8Array;
      const kind = this.#frame === message.length - 1 ? FRAME : MORE;
      const reference = this.#memories?.referenceTo(frame);
      if (reference !== undefined) {
        if (!writer.write(kind === FRAME ? REFERENCE : REFERENCE_MORE, reference)) return false;
      } else if (
        frame.length <= writer.mostBytes ? !writer.write(kind, frame) : !this.#writeLong(writer, kind, frame)
      ) {
        return false;
      }
      this.#frame++;
      this.#written = -1;
    }
    writer.countMessage();
    return true;
  }

  #writeLong(writer: RingWriter, kind: number, frame: Uint8Array): boolean {
    if (this.#written < 0) {
      const length = new Uint8Array(8);
      new DataView(length.buffer).setFloat64(0, frame.length);
      if (!writer.write(LENGTH, length)) return false;
      this.#written = 0;
    }
    while (this.#written < frame.length) {
      const end = Math.min(this.#written + writer.mostBytes, frame.length);
      if (!writer.write(end === frame.length ? kind : PIECE, frame, this.#written, end)) return false;
      this.#written = end;
    }
    return true;
  }
}

/** Joins records to messages. */
export class MessageReader {
  readonly #reader: RingReader;
  readonly #memories: TakenFrames | undefined;
  /** A record whose memory has not come yet. */
  #reference: { readonly isLast: boolean; readonly bytes: Uint8Array } | undefined = undefined;
  /** Frames of a message that is not complete. */
  #frames: Uint8Array[] | undefined = undefined;
  /** A long frame: its length, its memory once the first piece is there, and how much of it is. */
  #length = -1;
  #body: Uint8Array | undefined = undefined;
  #filled = 0;

  constructor(reader: RingReader, memories?: TakenFrames) {
    this.#reader = reader;
    this.#memories = memories;
  }

  /** Nothing more can be taken before a memory has come. */
  get isWaiting(): boolean {
    return this.#reference !== undefined;
  }

  /** As `take`, when a memory may have come for which it waits. */
  goOn(): Uint8Array[] | undefined {
    if (this.#reference === undefined) return undefined;
    const frame = this.#memories?.frameOf(this.#reference.bytes);
    if (frame === undefined) return undefined;
    const { isLast } = this.#reference;
    this.#reference = undefined;
    return this.#add(frame, isLast);
  }

  /** Takes the found record, if it is of a message. Undefined when that is not complete yet, or when it is none: see `isMessage`. */
  take(): Uint8Array[] | undefined {
    const { kind } = this.#reader;
    if (kind === LENGTH) {
      const { buffer, byteOffset } = this.#reader.take();
      this.#length = new DataView(buffer, byteOffset).getFloat64(0);
      return undefined;
    }
    if (kind === REFERENCE || kind === REFERENCE_MORE) {
      this.#reference = { isLast: kind === REFERENCE, bytes: this.#reader.take() };
      return this.goOn();
    }
    let frame: Uint8Array;
    if (this.#length >= 0) frame = this.#fill();
    else frame = this.#reader.take();
    if (kind === PIECE) return undefined;
    return this.#add(frame, kind === FRAME);
  }

  #add(frame: Uint8Array, isLast: boolean): Uint8Array[] | undefined {
    if (isLast && this.#frames === undefined) return [frame];
    this.#frames ??= [];
    this.#frames.push(frame);
    if (!isLast) return undefined;
    const message = this.#frames;
    this.#frames = undefined;
    return message;
  }

  #fill(): Uint8Array {
    const reader = this.#reader;
    if (this.#body === undefined) {
      // The pieces lie in the ring as in their source; so the memory begins like them.
      const { pad } = reader;
      this.#body = uninitialized(this.#length + pad).subarray(pad);
      this.#filled = 0;
    }
    const { length } = reader;
    const body = this.#body;
    reader.copyTo(body, this.#filled);
    this.#filled += length;
    if (reader.kind !== PIECE) {
      this.#body = undefined;
      this.#length = -1;
    }
    return body;
  }
}

/** Whether records of `kind` are of messages. */
export function isMessage(kind: number): boolean {
  return kind < SUBSCRIBE;
}
