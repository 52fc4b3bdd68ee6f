/**
 * The primitives of crypto.ts by tweetnacl: 5 KB gzipped of what is called here, plain JavaScript, so that a page needs no
 * `wasm-unsafe-eval`. It seals a fourth of what libsodium does. Audited by Cure53 in 2017.
 */

import nacl from "tweetnacl";
import type { Boxes, BoxKey, KeyPair, KeyPairs, Primitives } from "./crypto.ts";

const { lowlevel } = nacl;
const KEY_BYTES = 32;
/** The library wants so many zeros in front of a text, and has as many octets less in front of a box. */
const TEXT_ZEROS = 32;
const BOX_ZEROS = 16;
const TAG_BYTES = TEXT_ZEROS - BOX_ZEROS;
/** "expand 32-byte k" */
const SIGMA = Uint8Array.of(101, 120, 112, 97, 110, 100, 32, 51, 50, 45, 98, 121, 116, 101, 32, 107);
const NO_NONCE = new Uint8Array(16);

export function smallPrimitives(): Primitives {
  return { name: "tweetnacl", keys: new SmallKeys(), boxes: new SmallBoxes() };
}

class SmallKeys implements KeyPairs {
  pairOf(secretKey: Uint8Array): KeyPair {
    const publicKey = new Uint8Array(KEY_BYTES);
    lowlevel.crypto_scalarmult_base(publicKey, secretKey);
    return {
      publicKey,
      secretKey,
      sharedKey(point) {
        const shared = new Uint8Array(KEY_BYTES);
        lowlevel.crypto_scalarmult(shared, secretKey, point);
        // Zero is what each point of small order gives.
        if (shared.every((octet) => octet === 0)) return undefined;
        const key = new Uint8Array(KEY_BYTES);
        lowlevel.crypto_core_hsalsa20(key, NO_NONCE, shared, SIGMA);
        shared.fill(0);
        return key;
      },
      forget: () => void secretKey.fill(0),
    };
  }
}

class SmallBoxes implements Boxes {
  streamKey(key: Uint8Array, nonce: Uint8Array): Uint8Array {
    const streamKey = new Uint8Array(KEY_BYTES);
    lowlevel.crypto_core_hsalsa20(streamKey, nonce, key, SIGMA);
    return streamKey;
  }

  seal({ key, nonce }: BoxKey, lead: number, body: Uint8Array, target: Uint8Array, offset: number): void {
    const start = lead < 0 ? TEXT_ZEROS : TEXT_ZEROS + 1;
    const text = new Uint8Array(start + body.length);
    if (lead >= 0) text[TEXT_ZEROS] = lead;
    text.set(body, start);
    const box = new Uint8Array(text.length);
    lowlevel.crypto_secretbox(box, text, text.length, nonce, key);
    target.set(box.subarray(BOX_ZEROS), offset);
  }

  open({ key, nonce }: BoxKey, source: Uint8Array, start: number, end: number, target: Uint8Array, offset: number) {
    const box = new Uint8Array(BOX_ZEROS + end - start);
    box.set(source.subarray(start, end), BOX_ZEROS);
    const text = new Uint8Array(box.length);
    if (end - start < TAG_BYTES || lowlevel.crypto_secretbox_open(text, box, box.length, nonce, key) !== 0)
      return false;
    target.set(text.subarray(TEXT_ZEROS), offset);
    return true;
  }
}
