/**
 * The start of a connection, without sockets or timers: the protocol's opening
 * (ZMTP: the greeting), then the mechanism or, where the dialect has none, one
 * identity frame each way. Bytes go in by `push`, bytes to send come out of
 * `produce`; when `state` is `done`, the outcome holds what the established
 * connection needs.
 *
 * Done means: ours was sent and theirs was received. Nothing else may be sent
 * before, for libzmq takes it for part of the handshake and closes.
 *
 * Errors follow libzmq's events: `ERR_ZMTP_…` where it raises one for a broken
 * protocol, `status` where it raises one for a failed authentication, and
 * `EPROTO` or `EMSGSIZE` where it only closes.
 */

import { EMPTY, ownCopyOf } from "../base/bytes.ts";
import { type ErrorCode, ZmqError } from "../base/errors.ts";
import type { Properties } from "../base/message.ts";
import type {
  DecoderLimits,
  Dialect,
  FrameCipher,
  FrameDecoder,
  FrameEncoder,
  HandshakeReader,
  Opening,
  Protocol,
} from "../base/protocol.ts";
import { mayTalkTo, SOCKET_TYPES, type SocketTypeName } from "../base/socket-types.ts";
import type { Mechanism, ZapReply } from "../security/mechanism.ts";
import { printable } from "../wire/command.ts";
import { IDENTITY, MAX_IDENTITY_BYTES, SOCKET_TYPE } from "../wire/metadata.ts";
import { FRAMES_AT_ONCE } from "./turn-budget.ts";

/** libzmq takes handshake commands of any length; this much leaves room for long metadata. */
const LONGEST_HANDSHAKE_FRAME = 65_536;

export interface HandshakeConfig {
  readonly protocol: Protocol;
  readonly socketType: SocketTypeName;
  readonly routingId: Uint8Array;
  readonly mechanism: Mechanism;
  /** ZMQ_ZAP_DOMAIN is not empty: peers without a mechanism are refused. */
  readonly zapDomainSet: boolean;
  readonly limits: DecoderLimits;
  /** Octets of the longest handshake command or identity frame that is accepted; 64 KiB when absent. */
  readonly maxHandshakeBytes?: number;
}

/** `failed`: no agreement; what `produce` still has should be sent, then the connection closed. */
export type HandshakeState = "opening" | "mechanism" | "authorizing" | "done" | "failed";

export interface HandshakeOutcome {
  readonly dialect: Dialect;
  /**
   * READY metadata. Of a peer without a mechanism: `Identity` from its identity frame, and what the opening said of it.
   */
  readonly peer: Properties;
  /** Opens and seals the frames, if the mechanism encrypts. */
  readonly cipher: FrameCipher | undefined;
  /** Holds all octets that came behind the handshake. */
  readonly decoder: FrameDecoder;
  readonly encoder: FrameEncoder;
}

/** The reader and the writer of a handshake's frames. */
interface Talk {
  readonly dialect: Dialect;
  readonly reader: HandshakeReader;
  readonly encoder: FrameEncoder;
}

export class Handshake {
  readonly #config: HandshakeConfig;
  readonly #opening: Opening;
  /** Once the opening is over. */
  #talk: Talk | undefined = undefined;
  readonly #toSend: Uint8Array[] = [];
  /** Without a mechanism: the peer's identity frame, and whether ours has been sent. */
  #identity: Uint8Array | undefined = undefined;
  #identitySent = false;
  /** Commands of the mechanism so far, the peer's and ours. */
  commands = 0;
  #outcome: HandshakeOutcome | undefined = undefined;

  constructor(config: HandshakeConfig) {
    this.#config = config;
    const { protocol, mechanism, socketType, routingId, zapDomainSet } = config;
    const needsMechanism = mechanism.name !== "NULL" || zapDomainSet;
    this.#opening = protocol.open({ mechanism: mechanism.name, socketType, routingId, needsMechanism });
    this.#begin();
  }

  get mechanism(): Mechanism {
    return this.#config.mechanism;
  }

  /** The connection ended before the handshake was done: its secrets are overwritten. */
  forget(): void {
    this.#config.mechanism.forget?.();
  }

  /** For people: how far it has come, and the usual reason for which a peer ends it there. */
  get stage(): string {
    if (this.state === "opening")
      return "before its greeting was whole: it may not speak ZMTP, or want another mechanism";
    const { socketType, mechanism } = this.#config;
    const types = `the types do not fit: ${socketType} expects ${SOCKET_TYPES[socketType].peers.join(" or ")}`;
    return `after the greeting, with ${mechanism.name}: usually ${mechanism.doubts ?? ""}${types}`;
  }

  get state(): HandshakeState {
    const { state } = this.mechanism;
    if (this.#outcome !== undefined) return "done";
    if (this.#talk === undefined) return "opening";
    return state === "failed" || state === "authorizing" ? state : "mechanism";
  }

  /** Throws EFSM before `state` is `done`. */
  get outcome(): HandshakeOutcome {
    if (this.#outcome === undefined) throw new ZmqError("EFSM", { detail: `handshake: ${this.state}, not done` });
    return this.#outcome;
  }

  /**
   * The ZAP handler's answer. Call `produce` and look at `state` afterwards.
   * Throws ERR_ZAP_INVALID_METADATA for a Socket-Type among its metadata that ours may not talk to.
   */
  authorize(reply: ZapReply): void {
    this.#checkSocketType(reply.metadata, "ERR_ZAP_INVALID_METADATA", "ZAP reply");
    this.mechanism.authorize?.(reply);
    this.#advance();
  }

  /** Bytes from the peer. Throws ZmqError when it breaks the protocol or refuses us. */
  push(chunk: Uint8Array): void {
    if (this.#outcome !== undefined) this.#outcome.decoder.push(chunk);
    else if (this.#talk !== undefined) {
      this.#talk.reader.push(chunk);
      this.#advance();
    } else {
      this.#opening.push(chunk);
      this.#begin();
    }
  }

  /** The next piece to send, or undefined when there is none for now. The bytes are the caller's. */
  produce(): Uint8Array | undefined {
    if (this.#toSend.length === 0) this.#encoded();
    return this.#toSend.shift();
  }

  /** Collects what is to be sent, and goes on when ours has left. */
  #encoded(): void {
    const opening = this.#opening.produce();
    if (opening !== undefined) this.#toSend.push(opening);
    if (this.#talk === undefined || this.#outcome !== undefined) return;
    const { encoder } = this.#talk;
    if (encoder.size === 0) return;
    for (const piece of encoder.take()) this.#toSend.push(ownCopyOf(piece));
    encoder.sent();
    this.#advance();
  }

  /** Goes on when the opening is over. */
  #begin(): void {
    const dialect = this.#opening.agreed;
    if (dialect === undefined) return;
    const { limits, maxHandshakeBytes = LONGEST_HANDSHAKE_FRAME } = this.#config;
    const { maxFrameBytes } = limits;
    const reader = dialect.reader(maxFrameBytes < 0 ? maxHandshakeBytes : Math.min(maxFrameBytes, maxHandshakeBytes));
    for (const chunk of this.#opening.rest) reader.push(chunk);
    this.#talk = { dialect, reader, encoder: dialect.encoder() };
    this.#advance();
  }

  /** Goes on as far as the received bytes reach. What is to be sent waits in the encoder for `produce`. */
  #advance(): void {
    const talk = this.#talk;
    if (talk === undefined || this.#outcome !== undefined) return;
    const peer = talk.dialect.hasMechanism ? this.#driveMechanism(talk) : this.#exchangeIdentities(talk);
    if (peer !== undefined && talk.encoder.size === 0) this.#finish(talk, peer);
  }

  /**
   * Each of our commands is encoded before the next of the peer's is read: frames behind its READY are left
   * alone. (ZMTP lets a peer send them early, though libzmq does not.)
   */
  #driveMechanism({ reader, encoder }: Talk): Properties | undefined {
    const mechanism = this.#config.mechanism;
    for (;;) {
      for (let body = mechanism.produce(); body !== undefined; body = mechanism.produce()) {
        this.commands++;
        encoder.encodeClear(body);
      }
      const { state } = mechanism;
      if (state === "ready") return mechanism.peer;
      if (state === "failed") return undefined;
      const body = reader.next();
      if (body === undefined) return undefined;
      this.commands++;
      mechanism.consume(body);
      body.fill(0); // It may hold a password.
      // Clients of PLAIN and CURVE learn the type last, and are the only ones for which libzmq raises an event.
      const isQuiet = mechanism.name === "NULL" || mechanism.state !== "ready";
      this.#checkSocketType(mechanism.peer, isQuiet ? "EPROTO" : "ERR_ZMTP_INVALID_METADATA", "metadata");
    }
  }

  /** Without a mechanism: an identity frame each way, whose flags mean nothing. */
  #exchangeIdentities({ dialect, reader, encoder }: Talk): Properties | undefined {
    if (!this.#identitySent) {
      this.#identitySent = true;
      dialect.encodeIdentity(encoder, this.#config.routingId);
    }
    this.#identity ??= reader.next();
    if (this.#identity !== undefined && this.#identity.length > MAX_IDENTITY_BYTES) {
      throw new ZmqError("EPROTO", {
        detail: `identity frame of ${this.#identity.length} octets, expected ${MAX_IDENTITY_BYTES} at most`,
      });
    }
    return this.#identity && new Map([[IDENTITY, this.#identity], ...dialect.peer]);
  }

  #checkSocketType(said: Properties, code: ErrorCode, by: string): void {
    const { socketType } = this.#config;
    const type = printable(said.get(SOCKET_TYPE) ?? EMPTY);
    if (!said.has(SOCKET_TYPE) || mayTalkTo(socketType, type)) return;
    throw new ZmqError(code, { detail: `${by}: Socket-Type is ${type}, which may not talk to ${socketType}` });
  }

  #finish({ dialect, reader, encoder }: Talk, peer: Properties): void {
    const { limits, mechanism } = this.#config;
    const decoder = dialect.decoder({ ...limits, framesAtOnce: FRAMES_AT_ONCE }, mechanism.name !== "NULL");
    const cipher = dialect.hasMechanism ? mechanism.cipher : undefined;
    if (cipher !== undefined) {
      encoder.secure(cipher);
      decoder.secure?.(cipher);
    }
    for (const chunk of reader.takeRest()) decoder.push(chunk);
    this.#outcome = { dialect, cipher, peer, decoder, encoder };
  }
}
