/**
 * The errors of a send or receive that did not happen.
 */

import { ZmqError } from "../base/errors.ts";
import type { SocketTypeName } from "../base/socket-types.ts";

type Operation = "send" | "receive";

/** What must come before a call that was out of turn. */
const IN_TURN: Readonly<Record<"send" | "receive", { readonly [T in SocketTypeName]?: string }>> = {
  send: { REQ: "receive the reply to the last request first, or set relaxed", REP: "receive a request first" },
  receive: { REQ: "send a request first", REP: "send the reply to the last request first" },
};

export function cannot(type: SocketTypeName, operation: Operation): ZmqError {
  return new ZmqError("ENOTSUP", { detail: `${type} sockets cannot ${operation}` });
}

/**
 * It waited, and nothing came of it (EAGAIN, also when `code` is undefined), or it was out of turn (EFSM). `obstacle`: the
 * likely reason.
 */
export function inVain(
  type: SocketTypeName,
  operation: Operation,
  code: "EAGAIN" | "EFSM" | undefined,
  waitedMs: number,
  obstacle: string | undefined,
): ZmqError {
  if (code === "EFSM") {
    return new ZmqError(code, {
      detail: `a ${type} socket cannot ${operation} in this state: ${IN_TURN[operation][type] ?? ""}`,
    });
  }
  const nothing = operation === "send" ? "no peer had room for the message" : "no message came";
  const waited = waitedMs === 0 ? nothing : `${nothing} within ${waitedMs} ms`;
  return new ZmqError("EAGAIN", { detail: obstacle === undefined ? waited : `${waited}; ${obstacle}` });
}
