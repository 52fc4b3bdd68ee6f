/**
 * Byte streams that a peer may send, a step at a time: the next follows when
 * the other side has fallen silent. `differs` says why ours and libzmq's end
 * are not alike; docs/wire.md lists the same.
 */

import { bytes, command, frame, GREETING, ready } from "../fake-link.ts";
import { PARTNER } from "../partners.ts";
import { CURVE_SERVER, type CurveAct, type Edit } from "./curve-peer.ts";

export interface Case {
  readonly name: string;
  readonly type: string;
  /** Steps are octets of ws: what is below them is HTTP and WebSocket. Otherwise of tcp. */
  readonly isWebSocket?: boolean;
  readonly options?: Readonly<Record<string, unknown>>;
  readonly subscribe?: string;
  readonly steps: readonly Uint8Array[];
  /** Further steps, of a peer that speaks CURVE to a server with the options CURVE_SERVER. */
  readonly curve?: readonly (readonly CurveAct[])[];
  /** What the socket sends behind the last step, as hex. */
  readonly send?: readonly string[];
  readonly differs?: string;
}

export const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(" ", ""), "hex"));
export const text = (value: string): Uint8Array => new Uint8Array(Buffer.from(value, "latin1"));
export const SIGNATURE = hex("ff 00000000000000 01 7f");
export const tail = (major: number, minor: number, mechanism: string, asServer = 0): Uint8Array => {
  const field = new Uint8Array(20);
  field.set(text(mechanism));
  return bytes([major, minor], field, [asServer], new Uint8Array(31));
};
export const greeting = (major: number, minor: number, mechanism = "NULL", asServer = 0): Uint8Array =>
  bytes(SIGNATURE, tail(major, minor, mechanism, asServer));

/** A peer that is through with its handshake and goes on with `traffic`. */
export function traffic(type: string, name: string, sent: Uint8Array, more: Partial<Case> = {}): Case {
  const steps = [GREETING, ready(PARTNER[type] as string, new Uint8Array(0)), sent];
  return { name: `${type}: ${name}`, type, steps, ...more };
}

export const PING = command("PING", [0, 0], text("context"));
export const subscribe = (topic: string): Uint8Array => command("SUBSCRIBE", text(topic));
export const hi = frame(0, text("hi"));

export const readyWith = (...properties: readonly Uint8Array[]): Uint8Array => command("READY", bytes(...properties));
export const property = (name: string, value: string): Uint8Array =>
  bytes([name.length], text(name), [0, 0, 0, value.length], text(value));
export const PUSH = property("Socket-Type", "PUSH");
export const handshake = (name: string, ...steps: readonly Uint8Array[]): Case => ({
  name: `PULL: ${name}`,
  type: "PULL",
  steps,
});

/** What goes into a box: a message, or a command as the name and data that are in its frame. */
export const sealed = (body: Uint8Array, flags = 0, edit?: Edit): CurveAct => ({
  say: "sealed",
  flags,
  body,
  ...(edit === undefined ? {} : { edit }),
});
export const sealedCommand = (framed: Uint8Array, edit?: Edit): CurveAct => sealed(framed.subarray(2), 2, edit);
export const clear = (octets: Uint8Array): CurveAct => ({ say: "clear", octets });

/** A CURVE client that is through with its handshake and goes on with `acts`, in one write. */
export function secret(type: string, name: string, acts: readonly CurveAct[], more: Partial<Case> = {}): Case {
  const curve: readonly (readonly CurveAct[])[] = [[{ say: "HELLO" }], [{ say: "INITIATE" }], acts];
  const steps = [greeting(3, 1, "CURVE")];
  return { name: `${type}, CURVE: ${name}`, type, options: CURVE_SERVER, steps, curve, ...more };
}
export const handshakeOf = (name: string, ...curve: readonly (readonly CurveAct[])[]): Case =>
  secret("PULL", name, [], { curve });
export const HELLO: CurveAct = { say: "HELLO" };

export const MUTE = "libzmq keeps the connection, and reads it no more, while a monitor listens";
export const OUTER = "libzmq heeds the flags outside the box, which anybody on the path can change";

/** Octet 8 to 15 of a MESSAGE is its nonce. */
export const NONCE_END = 15;
