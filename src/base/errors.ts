/**
 * The one error class, and libzmq's names, numbers and sentences for each
 * `code`. The caller's mistakes and the peer's mistakes (`ERR_ZMTP_…`,
 * `ERR_ZAP_…`) share it; the latter appear only in events, never in `send` or
 * `receive`.
 */

const ZMQ_HAUSNUMERO = 156384712;

/** Code -> [errno as Linux and libzmq number it, libzmq's sentence]. */
const CODES = {
  EINTR: [4, "Interrupted system call"],
  EBADF: [9, "Socket is closed"],
  EAGAIN: [11, "Operation was not possible or timed out"],
  ENOMEM: [12, "Cannot allocate memory"],
  EACCES: [13, "Permission denied"],
  EFAULT: [14, "Context is closed"],
  EBUSY: [16, "Device or resource busy"],
  ENODEV: [19, "No such device"],
  ENOTDIR: [20, "Not a directory"],
  EINVAL: [22, "Invalid argument"],
  EMFILE: [24, "Too many open file descriptors"],
  ENOSPC: [28, "No space left on device"],
  EROFS: [30, "Read-only file system"],
  EPIPE: [32, "Broken pipe"],
  ENAMETOOLONG: [36, "File name too long"],
  ELOOP: [40, "Too many levels of symbolic links"],
  EPROTO: [71, "Protocol error"],
  EMSGSIZE: [90, "Message too long"],
  EPROTONOSUPPORT: [93, "Protocol not supported"],
  ENOTSUP: [95, "Operation not supported"],
  ENOTSOCK: [88, "Socket operation on non-socket"],
  EADDRINUSE: [98, "Address already in use"],
  EADDRNOTAVAIL: [99, "Address not available"],
  ENETUNREACH: [101, "Network unreachable"],
  ECONNRESET: [104, "Connection reset by peer"],
  ETIMEDOUT: [110, "Connection timed out"],
  ECONNREFUSED: [111, "Connection refused"],
  EHOSTUNREACH: [113, "Host unreachable"],
  ENOENT: [2, "No such endpoint"],
  ECANCELED: [125, "Operation cancelled"],
  EFSM: [ZMQ_HAUSNUMERO + 51, "Operation cannot be accomplished in current state"],
  ENOCOMPATPROTO: [ZMQ_HAUSNUMERO + 52, "The protocol is not compatible with the socket type"],
  ETERM: [ZMQ_HAUSNUMERO + 53, "Context was terminated"],
  EMTHREAD: [ZMQ_HAUSNUMERO + 54, "No thread available"],
  ERR_ZMTP_UNSPECIFIED: [0x10000000, "ZMTP protocol error"],
  ERR_ZMTP_UNEXPECTED_COMMAND: [0x10000001, "ZMTP protocol error"],
  ERR_ZMTP_INVALID_SEQUENCE: [0x10000002, "ZMTP protocol error"],
  ERR_ZMTP_KEY_EXCHANGE: [0x10000003, "ZMTP protocol error"],
  ERR_ZMTP_MALFORMED_COMMAND_UNSPECIFIED: [0x10000011, "ZMTP protocol error"],
  ERR_ZMTP_MALFORMED_COMMAND_MESSAGE: [0x10000012, "ZMTP protocol error"],
  ERR_ZMTP_MALFORMED_COMMAND_HELLO: [0x10000013, "ZMTP protocol error"],
  ERR_ZMTP_MALFORMED_COMMAND_INITIATE: [0x10000014, "ZMTP protocol error"],
  ERR_ZMTP_MALFORMED_COMMAND_ERROR: [0x10000015, "ZMTP protocol error"],
  ERR_ZMTP_MALFORMED_COMMAND_READY: [0x10000016, "ZMTP protocol error"],
  ERR_ZMTP_MALFORMED_COMMAND_WELCOME: [0x10000017, "ZMTP protocol error"],
  ERR_ZMTP_INVALID_METADATA: [0x10000018, "ZMTP protocol error"],
  ERR_ZMTP_CRYPTOGRAPHIC: [0x11000001, "ZMTP protocol error"],
  ERR_ZMTP_MECHANISM_MISMATCH: [0x11000002, "ZMTP protocol error"],
  ERR_ZAP_UNSPECIFIED: [0x20000000, "ZAP protocol error"],
  ERR_ZAP_MALFORMED_REPLY: [0x20000001, "ZAP protocol error"],
  ERR_ZAP_BAD_REQUEST_ID: [0x20000002, "ZAP protocol error"],
  ERR_ZAP_BAD_VERSION: [0x20000003, "ZAP protocol error"],
  ERR_ZAP_INVALID_STATUS_CODE: [0x20000004, "ZAP protocol error"],
  ERR_ZAP_INVALID_METADATA: [0x20000005, "ZAP protocol error"],
} as const satisfies Record<string, readonly [number, string]>;

export type ErrorCode = keyof typeof CODES;

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
    const [errno, sentence] = CODES[code];
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
  return typeof code === "string" && Object.hasOwn(CODES, code);
}
