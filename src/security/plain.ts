/**
 * PLAIN (24/ZMTP-PLAIN): a user name and a password in clear, nothing else.
 * Everyone on the path can read and change what follows.
 *
 *   HELLO     05 HELLO, length[1], user name, length[1], password
 *   WELCOME   07 WELCOME
 *   INITIATE  08 INITIATE, metadata          READY  05 READY, metadata
 *   ERROR     05 ERROR, length[1], reason
 *
 * Two mistakes of libzmq are part of the protocol by now. All 4.3 releases
 * write the name of ERROR as `5e RROR` and know no other form: both are
 * understood, theirs is sent. HELLO of 4.3.0 and 4.3.1 begins `05 WELCOME`.
 */

import { concat, fromText, ownCopyOf, ownText } from "../base/bytes.ts";
import { ZmqError } from "../base/errors.ts";
import { NO_PROPERTIES, type Properties } from "../base/message.ts";
import { commandBody, commandData } from "../wire/command.ts";
import { encodeMetadata, parseMetadata } from "../wire/metadata.ts";
import { expectCommand, noZapRequest, unexpectedCommand } from "./handshake-errors.ts";
import {
  type Mechanism,
  type MechanismConfig,
  type MechanismState,
  type SecurityOptions,
  stateAt,
  type ZapReply,
  type ZapRequest,
} from "./mechanism.ts";

const DOUBTS = "the name or the password is wrong, or ";
/** Octets that a user name or password may have. */
const LONGEST_CREDENTIAL = 255;
const LIBZMQ_ERROR = Uint8Array.of(0x5e, 0x52, 0x52, 0x4f, 0x52);
const OLD_HELLO = Uint8Array.of(0x05, 0x57, 0x45, 0x4c, 0x43, 0x4f, 0x4d, 0x45);

export interface PlainCredentials {
  readonly username: string;
  readonly password: string;
}

/** What makes the client of each connection. */
export function plainClients(config: MechanismConfig, options: SecurityOptions): () => Mechanism {
  const credentials = { username: options.plainUsername ?? "", password: options.plainPassword ?? "" };
  return () => new PlainClient(config, credentials);
}

type ClientStep = "send HELLO" | "await WELCOME" | "send INITIATE" | "await READY" | "ready" | "failed";

export class PlainClient implements Mechanism {
  readonly name = "PLAIN";
  readonly doubts = DOUBTS;
  readonly #config: MechanismConfig;
  readonly #username: Uint8Array;
  readonly #password: Uint8Array;
  #step: ClientStep = "send HELLO";
  peer: Properties = NO_PROPERTIES;

  /** Throws EINVAL for a user name or password of more than 255 octets of UTF-8. */
  constructor(config: MechanismConfig, credentials: PlainCredentials) {
    this.#config = config;
    this.#username = credential(credentials.username, "user name");
    this.#password = credential(credentials.password, "password");
  }

  get state(): MechanismState {
    return stateAt(this.#step);
  }

  produce(): Uint8Array | undefined {
    if (this.#step === "send HELLO") {
      this.#step = "await WELCOME";
      const body = commandBody("HELLO", concat([withLength(this.#username), withLength(this.#password)]));
      this.#password.fill(0);
      return body;
    }
    if (this.#step !== "send INITIATE") return undefined;
    this.#step = "await READY";
    return commandBody("INITIATE", encodeMetadata(this.#config));
  }

  consume(body: Uint8Array): void {
    const step = this.#step;
    this.#step = "failed";
    if (step === "await READY") {
      this.peer = parseMetadata(expectPlainCommand(body, "READY"));
      this.#step = "ready";
      return;
    }
    if (step !== "await WELCOME") throw unexpectedCommand(body, "nothing");
    const { length } = expectPlainCommand(body, "WELCOME");
    if (length !== 0) {
      throw new ZmqError("ERR_ZMTP_MALFORMED_COMMAND_WELCOME", {
        message: `PLAIN: WELCOME with ${length} octets of data, expected none`,
      });
    }
    this.#step = "send INITIATE";
  }
}

/** `refused`: ERROR was sent, or nothing at all for status 300; the client is expected to leave. */
type ServerStep =
  | "await HELLO"
  | "authorizing"
  | "send WELCOME"
  | "await INITIATE"
  | "send READY"
  | "send ERROR"
  | "refused"
  | "ready"
  | "failed";

/** The server's side. The ZAP handler decides about every client. */
export class PlainServer implements Mechanism {
  readonly name = "PLAIN";
  readonly doubts = DOUBTS;
  readonly #config: MechanismConfig;
  #zap: ZapRequest | undefined = undefined;
  #status = 0;
  #step: ServerStep = "await HELLO";
  #peer: Properties = NO_PROPERTIES;

  constructor(config: MechanismConfig) {
    this.#config = config;
  }

  get state(): MechanismState {
    return stateAt(this.#step);
  }

  get peer(): Properties {
    return this.#peer;
  }

  get zap(): ZapRequest | undefined {
    return this.#zap;
  }

  authorize(reply: ZapReply): void {
    if (this.#step !== "authorizing") throw noZapRequest();
    this.#zap = undefined;
    this.#status = reply.status;
    this.#step = reply.status === 200 ? "send WELCOME" : reply.status === 300 ? "refused" : "send ERROR";
  }

  produce(): Uint8Array | undefined {
    switch (this.#step) {
      case "send WELCOME":
        this.#step = "await INITIATE";
        return commandBody("WELCOME");
      case "send READY":
        this.#step = "ready";
        return commandBody("READY", encodeMetadata(this.#config));
      case "send ERROR":
        this.#step = "refused";
        return concat([LIBZMQ_ERROR, withLength(fromText(String(this.#status)))]);
      default:
        return undefined;
    }
  }

  consume(body: Uint8Array): void {
    const step = this.#step;
    this.#step = "failed";
    switch (step) {
      case "await HELLO": {
        const data = commandData(body, "HELLO") ?? dataBehind(body, OLD_HELLO);
        if (data === undefined) throw unexpectedCommand(body, "HELLO");
        this.#zap = { mechanism: "PLAIN", credentials: parseCredentials(data) };
        this.#step = "authorizing";
        return;
      }
      case "await INITIATE": {
        const metadata = commandData(body, "INITIATE");
        if (metadata === undefined) throw unexpectedCommand(body, "INITIATE");
        this.#peer = parseMetadata(metadata);
        this.#step = "send READY";
        return;
      }
      default:
        throw unexpectedCommand(body, "nothing");
    }
  }
}

function credential(text: string, what: string): Uint8Array {
  const bytes = ownText(text);
  if (bytes.length <= LONGEST_CREDENTIAL) return bytes;
  throw new ZmqError("EINVAL", {
    message: `PLAIN: ${what} of ${bytes.length} octets, expected at most ${LONGEST_CREDENTIAL}`,
  });
}

function withLength(bytes: Uint8Array): Uint8Array {
  return concat([Uint8Array.of(bytes.length), bytes]);
}

/** As the function for all mechanisms, with libzmq's form of ERROR. */
function expectPlainCommand(body: Uint8Array, name: "WELCOME" | "READY"): Uint8Array {
  return expectCommand(body, name, dataBehind(body, LIBZMQ_ERROR));
}

/** The octets behind `start`, or undefined when `body` begins otherwise. */
function dataBehind(body: Uint8Array, start: Uint8Array): Uint8Array | undefined {
  for (let i = 0; i < start.length; i++) if (body[i] !== start[i]) return undefined;
  return body.subarray(start.length);
}

/** User name and password, in memory of their own. */
function parseCredentials(data: Uint8Array): [Uint8Array, Uint8Array] {
  const usernameEnd = 1 + (data[0] ?? 0);
  const passwordEnd = usernameEnd + 1 + (data[usernameEnd] ?? 0);
  if (usernameEnd >= data.length || passwordEnd !== data.length) {
    throw new ZmqError("ERR_ZMTP_MALFORMED_COMMAND_HELLO", {
      message: "PLAIN: the lengths of user name and password do not fit that of HELLO",
    });
  }
  return [ownCopyOf(data.subarray(1, usernameEnd)), ownCopyOf(data.subarray(usernameEnd + 1, passwordEnd))];
}
