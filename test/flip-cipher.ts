/** A cipher for tests, whose sealed frames can be read: `ee`, flags, the body with every bit flipped. */

import { ZmqError } from "../src/base/errors.ts";
import type { FrameCipher } from "../src/base/protocol.ts";

const FIRST = 0xee;

const flip = (bytes: Uint8Array): Uint8Array => bytes.map((octet) => octet ^ 0xff);

export class FlipCipher implements FrameCipher {
  readonly overhead = 2;
  flags = 0;

  seal(flags: number, body: Uint8Array, target: Uint8Array, offset: number): void {
    target[offset] = FIRST;
    target[offset + 1] = flags;
    target.set(flip(body), offset + 2);
  }

  open(source: Uint8Array, start: number, end: number): Uint8Array {
    if (source[start] !== FIRST) throw new ZmqError("ERR_ZMTP_CRYPTOGRAPHIC");
    this.flags = source[start + 1] as number;
    return flip(source.slice(start + 2, end));
  }
}
