/** The errors that every mechanism raises when the peer says no, or says something out of turn. */

import { fromText } from "../base/bytes.ts";
import { ZmqError } from "../base/errors.ts";
import { commandName, printable } from "../wire/command.ts";

const SENTENCES = new Map([
  ["300", "Temporary error"],
  ["400", "Authentication failure"],
  ["500", "Internal error"],
]);

/**
 * The peer sent ERROR. `EACCES` with `status` for the three reasons of ZAP
 * (an authentication event in libzmq); `EPROTO` without it for any other.
 */
export function refusedByPeer(reason: string): ZmqError {
  const message = SENTENCES.get(reason);
  if (message !== undefined) return new ZmqError("EACCES", { message, status: Number(reason) });
  return new ZmqError("EPROTO", { detail: `ERROR from the peer: "${printable(fromText(reason))}"` });
}

/** `expected` says which command would have been right. */
export function unexpectedCommand(body: Uint8Array, expected: string): ZmqError {
  const name = commandName(body);
  const came = name === "" ? "a malformed command" : name;
  return new ZmqError("ERR_ZMTP_UNEXPECTED_COMMAND", { detail: `handshake: expected ${expected}, ${came} came` });
}
