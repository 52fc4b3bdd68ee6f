/**
 * What a command sends: arguments, files, or lines of stdin, in batches, so
 * that a large input costs no promise per line. A batch is what was there at
 * once; nothing is read ahead of what was asked for.
 */

import { readFileSync } from "node:fs";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { Message } from "../base/message.ts";
import { describe, Failure } from "./failure.ts";
import type { Format, LineParser } from "./formats.ts";

/** Messages in batches; ends at the end of input, and between two batches once it is told to stop. */
export type Input = AsyncIterable<readonly Message[]>;

const LINE_FEED = 0x0a;
/** Messages of a repeated list in one batch. */
const REPEATED = 256;

export interface StreamOptions {
  readonly format: Format;
  readonly parse: LineParser;
  readonly stopping: AbortSignal;
  /** Lines keep their line end: for peers that speak plain TCP. */
  readonly keepsLineEnd?: boolean;
}

/** The lines of a stream; with the format raw its chunks as they come. */
export async function* streamInput(stream: Readable, options: StreamOptions): AsyncGenerator<Message[]> {
  const { format, parse, stopping, keepsLineEnd = false } = options;
  let rest: Buffer[] = [];
  let lines = 0;
  for await (const chunk of chunksOf(stream, stopping)) {
    if (format === "raw") {
      yield [[chunk]];
      continue;
    }
    const batch: Message[] = [];
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      let line = chunk.subarray(start, keepsLineEnd ? end + 1 : end);
      if (rest.length > 0) {
        line = Buffer.concat([...rest, line]);
        rest = [];
      }
      batch.push(parse(line, `line ${++lines} of the input`));
      start = end + 1;
    }
    if (start < chunk.length) rest.push(start === 0 ? chunk : chunk.subarray(start));
    if (batch.length > 0) yield batch;
  }
  if (rest.length > 0 && !stopping.aborted) yield [parse(Buffer.concat(rest), `line ${lines + 1} of the input`)];
}

/** The chunks of a stream until its end, or until it is told to stop: then at once, whatever the stream waits for. */
async function* chunksOf(stream: Readable, stopping: AbortSignal): AsyncGenerator<Buffer> {
  let wake = () => {};
  let isOver = false;
  let failure: NodeJS.ErrnoException | undefined;
  const over = (error?: NodeJS.ErrnoException) => {
    isOver = true;
    failure ??= error;
    wake();
  };
  stream.on("readable", () => wake());
  stream.on("end", () => over());
  stream.on("close", () => over());
  stream.on("error", over);
  stopping.addEventListener("abort", () => wake(), { once: true });
  while (!stopping.aborted) {
    const chunk: Buffer | null = stream.read();
    if (chunk !== null) {
      yield chunk;
      continue;
    }
    if (isOver) break;
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
  }
  // No terminal or no stdin at all any more: that is an end too.
  if (failure === undefined || failure.code === "EIO" || failure.code === "EBADF") return;
  throw new Failure(`cannot read the input: ${describe(failure)}`, undefined, failure);
}

/** The whole content of each file as one message. */
export function fileMessages(paths: readonly string[]): Message[] {
  return paths.map((path) => {
    try {
      return [readFileSync(path === "-" ? 0 : path)];
    } catch (error) {
      throw new Failure(`--file ${path}: ${describe(error)}`, undefined, error);
    }
  });
}

/** A list of messages, once or for ever. */
export async function* listInput(
  messages: readonly Message[],
  repeat: boolean,
  stopping: AbortSignal,
): AsyncGenerator<readonly Message[]> {
  if (!repeat) {
    yield messages;
    return;
  }
  const batch: Message[] = [];
  while (batch.length < REPEATED) batch.push(...messages);
  while (!stopping.aborted) yield batch;
}

/** One message every `intervalMs`, the first at once. */
export async function* paced(
  input: Input,
  intervalMs: number,
  stopping: AbortSignal,
): AsyncGenerator<readonly Message[]> {
  let due = performance.now();
  for await (const batch of input) {
    for (const message of batch) {
      const wait = due - performance.now();
      if (wait > 0 && !(await slept(wait, stopping))) return;
      due = Math.max(due + intervalMs, performance.now());
      yield [message];
      if (stopping.aborted) return;
    }
  }
}

/** Each message through `change`, one after the other. */
export async function* changed(
  input: Input,
  change: (message: Message) => Promise<Message | undefined>,
): AsyncGenerator<readonly Message[]> {
  for await (const batch of input) {
    for (const message of batch) {
      const result = await change(message);
      if (result !== undefined) yield [result];
    }
  }
}

/** Each message once under each topic, the topic as first frame. */
export async function* underTopics(input: Input, topics: readonly Buffer[]): AsyncGenerator<readonly Message[]> {
  for await (const batch of input) {
    yield batch.flatMap((message) => topics.map((topic) => [topic, ...message]));
  }
}

/** False when it was cut short. */
async function slept(ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await sleep(ms, undefined, { signal });
    return true;
  } catch (error) {
    if (signal.aborted) return false;
    throw error;
  }
}
