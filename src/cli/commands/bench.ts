/**
 * `zmq bench`: how many messages a second, and how long a round trip takes,
 * between two processes: on this machine, or with a partner elsewhere that was
 * started with `--listen`. Both use PAIR sockets. A quick check; the benchmarks
 * of the project are in bench/.
 *
 *   client -> partner   frames of one: measured messages, or echoed ones
 *   both ways           frames of two: a word and a number
 *
 *     "echo" n       send the next n messages back
 *     "count" 0      count messages from now on
 *     "done" n       n messages were sent; answered by "took" with milliseconds since the first
 */

import { spawn } from "node:child_process";
import { type Command, Option } from "commander";
import type { Message } from "../../base/message.ts";
import { Pair } from "../../index.ts";
import { bindTo, connectTo, expand } from "../endpoints.ts";
import { EXIT, Failure, isTimeout } from "../failure.ts";
import { examples, type Finish } from "../help.ts";
import { collect, count, duration, grouped, humanBytes, size } from "../numbers.ts";
import { assign, parseOption } from "../options.ts";
import { type SecurityFlags, securityOptions } from "../security.ts";
import { Shutdown } from "../shutdown.ts";
import { addSecurityFlags } from "../socket/flags.ts";
import { painterOf } from "../terminal.ts";

interface Flags extends SecurityFlags {
  readonly listen?: string;
  readonly join?: string;
  readonly size?: readonly number[];
  readonly duration: number;
  readonly roundTrips: number;
  readonly timeout: number;
  readonly json?: boolean;
  readonly option?: readonly string[];
}

interface Result {
  readonly bytes: number;
  readonly messagesPerSecond: number;
  readonly bytesPerSecond: number;
  /** Microseconds: median and 99th percentile. */
  readonly roundTripUs: number;
  readonly roundTrip99Us: number;
}

const EXAMPLES = [
  ["zmq bench", "two processes on this machine"],
  ["zmq bench --listen :5599", "on one machine, and on another:"],
  ["zmq bench tcp://first:5599", "measure between them"],
  ["zmq bench --size 64 --size 1M --duration 3s --json", "other sizes, longer, as JSON"],
] as const;

const SIZES = ["64", "1k", "64k"];
/** Messages between two looks at the clock. */
const STRETCH = 64;

export function addBench(program: Command, finish: Finish): void {
  const command = program
    .command("bench")
    .summary("Measure throughput and latency, here or between two machines.")
    .description("Measure throughput (one way) and latency (round trips) between two processes.")
    .argument("[endpoint]", "the partner's endpoint (default: start one on this machine)")
    .option("-l, --listen <endpoint>", "wait for other benchmarks, until a signal")
    .option("-s, --size <bytes>", "message size; repeatable (default: 64, 1k and 64k)", sizes)
    .option("-d, --duration <time>", "length of each throughput measurement", duration, 1000)
    .option("-r, --round-trips <n>", "number per latency measurement", count, 2000)
    .option("--timeout <time>", "exit with 3 if the partner does not answer", duration, 10_000)
    .option("--json", "print the results as JSON")
    .addOption(new Option("--join <endpoint>", "be the partner that zmq bench starts").hideHelp())
    .option("-o, --option <name=value>", "set any option of PAIR sockets; repeatable", collect);
  addSecurityFlags(command);
  command.addHelpText("after", examples(EXAMPLES));
  command.action((endpoint: string | undefined, flags: Flags) => finish(() => run(endpoint, flags)));
}

/** commander's parser of a size that may be repeated. */
function sizes(text: string, before: readonly number[] = []): readonly number[] {
  return [...before, size(text)];
}

async function run(endpoint: string | undefined, flags: Flags): Promise<number> {
  const shutdown = new Shutdown();
  const assignments = (flags.option ?? []).map((text) => parseOption(text, "PAIR"));
  assignments.push(...securityOptions(flags));
  const socket = new Pair();
  assign(socket, assignments);
  if (flags.listen !== undefined) {
    await bindTo(socket, expand(flags.listen, "bind", "--listen"));
    return serve(socket, shutdown);
  }
  if (flags.join !== undefined) {
    connectTo(socket, flags.join);
    return serve(socket, shutdown);
  }
  const measured = flags.size ?? SIZES.map(size);
  socket.sendTimeout = flags.timeout;
  socket.receiveTimeout = flags.timeout;
  socket.linger = 0;
  const stop = endpoint === undefined ? await startPartner(socket) : undefined;
  if (endpoint !== undefined) connectTo(socket, expand(endpoint, "connect", "bench"));
  shutdown.stopping.addEventListener("abort", () => socket.close());
  try {
    const results: Result[] = [];
    if (!flags.json) process.stdout.write(HEAD);
    for (const bytes of measured) {
      const result = await measure(socket, bytes, flags);
      results.push(result);
      if (!flags.json) process.stdout.write(row(result));
    }
    if (flags.json) process.stdout.write(`${JSON.stringify(results)}\n`);
    return EXIT.done;
  } catch (error) {
    if (shutdown.stopping.aborted) return EXIT.done;
    if (!isTimeout(error)) throw error;
    throw new Failure(`bench: the partner did not answer within ${flags.timeout} ms`, EXIT.timeout, error);
  } finally {
    socket.close();
    stop?.();
  }
}

/** Starts a partner on this machine, which connects to us; returns a function that ends it. */
async function startPartner(socket: Pair): Promise<() => void> {
  await socket.bind("tcp://127.0.0.1:*");
  const args = [...process.execArgv, process.argv[1] as string, "bench", "--join", socket.lastEndpoint ?? ""];
  const child = spawn(process.execPath, args, { stdio: "ignore" });
  return () => child.kill();
}

/** Counts or echoes until a signal comes. */
async function serve(socket: Pair, shutdown: Shutdown): Promise<number> {
  let echoes = 0;
  let began = 0;
  let counted = 0;
  const wait = { signal: shutdown.stopping };
  try {
    for await (const messages of socket.batches(wait)) {
      for (const message of messages) {
        if (message.length === 1) {
          if (echoes > 0) {
            echoes--;
            await socket.send(message);
          } else if (counted++ === 0) began = performance.now();
          continue;
        }
        const [word, number] = parse(message);
        if (word === "echo") echoes = number;
        else if (word === "count") counted = 0;
        else if (word === "done") await socket.send(["took", String(performance.now() - began)]);
      }
    }
    return EXIT.done;
  } catch (error) {
    if (!shutdown.stopping.aborted) throw error;
    return EXIT.done;
  } finally {
    socket.close();
  }
}

async function measure(socket: Pair, bytes: number, flags: Flags): Promise<Result> {
  await throughput(socket, bytes, Math.min(300, flags.duration)); // Warms up both sides.
  const messagesPerSecond = await throughput(socket, bytes, flags.duration);
  const times = await roundTrips(socket, bytes, flags.roundTrips);
  return {
    bytes,
    messagesPerSecond: Math.round(messagesPerSecond),
    bytesPerSecond: Math.round(messagesPerSecond * bytes),
    roundTripUs: percentile(times, 0.5),
    roundTrip99Us: percentile(times, 0.99),
  };
}

/** Messages per second as the partner saw them. */
async function throughput(socket: Pair, bytes: number, durationMs: number): Promise<number> {
  const body = Buffer.alloc(bytes, "z");
  const stretch = new Array<Buffer>(STRETCH).fill(body);
  await socket.send(["count", "0"]);
  const end = performance.now() + durationMs;
  let sent = 0;
  while (performance.now() < end) {
    await socket.sendMany(stretch);
    sent += STRETCH;
  }
  await socket.send(["done", String(sent)]);
  const [, ms] = parse(await socket.receive());
  return (sent * 1000) / Math.max(ms, 0.001);
}

/** Microseconds of each round trip, in order of length. */
async function roundTrips(socket: Pair, bytes: number, number: number): Promise<number[]> {
  const body = Buffer.alloc(bytes, "z");
  await socket.send(["echo", String(number)]);
  const times: number[] = [];
  for (let i = 0; i < number; i++) {
    const begun = performance.now();
    await socket.send(body);
    await socket.receive();
    times.push((performance.now() - begun) * 1000);
  }
  return times.sort((a, b) => a - b);
}

function parse([word, number]: Message): [word: string, number: number] {
  return [String(word), Number(String(number))];
}

function percentile(sorted: readonly number[], part: number): number {
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0);
}

const COLUMNS = [10, 14, 12, 14, 12] as const;

function columns(cells: readonly string[]): string {
  return `${cells.map((cell, index) => cell.padStart(COLUMNS[index] as number)).join("")}\n`;
}

const HEAD = painterOf(process.stdout)("bold", columns(["bytes", "messages/s", "per second", "round trip", "99 %"]));

function row({ bytes, messagesPerSecond, bytesPerSecond, roundTripUs, roundTrip99Us }: Result): string {
  const cells = [grouped(bytes), grouped(messagesPerSecond), humanBytes(bytesPerSecond)];
  return columns([...cells, `${grouped(roundTripUs)} µs`, `${grouped(roundTrip99Us)} µs`]);
}
