/** From the options of an endpoint to its connections: their handshake, their mechanism, their limits. */

import { ZmqError } from "../base/errors.ts";
import type { OptionValues } from "../base/options.ts";
import type { DecoderLimits } from "../base/protocol.ts";
import type { SocketTypeName } from "../base/socket-types.ts";
import type { Crypto } from "../security/crypto.ts";
import { selectMechanism } from "../security/select-mechanism.ts";
import { zmtp } from "../wire/zmtp.ts";
import type { ConnectionMaker } from "./endpoint-owner.ts";
import { Handshake } from "./handshake.ts";
import { RawSession } from "./raw-session.ts";
import { Session } from "./session.ts";

/** Throws EINVAL for options that cannot work together: here, not at the first link. */
export function connectionMaker(type: SocketTypeName, options: OptionValues, crypto: Crypto): ConnectionMaker {
  const makeMechanism = selectMechanism(type, options, crypto);
  if (type === "STREAM" || options.raw) {
    refuseSecurity(options);
    return (link, owner) => new RawSession(link, owner);
  }
  const config = {
    socketType: type,
    routingId: options.routingId,
    zapDomainSet: options.zapDomain !== null,
    limits: decoderLimits(options),
    maxHandshakeBytes: options.maxHandshakeSize,
  };
  return (link, owner) => {
    const { protocol = zmtp } = link;
    return new Session(link, new Handshake({ ...config, protocol, mechanism: makeMechanism() }), owner);
  };
}

export function decoderLimits(options: OptionValues): DecoderLimits {
  return {
    maxFrameBytes: options.maxMessageSize,
    maxFrames: unlimited(options.maxMessageFrames),
    maxMessageBytes: unlimited(options.maxMultipartSize),
  };
}

/** libzmq lets everyone in there, and sends in clear, whatever was asked for. */
function refuseSecurity({ securityMechanism, zapDomain }: OptionValues): void {
  if (securityMechanism === null && zapDomain === null) return;
  const asked = securityMechanism === null ? "zapDomain" : securityMechanism.toUpperCase();
  throw new ZmqError("EINVAL", { message: `${asked} is set, but bytes without ZMTP know no security` });
}

/** The number, or infinity for -1. */
function unlimited(limit: number): number {
  return limit < 0 ? Number.POSITIVE_INFINITY : limit;
}
