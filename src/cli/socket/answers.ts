/**
 * `--echo` and `--exec`: what is done with a message. An envelope, which says
 * where an answer goes, stays in front: all up to the first empty frame, and
 * the peer's id on ROUTER, STREAM, SERVER and PEER sockets.
 */

import type { Message } from "../../base/message.ts";
import type { SocketTypeName } from "../../base/socket-types.ts";
import { encodeMessage, type Format, type LineParser } from "../formats.ts";
import { runCommand } from "../program-runner.ts";
import type { Change } from "./loops.ts";

export interface ExecOptions {
  readonly command: string;
  readonly type: SocketTypeName;
  /** How the command gets a message. */
  readonly format: Format;
  readonly separator: string | undefined;
  /** How its output is read. */
  readonly parse: LineParser;
  /** Called for each run that failed. */
  readonly onFailure: () => void;
}

/** Messages through a shell command. */
export function executor({ command, type, format, separator, parse, onFailure }: ExecOptions): Change {
  return async (message) => {
    const start = bodyStart(message, type);
    const { output, succeeded } = await runCommand(command, encodeMessage(message.slice(start), format, separator));
    if (!succeeded) onFailure();
    const body = format === "raw" ? [output] : parse(withoutLineEnd(output), "the output of --exec");
    return [...message.slice(0, start), ...body];
  };
}

/** Where the body begins. */
function bodyStart(message: Message, type: SocketTypeName): number {
  if (type === "STREAM" || type === "SERVER" || type === "PEER" || type === "DGRAM") return 1;
  if (type !== "ROUTER" && type !== "DEALER") return 0;
  const empty = message.findIndex((frame) => frame.length === 0);
  const last = message.length - 1;
  if (empty >= 0 && empty < last) return empty + 1;
  return type === "ROUTER" ? Math.min(1, last) : 0;
}

function withoutLineEnd(output: Buffer): Buffer {
  let end = output.length;
  if (output[end - 1] === 0x0a) end--;
  if (end < output.length && output[end - 1] === 0x0d) end--;
  return output.subarray(0, end);
}
