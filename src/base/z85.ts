/**
 * 32/Z85: four octets as five printable characters, big-endian.
 * CURVE keys are 32 octets or 40 characters.
 */

import { uninitialized } from "./bytes.ts";
import { ZmqError } from "./errors.ts";

const ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";

/** Throws EINVAL when the number of octets is no multiple of four. */
export function encodeZ85(bytes: Uint8Array): string {
  if (bytes.length % 4 !== 0) {
    throw new ZmqError("EINVAL", { message: `Z85: ${bytes.length} bytes to encode, expected a multiple of 4` });
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let text = "";
  for (let i = 0; i < bytes.length; i += 4) {
    const value = view.getUint32(i);
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
  const mistake = mistakeIn(text);
  if (mistake !== undefined) throw new ZmqError("EINVAL", { message: `Z85: ${mistake}` });
  const bytes = uninitialized((text.length / 5) * 4);
  for (let i = 0, offset = 0; i < text.length; i += 5) {
    const value = groupAt(text, i);
    bytes[offset++] = value >>> 24;
    bytes[offset++] = value >>> 16;
    bytes[offset++] = value >>> 8;
    bytes[offset++] = value;
  }
  return bytes;
}

/** Whether `decodeZ85` takes it. */
export function isZ85(text: string): boolean {
  return mistakeIn(text) === undefined;
}

function mistakeIn(text: string): string | undefined {
  if (text.length % 5 !== 0) return `${text.length} characters, expected a multiple of 5`;
  for (let i = 0; i < text.length; i++) {
    if (!ALPHABET.includes(text.charAt(i))) return `character ${i} is not of the alphabet`;
    if (i % 5 === 4 && groupAt(text, i - 4) > 0xffff_ffff) return `characters ${i - 4} to ${i} exceed 32 bits`;
  }
  return undefined;
}

/** The number that five characters of the alphabet stand for. */
function groupAt(text: string, start: number): number {
  let value = 0;
  for (let i = start; i < start + 5; i++) value = value * 85 + ALPHABET.indexOf(text.charAt(i));
  return value;
}
