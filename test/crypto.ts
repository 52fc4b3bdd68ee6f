/** The crypto library of tests: libsodium's, as every runtime has it. */

import { Crypto } from "../src/security/crypto.ts";
import { newCurveKeys, publicKeyOf } from "../src/security/keys.ts";
import { loadSodium } from "../src/security/sodium.ts";

export const crypto = new Crypto(loadSodium);
export const primitives = () => crypto.primitives;
export const newKeyPair: Crypto["newKeyPair"] = (random) => crypto.newKeyPair(random);
export const boxKey: Crypto["boxKey"] = (key, nonce) => crypto.boxKey(key, nonce);
export const sealBox: Crypto["sealBox"] = (...box) => crypto.sealBox(...box);
export const openBox: Crypto["openBox"] = (...box) => crypto.openBox(...box);
export const curveKeyPair = () => newCurveKeys(crypto);
export const curvePublicKey = (secretKey: string) => publicKeyOf(crypto, secretKey);
