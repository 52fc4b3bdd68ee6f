/**
 * For pattern tests: a real `Pipe` between a pattern and a peer that the test
 * plays. The near side hands every event on to the pattern, as a socket does;
 * the far side records what the pattern sends.
 */

import { fromText, toText } from "../src/base/bytes.ts";
import type { Outlet } from "../src/base/far-end.ts";
import type { Control, Message, Properties } from "../src/base/message.ts";
import type { NearEnd, PipeOwner } from "../src/base/near-end.ts";
import { defaultOptions, type OptionValues } from "../src/base/options.ts";
import { createPipe, type Pipe } from "../src/base/pipe.ts";
import type { PipeLimits } from "../src/base/pipe-limits.ts";
import type { SocketTypeName } from "../src/base/socket-types.ts";
import type { DropReason, Pattern, PatternHost } from "../src/pattern/pattern.ts";

/** A host with the default options of a socket type; `drops` records what was dropped and why. */
export class FakeHost implements PatternHost {
  readonly options: OptionValues;
  readonly drops: { reason: DropReason; pipe: NearEnd | undefined; message: string[] }[] = [];
  /** What `random32` returns. */
  random = 0;

  constructor(type: SocketTypeName, options: Partial<OptionValues> = {}) {
    this.options = { ...defaultOptions(type, { ipv6: false, blocky: true }), ...options };
  }

  random32(): number {
    return this.random;
  }

  dropped(reason: DropReason, pipe: NearEnd | undefined, message: Message): void {
    this.drops.push({ reason, pipe, message: text(message) });
  }
}

/** Owns pipes whose far side alone is of interest. */
export const DEAF_OWNER: PipeOwner = {
  readable() {},
  writable() {},
  connected() {},
  disconnected() {},
  control() {},
  ended() {},
};

export interface FakePeerSettings extends Partial<PipeLimits> {
  /** This side connects: `connect` is then up to the test. Otherwise the peer is connected at once. */
  readonly dialed?: boolean;
  /** The peer's `Identity`. */
  readonly routingId?: string | Uint8Array;
  /** `connect({ routingId })` of this side. */
  readonly presetId?: string | Uint8Array;
}

/** A peer of a pattern: attached when made. */
export class FakePeer implements Outlet, PipeOwner {
  readonly pipe: Pipe;
  readonly queues = true;
  /** False: the link is blocked, and what the pattern sends waits in the pipe. */
  accepts = true;
  /** What the link took, in order. */
  readonly sent: Message[] = [];
  readonly controls: Control[] = [];
  /** The pattern closed the pipe. */
  isClosed = false;
  /** How often the pattern made room in a full inbound queue. */
  resumed = 0;
  readonly #pattern: Pattern;
  readonly #properties: Properties;

  constructor(pattern: Pattern, settings: FakePeerSettings = {}) {
    const { dialed = false, sendHighWaterMark = 1000, receiveHighWaterMark = 1000, conflate = false } = settings;
    this.#pattern = pattern;
    this.#properties = new Map(settings.routingId === undefined ? [] : [["Identity", bytes(settings.routingId)]]);
    const limits = { sendHighWaterMark, receiveHighWaterMark, conflate };
    const presetId = settings.presetId === undefined ? undefined : bytes(settings.presetId);
    this.pipe = createPipe(this, "tcp://fake", dialed, limits, presetId);
    if (!dialed) this.pipe.attach(this);
    this.pipe.open();
    if (!dialed) this.pipe.connect(this.#properties);
  }

  // --- What the test does ---

  /** The link is there, first or again; what waited in the pipe leaves. */
  connect(properties: Properties = this.#properties): void {
    this.pipe.attach(this);
    this.pipe.connect(properties);
    if (this.accepts) this.drain();
  }

  /** The link is lost; the dialed pipe waits for another. */
  disconnect(): void {
    this.pipe.detach();
  }

  /** The peer is gone for good. */
  end(): void {
    this.pipe.end();
  }

  /** The peer sends one message; text frames as UTF-8. */
  send(...frames: (string | Uint8Array)[]): void {
    this.pipe.deliver(frames.map(bytes));
  }

  /** Takes up to `count` of the messages that wait in the pipe. */
  drain(count = Number.POSITIVE_INFINITY): void {
    for (let i = 0; i < count; i++) {
      const item = this.pipe.pull();
      if (item === undefined) return;
      if (Array.isArray(item)) this.sent.push(item);
      else this.controls.push(item);
    }
  }

  /** What the peer received since the last call, as text, one string a message with `|` between frames. */
  received(): string[] {
    return this.sent.splice(0).map((message) => text(message).join("|"));
  }

  // --- Outlet ---

  write(message: Message): boolean {
    if (this.accepts) this.sent.push(message);
    return this.accepts;
  }

  get canWrite(): boolean {
    return this.accepts;
  }

  writeControl(control: Control): boolean {
    if (this.accepts) this.controls.push(control);
    return this.accepts;
  }

  resume(): void {
    this.resumed++;
  }

  close(): void {
    this.isClosed = true;
  }

  // --- PipeOwner ---

  opened(pipe: NearEnd): void {
    this.#pattern.attach(pipe);
  }

  readable(pipe: NearEnd): void {
    this.#pattern.readable(pipe);
  }

  writable(pipe: NearEnd): void {
    this.#pattern.writable(pipe);
  }

  connected(pipe: NearEnd): void {
    this.#pattern.connected?.(pipe);
  }

  disconnected(pipe: NearEnd): void {
    this.#pattern.disconnected?.(pipe);
  }

  control(pipe: NearEnd, control: Control): void {
    this.#pattern.control?.(pipe, control);
  }

  ended(pipe: NearEnd): void {
    this.#pattern.detach(pipe);
  }
}

/** Frames of text. */
export function message(...frames: (string | Uint8Array)[]): Message {
  return frames.map(bytes);
}

/** The next message of a pattern as text with `|` between frames, or undefined. */
export function receive(pattern: Pattern): string | undefined {
  const received = pattern.receive?.();
  return received && text(received).join("|");
}

/** All that a pattern has to read. */
export function receiveAll(pattern: Pattern): string[] {
  const all: string[] = [];
  for (let next = receive(pattern); next !== undefined; next = receive(pattern)) all.push(next);
  return all;
}

/** Frames as text, those that begin with a zero byte in hex. */
export function text(frames: Message): string[] {
  return frames.map((frame) => (frame[0] === 0 ? `0x${hex(frame)}` : toText(frame)));
}

function hex(frame: Uint8Array): string {
  return Array.from(frame, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function bytes(value: string | Uint8Array): Uint8Array {
  return typeof value === "string" ? fromText(value) : value;
}
