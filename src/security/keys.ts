/** CURVE keys as users hold them: 40 characters of Z85 (32/Z85, 26/CURVEZMQ). */

import { ZmqError } from "../base/errors.ts";
import { decodeZ85, encodeZ85 } from "../base/z85.ts";
import type { Crypto } from "./crypto.ts";

/** Characters of a key in Z85. */
const KEY_CHARACTERS = 40;

/** A key pair in Z85. */
export interface CurveKeyPair {
  readonly publicKey: string;
  readonly secretKey: string;
}

/** A new random key pair. Synchronous. */
export function newCurveKeys(crypto: Crypto): CurveKeyPair {
  const pair = crypto.newKeyPair();
  const text = { publicKey: encodeZ85(pair.publicKey), secretKey: encodeZ85(pair.secretKey) };
  pair.forget();
  return text;
}

/** The public key that belongs to a secret key. Throws EINVAL when `secretKey` is no key. */
export function publicKeyOf(crypto: Crypto, secretKey: string): string {
  const pair = crypto.primitives.keys.pairOf(decodeKey(secretKey, "secretKey"));
  pair.forget();
  return encodeZ85(pair.publicKey);
}

/** The 32 octets of a key in Z85. Throws EINVAL, which names `what` and never shows the key. */
export function decodeKey(key: string, what: string): Uint8Array {
  if (typeof key !== "string") throw new TypeError(`${what} must be a string`);
  if (key.length !== KEY_CHARACTERS) {
    throw new ZmqError("EINVAL", {
      message: `${what}: ${key.length} characters, expected a key of ${KEY_CHARACTERS} in Z85`,
    });
  }
  return decodeZ85(key);
}
