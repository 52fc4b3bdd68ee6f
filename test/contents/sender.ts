/**
 * What a program does that sends: in every way that there is, from memory that it uses again as soon as it may. Frames of
 * up to 128 octets are its own again when `send` has taken them, the others when `drained` says so; over inproc the
 * receiver has them.
 */

import type { Random } from "../fuzz/random.ts";
import { type Kind, make } from "./messages.ts";

/** What both APIs of this library have. */
export interface SendingSocket {
  send(message: unknown, options?: { signal?: AbortSignal }): Promise<void>;
  trySend(message: unknown): boolean;
  sendMany(messages: unknown, options?: { signal?: AbortSignal }): Promise<void>;
  drained(options?: { signal?: AbortSignal }): Promise<void>;
}

export interface SendingPlan {
  readonly sender: number;
  readonly messages: number;
  readonly kinds: readonly Kind[];
  /** Large frames are the receiver's. */
  readonly isInproc: boolean;
  /** Calls are called off, now and then. */
  readonly aborts: boolean;
  readonly signal: AbortSignal;
}

const REUSED_BYTES = 128;
const SEEN_OFF_BYTES = 24 << 20;

export class Sender {
  readonly #socket: SendingSocket;
  readonly #random: Random;
  readonly #plan: SendingPlan;
  #number = 0;
  /** Sent, and not the program's again before all has left. */
  #lent: Buffer[] = [];
  #lentBytes = 0;
  readonly #small: Buffer[] = [];

  constructor(socket: SendingSocket, random: Random, plan: SendingPlan) {
    this.#socket = socket;
    this.#random = random;
    this.#plan = plan;
  }

  /** Sends all; stops early when the signal fires. */
  async run(): Promise<void> {
    const { messages, signal } = this.#plan;
    const pending: Promise<void>[] = [];
    while (this.#number < messages && !signal.aborted) {
      switch (this.#random.below(8)) {
        case 0:
          await this.#sendMany(1 + this.#random.below(40));
          break;
        case 1:
          this.#trySend();
          break;
        case 2:
        case 3:
          pending.push(this.#send());
          break;
        default:
          await this.#send();
      }
      if (pending.length >= 50) await Promise.all(pending.splice(0));
      if (this.#lentBytes > SEEN_OFF_BYTES || this.#random.oneIn(500)) {
        await Promise.all(pending.splice(0));
        await this.#seeOff();
      }
      if (this.#random.oneIn(200)) await new Promise<void>((resolve) => setImmediate(resolve));
    }
    await Promise.all(pending);
    if (!signal.aborted) await this.#seeOff();
  }

  /** Says that nothing follows. */
  async end(): Promise<void> {
    const frames = make({ sender: this.#plan.sender, number: 0, kind: "end" }, 1, Buffer.alloc);
    this.#socket.trySend(frames);
    await new Promise<void>((resolve) => setTimeout(resolve, 20));
  }

  #next(): Buffer[] {
    const { sender, kinds } = this.#plan;
    const kind = this.#random.pick(kinds);
    return make({ sender, number: this.#number++, kind }, this.#random.next32(), (length) => this.#allocate(length));
  }

  #allocate(length: number): Buffer {
    if (length <= REUSED_BYTES) return (this.#small.pop() ?? Buffer.alloc(REUSED_BYTES)).subarray(0, length);
    if (this.#random.oneIn(16)) return Buffer.from(new SharedArrayBuffer(length));
    return this.#random.oneIn(2) ? Buffer.allocUnsafe(length) : Buffer.alloc(length);
  }

  /** The call has taken them. */
  #taken(frames: readonly Buffer[]): void {
    for (const frame of frames) {
      if (frame.length <= REUSED_BYTES) {
        frame.fill(0xdd);
        this.#small.push(Buffer.from(frame.buffer));
      } else if (!this.#plan.isInproc) {
        this.#lent.push(frame);
        this.#lentBytes += frame.length;
      }
    }
  }

  async #seeOff(): Promise<void> {
    const lent = this.#lent;
    this.#lent = [];
    this.#lentBytes = 0;
    if (lent.length === 0) return;
    try {
      await this.#socket.drained({ signal: this.#plan.signal });
    } catch {
      return; // The socket was closed, or all of it is called off: the frames stay as they are.
    }
    for (const frame of lent) frame.fill(0xdd);
  }

  async #send(): Promise<void> {
    const frames = this.#next();
    const caller = this.#plan.aborts && this.#random.oneIn(4) ? new AbortController() : undefined;
    if (caller !== undefined) setImmediate(() => caller.abort());
    const signal = caller === undefined ? this.#plan.signal : AbortSignal.any([caller.signal, this.#plan.signal]);
    try {
      await this.#socket.send(frames, { signal });
    } catch (error) {
      if (!isExpected(error)) throw error;
    }
    this.#taken(frames);
  }

  #trySend(): void {
    const frames = this.#next();
    this.#socket.trySend(frames);
    this.#taken(frames);
  }

  async #sendMany(count: number): Promise<void> {
    const several = Array.from({ length: count }, () => this.#next());
    try {
      await this.#socket.sendMany(several, { signal: this.#plan.signal });
    } catch (error) {
      if (!isExpected(error)) throw error;
    }
    for (const frames of several) this.#taken(frames);
  }
}

/** Called off, or closed while it waited. */
function isExpected(error: unknown): boolean {
  const { code, name } = error as { code?: string; name?: string };
  return name === "AbortError" || code === "EAGAIN" || code === "EBADF" || code === "ABORT_ERR";
}
