/**
 * From a socket's options to the mechanism of one connection, and to what ZAP
 * says about it. Which mechanism was chosen is decided where options are
 * assigned (base/options.ts); the role follows from the options alone, never
 * from which side connected.
 */

import { ZmqError } from "../base/errors.ts";
import type { SocketTypeName } from "../base/socket-types.ts";
import type { Crypto } from "./crypto.ts";
import { curveClients, keyPair } from "./curve-clients.ts";
import { CurveServer } from "./curve-server.ts";
import { type Mechanism, mechanismConfig, type SecurityOptions } from "./mechanism.ts";
import { NullMechanism } from "./null.ts";
import { PlainServer, plainClients } from "./plain.ts";
import { type ZapRule, zapRule } from "./zap.ts";

/**
 * What makes the mechanism of each connection of an endpoint, for sockets of
 * type `type`. Throws EINVAL for options that cannot work together: no
 * connection is ever less secure than its options ask for.
 */
export function selectMechanism(type: SocketTypeName, options: SecurityOptions, crypto: Crypto): () => Mechanism {
  const config = mechanismConfig(type, options);
  const asksZap = securityZapRule(options) !== "never";
  switch (options.securityMechanism) {
    case null:
      return () => new NullMechanism(config, asksZap);
    case "plain":
      if (!options.plainServer) return plainClients(config, options);
      if (options.zapEnforceDomain && options.zapDomain === null) {
        throw new ZmqError("EINVAL", { message: "plainServer with zapEnforceDomain needs a zapDomain" });
      }
      return () => new PlainServer(config);
    case "curve":
      if (options.curveServer) {
        const own = keyPair(options, crypto, "curveServer");
        return () => new CurveServer(config, own, asksZap, crypto);
      }
      return curveClients(config, options, crypto);
    default:
      throw new ZmqError("EINVAL", { message: `${options.securityMechanism} is not available` });
  }
}

/** Whether a ZAP handler is asked about the peers of a socket with these options, and whether there must be one. */
export function securityZapRule(options: SecurityOptions): ZapRule {
  const hasDomain = options.zapDomain !== null;
  const enforcesDomain = options.zapEnforceDomain;
  switch (options.securityMechanism) {
    case "plain":
      return zapRule({ mechanism: "PLAIN", isServer: options.plainServer, hasDomain, enforcesDomain });
    case "curve":
      return zapRule({ mechanism: "CURVE", isServer: options.curveServer, hasDomain, enforcesDomain });
    default:
      return zapRule({ mechanism: "NULL", isServer: false, hasDomain, enforcesDomain });
  }
}
