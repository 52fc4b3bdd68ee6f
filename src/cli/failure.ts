/**
 * How the command ends: its exit codes, and the errors that carry one. Part of
 * what scripts rely on; docs/cli.md lists them.
 */

import { ZmqError } from "../base/errors.ts";

export const EXIT = {
  /** All that was asked for happened, or a signal ended it and everything accepted was delivered. */
  done: 0,
  /** It could not be done: an endpoint is taken, a command failed, a peer refused us for good. */
  failed: 1,
  /** The command line is wrong. */
  usage: 2,
  /** `--timeout` passed. */
  timeout: 3,
  /** Plus the signal's number: a signal ended it and messages were given up. */
  signal: 128,
} as const;

/** An error that is told in one line, without a stack. */
export class Failure extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode: number = EXIT.failed, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.exitCode = exitCode;
  }
}

/** The command line is wrong; `message` says what was expected and what came. */
export function usage(message: string, cause?: unknown): Failure {
  return new Failure(message, EXIT.usage, cause);
}

/** The text of an error, with the library's detail and the endpoint where it has them. */
export function describe(error: unknown): string {
  if (error instanceof ZmqError) {
    const text = error.detail === undefined ? error.message : `${error.message}: ${error.detail}`;
    const address = error.address === undefined || text.includes(error.address) ? "" : ` (${error.address})`;
    return `${text}${address}`;
  }
  return error instanceof Error ? error.message : String(error);
}

/** The exit code for an error of a command. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof Failure) return error.exitCode;
  return EXIT.failed;
}

/** Whether a send or receive ran into its time-out. */
export function isTimeout(error: unknown): boolean {
  return error instanceof ZmqError && error.code === "EAGAIN";
}
