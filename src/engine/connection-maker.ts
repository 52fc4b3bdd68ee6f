/** From the options of an endpoint to its connections, for all mechanisms, and for STREAM. */

import { ZmqError } from "../base/errors.ts";
import type { OptionValues } from "../base/options.ts";
import type { SocketTypeName } from "../base/socket-types.ts";
import type { Crypto } from "../security/crypto.ts";
import { selectMechanism } from "../security/select-mechanism.ts";
import { zmtp } from "../wire/zmtp-all.ts";
import type { ConnectionMaker } from "./endpoint-owner.ts";
import { RawSession } from "./raw-session.ts";
import { sessionMaker } from "./session-maker.ts";

/** Throws EINVAL for options that cannot work together: here, not at the first link. */
export function connectionMaker(type: SocketTypeName, options: OptionValues, crypto: Crypto): ConnectionMaker {
  const makeMechanism = selectMechanism(type, options, crypto);
  if (type === "STREAM" || options.raw) {
    refuseSecurity(options);
    return (link, owner) => new RawSession(link, owner);
  }
  return sessionMaker(type, options, makeMechanism, zmtp);
}

/** libzmq lets everyone in there, and sends in clear, whatever was asked for. */
function refuseSecurity({ securityMechanism, zapDomain }: OptionValues): void {
  if (securityMechanism === null && zapDomain === null) return;
  const asked = securityMechanism === null ? "zapDomain" : securityMechanism.toUpperCase();
  throw new ZmqError("EINVAL", { message: `${asked} is set, but bytes without ZMTP know no security` });
}
