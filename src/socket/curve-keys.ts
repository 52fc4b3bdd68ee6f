/** CURVE keys by the crypto library of the platform. */

import { type CurveKeyPair, newCurveKeys, publicKeyOf } from "../security/keys.ts";
import { contextCore } from "./context.ts";
import { defaultContext } from "./default-context.ts";

/** A new random key pair. Synchronous. A page imports `zmq-ts/browser/curve` first, or ENOTSUP is thrown. */
export function curveKeyPair(): CurveKeyPair {
  return newCurveKeys(contextCore(defaultContext()).platform.crypto);
}

/** The public key that belongs to a secret key, as zmq_curve_public computes it. Throws EINVAL when `secretKey` is no key. */
export function curvePublicKey(secretKey: string): string {
  return publicKeyOf(contextCore(defaultContext()).platform.crypto, secretKey);
}
