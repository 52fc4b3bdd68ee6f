/** `--stats`: the messages sent and received, as a line on stderr every second: one that moves on a terminal. */

import type { Message } from "../base/message.ts";
import { grouped, humanBytes } from "./numbers.ts";
import { stderr } from "./terminal.ts";

const EVERY_MS = 1000;

class Counter {
  messages = 0;
  bytes = 0;
  #lastMessages = 0;
  #lastBytes = 0;

  add(message: Message): void {
    this.messages++;
    for (let i = 0; i < message.length; i++) this.bytes += (message[i] as Uint8Array).length;
  }

  /** The rates since the last call, and the total. */
  rates(seconds: number): string {
    const messages = (this.messages - this.#lastMessages) / seconds;
    const bytes = (this.bytes - this.#lastBytes) / seconds;
    this.#lastMessages = this.messages;
    this.#lastBytes = this.bytes;
    return `${grouped(messages)} msg/s, ${humanBytes(bytes)}/s, ${grouped(this.messages)} in all`;
  }
}

export class Traffic {
  readonly sent = new Counter();
  readonly received = new Counter();
  #timer: NodeJS.Timeout | undefined = undefined;
  #started = performance.now();
  #last = this.#started;

  /** Starts the line on stderr. */
  show(): void {
    this.#timer = setInterval(() => this.#line(), EVERY_MS);
    this.#timer.unref();
  }

  /** Ends it with the averages over the whole time. */
  finish(): void {
    if (this.#timer === undefined) return;
    clearInterval(this.#timer);
    const seconds = (performance.now() - this.#started) / 1000;
    const parts = this.#directions().map(
      ([name, { messages, bytes }]) =>
        `${name} ${grouped(messages)} messages, ${humanBytes(bytes)} (${grouped(messages / seconds)} msg/s)`,
    );
    stderr.settle(`zmq: ${parts.join("; ") || "nothing sent or received"} in ${seconds.toFixed(1)} s`);
  }

  #line(): void {
    const now = performance.now();
    const seconds = (now - this.#last) / 1000;
    this.#last = now;
    const text = this.#directions()
      .map(([name, counter]) => `${name} ${counter.rates(seconds)}`)
      .join("; ");
    stderr.move(`zmq: ${text || "waiting"}`);
  }

  #directions(): [string, Counter][] {
    const all: [string, Counter][] = [
      ["sent", this.sent],
      ["received", this.received],
    ];
    return all.filter(([, { messages }]) => messages > 0);
  }
}
