/**
 * What both sides of CURVE (25/ZMTP-CURVE, 26/CURVEZMQ) share. Commands of the
 * handshake, as bodies; C and S are the long-term keys, C' and S' those of this
 * connection, and X->Y is a box between the key pairs X and Y:
 *
 *   HELLO     05 HELLO, version 01 00, zeros[72], C'[32], nonce[8], C'->S of zeros[64]           200 octets
 *   WELCOME   07 WELCOME, nonce[16], S->C' of (S'[32] cookie[96])                                168
 *   INITIATE  08 INITIATE, cookie[96], nonce[8], C'->S' of (C[32] vouch[96] metadata)            257 and more
 *   vouch     nonce[16], C->S' of (C'[32] S[32])                                                 96
 *   READY     05 READY, nonce[8], S'->C' of metadata                                             30 and more
 *   MESSAGE   07 MESSAGE, nonce[8], box of (flags[1] body)                                       33 and more
 *   ERROR     05 ERROR, reason-length[1], reason                                                 in clear
 *
 * On the wire a nonce is its last 8 octets, a counter of one side that only
 * grows, or its last 16, which are random; the start of it is a fixed text.
 */

import { fromText } from "../base/bytes.ts";
import { writeUint32 } from "../wire/frame.ts";
import { NONCE_BYTES, type RandomSource } from "./crypto.ts";

/** `Mechanism.doubts` */
export const DOUBTS = "curveServerKey is not the server's public key, or the server does not know this key, or ";

export const COOKIE_BYTES = 96;
export const VOUCH_BYTES = 96;
export const LONG_NONCE_BYTES = 16;

export const HELLO_BYTES = 200;
export const WELCOME_BYTES = 168;
export const SHORTEST_INITIATE = 257;
export const SHORTEST_READY = 30;

/** Where the parts of a command begin. */
export const HELLO = { version: 6, publicKey: 80, nonce: 112, box: 120 } as const;
export const WELCOME = { nonce: 8, box: 24 } as const;
export const INITIATE = { cookie: 9, nonce: 105, box: 113 } as const;
export const READY = { nonce: 6, box: 14 } as const;

/** The fixed starts of nonces. */
export const NONCE = {
  hello: "CurveZMQHELLO---",
  welcome: "WELCOME-",
  vouch: "VOUCH---",
  initiate: "CurveZMQINITIATE",
  ready: "CurveZMQREADY---",
  fromClient: "CurveZMQMESSAGEC",
  fromServer: "CurveZMQMESSAGES",
} as const;

/** A command of `length` octets that begins with its name; the rest is zeros. */
export function blankCommand(name: string, length: number): Uint8Array {
  const body = new Uint8Array(length);
  body[0] = name.length;
  body.set(fromText(name), 1);
  return body;
}

/** A whole nonce: `start` and the octets at `offset` of `source`. */
export function nonceFrom(start: string, source: Uint8Array, offset: number): Uint8Array {
  const nonce = new Uint8Array(NONCE_BYTES);
  nonce.set(fromText(start));
  nonce.set(source.subarray(offset, offset + NONCE_BYTES - start.length), start.length);
  return nonce;
}

/** Writes counter `value` at `offset` of `target`. */
export function writeCounter(target: Uint8Array, offset: number, value: number): void {
  writeUint32(target, offset, Math.floor(value / 0x1_0000_0000));
  writeUint32(target, offset + 4, value % 0x1_0000_0000);
}

/** Writes a random long nonce at `offset` of `target`. */
export function writeLongNonce(target: Uint8Array, offset: number, random: RandomSource): void {
  target.set(random(LONG_NONCE_BYTES), offset);
}
