/**
 * ZMTP as a `Protocol`: after the greeting (greeting.ts) it is clear which
 * version both speak, and with it the framing, how subscriptions travel, and
 * whether there is a mechanism.
 *
 *   3.1   mechanism · subscriptions as commands   3.0   mechanism · subscriptions as messages
 *   2.0   identities · the same framing           1.0   identities · a framing of its own (legacy-decoder.ts)
 */

import { fromText, ownCopyOf } from "../base/bytes.ts";
import type { Properties } from "../base/message.ts";
import type {
  DecoderLimits,
  Dialect,
  FrameDecoder,
  FrameEncoder,
  Opening,
  OpeningConfig,
  PeerCommand,
  Protocol,
} from "../base/protocol.ts";
import { socketTypeName } from "../base/socket-types.ts";
import { IN_PAGE } from "../base/target.ts";
import { parseCommand } from "./command.ts";
import { Decoder } from "./decoder.ts";
import { Encoder, type Framing } from "./encoder.ts";
import { FrameReader } from "./frame-reader.ts";
import { Greeting, type GreetingOutcome } from "./greeting.ts";
import { SOCKET_TYPE } from "./metadata.ts";

/** Makes the decoder of ZMTP 1.0. */
export type LegacyDecoderMaker = (limits: DecoderLimits) => FrameDecoder;

/** With versions 1.0 and 2.0 where there is a decoder for the former; otherwise peers that speak them are refused. */
export function zmtpProtocol(legacyDecoder?: LegacyDecoderMaker): Protocol {
  return { open: (config) => new ZmtpOpening(config, legacyDecoder) };
}

class ZmtpOpening implements Opening {
  readonly #greeting: Greeting;
  readonly #legacyDecoder: LegacyDecoderMaker | undefined;
  #agreed: Dialect | undefined = undefined;
  #rest: readonly Uint8Array[] = [];

  constructor(config: OpeningConfig, legacyDecoder: LegacyDecoderMaker | undefined) {
    const { mechanism, socketType, routingId, needsMechanism } = config;
    const refusesLegacy = needsMechanism || legacyDecoder === undefined;
    this.#legacyDecoder = legacyDecoder;
    this.#greeting = new Greeting({ mechanism, socketType, routingId, refusesLegacy });
  }

  get agreed(): Dialect | undefined {
    return this.#agreed;
  }

  get rest(): readonly Uint8Array[] {
    return this.#rest;
  }

  push(chunk: Uint8Array): void {
    this.#greeting.push(chunk);
    const { outcome } = this.#greeting;
    if (outcome === undefined) return;
    this.#agreed = new ZmtpDialect(outcome, this.#legacyDecoder);
    this.#rest = [outcome.rest];
  }

  produce(): Uint8Array | undefined {
    return this.#greeting.produce();
  }
}

class ZmtpDialect implements Dialect {
  readonly name: string;
  readonly hasMechanism: boolean;
  readonly hasPing: boolean;
  /** A peer that sent no greeting: see `Greeting`. */
  readonly isSubscribedToAll: boolean;
  /** Of an older peer: `Socket-Type` from its octet, unchecked. */
  readonly peer: Properties;
  readonly #framing: Framing;
  readonly #sendsCommands: boolean;
  readonly #legacyDecoder: LegacyDecoderMaker | undefined;

  constructor(outcome: GreetingOutcome, legacyDecoder: LegacyDecoderMaker | undefined) {
    const { version, unversioned, socketTypeId } = outcome;
    this.#legacyDecoder = legacyDecoder;
    this.name = `ZMTP ${version}`;
    this.hasMechanism = IN_PAGE || version === "3.0" || version === "3.1";
    this.hasPing = version === "3.1";
    this.isSubscribedToAll = !IN_PAGE && unversioned;
    const type = IN_PAGE || socketTypeId === undefined ? undefined : socketTypeName(socketTypeId);
    this.peer = new Map(type === undefined ? [] : [[SOCKET_TYPE, fromText(type)]]);
    this.#framing = !IN_PAGE && version === "1.0" ? "v1" : "v2";
    this.#sendsCommands = version === "3.1";
  }

  reader(maxFrameBytes: number): FrameReader {
    return new FrameReader(this.#framing, maxFrameBytes, ownCopyOf);
  }

  encoder(): FrameEncoder {
    return new Encoder(this.#framing, this.#sendsCommands);
  }

  decoder(limits: DecoderLimits, isSecured: boolean): FrameDecoder {
    if (!IN_PAGE && this.#framing === "v1" && this.#legacyDecoder !== undefined) return this.#legacyDecoder(limits);
    return new Decoder(limits, isSecured);
  }

  encodeIdentity(encoder: FrameEncoder, routingId: Uint8Array): void {
    // To an unversioned peer the signature was the header of our identity frame; its body is all that is missing.
    if (!IN_PAGE && this.isSubscribedToAll) encoder.raw(routingId);
    else encoder.encode([routingId]);
  }

  parseCommand(body: Uint8Array): PeerCommand | undefined {
    return parseCommand(body);
  }
}
