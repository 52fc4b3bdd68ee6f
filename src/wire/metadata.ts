/**
 * Metadata of READY and INITIATE (37/ZMTP "Metadata"):
 *
 *   property = name-length(1) name value-length(4) value
 *
 * RFC 37 compares names without regard to case, libzmq with it. So names are
 * written exactly as libzmq does, and the two that ZMTP defines are recognized
 * in any case. Which Socket-Types may meet is not judged here.
 */

import { concat, copyOf, fromText, toText } from "../base/bytes.ts";
import { ZmqError } from "../base/errors.ts";
import type { Properties } from "../base/message.ts";
import { SOCKET_TYPES, type SocketTypeName } from "../base/socket-types.ts";
import { readUint32, writeUint32 } from "./frame.ts";

export const SOCKET_TYPE = "Socket-Type";
export const IDENTITY = "Identity";

/**
 * What this socket says of itself, in libzmq's order: Socket-Type, then
 * Identity (REQ, DEALER and ROUTER only, even when empty), then `metadata`
 * sorted by name. Names of `metadata` have at most 255 octets.
 */
export function encodeMetadata(config: {
  readonly socketType: SocketTypeName;
  readonly routingId: Uint8Array;
  readonly metadata: ReadonlyMap<string, string>;
}): Uint8Array {
  const parts = [encodeProperty(SOCKET_TYPE, fromText(config.socketType))];
  if (SOCKET_TYPES[config.socketType].sendsIdentity) parts.push(encodeProperty(IDENTITY, config.routingId));
  for (const name of [...config.metadata.keys()].sort()) {
    parts.push(encodeProperty(name, fromText(config.metadata.get(name) as string)));
  }
  return concat(parts);
}

/** One property. Throws EINVAL when the name has no or more than 255 octets. */
export function encodeProperty(name: string, value: Uint8Array): Uint8Array {
  const nameBytes = fromText(name);
  const nameLength = nameBytes.length;
  if (nameLength === 0 || nameLength > 255) {
    throw new ZmqError("EINVAL", { detail: `metadata name of ${nameLength} bytes, expected 1 to 255` });
  }
  const length = new Uint8Array(4);
  writeUint32(length, 0, value.length);
  return concat([new Uint8Array([nameLength]), nameBytes, length, value]);
}

/**
 * Properties of the peer, in memory of their own. Of a name that comes twice
 * the first counts. Throws ERR_ZMTP_INVALID_METADATA when a property is cut
 * short or an octet is left over.
 */
export function parseMetadata(bytes: Uint8Array): Properties {
  const properties = new Map<string, Uint8Array>();
  const end = bytes.length;
  let position = 0;
  while (position < end) {
    const nameStart = position + 1;
    const nameEnd = nameStart + (bytes[position] as number);
    const valueStart = nameEnd + 4;
    if (valueStart > end) throw truncated(position, valueStart, end);
    const valueEnd = valueStart + readUint32(bytes, nameEnd);
    if (valueEnd > end) throw truncated(position, valueEnd, end);
    const name = canonicalName(toText(bytes.subarray(nameStart, nameEnd)));
    if (!properties.has(name)) properties.set(name, copyOf(bytes.subarray(valueStart, valueEnd)));
    position = valueEnd;
  }
  return properties;
}

function canonicalName(name: string): string {
  if (name.length === SOCKET_TYPE.length && name.toLowerCase() === "socket-type") return SOCKET_TYPE;
  if (name.length === IDENTITY.length && name.toLowerCase() === "identity") return IDENTITY;
  return name;
}

function truncated(start: number, needed: number, length: number): ZmqError {
  return new ZmqError("ERR_ZMTP_INVALID_METADATA", {
    detail: `metadata: the property at octet ${start} needs ${needed} octets, ${length} came`,
  });
}
