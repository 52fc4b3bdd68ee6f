/**
 * The writing half of an end of a ring: messages and records, in order. What
 * there is no room for waits here, ahead of all that comes later.
 */

import type { Clock } from "../base/clock.ts";
import { copySmall, type Message } from "../base/message.ts";
import type { RingWriter } from "../base/ring-writer.ts";
import { isShared, type PassedFrames } from "./memories.ts";
import { FRAME, inParts, PartialMessage } from "./records.ts";

export class Outbox {
  readonly #writer: RingWriter;
  readonly #clock: Clock;
  readonly #memories: PassedFrames | undefined;
  #partial: PartialMessage | undefined = undefined;
  readonly #late: { readonly kind: number; readonly bytes: Uint8Array }[] = [];

  constructor(writer: RingWriter, clock: Clock, memories?: PassedFrames) {
    this.#writer = writer;
    this.#clock = clock;
    this.#memories = memories;
  }

  get isEmpty(): boolean {
    return this.#partial === undefined && this.#late.length === 0;
  }

  /** A message is not written whole. */
  get hasPartial(): boolean {
    return this.#partial !== undefined;
  }

  /** False when it waits. */
  writeRecord(kind: number, bytes: Uint8Array): boolean {
    const { mostBytes } = this.#writer;
    if (bytes.length <= mostBytes) return this.#writeRecord(kind, bytes);
    let isWritten = true;
    inParts(kind, bytes, mostBytes, (each, part) => {
      isWritten = this.#writeRecord(each, part);
    });
    return isWritten;
  }

  #writeRecord(kind: number, bytes: Uint8Array): boolean {
    if (this.isEmpty && this.#writer.write(kind, bytes)) return true;
    this.#late.push({ kind, bytes });
    return false;
  }

  /**
   * False when there is no room for any of it: then it was not taken, unless `isTaken` says that it must be. Only while
   * nothing waits; what `isEmpty` says after it tells whether some of it does.
   */
  writeMessage(message: Message, isTaken = false): boolean {
    const writer = this.#writer;
    const first = message[0] as Uint8Array;
    if (message.length === 1 && first.length <= writer.mostBytes && !isShared(first)) {
      if (writer.write(FRAME, first)) {
        writer.countMessage();
        return true;
      }
      if (!isTaken) return false;
    } else if (!isTaken && !writer.hasRoom(Math.min(first.length, writer.mostBytes))) return false;
    const partial = new PartialMessage(message, this.#memories);
    if (partial.writeTo(writer)) return true;
    // The rest waits, and small frames are their sender's to use again.
    copySmall(message);
    this.#partial = partial;
    this.#clock.ref(); // nobody else knows of it
    return true;
  }

  /** Goes on with what waits. False while there is no room for all of it. */
  goOn(): boolean {
    if (this.#partial?.writeTo(this.#writer) === false) return false;
    this.clear();
    for (let late = this.#late[0]; late !== undefined; late = this.#late[0]) {
      if (!this.#writer.write(late.kind, late.bytes)) return false;
      this.#late.shift();
    }
    return true;
  }

  /** Gives up a message that is not written whole. */
  clear(): void {
    if (this.#partial === undefined) return;
    this.#partial = undefined;
    this.#clock.unref();
  }
}
