/** What a peer of a WebSocket server writes by hand: its request, and frames in any form. */

import { bytes } from "./fake-link.ts";

const KEY = [0x37, 0xfa, 0x21, 0x3d];
/** The first octet of a whole binary message, of a fragment that begins one, and of others. */
export const WHOLE = 0x82;
export const BEGIN = 0x02;
export const MIDDLE = 0x00;
export const END = 0x80;
export const TEXT = 0x81;
export const CLOSE = 0x88;
export const PING = 0x89;
export const PONG = 0x8a;

export interface Form {
  /** Clients mask. */
  readonly isMasked?: boolean;
  /** The length that is written, whatever the payload has. */
  readonly length?: number | bigint;
  /** Octets for the length, if not as few as there may be. */
  readonly lengthBytes?: 0 | 2 | 8;
}

/** A client's frame, unless `form` says something else. `first`: the bits of FIN and RSV, and the opcode. */
export function wsFrame(first: number, payload: ArrayLike<number> = [], form: Form = {}): Uint8Array {
  const { isMasked = true, length = payload.length } = form;
  const lengthBytes = form.lengthBytes ?? (length < 126 ? 0 : length < 65_536 ? 2 : 8);
  const extended = new Uint8Array(lengthBytes);
  const view = new DataView(extended.buffer);
  if (lengthBytes === 2) view.setUint16(0, Number(length));
  else if (lengthBytes === 8) view.setBigUint64(0, BigInt(length));
  const second = (isMasked ? 0x80 : 0) | (lengthBytes === 0 ? Number(length) : lengthBytes === 2 ? 126 : 127);
  const body = isMasked ? Uint8Array.from(payload, (octet, i) => octet ^ (KEY[i & 3] as number)) : payload;
  return bytes([first, second], extended, isMasked ? KEY : [], body);
}

/** A client's message of ZWS: flags, 1 for MORE and 2 for a command, and a body. */
export function zwsFrame(flags: number, body: ArrayLike<number>): Uint8Array {
  return wsFrame(WHOLE, bytes([flags], body));
}

/** A client's command of ZWS, from one that is framed as ZMTP frames it, with a length of one octet. */
export function zwsCommand(framed: Uint8Array): Uint8Array {
  return zwsFrame(2, framed.subarray(2));
}

/** libzmq's request. `more`: further header lines, each with its CR LF. */
export function upgradeOf(path: string, protocols: string, more = ""): string {
  return (
    `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
    `Sec-WebSocket-Key: Z0WLa2mYPORR3LD0SpToKg==\r\nSec-WebSocket-Protocol: ${protocols}\r\n` +
    `Sec-WebSocket-Version: 13\r\n${more}\r\n`
  );
}
