/**
 * From a socket's options to the mechanism of one connection, and to what ZAP
 * says about it. Which mechanism was chosen is decided where options are
 * assigned (base/options.ts); the role follows from the options alone, never
 * from which side connected.
 */

import { equal } from "../base/bytes.ts";
import { ZmqError } from "../base/errors.ts";
import type { OptionValues } from "../base/options.ts";
import type { SocketTypeName } from "../base/socket-types.ts";
import type { Crypto, KeyPair } from "./crypto.ts";
import { CurveClient, type CurveClientKeys } from "./curve-client.ts";
import { CurveServer } from "./curve-server.ts";
import { decodeKey } from "./keys.ts";
import type { Mechanism, MechanismConfig } from "./mechanism.ts";
import { NullMechanism } from "./null.ts";
import { PlainClient, PlainServer } from "./plain.ts";
import { type ZapRule, zapRule } from "./zap.ts";

/** The options that decide. */
export type SecurityOptions = Pick<
  OptionValues,
  | "securityMechanism"
  | "plainServer"
  | "plainUsername"
  | "plainPassword"
  | "curveServer"
  | "curvePublicKey"
  | "curveSecretKey"
  | "curveServerKey"
  | "zapDomain"
  | "zapEnforceDomain"
  | "routingId"
  | "metadata"
>;

/**
 * What makes the mechanism of each connection of an endpoint, for sockets of
 * type `type`. Throws EINVAL for options that cannot work together: no
 * connection is ever less secure than its options ask for.
 */
export function selectMechanism(type: SocketTypeName, options: SecurityOptions, crypto: Crypto): () => Mechanism {
  const config: MechanismConfig = {
    socketType: type,
    routingId: options.routingId,
    metadata: new Map(Object.entries(options.metadata)),
  };
  const asksZap = securityZapRule(options) !== "never";
  switch (options.securityMechanism) {
    case null:
      return () => new NullMechanism(config, asksZap);
    case "plain":
      if (!options.plainServer) {
        const { plainUsername, plainPassword } = options;
        const credentials = { username: plainUsername ?? "", password: plainPassword ?? "" };
        return () => new PlainClient(config, credentials);
      }
      if (options.zapEnforceDomain && options.zapDomain === null) {
        throw new ZmqError("EINVAL", { message: "plainServer with zapEnforceDomain needs a zapDomain" });
      }
      return () => new PlainServer(config);
    case "curve":
      if (options.curveServer) {
        const own = keyPair(options, crypto, "curveServer");
        return () => new CurveServer(config, own, asksZap, crypto);
      }
      return curveClients(config, { own: clientKeys(options, crypto), server: serverKey(options) }, crypto);
    default:
      throw new ZmqError("EINVAL", { message: `${options.securityMechanism} is not available` });
  }
}

/** Whether a ZAP handler is asked about the peers of a socket with these options, and whether there must be one. */
export function securityZapRule(options: SecurityOptions): ZapRule {
  const situation = { hasDomain: options.zapDomain !== null, enforcesDomain: options.zapEnforceDomain };
  switch (options.securityMechanism) {
    case "plain":
      return zapRule({ ...situation, mechanism: "PLAIN", isServer: options.plainServer });
    case "curve":
      return zapRule({ ...situation, mechanism: "CURVE", isServer: options.curveServer });
    default:
      return zapRule({ ...situation, mechanism: "NULL", isServer: false });
  }
}

function clientKeys(options: SecurityOptions, crypto: Crypto): KeyPair {
  const pair = keyPair(options, crypto, "a CURVE client");
  const { curvePublicKey } = options;
  if (curvePublicKey === null || equal(pair.publicKey, decodeKey(curvePublicKey, "curvePublicKey"))) return pair;
  throw new ZmqError("EINVAL", { message: "curvePublicKey does not belong to curveSecretKey" });
}

function serverKey(options: SecurityOptions): Uint8Array {
  if (options.curveServerKey !== null) return decodeKey(options.curveServerKey, "curveServerKey");
  throw new ZmqError("EINVAL", { message: "CURVE keys are set, but neither curveServerKey (client) nor curveServer" });
}

/** The keys of the first connection are made here: they tell whether the server's key is a public key at all. */
function curveClients(config: MechanismConfig, keys: CurveClientKeys, crypto: Crypto): () => Mechanism {
  let first: CurveClient | undefined = new CurveClient(config, keys, crypto);
  try {
    first.prepare();
  } catch (cause) {
    if (!(cause instanceof ZmqError) || cause.code !== "ERR_ZMTP_CRYPTOGRAPHIC") throw cause;
    throw new ZmqError("EINVAL", { message: "curveServerKey is no public key", cause });
  }
  return () => {
    const client = first ?? new CurveClient(config, keys, crypto);
    first = undefined;
    return client;
  };
}

function keyPair(options: SecurityOptions, crypto: Crypto, who: string): KeyPair {
  const { curveSecretKey } = options;
  if (curveSecretKey === null) throw new ZmqError("EINVAL", { message: `${who} needs curveSecretKey` });
  return crypto.primitives.keys.pairOf(decodeKey(curveSecretKey, "curveSecretKey"));
}
