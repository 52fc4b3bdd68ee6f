/**
 * 32/Z85: four octets as five printable characters, big-endian.
 * CURVE keys are 32 octets or 40 characters.
 */

import { uninitialized } from "../base/bytes.ts";
import { ZmqError } from "../base/errors.ts";
import { readUint32, writeUint32 } from "./frame.ts";

const ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";
const NOT_A_DIGIT = 255;
const DIGITS = new Uint8Array(128).fill(NOT_A_DIGIT);
for (let i = 0; i < ALPHABET.length; i++) DIGITS[ALPHABET.charCodeAt(i)] = i;

/** Throws EINVAL when the number of octets is no multiple of four. */
export function encodeZ85(bytes: Uint8Array): string {
  if (bytes.length % 4 !== 0) {
    throw new ZmqError("EINVAL", { message: `Z85: ${bytes.length} bytes to encode, expected a multiple of 4` });
  }
  let text = "";
  for (let i = 0; i < bytes.length; i += 4) {
    const value = readUint32(bytes, i);
    for (let divisor = 52_200_625; divisor >= 1; divisor /= 85) {
      text += ALPHABET.charAt(Math.floor(value / divisor) % 85);
    }
  }
  return text;
}

/**
 * Throws EINVAL when the number of characters is no multiple of five, a
 * character is not of the alphabet, or five of them exceed 32 bits. The error
 * tells a position, never a character: the text may be a secret key.
 */
export function decodeZ85(text: string): Uint8Array {
  if (text.length % 5 !== 0) {
    throw new ZmqError("EINVAL", { message: `Z85: ${text.length} characters, expected a multiple of 5` });
  }
  const bytes = uninitialized((text.length / 5) * 4);
  for (let i = 0, offset = 0; i < text.length; i += 5) {
    let value = 0;
    for (let j = i; j < i + 5; j++) {
      const digit = DIGITS[text.charCodeAt(j)] ?? NOT_A_DIGIT;
      if (digit === NOT_A_DIGIT) {
        throw new ZmqError("EINVAL", { message: `Z85: character ${j} is not of the alphabet` });
      }
      value = value * 85 + digit;
    }
    if (value > 0xffff_ffff) {
      throw new ZmqError("EINVAL", { message: `Z85: characters ${i} to ${i + 4} exceed 32 bits` });
    }
    offset = writeUint32(bytes, offset, value);
  }
  return bytes;
}
