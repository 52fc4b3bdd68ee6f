/**
 * What CURVE asks of a crypto library: X25519, and XSalsa20-Poly1305 under a
 * key and nonce ("box" with a precomputed key and "secretbox" are the same).
 * The platform hands it in. The library is libsodium's WebAssembly build (sodium.ts), with a Salsa20 of
 * this project's own where the runtime has vectors (salsa20.ts); in Node, key pairs
 * are those of its OpenSSL (node/x25519.ts), and programs that installed
 * `sodium-native` get that for large frames. docs/security.md has the figures.
 *
 * Nothing here is asynchronous, and nothing is loaded before its first use.
 */

import { uninitialized } from "../base/bytes.ts";
import { ZmqError } from "../base/errors.ts";

/** Octets of public, secret and shared keys. */
export const KEY_BYTES = 32;
export const NONCE_BYTES = 24;
/** Octets that a box is longer than its content: the tag in front of it. */
export const TAG_BYTES = 16;

/** Seals and opens boxes of one key whose nonces begin alike. */
export interface BoxKey {
  readonly key: Uint8Array;
  /** The nonce of the next box. Its owner may change the last 8 octets between calls. */
  readonly nonce: Uint8Array;
  /** The XSalsa20 subkey of `key` and the first 16 octets of `nonce`; the same for all messages of a direction. */
  readonly streamKey: Uint8Array;
}

/** A key pair of X25519. */
export interface KeyPair {
  readonly publicKey: Uint8Array;
  readonly secretKey: Uint8Array;
  /** The key of boxes between this pair and another's; undefined when `publicKey` is none (a point of small order). */
  sharedKey(publicKey: Uint8Array): Uint8Array | undefined;
  /** The secret key is not needed any more, and is overwritten where that is possible. The pair is of no use then. */
  forget(): void;
}

export interface KeyPairs {
  /** The pair a secret key belongs to. Keeps the array. */
  pairOf(secretKey: Uint8Array): KeyPair;
  /** A random pair, where that is quicker made than from a random secret key. */
  newPair?(): KeyPair;
}

/** All arrays are the caller's; no call keeps or changes one that it did not fill. */
export interface Boxes {
  /** HSalsa20 of `key` and the first 16 octets of `nonce`. */
  streamKey(key: Uint8Array, nonce: Uint8Array): Uint8Array;
  /**
   * Writes the box of one octet `lead` and `body`, or of `body` alone when `lead`
   * is negative, at `offset` of `target`.
   */
  seal(box: BoxKey, lead: number, body: Uint8Array, target: Uint8Array, offset: number): void;
  /**
   * Opens the box that reaches from `start` to `end` of `source`, TAG_BYTES or more, and writes
   * its content at `offset` of `target`. False when it is not authentic: nothing of its content is in `target` then.
   */
  open(box: BoxKey, source: Uint8Array, start: number, end: number, target: Uint8Array, offset: number): boolean;
  /** Overwrites what the library still has of keys and contents. */
  forget?(): void;
}

export interface Primitives {
  /** For diagnostics. */
  readonly name: string;
  readonly keys: KeyPairs;
  readonly boxes: Boxes;
}

interface WebCrypto {
  getRandomValues(bytes: Uint8Array): Uint8Array;
}

/** Where secrets and nonces come from; tests bring their own. */
export type RandomSource = (length: number) => Uint8Array;

/** `length` octets, at most 65536, that nobody can foresee. */
export function randomBytes(length: number): Uint8Array {
  const bytes = uninitialized(length);
  (globalThis as unknown as { crypto: WebCrypto }).crypto.getRandomValues(bytes);
  return bytes;
}

/** A crypto library that is loaded at its first use, and what CURVE does with it. */
export class Crypto {
  readonly #load: () => Primitives;
  #primitives: Primitives | undefined = undefined;

  constructor(load: () => Primitives) {
    this.#load = load;
  }

  /** Throws ENOTSUP where the library cannot be loaded. */
  get primitives(): Primitives {
    this.#primitives ??= this.#load();
    return this.#primitives;
  }

  /** A new random key pair; of `random`, where tests want to know it. */
  newKeyPair(random?: RandomSource): KeyPair {
    const { keys } = this.primitives;
    if (random === undefined && keys.newPair !== undefined) return keys.newPair();
    return keys.pairOf((random ?? randomBytes)(KEY_BYTES));
  }

  /** Keeps `key` and `nonce`. */
  boxKey(key: Uint8Array, nonce: Uint8Array): BoxKey {
    return { key, nonce, streamKey: this.primitives.boxes.streamKey(key, nonce) };
  }

  /** Writes the box of `content` at `offset` of `target`. */
  sealBox(key: Uint8Array, nonce: Uint8Array, content: Uint8Array, target: Uint8Array, offset: number): void {
    const box = this.boxKey(key, nonce);
    this.primitives.boxes.seal(box, -1, content, target, offset);
    box.streamKey.fill(0);
  }

  /** The content of `box`, in memory of its own. Throws ERR_ZMTP_CRYPTOGRAPHIC, which names `what`, when it is not authentic. */
  openBox(key: Uint8Array, nonce: Uint8Array, box: Uint8Array, what: string): Uint8Array {
    if (box.length >= TAG_BYTES) {
      const content = uninitialized(box.length - TAG_BYTES);
      const opening = this.boxKey(key, nonce);
      const isOpen = this.primitives.boxes.open(opening, box, 0, box.length, content, 0);
      opening.streamKey.fill(0);
      if (isOpen) return content;
    }
    throw new ZmqError("ERR_ZMTP_CRYPTOGRAPHIC", { message: `CURVE: ${what} does not open` });
  }
}

/** The key of boxes between `own` and the owner of `publicKey`. Throws ERR_ZMTP_CRYPTOGRAPHIC, which names `what`, for a public key of small order. */
export function sharedKey(publicKey: Uint8Array, own: KeyPair, what: string): Uint8Array {
  const key = own.sharedKey(publicKey);
  if (key === undefined) throw new ZmqError("ERR_ZMTP_CRYPTOGRAPHIC", { message: `CURVE: ${what} is no public key` });
  return key;
}

/** Compares in a time that depends on the lengths alone. */
export function equalSecrets(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= (a[i] as number) ^ (b[i] as number);
  return difference === 0;
}
