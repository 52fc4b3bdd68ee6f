/** From a socket's options to the clients of CURVE that its connections are. */

import { equal } from "../base/bytes.ts";
import { ZmqError } from "../base/errors.ts";
import type { Crypto, KeyPair } from "./crypto.ts";
import { CurveClient } from "./curve-client.ts";
import { decodeKey } from "./keys.ts";
import type { Mechanism, MechanismConfig, SecurityOptions } from "./mechanism.ts";

/**
 * What makes the client of each connection. The keys of the first are made here: they tell whether the server's key is a
 * public key at all. Throws EINVAL for keys that are missing, or do not belong together.
 */
export function curveClients(config: MechanismConfig, options: SecurityOptions, crypto: Crypto): () => Mechanism {
  const keys = { own: clientKeys(options, crypto), server: serverKey(options) };
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

/** The pair of `curveSecretKey`. Throws EINVAL, which names `who`, where there is none. */
export function keyPair(options: SecurityOptions, crypto: Crypto, who: string): KeyPair {
  const { curveSecretKey } = options;
  if (curveSecretKey === null) throw new ZmqError("EINVAL", { message: `${who} needs curveSecretKey` });
  return crypto.primitives.keys.pairOf(decodeKey(curveSecretKey, "curveSecretKey"));
}
