/**
 * Command bodies (37/ZMTP "Commands"); the frame around them is the encoder's.
 *
 *   body      = name-length(1) name data
 *   READY     = metadata            ERROR     = reason-length(1) reason
 *   PING      = ttl(2) context      PONG      = context              ttl in deciseconds
 *   SUBSCRIBE, CANCEL = prefix      JOIN, LEAVE = group
 *
 * Commands of PLAIN and CURVE are built by those mechanisms.
 */

import { concat, EMPTY, fromText, toText } from "../base/bytes.ts";
import { ZmqError } from "../base/errors.ts";
import type { Control } from "../base/message.ts";
import type { PeerCommand } from "../base/protocol.ts";

/** libzmq echoes no more octets of a PING's context than these. */
const LONGEST_CONTEXT = 16;
/** libzmq computes a peer's TTL in 16 bits of milliseconds: more deciseconds would wrap. */
export const LONGEST_TTL_DECISECONDS = 655;

/** The commands after the handshake; their names are these in capitals. */
const KINDS = ["subscribe", "cancel", "ping", "pong", "join", "leave"] as const;
const NAMES = KINDS.map((kind) => kind.toUpperCase());

/** The body of a command. `name` is ASCII, 1 to 255 characters. */
export function commandBody(name: string, data: Uint8Array = EMPTY): Uint8Array {
  return concat([Uint8Array.of(name.length), fromText(name), data]);
}

export function readyBody(metadata: Uint8Array): Uint8Array {
  return commandBody("READY", metadata);
}

/** `reason` is at most 255 octets; libzmq peers know "300", "400" and "500". */
export function errorBody(reason: string): Uint8Array {
  const bytes = fromText(reason).subarray(0, 255);
  return commandBody("ERROR", concat([Uint8Array.of(bytes.length), bytes]));
}

/** A TTL beyond 65.5 s is sent as 65.5 s, the longest that libzmq understands; 0 asks for no timer. */
export function pingBody(ttlDeciseconds: number, context: Uint8Array = EMPTY): Uint8Array {
  const ttl = Math.min(Math.max(Math.trunc(ttlDeciseconds), 0), LONGEST_TTL_DECISECONDS);
  return commandBody("PING", concat([Uint8Array.of(ttl >>> 8, ttl), context]));
}

/** The answer to a PING; its context is cut to 16 octets. */
export function pongBody(context: Uint8Array): Uint8Array {
  return commandBody("PONG", context.subarray(0, LONGEST_CONTEXT));
}

/** A subscription change as a command, for ZMTP 3.1 peers; JOIN and LEAVE have no other form. */
export function controlBody(control: Control): Uint8Array {
  return commandBody(control.kind.toUpperCase(), control.topic);
}

/** The data of `body` when it is a command of this name, else undefined. Shares the memory of `body`. */
export function commandData(body: Uint8Array, name: string): Uint8Array | undefined {
  if (body.length <= name.length || body[0] !== name.length) return undefined;
  for (let i = 0; i < name.length; i++) if (body[i + 1] !== name.charCodeAt(i)) return undefined;
  return body.subarray(name.length + 1);
}

/** The name of a command for an error message: printable ASCII, others as `?`; empty when it has none. */
export function commandName(body: Uint8Array): string {
  const length = body[0];
  if (length === undefined || length === 0 || body.length < length + 1) return "";
  return printable(body.subarray(1, Math.min(length, 32) + 1));
}

/**
 * A command after the handshake, or undefined for an unknown or malformed one,
 * which libzmq ignores too. Shares the memory of `body`.
 */
export function parseCommand(body: Uint8Array): PeerCommand | undefined {
  for (let i = 0; i < KINDS.length; i++) {
    const kind = KINDS[i] as (typeof KINDS)[number];
    const data = commandData(body, NAMES[i] as string);
    if (data === undefined) continue;
    if (kind === "pong") return { kind, context: data };
    if (kind !== "ping") return { kind, topic: data };
    if (data.length < 2) return undefined;
    const ttlDeciseconds = ((data[0] as number) << 8) | (data[1] as number);
    return { kind, ttlDeciseconds, context: data.subarray(2) };
  }
  return undefined;
}

/** The reason in the data of an ERROR command. Throws ERR_ZMTP_MALFORMED_COMMAND_ERROR when it is cut short. */
export function parseErrorReason(data: Uint8Array): string {
  const length = data[0];
  if (length === undefined || data.length < length + 1) {
    throw new ZmqError("ERR_ZMTP_MALFORMED_COMMAND_ERROR", {
      detail: `ERROR: a reason of ${length ?? 1} octets was announced, ${Math.max(data.length - 1, 0)} came`,
    });
  }
  return toText(data.subarray(1, length + 1));
}

/** Up to the first NUL, with every octet that is not printable ASCII as `?`. */
export function printable(bytes: Uint8Array): string {
  let text = "";
  for (const octet of bytes) {
    if (octet === 0) break;
    text += octet > 0x1f && octet < 0x7f ? String.fromCharCode(octet) : "?";
  }
  return text;
}
