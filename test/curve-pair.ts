/** Both sides of CURVE, joined in memory. */

import { concat } from "../src/base/bytes.ts";
import { ZmqError } from "../src/base/errors.ts";
import type { FrameCipher } from "../src/base/protocol.ts";
import type { SocketTypeName } from "../src/base/socket-types.ts";
import type { KeyPair } from "../src/security/crypto.ts";
import { CurveClient } from "../src/security/curve-client.ts";
import { CurveServer } from "../src/security/curve-server.ts";
import { decodeKey } from "../src/security/keys.ts";
import type { Mechanism, MechanismConfig, ZapReply } from "../src/security/mechanism.ts";
import { crypto, primitives } from "./crypto.ts";
import { CLIENT, SERVER } from "./vectors/security.ts";

export const config = (socketType: SocketTypeName, more: Partial<MechanismConfig> = {}): MechanismConfig => ({
  socketType,
  routingId: new Uint8Array(0),
  metadata: new Map(),
  ...more,
});
export const pairOf = (keys: { secretKey: string }): KeyPair =>
  primitives().keys.pairOf(decodeKey(keys.secretKey, "secretKey"));
/** The flags and the body of a whole frame. */
export function open(cipher: FrameCipher, frame: Uint8Array): Uint8Array {
  const body = cipher.open(frame, 0, frame.length);
  return concat([Uint8Array.of(cipher.flags), body]);
}
export const own = pairOf(CLIENT);
export const server = pairOf(SERVER);
export const reply = (status: ZapReply["status"]): ZapReply => ({ status, text: "", userId: "", metadata: new Map() });
export const code = (wanted: string) => (error: unknown) => error instanceof ZmqError && error.code === wanted;

export const newClient = (serverKey = server.publicKey, keys = own) =>
  new CurveClient(config("DEALER"), { own: keys, server: serverKey }, crypto);
export const newServer = (zap = false, keys = server) => new CurveServer(config("ROUTER"), keys, zap, crypto);

/** Every command of a handshake, by who sent it. The memory of each is overwritten once it was read. */
export function join(
  client: Mechanism,
  server: Mechanism,
  change: (body: Uint8Array, step: number) => Uint8Array | Uint8Array[] = (b) => b,
) {
  const commands: Uint8Array[] = [];
  for (let moved = true; moved; ) {
    moved = false;
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      for (let body = from.produce(); body !== undefined; body = from.produce()) {
        moved = true;
        commands.push(Uint8Array.from(body));
        const changed = change(body, commands.length - 1);
        for (const sent of Array.isArray(changed) ? changed : [changed]) {
          const memory = Buffer.from(sent);
          to.consume(memory);
          memory.fill(0xee);
        }
      }
    }
  }
  return commands;
}

/** The ciphers of an established connection. */
export function established(): { client: FrameCipher; server: FrameCipher } {
  const sides = { client: newClient(), server: newServer() };
  join(sides.client, sides.server);
  return { client: sides.client.cipher!, server: sides.server.cipher! };
}

export function sealed(cipher: FrameCipher, flags: number, body: Uint8Array): Uint8Array {
  const frame = new Uint8Array(body.length + cipher.overhead);
  cipher.seal(flags, body, frame, 0);
  return frame;
}
