/**
 * Runs one socket command: opens its socket, puts input, loop and output
 * together, and ends it so that everything accepted is delivered.
 */

import type { Message } from "../../base/message.ts";
import { context } from "../../index.ts";
import { attach, requireEndpoint } from "../endpoints.ts";
import { EXIT, usage } from "../failure.ts";
import { type ByteSink, type Format, formatter, lineParser } from "../formats.ts";
import { changed, fileMessages, type Input, listInput, paced, streamInput, underTopics } from "../input.ts";
import { assign, parseOption } from "../options.ts";
import { Output } from "../output.ts";
import { securityOptions } from "../security.ts";
import { Shutdown } from "../shutdown.ts";
import { note, painterOf, setQuiet, warn } from "../terminal.ts";
import { Traffic } from "../traffic.ts";
import { executor } from "./answers.ts";
import { deliver } from "./deliver.ts";
import type { SocketFlags } from "./flags.ts";
import { Job } from "./job.ts";
import { type AnySocket, type Kind, openSocket } from "./kinds.ts";
import { answerAll, type Change, receiveAll, requestAll, sendAll } from "./loops.ts";
import { untilSubscribed } from "./subscribers.ts";
import { watch } from "./watch.ts";

/** Resolves to the exit code. Throws a Failure for a mistake. */
export async function runSocket(kind: Kind, args: readonly string[], flags: SocketFlags): Promise<number> {
  check(kind, args, flags);
  setQuiet(flags.quiet === true);
  const assignments = (flags.option ?? []).map((text) => parseOption(text, kind.type));
  assignments.push(...securityOptions(flags));
  const socket = openSocket(kind, context);
  prepare(kind, socket, flags);
  assign(socket, assignments);

  const shutdown = new Shutdown();
  const output = new Output(process.stdout, outputFormatter(kind, flags), () => shutdown.stop());
  const traffic = new Traffic();
  if (flags.stats) traffic.show();
  watch(socket, kind, flags, shutdown);
  const attached = await attach(socket, flags);
  subscribe(kind, socket, flags);

  const limit = flags.count ?? Number.POSITIVE_INFINITY;
  const job = new Job({ kind, socket, attached, output, shutdown, traffic, limit, timeoutMs: flags.timeout });
  let execFailed = false;
  const change = changeOf(kind, flags, () => {
    execFailed = true;
  });

  let failure: unknown;
  try {
    await loop(job, args, flags, change);
  } catch (error) {
    failure = job.failureOf(error);
  }
  failure = shutdown.failure ?? failure;
  await output.end();
  const isDelivered = await deliver(socket, shutdown, flags.timeout);
  traffic.finish();
  if (failure !== undefined) throw failure;
  if (isDelivered && job.isCutShort) warn("not all of the input was sent: no peer took it");
  if (!isDelivered || job.isCutShort) return shutdown.isSignalled ? shutdown.lossExitCode : EXIT.timeout;
  return execFailed ? EXIT.failed : EXIT.done;
}

/** The command line as a whole. */
function check(kind: Kind, args: readonly string[], flags: SocketFlags): void {
  const { name, role } = kind;
  requireEndpoint(name, flags);
  if (role === "receive" && args.length > 0) {
    throw usage(`${name}: expected no messages to send, as ${kind.type} only receives; not "${args[0]}"`);
  }
  if (flags.echo && flags.exec !== undefined) throw usage(`${name}: expected --echo or --exec, not both`);
  const isAnswering = flags.echo || (flags.exec !== undefined && (role === "both" || role === "reply"));
  const hasList = args.length > 0 || flags.file !== undefined;
  if (isAnswering && hasList) throw usage(`${name}: expected --echo, --exec or messages to send, not both`);
  if (kind.type === "DISH" && flags.group === undefined) throw usage(`${name}: expected --group, the group to join`);
  if (flags.multipart && args.length === 0) throw usage(`${name}: --multipart: expected frames as arguments`);
}

/** Options that make a socket a good part of a pipe; `--option` comes later and wins. */
function prepare({ type }: Kind, socket: AnySocket, flags: SocketFlags): void {
  const set = (name: string, value: unknown) => Reflect.set(socket, name, value);
  if (flags.timeout !== undefined) {
    set("sendTimeout", flags.timeout);
    set("receiveTimeout", flags.timeout);
  }
  // A pipe loses no lines: a full subscriber slows the input down.
  if (type === "PUB" || type === "XPUB" || type === "RADIO") set("noDrop", true);
  if (type === "ROUTER") set("mandatory", true);
  // Messages fetched beyond the last one would be lost to other receivers.
  if ((type === "PULL" || type === "GATHER") && flags.count !== undefined && flags.count < 1000)
    set("receiveHighWaterMark", flags.count);
}

function subscribe({ type }: Kind, socket: AnySocket, flags: SocketFlags): void {
  const topics = flags.topic ?? [""];
  if (type === "DISH") Reflect.apply(Reflect.get(socket, "join") as () => void, socket, flags.group ?? []);
  if (type === "SUB") Reflect.apply(Reflect.get(socket, "subscribe") as () => void, socket, topics);
  if (type !== "XSUB" || (flags.topic === undefined && flags.inputFormat !== undefined)) return;
  for (const topic of topics) void socket.send(Buffer.concat([Buffer.from([1]), Buffer.from(topic)]));
}

function outputFormatter({ type }: Kind, { format, separator }: SocketFlags) {
  const chosen: Format = format ?? (type === "STREAM" ? "raw" : "text");
  const paint = process.stdout.isTTY ? painterOf(process.stdout) : undefined;
  const write = formatter(chosen, { separator, paint });
  // The bytes of a plain TCP peer, without its id.
  return type === "STREAM" && chosen === "raw"
    ? (message: Message, sink: ByteSink) => write(message.slice(1), sink)
    : write;
}

/** `--format` is that of the one direction a socket has, or of the output. */
function inputFormatOf({ role }: Kind, flags: SocketFlags): Format {
  return (role === "send" ? flags.format : flags.inputFormat) ?? "text";
}

function changeOf({ type }: Kind, flags: SocketFlags, onFailure: () => void): Change | undefined {
  if (flags.echo) return async (message) => message;
  if (flags.exec === undefined) return undefined;
  const format = flags.format ?? (type === "STREAM" ? "raw" : "text");
  const { separator } = flags;
  return executor({
    command: flags.exec,
    type,
    format,
    separator,
    parse: lineParser(format, separator),
    onFailure,
  });
}

async function loop(job: Job, args: readonly string[], flags: SocketFlags, change: Change | undefined): Promise<void> {
  const { kind, limit } = job;
  switch (kind.role) {
    case "receive":
      return receiveAll(job, limit, change);
    case "send": {
      const input = inputOf(job, args, flags, true);
      await sendAll(job, published(job, flags, change === undefined ? input : changed(input, change)), limit);
      return;
    }
    case "request":
      return requestAll(job, inputOf(job, args, flags, true), change);
    case "reply":
      return answerAll(job, change ?? (await repliesOf(job, args, flags)));
    case "both":
      return change === undefined ? both(job, args, flags) : answerAll(job, change);
  }
}

/** Sends the input and prints messages that come, at the same time. */
async function both(job: Job, args: readonly string[], flags: SocketFlags): Promise<void> {
  const { kind, shutdown } = job;
  const isPublisher = kind.type === "XPUB";
  const hasList = args.length > 0 || flags.file !== undefined;
  const input = inputOf(job, args, flags, isPublisher);
  const receiving = receiveAll(job, isPublisher ? Number.POSITIVE_INFINITY : job.limit);
  const sending = sendAll(job, published(job, flags, input), isPublisher ? job.limit : Number.POSITIVE_INFINITY).then(
    (sent) => {
      const isLimited = flags.count !== undefined || flags.timeout !== undefined;
      const isDone = isPublisher ? sent >= job.limit : !isLimited && !hasList && sent > 0;
      if (isDone) shutdown.stop();
    },
  );
  // Sending may fail before receiving ends: by its number of messages, by a time-out or when told to stop.
  await Promise.race([receiving, sending.then(() => receiving)]);
  shutdown.stop();
  await sending;
}

/** The messages of PUB, XPUB and RADIO: topics or groups in front, and none before there is a subscriber. */
function published(job: Job, flags: SocketFlags, input: Input): Input {
  const { type } = job.kind;
  if (type !== "PUB" && type !== "XPUB" && type !== "RADIO") return input;
  const topics = (flags.topic ?? flags.group ?? []).map((topic) => Buffer.from(topic));
  const messages = topics.length === 0 ? input : underTopics(input, topics);
  return flags.wait === false ? messages : untilSubscribed(job, messages);
}

/** Arguments and files, or else the lines of stdin; at the pace of `--interval`. */
function inputOf(job: Job, args: readonly string[], flags: SocketFlags, mayRepeat: boolean): Input {
  const { stopping } = job.shutdown;
  const format = inputFormatOf(job.kind, flags);
  const parse = lineParser(format, flags.separator);
  const isStream = job.kind.type === "STREAM";
  const list = listOf(job.kind, args, flags, isStream && format === "text");
  let input: Input;
  if (list.length > 0) {
    const repeat = flags.interval !== undefined || (mayRepeat && flags.count !== undefined);
    input = listInput(list, repeat, stopping);
  } else {
    if (process.stdin.isTTY) note("each line is a message; Ctrl-D ends");
    input = streamInput(process.stdin, { format, parse, stopping, keepsLineEnd: isStream });
  }
  return flags.interval === undefined ? input : paced(input, flags.interval, stopping);
}

function listOf(kind: Kind, args: readonly string[], flags: SocketFlags, addsLineEnd: boolean): Message[] {
  const parse = lineParser(inputFormatOf(kind, flags), flags.separator);
  const parsed = args.map((arg, index) => parse(Buffer.from(addsLineEnd ? `${arg}\n` : arg), `argument ${index + 1}`));
  const messages = flags.multipart ? [parsed.flat()] : parsed;
  return [...messages, ...fileMessages(flags.file ?? [])];
}

/** Replies from arguments, again and again, or from stdin, one for each request. */
async function repliesOf(job: Job, args: readonly string[], flags: SocketFlags): Promise<Change> {
  const list = listOf(job.kind, args, flags, false);
  if (list.length > 0) {
    let next = 0;
    return async () => list[next++ % list.length];
  }
  const input = inputOf(job, args, flags, false);
  const lines = (async function* () {
    for await (const batch of input) yield* batch;
  })();
  const first = process.stdin.isTTY ? undefined : await lines.next();
  if (first?.done) {
    throw usage("rep: expected something to reply with: --echo, --exec COMMAND, arguments or lines of stdin");
  }
  let held = first?.value;
  return async () => {
    const reply = held ?? (await lines.next()).value ?? undefined;
    held = undefined;
    return reply;
  };
}
