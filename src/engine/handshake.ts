/**
 * The start of a connection, without sockets or timers: greeting, then the
 * mechanism (ZMTP 3.x) or one identity frame each way (2.0, 1.0). Bytes go in
 * by `push`, bytes to send come out of `produce`; when `state` is `done`, the
 * outcome holds what the established connection needs.
 *
 * Done means: ours was sent and theirs was received. Nothing else may be sent
 * before, for libzmq takes it for part of the handshake and closes.
 *
 * Errors follow libzmq's events: `ERR_ZMTP_…` where it raises one for a broken
 * protocol, `status` where it raises one for a failed authentication, and
 * `EPROTO` or `EMSGSIZE` where it only closes.
 */

import { concat, fromText, ownCopyOf } from "../base/bytes.ts";
import { ZmqError } from "../base/errors.ts";
import type { Properties } from "../base/message.ts";
import { mayTalkTo, type SocketTypeName, socketTypeName } from "../base/socket-types.ts";
import type { FrameCipher, Mechanism, ZapReply, ZapRequest } from "../security/mechanism.ts";
import { printable } from "../wire/command.ts";
import { Decoder, type DecoderLimits, type FrameDecoder } from "../wire/decoder.ts";
import { Encoder, type Framing } from "../wire/encoder.ts";
import { FrameReader } from "../wire/frame-reader.ts";
import { Greeting, type GreetingOutcome, type ZmtpVersion } from "../wire/greeting.ts";
import { LegacyDecoder } from "../wire/legacy.ts";
import { IDENTITY, MAX_IDENTITY_BYTES, SOCKET_TYPE } from "../wire/metadata.ts";
import { FRAMES_AT_ONCE } from "./turn-budget.ts";

/** libzmq takes handshake commands of any length; this much leaves room for long metadata. */
const LONGEST_HANDSHAKE_FRAME = 65_536;

export interface HandshakeConfig {
  readonly socketType: SocketTypeName;
  readonly routingId: Uint8Array;
  readonly mechanism: Mechanism;
  /** ZMQ_ZAP_DOMAIN is not empty: peers below 3.0 are refused. */
  readonly zapDomainSet: boolean;
  readonly limits: DecoderLimits;
  /** Octets of the longest handshake command or identity frame that is accepted; 64 KiB when absent. */
  readonly maxHandshakeBytes?: number;
}

/** `failed`: no agreement; what `produce` still has should be sent, then the connection closed. */
export type HandshakeState = "greeting" | "mechanism" | "authorizing" | "done" | "failed";

export interface HandshakeOutcome {
  readonly version: ZmtpVersion;
  /** A ZMTP 1.0 peer without a greeting. It may not forward subscriptions: a publisher assumes it wants everything. */
  readonly unversioned: boolean;
  /** The peer speaks 3.x: heartbeats are possible and the success of the handshake is an event. */
  readonly hasMechanism: boolean;
  /**
   * READY metadata and the ZAP reply's (which counts more, with `User-Id`). Of an
   * older peer: `Identity` from its identity frame, `Socket-Type` from its octet, unchecked.
   */
  readonly peer: Properties;
  /** What opens and seals the frames, if anything does. */
  readonly cipher: FrameCipher | undefined;
  /** Holds all octets that came behind the handshake. */
  readonly decoder: FrameDecoder;
  readonly encoder: Encoder;
}

export class Handshake {
  readonly #config: HandshakeConfig;
  readonly #greeting: Greeting;
  #agreed: GreetingOutcome | undefined = undefined;
  #reader: FrameReader | undefined = undefined;
  #encoder: Encoder | undefined = undefined;
  #decoder: FrameDecoder | undefined = undefined;
  /** A peer below 3.0: its identity frame, and whether ours has been sent. */
  #identity: Uint8Array | undefined = undefined;
  #identitySent = false;
  #commands = 0;
  #zapReply: ZapReply | undefined = undefined;
  #outcome: HandshakeOutcome | undefined = undefined;

  constructor(config: HandshakeConfig) {
    this.#config = config;
    this.#greeting = new Greeting({
      mechanism: config.mechanism.name,
      socketType: config.socketType,
      routingId: config.routingId,
      refusesLegacy: config.mechanism.name !== "NULL" || config.zapDomainSet,
    });
  }

  /** Whether commands cost computing that is worth counting. */
  get isCostly(): boolean {
    return this.#config.mechanism.name === "CURVE";
  }

  /** Commands of the mechanism so far, the peer's and ours. */
  get commands(): number {
    return this.#commands;
  }

  /** The connection ended before the handshake was done: its secrets are overwritten. */
  forget(): void {
    this.#config.mechanism.forget?.();
  }

  get state(): HandshakeState {
    if (this.#outcome !== undefined) return "done";
    if (this.#agreed === undefined) return "greeting";
    switch (this.#config.mechanism.state) {
      case "failed":
        return "failed";
      case "authorizing":
        return "authorizing";
      default:
        return "mechanism";
    }
  }

  /** Throws EFSM before `state` is `done`. */
  get outcome(): HandshakeOutcome {
    if (this.#outcome === undefined) throw new ZmqError("EFSM", { detail: `handshake: ${this.state}, not done` });
    return this.#outcome;
  }

  /** What to ask the ZAP handler, while `authorizing`. */
  get zap(): ZapRequest | undefined {
    return this.state === "authorizing" ? this.#config.mechanism.zap : undefined;
  }

  /**
   * The ZAP handler's answer. Call `produce` and look at `state` afterwards.
   * Throws ERR_ZAP_INVALID_METADATA for a Socket-Type among its metadata that ours may not talk to.
   */
  authorize(reply: ZapReply): void {
    const type = reply.metadata.get(SOCKET_TYPE);
    if (type !== undefined && !mayTalkTo(this.#config.socketType, printable(type))) {
      throw new ZmqError("ERR_ZAP_INVALID_METADATA", {
        detail: `ZAP reply: Socket-Type ${printable(type)} may not talk to ${this.#config.socketType}`,
      });
    }
    this.#zapReply = reply;
    this.#config.mechanism.authorize?.(reply);
    this.#advance();
  }

  /** Bytes from the peer. Throws ZmqError when it breaks the protocol or refuses us. */
  push(chunk: Uint8Array): void {
    if (this.#decoder !== undefined) {
      this.#decoder.push(chunk);
      return;
    }
    if (this.#reader !== undefined) {
      this.#reader.push(chunk);
    } else {
      this.#greeting.push(chunk);
      const agreed = this.#greeting.outcome;
      if (agreed === undefined) return;
      this.#begin(agreed);
    }
    this.#advance();
  }

  /** All bytes that may be sent now, or undefined. The bytes are the caller's. */
  produce(): Uint8Array | undefined {
    const parts: Uint8Array[] = [];
    const greeting = this.#greeting.produce();
    if (greeting !== undefined) parts.push(greeting);
    const encoder = this.#encoder;
    if (encoder !== undefined && encoder.size > 0 && this.#outcome === undefined) {
      parts.push(concat(encoder.take()));
      encoder.sent();
      this.#advance();
    }
    return parts.length === 0 ? undefined : concat(parts);
  }

  #begin(agreed: GreetingOutcome): void {
    this.#agreed = agreed;
    const framing: Framing = agreed.version === "1.0" ? "v1" : "v2";
    const { limits, maxHandshakeBytes = LONGEST_HANDSHAKE_FRAME } = this.#config;
    const { maxFrameBytes } = limits;
    const limit = maxFrameBytes < 0 ? maxHandshakeBytes : Math.min(maxFrameBytes, maxHandshakeBytes);
    this.#reader = new FrameReader(framing, limit, ownCopyOf);
    this.#reader.push(agreed.rest);
    this.#encoder = new Encoder(framing);
  }

  /** Goes on as far as the received bytes reach. What is to be sent waits in the encoder for `produce`. */
  #advance(): void {
    const agreed = this.#agreed;
    const reader = this.#reader;
    const encoder = this.#encoder;
    if (agreed === undefined || reader === undefined || encoder === undefined || this.#outcome !== undefined) return;
    const peer = hasMechanism(agreed)
      ? this.#driveMechanism(reader, encoder)
      : this.#exchangeIdentities(agreed, reader, encoder);
    if (peer !== undefined && encoder.size === 0) this.#finish(agreed, reader, encoder, peer);
  }

  /**
   * Each of our commands is encoded before the next of the peer's is read: frames behind its READY are left
   * alone. (ZMTP lets a peer send them early, though libzmq does not.)
   */
  #driveMechanism(reader: FrameReader, encoder: Encoder): Properties | undefined {
    const mechanism = this.#config.mechanism;
    for (;;) {
      for (let body = mechanism.produce(); body !== undefined; body = mechanism.produce()) {
        this.#commands++;
        encoder.encodeClear(body);
      }
      const { state } = mechanism;
      if (state === "ready") return mechanism.peer;
      if (state === "failed") return undefined;
      const body = reader.next();
      if (body === undefined) return undefined;
      this.#commands++;
      mechanism.consume(body);
      body.fill(0); // It may hold a password.
      this.#checkSocketType(mechanism);
    }
  }

  /** Peers below 3.0: an identity frame each way, whose flags mean nothing. */
  #exchangeIdentities(agreed: GreetingOutcome, reader: FrameReader, encoder: Encoder): Properties | undefined {
    if (!this.#identitySent) {
      this.#identitySent = true;
      // To an unversioned peer the signature was the header of our identity frame; its body is all that is missing.
      if (agreed.unversioned) encoder.raw(this.#config.routingId);
      else encoder.encode([this.#config.routingId]);
    }
    this.#identity ??= reader.next();
    if (this.#identity !== undefined && this.#identity.length > MAX_IDENTITY_BYTES) {
      throw new ZmqError("EPROTO", {
        detail: `identity frame of ${this.#identity.length} octets, expected ${MAX_IDENTITY_BYTES} at most`,
      });
    }
    return this.#identity && legacyPeer(agreed, this.#identity);
  }

  #checkSocketType(mechanism: Mechanism): void {
    const type = mechanism.peer.get(SOCKET_TYPE);
    if (type === undefined || mayTalkTo(this.#config.socketType, printable(type))) return;
    // Clients of PLAIN and CURVE learn the type last, and are the only ones for which libzmq raises an event.
    const isQuiet = mechanism.name === "NULL" || mechanism.state !== "ready";
    throw new ZmqError(isQuiet ? "EPROTO" : "ERR_ZMTP_INVALID_METADATA", {
      detail: `metadata: Socket-Type is ${printable(type)}, which may not talk to ${this.#config.socketType}`,
    });
  }

  #finish(agreed: GreetingOutcome, reader: FrameReader, encoder: Encoder, peer: Properties): void {
    const limits = { ...this.#config.limits, framesAtOnce: FRAMES_AT_ONCE };
    const decoder: FrameDecoder =
      agreed.version === "1.0"
        ? new LegacyDecoder(limits)
        : new Decoder(limits, this.#config.mechanism.name !== "NULL");
    const cipher = hasMechanism(agreed) ? this.#config.mechanism.cipher : undefined;
    if (cipher !== undefined) {
      encoder.secure(cipher);
      decoder.secure?.(cipher);
    }
    decoder.push(reader.takeRest());
    this.#decoder = decoder;
    this.#outcome = {
      version: agreed.version,
      unversioned: agreed.unversioned,
      hasMechanism: hasMechanism(agreed),
      cipher,
      peer: withZapReply(peer, this.#zapReply),
      decoder,
      encoder,
    };
  }
}

function hasMechanism(agreed: GreetingOutcome): boolean {
  return agreed.version === "3.0" || agreed.version === "3.1";
}

function legacyPeer(agreed: GreetingOutcome, identity: Uint8Array): Properties {
  const peer = new Map([[IDENTITY, identity]]);
  const type = agreed.socketTypeId === undefined ? undefined : socketTypeName(agreed.socketTypeId);
  if (type !== undefined) peer.set(SOCKET_TYPE, fromText(type));
  return peer;
}

/** What only this side may say of a peer; libzmq passes on what the peer claims where there is no ZAP handler. */
const OURS_TO_SAY = ["User-Id", "Peer-Address"];

/** What the ZAP handler says of the peer counts more than what the peer says of itself. */
function withZapReply(peer: Properties, reply: ZapReply | undefined): Properties {
  const merged = new Map(peer);
  for (const name of OURS_TO_SAY) merged.delete(name);
  if (reply === undefined) return merged;
  for (const [name, value] of reply.metadata) merged.set(name, value);
  if (reply.userId !== "") merged.set("User-Id", fromText(reply.userId));
  return merged;
}
