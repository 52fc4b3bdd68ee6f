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
    command.option("-t, --topic <topic>", "first frame of each message; with several, one message each", collect);
    command.option("--no-wait", "publish at once instead of waiting for the first subscriber");
  }
  if (type === "SUB" || type === "XSUB") {
    command.option("-t, --topic <prefix>", "subscribe to topics with this prefix; repeatable (default: all)", collect);
  }
  if (type === "RADIO") {
    command.option("-g, --group <name>", "send to this group; with several, one message each", collect);
    command.option("--no-wait", "send at once instead of waiting for the first member");
  }
  if (type === "DISH") command.option("-g, --group <name>", "join this group; repeatable", collect);
  if (role === "reply" || (role === "both" && type !== "XPUB" && type !== "XSUB")) {
    command.option("--echo", "send each message back to where it came from");
    command.option("--exec <command>", "reply with the output of a shell command that gets the message");
  } else if (role === "send") {
    command.option("--exec <command>", "send the output of a shell command that gets the message");
  } else {
    command.option("--exec <command>", "print the output of a shell command that gets the message");
  }
  command.optionsGroup(ENDING);
  const counted = role === "send" || type === "XPUB" ? "sent; arguments are repeated" : "received";
  command.option("-n, --count <n>", `end after n messages ${counted}`, count);
  command.option("--timeout <time>", "exit with 3 if a send or receive takes longer (ms, or 5s, 1m)", duration);
  addSecurityFlags(command);
  addOtherFlags(command);
}

export function addEndpointFlags(command: Command): void {
  command.optionsGroup(ENDPOINTS);
  command.option("-b, --bind <endpoint>", "accept connections here: tcp://*:5555, ipc:///tmp/x, :5555", collect);
  command.option(
    "-c, --connect <endpoint>",
    "connect to this endpoint, and reconnect when the connection is lost",
    collect,
  );
}

function addMessageFlags(command: Command, sends: boolean, receives: boolean): void {
  command.optionsGroup(MESSAGES);
  const formatted = receives ? "output format" : "input format";
  command.addOption(new Option("-f, --format <format>", `${formatted} (default: text)`).choices(FORMATS));
  if (sends && receives) {
    command.addOption(new Option("--input-format <format>", "input format (default: text)").choices(FORMATS));
  }
  command.option("-s, --separator <text>", separatorText(sends, receives), withEscapes);
  if (!sends) return;
  command.option("-m, --multipart", "the arguments are the frames of one message");
  command.option("--file <path>", "send a whole file as one message; repeatable", collect);
  command.option("-i, --interval <time>", "send one message per interval; arguments are repeated", duration);
}

function separatorText(sends: boolean, receives: boolean): string {
  if (!sends) return "printed between frames in text (default: a tab)";
  return `splits text into frames, such as '\\t'${receives ? ", and joins printed ones" : ""}`;
}

/** `\t`, `\n`, `\0` and `\\` as the characters that they stand for. */
function withEscapes(text: string): string {
  const meanings: Readonly<Record<string, string>> = { t: "\t", n: "\n", r: "\r", "0": "\0", "\\": "\\" };
  return text.replace(/\\([tnr0\\])/g, (whole, letter: string) => meanings[letter] ?? whole);
}

export function addSecurityFlags(command: Command): void {
  command.optionsGroup(SECURITY);
  command.option("--username <name>", "PLAIN: the user name to send, or to require with --plain-server");
  command.option("--password <password>", "PLAIN: the password; other users see it in the process list, so prefer:");
  command.option("--password-file <path>", "a file with the password; or set the variable ZMQ_PASSWORD");
  command.option("--plain-server", "PLAIN: require this user name and password from clients");
  command.option("--certificate <file>", "CURVE: this side's keys, written by zmq keygen FILE");
  command.option(
    "--curve-secret-key <key>",
    "CURVE: this side's secret key; other users see it in the process list, so prefer the variable ZMQ_CURVE_SECRET_KEY",
  );
  command.option("--curve-server-key <key|file>", "CURVE: the server's public key or certificate");
  command.option("--curve-server", "CURVE: act as the server");
  command.option("--curve-allow <key|file>", "CURVE: a client to accept; repeatable (default: all)", collect);
}

export function addOtherFlags(command: Command): void {
  command.optionsGroup(OTHERS);
  command.option("-o, --option <name=value>", "set any option; repeatable; zmq options lists them", collect);
  command.option("--stats", "print rates on stderr every second");
  command.option("-q, --quiet", "print only errors on stderr");
  command.option("-v, --verbose", "print connection events on stderr");
}
