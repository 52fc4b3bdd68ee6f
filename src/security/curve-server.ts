/**
 * The server's side of a CURVE handshake (26/CURVEZMQ); layouts in curve.ts.
 * The role does not depend on which side was bound.
 *
 * What RFC 26 puts into the cookie so that the server can forget it is kept
 * here, as libzmq keeps it; so the cookie is 96 random octets. Beyond libzmq,
 * the server key in the vouch is checked: a client that was lured to another
 * server is not let in by what it said there.
 */

import { concat, copyOf } from "../base/bytes.ts";
import { ZmqError } from "../base/errors.ts";
import { NO_PROPERTIES, type Properties } from "../base/message.ts";
import type { FrameCipher } from "../base/protocol.ts";
import { commandData, errorBody } from "../wire/command.ts";
import { encodeMetadata, parseMetadata } from "../wire/metadata.ts";
import {
  type Crypto,
  equalSecrets,
  KEY_BYTES,
  type KeyPair,
  type RandomSource,
  randomBytes,
  sharedKey,
  TAG_BYTES,
} from "./crypto.ts";
import * as layout from "./curve.ts";
import { CurveCipher } from "./curve-cipher.ts";
import { noZapRequest, unexpectedCommand } from "./handshake-errors.ts";
import {
  type Mechanism,
  type MechanismConfig,
  type MechanismState,
  stateAt,
  type ZapReply,
  type ZapRequest,
} from "./mechanism.ts";

const READY_COUNTER = 1;
const FIRST_MESSAGE_COUNTER = 2;

/** `refused`: ERROR was sent, or nothing at all for status 300; the client is expected to leave. */
type Step =
  | "await HELLO"
  | "send WELCOME"
  | "await INITIATE"
  | "authorizing"
  | "send READY"
  | "send ERROR"
  | "refused"
  | "ready"
  | "failed";

export class CurveServer implements Mechanism {
  readonly name = "CURVE";
  readonly doubts = layout.DOUBTS;
  readonly #config: MechanismConfig;
  /** S, the long-term key pair. */
  readonly #own: KeyPair;
  readonly #asksZap: boolean;
  readonly #crypto: Crypto;
  /** Tests bring their own. */
  readonly #random: RandomSource | undefined;
  /** S' and the cookie, made once HELLO has opened. */
  #transient: KeyPair | undefined = undefined;
  #cookie: Uint8Array | undefined = undefined;
  /** The key of boxes between S and C', then the one between S' and C'. */
  #key: Uint8Array | undefined = undefined;
  #clientTransient: Uint8Array | undefined = undefined;
  #peerCounter: Uint8Array | undefined = undefined;
  #zap: ZapRequest | undefined = undefined;
  #status = 0;
  #step: Step = "await HELLO";
  #peer: Properties = NO_PROPERTIES;
  #cipher: FrameCipher | undefined = undefined;

  /** `own`: the long-term key pair. `zap`: ask the ZAP handler about the client's key before READY. */
  constructor(config: MechanismConfig, own: KeyPair, zap: boolean, crypto: Crypto, random?: RandomSource) {
    this.#config = config;
    this.#own = own;
    this.#asksZap = zap;
    this.#crypto = crypto;
    this.#random = random;
  }

  get state(): MechanismState {
    return stateAt(this.#step);
  }

  get peer(): Properties {
    return this.#peer;
  }

  get cipher(): FrameCipher | undefined {
    return this.#cipher;
  }

  get zap(): ZapRequest | undefined {
    return this.#step === "authorizing" ? this.#zap : undefined;
  }

  authorize(reply: ZapReply): void {
    if (this.#step !== "authorizing") throw noZapRequest();
    this.#status = reply.status;
    this.#step = reply.status === 200 ? "send READY" : reply.status === 300 ? "refused" : "send ERROR";
  }

  produce(): Uint8Array | undefined {
    switch (this.#step) {
      case "send WELCOME":
        this.#step = "await INITIATE";
        return this.#welcome();
      case "send READY":
        this.#step = "ready";
        return this.#ready();
      case "send ERROR":
        this.#step = "refused";
        return errorBody(String(this.#status));
      default:
        return undefined;
    }
  }

  consume(body: Uint8Array): void {
    const step = this.#step;
    this.#step = "failed";
    switch (step) {
      case "await HELLO":
        this.#hello(body);
        this.#step = "send WELCOME";
        return;
      case "await INITIATE":
        this.#initiate(body);
        this.#step = this.#asksZap ? "authorizing" : "send READY";
        return;
      default:
        throw unexpectedCommand(body, "nothing");
    }
  }

  forget(): void {
    this.#step = "failed";
    this.#transient?.forget();
    this.#crypto.primitives.boxes.forget?.();
    this.#key?.fill(0);
  }

  #hello(body: Uint8Array): void {
    if (commandData(body, "HELLO") === undefined) throw unexpectedCommand(body, "HELLO");
    if (body.length !== layout.HELLO_BYTES) {
      throw new ZmqError("ERR_ZMTP_MALFORMED_COMMAND_HELLO", {
        message: `CURVE: HELLO of ${body.length} bytes, expected ${layout.HELLO_BYTES}`,
      });
    }
    const major = body[layout.HELLO.version];
    const minor = body[layout.HELLO.version + 1];
    if (major !== 1 || minor !== 0) {
      throw new ZmqError("ERR_ZMTP_MALFORMED_COMMAND_HELLO", {
        message: `CURVE: version ${major}.${minor}, expected 1.0`,
      });
    }
    // A copy: the frame may be a view of memory that is used again.
    const clientTransient = copyOf(body.subarray(layout.HELLO.publicKey, layout.HELLO.nonce));
    const key = sharedKey(clientTransient, this.#own, "the key in HELLO");
    const nonce = layout.nonceFrom(layout.NONCE.hello, body, layout.HELLO.nonce);
    this.#key = key;
    this.#crypto.openBox(key, nonce, body.subarray(layout.HELLO.box), "the box of HELLO");
    this.#clientTransient = clientTransient;
  }

  #welcome(): Uint8Array {
    const transient = this.#crypto.newKeyPair(this.#random);
    const random = this.#random ?? randomBytes;
    const cookie = random(layout.COOKIE_BYTES);
    this.#transient = transient;
    this.#cookie = cookie;
    const body = layout.blankCommand("WELCOME", layout.WELCOME_BYTES);
    layout.writeLongNonce(body, layout.WELCOME.nonce, random);
    const nonce = layout.nonceFrom(layout.NONCE.welcome, body, layout.WELCOME.nonce);
    this.#crypto.sealBox(
      this.#key as Uint8Array,
      nonce,
      concat([transient.publicKey, cookie]),
      body,
      layout.WELCOME.box,
    );
    return body;
  }

  #initiate(body: Uint8Array): void {
    if (commandData(body, "INITIATE") === undefined) throw unexpectedCommand(body, "INITIATE");
    if (body.length < layout.SHORTEST_INITIATE) {
      throw new ZmqError("ERR_ZMTP_MALFORMED_COMMAND_INITIATE", {
        message: `CURVE: INITIATE of ${body.length} bytes, expected at least ${layout.SHORTEST_INITIATE}`,
      });
    }
    const { cookie, nonce, box } = layout.INITIATE;
    if (!equalSecrets(body.subarray(cookie, nonce), this.#cookie as Uint8Array)) {
      throw new ZmqError("ERR_ZMTP_CRYPTOGRAPHIC", { message: "CURVE: the cookie is not that of this connection" });
    }
    const transient = this.#transient as KeyPair;
    const key = sharedKey(this.#clientTransient as Uint8Array, transient, "the key in HELLO");
    this.#key?.fill(0);
    this.#key = key;
    const initiateNonce = layout.nonceFrom(layout.NONCE.initiate, body, nonce);
    const content = this.#crypto.openBox(key, initiateNonce, body.subarray(box), "the box of INITIATE");
    const client = copyOf(content.subarray(0, KEY_BYTES));
    this.#checkVouch(client, content.subarray(KEY_BYTES, KEY_BYTES + layout.VOUCH_BYTES), transient);
    this.#peer = parseMetadata(content.subarray(KEY_BYTES + layout.VOUCH_BYTES));
    this.#zap = { mechanism: "CURVE", credentials: [client] };
    this.#peerCounter = copyOf(body.subarray(nonce, box));
    transient.forget();
  }

  #checkVouch(client: Uint8Array, vouch: Uint8Array, transient: KeyPair): void {
    const key = sharedKey(client, transient, "the client's key in INITIATE");
    const nonce = layout.nonceFrom(layout.NONCE.vouch, vouch, 0);
    const content = this.#crypto.openBox(key, nonce, vouch.subarray(layout.LONG_NONCE_BYTES), "the vouch");
    key.fill(0);
    const isOurClient = equalSecrets(content.subarray(0, KEY_BYTES), this.#clientTransient as Uint8Array);
    const isForUs = equalSecrets(content.subarray(KEY_BYTES), this.#own.publicKey);
    if (isOurClient && isForUs) return;
    throw new ZmqError("ERR_ZMTP_KEY_EXCHANGE", {
      message: `CURVE: the vouch is for another ${isOurClient ? "server" : "connection"}`,
    });
  }

  #ready(): Uint8Array {
    const key = this.#key as Uint8Array;
    const metadata = encodeMetadata(this.#config);
    const body = layout.blankCommand("READY", layout.READY.box + TAG_BYTES + metadata.length);
    layout.writeCounter(body, layout.READY.nonce, READY_COUNTER);
    const nonce = layout.nonceFrom(layout.NONCE.ready, body, layout.READY.nonce);
    this.#crypto.sealBox(key, nonce, metadata, body, layout.READY.box);
    this.#cipher = new CurveCipher(this.#crypto, {
      role: "server",
      key,
      nextCounter: FIRST_MESSAGE_COUNTER,
      peerCounter: this.#peerCounter as Uint8Array,
    });
    return body;
  }
}
