/** Handshakes of NULL and their octets, for tests of `src/engine/handshake.ts`. */

import type { SocketTypeName } from "../src/base/socket-types.ts";
import { Handshake, type HandshakeOutcome } from "../src/engine/handshake.ts";
import type { Mechanism } from "../src/security/mechanism.ts";
import { NullMechanism } from "../src/security/null.ts";
import { readyBody } from "../src/wire/command.ts";
import { encodeMetadata } from "../src/wire/metadata.ts";
import { zmtp } from "../src/wire/zmtp-all.ts";

export const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(" ", ""), "hex"));
export const toHex = (bytes: Uint8Array | undefined): string =>
  bytes === undefined ? "" : Buffer.from(bytes).toString("hex");
export const plain = (string: string): string => string.replaceAll(" ", "");
export const LIMITS = { maxFrameBytes: -1, maxFrames: 1000 };

export interface Settings {
  routingId?: string;
  zap?: boolean;
  mechanism?: Mechanism;
  maxFrameBytes?: number;
  metadata?: [string, string][];
}

export function handshake(socketType: SocketTypeName, settings: Settings = {}): Handshake {
  const routingId = Buffer.from(settings.routingId ?? "");
  const zap = settings.zap ?? false;
  const config = { socketType, routingId, metadata: new Map(settings.metadata) };
  return new Handshake({
    protocol: zmtp,
    socketType,
    routingId,
    mechanism: settings.mechanism ?? new NullMechanism(config, zap),
    zapDomainSet: zap,
    limits: { ...LIMITS, maxFrameBytes: settings.maxFrameBytes ?? -1 },
  });
}

export const NULL_TAIL = `01${"4e554c4c".padEnd(40, "0")}${"00".repeat(32)}`;
export const SIGNATURE = "ff 00 00 00 00 00 00 00 01 7f";
export const V31 = plain(`${SIGNATURE} 03 ${NULL_TAIL}`);
export const V30 = V31.replace("7f0301", "7f0300");
export const ready = (type: SocketTypeName, id = ""): string => {
  const body = readyBody(encodeMetadata({ socketType: type, routingId: Buffer.from(id), metadata: new Map() }));
  return `04${body.length.toString(16).padStart(2, "0")}${toHex(body)}`;
};

/** All that is to be sent for now. */
export function toSend(handshake: Handshake): string {
  let all = "";
  for (let piece = handshake.produce(); piece !== undefined; piece = handshake.produce()) all += toHex(piece);
  return all;
}

export const text = (outcome: HandshakeOutcome, name: string): string | undefined => {
  const value = outcome.peer.get(name);
  return value && Buffer.from(value).toString();
};

export function decoded(outcome: HandshakeOutcome): unknown[] {
  const items: unknown[] = [];
  for (let item = outcome.decoder.next(); item !== undefined; item = outcome.decoder.next()) {
    items.push(Array.isArray(item) ? item.map((frame) => Buffer.from(frame).toString()) : toHex(item));
  }
  return items;
}

/** Carries bytes between two handshakes until both fall silent; `chunk` octets at a time. */
export function join(one: Handshake, other: Handshake, chunk = Number.POSITIVE_INFINITY): void {
  for (let isBusy = true; isBusy; ) {
    isBusy = false;
    for (const [from, to] of [
      [one, other],
      [other, one],
    ] as const) {
      const bytes = from.produce();
      if (bytes === undefined) continue;
      isBusy = true;
      for (let at = 0; at < bytes.length; at += chunk) to.push(bytes.slice(at, at + chunk));
    }
  }
}
