/** The flags of the socket commands, in groups as `--help` shows them. */

import { type Command, Option } from "commander";
import type { EndpointFlags } from "../endpoints.ts";
import { FORMATS, type Format } from "../formats.ts";
import { collect, count, duration } from "../numbers.ts";
import type { SecurityFlags } from "../security.ts";
import type { Kind } from "./kinds.ts";

export interface SocketFlags extends EndpointFlags, SecurityFlags {
  readonly topic?: readonly string[];
  readonly group?: readonly string[];
  readonly file?: readonly string[];
  readonly multipart?: boolean;
  readonly separator?: string;
  readonly format?: Format;
  readonly inputFormat?: Format;
  readonly interval?: number;
  readonly count?: number;
  readonly timeout?: number;
  readonly echo?: boolean;
  readonly exec?: string;
  /** False with `--no-wait`. */
  readonly wait?: boolean;
  readonly option?: readonly string[];
  readonly stats?: boolean;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
}

export const ENDPOINTS = "Endpoints:";
const MESSAGES = "Messages:";
const ENDING = "When to end:";
const SECURITY = "Security:";
const OTHERS = "Others:";

/** Adds the flags of a socket command. */
export function addSocketFlags(command: Command, { role, type }: Kind): void {
  addEndpointFlags(command);
  addMessageFlags(command, role !== "receive", role !== "send");
  if (type === "PUB" || type === "XPUB") {
    command.option("-t, --topic <topic>", "first frame of each message; several: one message for each", collect);
    command.option("--no-wait", "publish at once instead of waiting for the first subscriber");
  }
  if (type === "SUB" || type === "XSUB") {
    command.option("-t, --topic <prefix>", "subscribe to what begins so; may be repeated (default: all)", collect);
  }
  if (type === "RADIO") {
    command.option("-g, --group <name>", "send to this group; several: one message for each", collect);
    command.option("--no-wait", "send at once instead of waiting for the first member");
  }
  if (type === "DISH") command.option("-g, --group <name>", "join this group; may be repeated", collect);
  if (role === "reply" || (role === "both" && type !== "XPUB" && type !== "XSUB")) {
    command.option("--echo", "send each message back to where it came from");
    command.option("--exec <command>", "answer with what a shell command makes of each message");
  } else if (role === "send") {
    command.option("--exec <command>", "send what a shell command makes of each message");
  } else {
    command.option("--exec <command>", "print what a shell command makes of each message");
  }
  command.optionsGroup(ENDING);
  const counted = role === "send" || type === "XPUB" ? "sent; arguments are repeated" : "received";
  command.option("-n, --count <n>", `end after n messages were ${counted}`, count);
  command.option("--timeout <time>", "exit with 3 when sending or receiving waits longer (ms, or 5s, 1m)", duration);
  addSecurityFlags(command);
  addOtherFlags(command);
}

export function addEndpointFlags(command: Command): void {
  command.optionsGroup(ENDPOINTS);
  command.option("-b, --bind <endpoint>", "accept connections here: tcp://*:5555, ipc:///tmp/x, :5555", collect);
  command.option("-c, --connect <endpoint>", "connect to it, and again when it is lost", collect);
}

function addMessageFlags(command: Command, sends: boolean, receives: boolean): void {
  command.optionsGroup(MESSAGES);
  const formatted = receives ? "of what is printed" : "of the input";
  command.addOption(new Option("-f, --format <format>", `${formatted} (default: text)`).choices(FORMATS));
  if (sends && receives) {
    command.addOption(new Option("--input-format <format>", "of the input (default: text)").choices(FORMATS));
  }
  command.option("-s, --separator <text>", separatorText(sends, receives), withEscapes);
  if (!sends) return;
  command.option("-m, --multipart", "the arguments are the frames of one message");
  command.option("--file <path>", "send a whole file as one message; may be repeated", collect);
  command.option("-i, --interval <time>", "one message each interval; arguments are repeated", duration);
}

function separatorText(sends: boolean, receives: boolean): string {
  if (!sends) return "between the frames of text (default: a tab)";
  return `splits text into frames, such as '\\t'${receives ? ", and joins those that are printed" : ""}`;
}

/** `\t`, `\n`, `\0` and `\\` as the characters that they stand for. */
function withEscapes(text: string): string {
  const meanings: Readonly<Record<string, string>> = { t: "\t", n: "\n", r: "\r", "0": "\0", "\\": "\\" };
  return text.replace(/\\([tnr0\\])/g, (whole, letter: string) => meanings[letter] ?? whole);
}

export function addSecurityFlags(command: Command): void {
  command.optionsGroup(SECURITY);
  command.option("--username <name>", "PLAIN: the user name to give, or with --plain-server to ask for");
  command.option(
    "--password <password>",
    "PLAIN: its password; visible to others in the list of processes, so better:",
  );
  command.option("--password-file <path>", "the password in a file, or in the variable ZMQ_PASSWORD");
  command.option("--plain-server", "PLAIN: let in only who gives this user name and password");
  command.option("--certificate <file>", "CURVE: this side's keys, as zmq keygen FILE writes them");
  command.option(
    "--curve-secret-key <key>",
    "CURVE: its secret key; visible to others in the list of processes, so better the variable ZMQ_CURVE_SECRET_KEY",
  );
  command.option("--curve-server-key <key|file>", "CURVE: the server's public key, or its public certificate");
  command.option("--curve-server", "CURVE: be the server");
  command.option("--curve-allow <key|file>", "CURVE: a client to let in; may be repeated (default: all)", collect);
}

export function addOtherFlags(command: Command): void {
  command.optionsGroup(OTHERS);
  command.option("-o, --option <name=value>", "any option that zmq options lists; may be repeated", collect);
  command.option("--stats", "rates on stderr, every second");
  command.option("-q, --quiet", "no notes on stderr, only errors");
  command.option("-v, --verbose", "what happens to the connections, on stderr");
}
