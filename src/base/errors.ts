/**
 * The one error class, and libzmq's names, numbers and sentences for each
 * `code`. The caller's mistakes and the peer's mistakes (`ERR_ZMTP_…`,
 * `ERR_ZAP_…`) share it; the latter appear only in events, never in `send` or
 * `receive`.
 */

import { IN_PAGE } from "./target.ts";

const ZMQ_HAUSNUMERO = 156384712;

/** Code -> [errno as Linux and libzmq number it, libzmq's sentence]. */
const CODES = {
  EBADF: [9, "Socket is closed"],
  EAGAIN: [11, "Operation was not possible or timed out"],
  ENOMEM: [12, "Cannot allocate memory"],
  EACCES: [13, "Permission denied"],
  EFAULT: [14, "Context is closed"],
  EBUSY: [16, "Device or resource busy"],
  ENODEV: [19, "No such device"],
  EINVAL: [22, "Invalid argument"],
  EMFILE: [24, "Too many open file descriptors"],
  EPIPE: [32, "Broken pipe"],
  EPROTO: [71, "Protocol error"],
  EMSGSIZE: [90, "Message too long"],
  EPROTONOSUPPORT: [93, "Protocol not supported"],
  ENOTSUP: [95, "Operation not supported"],
  ENOTSOCK: [88, "Socket operation on non-socket"],
  EADDRINUSE: [98, "Address already in use"],
  ECONNRESET: [104, "Connection reset by peer"],
  ETIMEDOUT: [110, "Connection timed out"],
  ECONNREFUSED: [111, "Connection refused"],
  EHOSTUNREACH: [113, "Host unreachable"],
  ENOENT: [2, "No such endpoint"],
  ECANCELED: [125, "Operation cancelled"],
  EFSM: [ZMQ_HAUSNUMERO + 51, "Operation cannot be accomplished in current state"],
  ENOCOMPATPROTO: [ZMQ_HAUSNUMERO + 52, "The protocol is not compatible with the socket type"],
} as const;

/** As above, of what cannot happen in a page. */
const CODES_ELSEWHERE = {
  EINTR: [4, "Interrupted system call"],
  ENOTDIR: [20, "Not a directory"],
  ENOSPC: [28, "No space left on device"],
  EROFS: [30, "Read-only file system"],
  ENAMETOOLONG: [36, "File name too long"],
  ELOOP: [40, "Too many levels of symbolic links"],
  EADDRNOTAVAIL: [99, "Address not available"],
  ENETUNREACH: [101, "Network unreachable"],
  ETERM: [ZMQ_HAUSNUMERO + 53, "Context was terminated"],
  EMTHREAD: [ZMQ_HAUSNUMERO + 54, "No thread available"],
} as const;

/** Mistakes of the peer: libzmq's numbers. */
const ZMTP_CODES = {
  ERR_ZMTP_UNEXPECTED_COMMAND: 0x10000001,
  ERR_ZMTP_INVALID_SEQUENCE: 0x10000002,
  ERR_ZMTP_MALFORMED_COMMAND_UNSPECIFIED: 0x10000011,
  ERR_ZMTP_MALFORMED_COMMAND_MESSAGE: 0x10000012,
  ERR_ZMTP_MALFORMED_COMMAND_ERROR: 0x10000015,
  ERR_ZMTP_MALFORMED_COMMAND_READY: 0x10000016,
  ERR_ZMTP_MALFORMED_COMMAND_WELCOME: 0x10000017,
  ERR_ZMTP_INVALID_METADATA: 0x10000018,
  ERR_ZMTP_CRYPTOGRAPHIC: 0x11000001,
  ERR_ZMTP_MECHANISM_MISMATCH: 0x11000002,
} as const;

/** As above, of what only a server meets. */
const ZMTP_CODES_ELSEWHERE = {
  ERR_ZMTP_UNSPECIFIED: 0x10000000,
  ERR_ZMTP_KEY_EXCHANGE: 0x10000003,
  ERR_ZMTP_MALFORMED_COMMAND_HELLO: 0x10000013,
  ERR_ZMTP_MALFORMED_COMMAND_INITIATE: 0x10000014,
} as const;

/** Mistakes of a ZAP handler. */
const ZAP_CODES = {
  ERR_ZAP_UNSPECIFIED: 0x20000000,
  ERR_ZAP_MALFORMED_REPLY: 0x20000001,
  ERR_ZAP_BAD_REQUEST_ID: 0x20000002,
  ERR_ZAP_BAD_VERSION: 0x20000003,
  ERR_ZAP_INVALID_STATUS_CODE: 0x20000004,
  ERR_ZAP_INVALID_METADATA: 0x20000005,
} as const;

export type ErrorCode =
  | keyof typeof CODES
  | keyof typeof CODES_ELSEWHERE
  | keyof typeof ZMTP_CODES
  | keyof typeof ZMTP_CODES_ELSEWHERE
  | keyof typeof ZAP_CODES;

/** The number and the sentence of each code; of those that cannot happen in a page, its build has neither. */
const ALL: { readonly [Code in ErrorCode]?: readonly [errno: number, sentence: string] } = {
  ...CODES,
  ...(IN_PAGE ? undefined : CODES_ELSEWHERE),
  ...worded(ZMTP_CODES, "ZMTP protocol error"),
  ...(IN_PAGE ? undefined : worded(ZMTP_CODES_ELSEWHERE, "ZMTP protocol error")),
  ...(IN_PAGE ? undefined : worded(ZAP_CODES, "ZAP protocol error")),
};

function worded(numbers: Readonly<Record<string, number>>, sentence: string): object {
  return Object.fromEntries(Object.entries(numbers).map(([code, errno]) => [code, [errno, sentence]]));
}

export interface ErrorDetails {
  /** Replaces libzmq's sentence; says what was expected and what came. Never a secret or a payload. */
  readonly message?: string | undefined;
  /** As `message`, beside libzmq's sentence where programs rely on that: what was expected and what came. */
  readonly detail?: string | undefined;
  /** The endpoint of a bind, connect, unbind or disconnect. */
  readonly address?: string | undefined;
  /** The numeric reason of an authentication failure: 300, 400 or 500. */
  readonly status?: number | undefined;
  readonly cause?: unknown;
}

/** An `Error` with libzmq's name for it as `code` and libzmq's number as `errno`. */
export class ZmqError extends Error {
  declare readonly code: ErrorCode;
  declare readonly errno: number;
  declare readonly detail?: string;
  declare readonly address?: string;
  declare readonly status?: number;
  /** Of `sendMany`: how many messages were taken before this. */
  declare readonly sent?: number;

  constructor(code: ErrorCode, details: ErrorDetails = {}) {
    const [errno, sentence] = ALL[code] ?? [0, code];
    super(details.message ?? sentence, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.errno = errno;
    if (details.detail !== undefined) this.detail = details.detail;
    if (details.address !== undefined) this.address = details.address;
    if (details.status !== undefined) this.status = details.status;
  }
}

/** Whether `code` is one of ours; narrows the codes of platform errors such as Node's. */
export function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === "string" && Object.hasOwn(ALL, code);
}
