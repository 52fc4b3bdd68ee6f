/** Errors on their way to another thread: what users see of them arrives, with the class of ours. */

import { type ErrorCode, isErrorCode, ZmqError } from "../base/errors.ts";

/** A clone of an error, or any other value. */
export type SentError =
  | { readonly kind: "value"; readonly value: unknown }
  | {
      readonly kind: "zmq" | "error";
      readonly name: string;
      readonly message: string;
      readonly stack: string | undefined;
      /** code, errno, syscall, address, detail, … */
      readonly fields: Readonly<Record<string, unknown>>;
      readonly cause: SentError | undefined;
    };

export function sendError(error: unknown): SentError {
  if (!(error instanceof Error)) return { kind: "value", value: isPlain(error) ? error : String(error) };
  const fields: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(error)) if (isPlain(value)) fields[name] = value;
  return {
    kind: error instanceof ZmqError ? "zmq" : "error",
    name: error.name,
    message: error.message,
    stack: error.stack,
    fields,
    cause: error.cause === undefined ? undefined : sendError(error.cause),
  };
}

export function receiveError(sent: SentError): unknown {
  if (sent.kind === "value") return sent.value;
  const { name, message, stack, fields } = sent;
  const cause = sent.cause === undefined ? undefined : receiveError(sent.cause);
  if (sent.kind === "zmq" && isErrorCode(fields.code)) {
    return Object.assign(new ZmqError(fields.code satisfies ErrorCode, { message, cause }), fields);
  }
  const error = new Error(message, cause === undefined ? undefined : { cause });
  Object.assign(error, fields);
  for (const [key, value] of [
    ["name", name],
    ["stack", stack],
  ] as const) {
    if (value !== undefined && error[key] !== value) {
      Object.defineProperty(error, key, { value, configurable: true, writable: true });
    }
  }
  return error;
}

/** As `receiveError`, where one of ours was sent. */
export function receiveZmqError(sent: SentError): ZmqError {
  const error = receiveError(sent);
  return error instanceof ZmqError ? error : new ZmqError("EINVAL", { cause: error });
}

function isPlain(value: unknown): boolean {
  return value === null || (typeof value !== "object" && typeof value !== "function" && typeof value !== "symbol");
}
