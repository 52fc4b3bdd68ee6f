/** The errors that every mechanism raises: the peer refused, or sent a command that is not due. */

import { fromText } from "../base/bytes.ts";
import { ZmqError } from "../base/errors.ts";
import { commandData, commandName, parseErrorReason, printable } from "../wire/command.ts";

const SENTENCES = new Map([
  ["300", "Temporary error"],
  ["400", "Authentication failure"],
  ["500", "Internal error"],
]);

/**
 * The peer sent ERROR. `EACCES` with `status` for the three reasons of ZAP
 * (an authentication event in libzmq); `EPROTO` without it for any other.
 */
function refusedByPeer(reason: string): ZmqError {
  const message = SENTENCES.get(reason);
  if (message !== undefined) return new ZmqError("EACCES", { message, status: Number(reason) });
  return new ZmqError("EPROTO", { detail: `ERROR from the peer: "${printable(fromText(reason))}"` });
}

/**
 * The data of the command `name`. Throws what `refusedByPeer` says when `body` is ERROR, and `unexpectedCommand` for
 * any other. `errorData`: the data of an ERROR that is written in another way.
 */
export function expectCommand(body: Uint8Array, name: "WELCOME" | "READY", errorData?: Uint8Array): Uint8Array {
  const data = commandData(body, name);
  if (data !== undefined) return data;
  const error = commandData(body, "ERROR") ?? errorData;
  if (error !== undefined) throw refusedByPeer(parseErrorReason(error));
  throw unexpectedCommand(body, `${name} or ERROR`);
}

/** `authorize` was called although no ZAP handler had been asked. */
export function noZapRequest(): ZmqError {
  return new ZmqError("EFSM", { detail: "no ZAP request is pending" });
}

/** `expected` says which command would have been right. */
export function unexpectedCommand(body: Uint8Array, expected: string): ZmqError {
  const name = commandName(body);
  const came = name === "" ? "a malformed command" : name;
  return new ZmqError("ERR_ZMTP_UNEXPECTED_COMMAND", { detail: `handshake: expected ${expected}, ${came} came` });
}
