/**
 * X25519 by the runtime's own OpenSSL: a shared key takes 31 us instead of 61
 * in WebAssembly (bench/crypto.ts), and a handshake needs three of them a side. HSalsa20, which makes the key of boxes of it, stays with
 * the library that has Salsa20.
 *
 * Secret keys go in and out as DER, in memory of their own. Node decodes a JWK
 * in its pool of small buffers, and a program that hands one of these on with
 * all of its memory would hand on the key.
 */

import { createPrivateKey, createPublicKey, diffieHellman, generateKeyPairSync, type KeyObject } from "node:crypto";
import { equal, ownCopyOf } from "../base/bytes.ts";
import {
  type Boxes,
  KEY_BYTES,
  type KeyPair,
  type KeyPairs,
  NONCE_BYTES,
  type Primitives,
  randomBytes,
} from "../security/crypto.ts";

const X25519 = { kty: "OKP", crv: "X25519" };
/** The octets in front of the 32 octets of a secret key in PKCS #8 (RFC 8410). */
const PKCS8_HEAD = [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x6e, 0x04, 0x22, 0x04, 0x20];
const NO_NONCE = new Uint8Array(NONCE_BYTES);

/** `base` with key pairs of OpenSSL; `base` itself in runtimes whose `node:crypto` does not compute the same. */
export function withOpenSsl(base: Primitives): Primitives {
  const keys = new OpenSslKeys(base);
  return agrees(keys, base.keys) ? { ...base, name: `${base.name}, OpenSSL for keys`, keys } : base;
}

/** Not every runtime with a `node:crypto` has X25519 in it. */
function agrees(keys: OpenSslKeys, reference: KeyPairs): boolean {
  try {
    const made = keys.newPair();
    const known = reference.pairOf(made.secretKey);
    const [a, b] = [made.sharedKey(known.publicKey), known.sharedKey(made.publicKey)];
    return equal(known.publicKey, made.publicKey) && a !== undefined && b !== undefined && equal(a, b);
  } catch {
    return false;
  }
}

export class OpenSslKeys implements KeyPairs {
  readonly #library: KeyPairs;
  readonly #boxes: Boxes;

  constructor(base: Primitives) {
    this.#library = base.keys;
    this.#boxes = base.boxes;
  }

  pairOf(secretKey: Uint8Array): KeyPair {
    const pair = this.#library.pairOf(secretKey);
    return new OpenSslPair(this, pair.publicKey, secretKey, undefined, pair);
  }

  newPair(): KeyPair {
    try {
      const { publicKey, privateKey } = generateKeyPairSync("x25519");
      const { x } = publicKey.export({ format: "jwk" });
      return new OpenSslPair(this, Buffer.from(x as string, "base64url"), undefined, privateKey, undefined);
    } catch {
      // OpenSSL may be told at any time to compute approved things alone (FIPS), which X25519 is not.
      return this.#library.pairOf(randomBytes(KEY_BYTES));
    }
  }

  /** Called where OpenSSL fails. */
  sharedKey(publicKey: Uint8Array, secretKey: Uint8Array): Uint8Array | undefined {
    return this.#library.pairOf(secretKey).sharedKey(publicKey);
  }

  /** The key of boxes, of what X25519 gives. */
  boxKey(secret: Uint8Array): Uint8Array {
    return this.#boxes.streamKey(secret, NO_NONCE);
  }
}

/**
 * Made of its secret key, or of OpenSSL's key. The former becomes the latter at its second use: to read a key costs
 * OpenSSL as much as seven shared keys cost the library, and a client with one connection needs one.
 */
class OpenSslPair implements KeyPair {
  readonly publicKey: Uint8Array;
  readonly #maker: OpenSslKeys;
  #secretKey: Uint8Array | undefined;
  #key: KeyObject | undefined;
  /** The library's pair, for the first use and for public keys that are none, of which a peer may send any number. */
  readonly #library: KeyPair | undefined;
  #isUsed = false;

  constructor(
    maker: OpenSslKeys,
    publicKey: Uint8Array,
    secretKey: Uint8Array | undefined,
    key: KeyObject | undefined,
    library: KeyPair | undefined,
  ) {
    this.#library = library;
    this.publicKey = publicKey;
    this.#maker = maker;
    this.#secretKey = secretKey;
    this.#key = key;
  }

  get secretKey(): Uint8Array {
    if (this.#secretKey === undefined) {
      const der = this.#key?.export({ format: "der", type: "pkcs8" }) ?? new Uint8Array(0);
      this.#secretKey = ownCopyOf(der.subarray(-KEY_BYTES));
      der.fill(0);
    }
    return this.#secretKey;
  }

  sharedKey(publicKey: Uint8Array): Uint8Array | undefined {
    const library = this.#library;
    if (library !== undefined && !this.#isUsed) {
      this.#isUsed = true;
      return library.sharedKey(publicKey);
    }
    let secret: Buffer;
    try {
      this.#key ??= imported(this.secretKey);
      // OpenSSL reads its own formats of keys ten times slower than this one, which is good for public keys.
      const x = base64Url(publicKey);
      const other = createPublicKey({ key: { ...X25519, x }, format: "jwk" });
      secret = diffieHellman({ privateKey: this.#key, publicKey: other });
    } catch {
      // A point of small order, or OpenSSL does not compute this any more: the library tells which.
      if (library !== undefined) return library.sharedKey(publicKey);
      const { secretKey } = this;
      return secretKey.length === KEY_BYTES ? this.#maker.sharedKey(publicKey, secretKey) : undefined;
    }
    const key = this.#maker.boxKey(secret);
    secret.fill(0);
    return key;
  }

  forget(): void {
    this.#secretKey?.fill(0);
    this.#secretKey = undefined;
    // OpenSSL overwrites a key that is collected.
    this.#key = undefined;
  }
}

/** Throws for a key that was forgotten. */
function imported(secretKey: Uint8Array): KeyObject {
  if (secretKey.length !== KEY_BYTES) throw new RangeError("the secret key was forgotten");
  const der = Buffer.allocUnsafeSlow(PKCS8_HEAD.length + KEY_BYTES);
  der.set(PKCS8_HEAD);
  der.set(secretKey, PKCS8_HEAD.length);
  const key = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  der.fill(0);
  return key;
}

function base64Url(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("base64url");
}
