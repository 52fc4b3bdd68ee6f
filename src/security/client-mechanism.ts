/**
 * From a socket's options to the mechanism of its connections, where sockets are clients alone, as in a page: NULL and
 * PLAIN, and CURVE where its code is there. No ZAP handler is asked, for it is servers that ask one.
 */

import { ZmqError } from "../base/errors.ts";
import type { SocketTypeName } from "../base/socket-types.ts";
import { type Mechanism, type MechanismConfig, mechanismConfig, type SecurityOptions } from "./mechanism.ts";
import { NullMechanism } from "./null.ts";
import { plainClients } from "./plain.ts";

/** Makes the clients of CURVE. Throws ENOTSUP where its code is not there. */
export type CurveMaker = (config: MechanismConfig, options: SecurityOptions) => () => Mechanism;

/** Throws EINVAL as `selectMechanism`. */
export function clientMechanism(type: SocketTypeName, options: SecurityOptions, curve: CurveMaker): () => Mechanism {
  const config = mechanismConfig(type, options);
  const { securityMechanism } = options;
  switch (securityMechanism) {
    case null:
      return () => new NullMechanism(config, false);
    case "plain":
      return plainClients(config, options);
    case "curve":
      return curve(config, options);
    default:
      throw new ZmqError("EINVAL", { message: `${securityMechanism} is not available` });
  }
}
