/** From the options of an endpoint to its sessions: their handshake and their limits. */

import type { OptionValues } from "../base/options.ts";
import type { DecoderLimits, Protocol } from "../base/protocol.ts";
import type { SocketTypeName } from "../base/socket-types.ts";
import { IN_PAGE } from "../base/target.ts";
import type { Mechanism } from "../security/mechanism.ts";
import type { ConnectionMaker } from "./endpoint-owner.ts";
import { Handshake } from "./handshake.ts";
import { Session } from "./session.ts";

/** `usual` is spoken over links that bring no protocol of their own. */
export function sessionMaker(
  type: SocketTypeName,
  options: OptionValues,
  makeMechanism: () => Mechanism,
  usual: Protocol,
): ConnectionMaker {
  const config = {
    socketType: type,
    routingId: options.routingId,
    zapDomainSet: !IN_PAGE && options.zapDomain !== null,
    limits: decoderLimits(options),
    maxHandshakeBytes: options.maxHandshakeSize,
  };
  return (link, owner) => {
    const { protocol = usual } = link;
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

/** The number, or infinity for -1. */
function unlimited(limit: number): number {
  return limit < 0 ? Number.POSITIVE_INFINITY : limit;
}
