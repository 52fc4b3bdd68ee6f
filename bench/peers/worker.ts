/**
 * The Node side of a benchmark process: lines in and out, the clock, CPU time, and the messages with their check.
 *
 * Messages come from a small ring of prepared ones, each with its number in one byte, so that neither allocation nor
 * filling is measured and the receiver still sees every loss, repetition and swap. The end of the stream is a message of
 * another size, `end N`, with N the number of messages sent.
 */
import { decodeJob, type Job, type Result } from "./job.ts";

export const now = (): number => performance.now();

export function say(line: Record<string, unknown>): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

const goes: (() => void)[] = [];
let unheard = 0;

/** Resolves at the next `go` of the harness. */
export function go(): Promise<void> {
  if (unheard > 0) {
    unheard--;
    return Promise.resolve();
  }
  return new Promise((resolve) => goes.push(resolve));
}

/** Runs the job of the command line, reports its result, and stays until the harness closes stdin. */
export function work(run: (job: Job) => Promise<Result>): void {
  process.stdin.setEncoding("utf8");
  process.stdin.on("data", (text) => {
    for (const _ of String(text).matchAll(/go\n/g)) {
      const waiting = goes.shift();
      if (waiting) waiting();
      else unheard++;
    }
  });
  process.stdin.on("end", () => process.exit());
  run(decodeJob(process.argv.slice(2))).then(
    (result) => say({ result }),
    (error: unknown) => say({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  );
}

function cpuUs(): number {
  const { userCPUTime, systemCPUTime } = process.resourceUsage();
  return userCPUTime + systemCPUTime;
}

/** Warm-up, then the measured time. */
export class Stopwatch {
  readonly #job: Job;
  readonly #startMs = now();
  #measuredFromMs = 0;
  #measuredFromCount = 0;
  #cpuUs = 0;

  constructor(job: Job) {
    this.#job = job;
  }

  /** True once the warm-up is over; the call that finds it so starts the measurement. Then it reads no clock. */
  warm(count: number): boolean {
    if (this.#measuredFromMs !== 0) return true;
    const at = now();
    if (at - this.#startMs < this.#job.warmupMs) return false;
    this.#measuredFromMs = at;
    this.#measuredFromCount = count;
    this.#cpuUs = cpuUs();
    return true;
  }

  /** True once warm-up and measured time are both over. */
  over(count: number): boolean {
    return this.warm(count) && now() - this.#measuredFromMs >= this.#job.durationMs;
  }

  /** What was measured until now. Throws when the warm-up was not over. */
  stop(total: number): Result {
    if (this.#measuredFromMs === 0) throw new Error(`stopped after ${total} messages, before the warm-up was over`);
    const count = total - this.#measuredFromCount;
    return { count, seconds: (now() - this.#measuredFromMs) / 1000, cpuUs: (cpuUs() - this.#cpuUs) / count };
  }
}

/** How many messages pass between two looks at the clock, less one: a mask. */
export const clockMask = (size: number): number => (size >= 32 * 1024 ? 0 : 63);

/** Prepared messages of one size. `at` is the octet that carries the number. */
export class Ring {
  readonly messages: Buffer[] = [];
  readonly mask: number;
  readonly at: number;

  constructor(size: number, topics: readonly string[] = [""]) {
    const length = size > 4096 ? 8 : 256;
    this.mask = length - 1;
    this.at = topics[0]!.length;
    for (let i = 0; i < length; i++) {
      const message = Buffer.alloc(size, "m");
      message.write(topics[Math.floor((i * topics.length) / length)]!);
      message[this.at] = i;
      this.messages.push(message);
    }
  }

  /** Throws unless `frame` is message number `count`. Its size is the caller's to check: another size is the end mark. */
  check(frame: Uint8Array, count: number): void {
    if (frame[this.at] !== (count & this.mask)) {
      throw new Error(`message ${count}: number ${frame[this.at]} came, expected ${count & this.mask}`);
    }
  }
}

export const endMark = (sent: number, topic = ""): string => `${topic}end ${sent}`;

/** The count of an end mark. Throws when `frame` is not one, or its count is not `received`. */
export function checkEnd(frame: Uint8Array, received: number): void {
  const text = Buffer.from(frame.subarray(0, 40)).toString("latin1");
  const sent = /end (\d+)$/.exec(text)?.[1];
  if (sent === undefined) throw new Error(`message ${received}: unexpected size ${frame.length}`);
  if (Number(sent) !== received) throw new Error(`lost messages: ${sent} sent, ${received} received`);
}

/** Median and 99th percentile of latencies in milliseconds, as microseconds. */
export function percentiles(latencies: Float64Array): { p50us: number; p99us: number } {
  const sorted = latencies.slice().sort();
  const at = (share: number) => (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0) * 1000;
  return { p50us: at(0.5), p99us: at(0.99) };
}

/** Latencies of round trips, kept without allocation while measuring. */
export class Latencies {
  #values = new Float64Array(1 << 20);
  #length = 0;

  add(milliseconds: number): void {
    if (this.#length < this.#values.length) this.#values[this.#length++] = milliseconds;
  }

  result(): Result {
    return percentiles(this.#values.subarray(0, this.#length));
  }
}

/** Topics of a SUB with `count` subscriptions: eight characters each, or the empty one. */
export function topicsOf(count: number): string[] {
  return count === 0 ? [""] : Array.from({ length: count }, (_, i) => `t${String(i).padStart(7, "0")}`);
}
