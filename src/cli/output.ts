/**
 * Messages to stdout, many in one write: what comes in one turn of the event
 * loop leaves together, at most 64 KiB at a time. `write` returns a promise only
 * when the reader of stdout is slower than we are, so that its pace is felt by
 * the socket. A reader that went away (EPIPE) is a reason to stop, not an error.
 */

import type { Writable } from "node:stream";
import type { Frame, Message } from "../base/message.ts";
import type { ByteSink, Formatter } from "./formats.ts";

const BLOCK_BYTES = 64 * 1024;
/** Larger frames are written by reference. */
const COPIED_BYTES = 16 * 1024;

export class Output implements ByteSink {
  readonly #stream: Writable;
  readonly #format: Formatter;
  readonly #onGone: () => void;
  #block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  /** The block's bytes from here on are not written yet. */
  #start = 0;
  #length = 0;
  #isScheduled = false;
  #isGone = false;

  /** `onGone` is called once when the reader of the stream is gone. */
  constructor(stream: Writable, format: Formatter, onGone: () => void) {
    this.#stream = stream;
    this.#format = format;
    this.#onGone = onGone;
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") process.stderr.write(`zmq: cannot write to stdout: ${error.message}\n`);
      this.#gone();
    });
    stream.on("close", () => this.#gone());
  }

  /** Whether the reader of the stream is gone. */
  get isGone(): boolean {
    return this.#isGone;
  }

  /** Takes a message. A promise: resolves when there is room for more. */
  write(message: Message): Promise<void> | undefined {
    if (this.#isGone) return undefined;
    this.#format(message, this);
    if (!this.#isScheduled) {
      this.#isScheduled = true;
      setImmediate(this.#turn);
    }
    return this.#stream.writableNeedDrain ? this.#drain() : undefined;
  }

  /** Resolves when all messages are written, or the reader of the stream is gone. */
  async end(): Promise<void> {
    this.#flush();
    if (this.#isGone) return;
    await new Promise<void>((resolve) => {
      this.#stream.once("close", resolve);
      this.#stream.once("error", () => resolve());
      this.#stream.write("", () => resolve());
    });
  }

  // --- ByteSink ---

  byte(octet: number): void {
    if (this.#length === BLOCK_BYTES) this.#renew();
    this.#block[this.#length++] = octet;
  }

  bytes(frame: Frame): void {
    const { length } = frame;
    if (length > COPIED_BYTES) {
      this.#flush();
      this.#stream.write(frame);
      return;
    }
    if (length > BLOCK_BYTES - this.#length) this.#renew();
    this.#block.set(frame, this.#length);
    this.#length += length;
  }

  text(text: string): void {
    // No code unit takes more than three bytes.
    const most = text.length * 3;
    if (most > COPIED_BYTES) {
      this.#flush();
      this.#stream.write(text);
      return;
    }
    if (most > BLOCK_BYTES - this.#length) this.#renew();
    this.#length += this.#block.write(text, this.#length);
  }

  readonly #turn = (): void => {
    this.#isScheduled = false;
    this.#flush();
  };

  /** The bytes that the stream was given stay untouched; the rest of the block takes the next ones. */
  #flush(): void {
    if (this.#length === this.#start) return;
    this.#stream.write(this.#block.subarray(this.#start, this.#length));
    this.#start = this.#length;
    if (this.#length === BLOCK_BYTES) this.#renew();
  }

  #renew(): void {
    if (this.#length > this.#start) this.#stream.write(this.#block.subarray(this.#start, this.#length));
    this.#block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
    this.#start = 0;
    this.#length = 0;
  }

  #drain(): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        this.#stream.off("drain", done);
        this.#stream.off("close", done);
        this.#stream.off("error", done);
        resolve();
      };
      this.#stream.on("drain", done);
      this.#stream.on("close", done);
      this.#stream.on("error", done);
    });
  }

  #gone(): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#start = this.#length;
    this.#onGone();
  }
}
