/**
 * Metadata of READY and INITIATE (37/ZMTP "Metadata"):
 *
 *   property = name-length(1) name value-length(4) value
 *
 * RFC 37 compares names without regard to case, libzmq with it. So names are
 * written exactly as libzmq does, and those that mean something to a reader
 * here are recognized in any case. Which Socket-Types may meet is not judged here.
 */

import { ByteArray, concat, fromText, ownCopyOf, toText } from "../base/bytes.ts";
import { ZmqError } from "../base/errors.ts";
import type { Properties } from "../base/message.ts";
import { SOCKET_TYPES, type SocketTypeName } from "../base/socket-types.ts";
import { readUint32, writeUint32 } from "./frame.ts";

export const SOCKET_TYPE = "Socket-Type";
export const IDENTITY = "Identity";

/** Written this way whatever the peer wrote: the two of ZMTP, and the two that only this side may say of a peer. */
const CANONICAL = new Map([SOCKET_TYPE, IDENTITY, "User-Id", "Peer-Address"].map((name) => [name.toLowerCase(), name]));

/** libzmq sends two, and one for each of the user's. Each costs some hundred octets, for as long as the connection lives. */
const MAX_PROPERTIES = 64;

/** Octets of the longest routing id, as in libzmq. */
export const MAX_IDENTITY_BYTES = 255;

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
  const parts = [property(SOCKET_TYPE, fromText(config.socketType))];
  if (SOCKET_TYPES[config.socketType].sendsIdentity) parts.push(property(IDENTITY, config.routingId));
  for (const name of [...config.metadata.keys()].sort()) {
    parts.push(property(name, fromText(config.metadata.get(name) as string)));
  }
  return concat(parts);
}

/** One property. Throws EINVAL when the name has no or more than 255 octets. */
export function encodeProperty(name: string, value: Uint8Array): Uint8Array {
  const { length } = fromText(name);
  if (length === 0 || length > 255) {
    throw new ZmqError("EINVAL", { detail: `metadata name of ${length} bytes, expected 1 to 255` });
  }
  return property(name, value);
}

function property(name: string, value: Uint8Array): Uint8Array {
  const nameBytes = fromText(name);
  const length = new Uint8Array(4);
  writeUint32(length, 0, value.length);
  return concat([Uint8Array.of(nameBytes.length), nameBytes, length, value]);
}

/**
 * Properties of the peer: the values are views of one copy. Of a name that comes twice
 * the first counts. Throws ERR_ZMTP_INVALID_METADATA when a property is cut
 * short or an octet is left over, when there are more than `maxProperties`,
 * and when Identity has more than 255 octets.
 */
export function parseMetadata(bytes: Uint8Array, maxProperties = MAX_PROPERTIES): Properties {
  const properties = new Map<string, Uint8Array>();
  const end = bytes.length;
  if (end === 0) return properties;
  const copy = ownCopyOf(bytes);
  let count = 0;
  let position = 0;
  while (position < end) {
    if (++count > maxProperties) throw invalid(`more than ${maxProperties} properties`);
    const nameStart = position + 1;
    const nameEnd = nameStart + (copy[position] as number);
    const valueStart = nameEnd + 4;
    if (valueStart > end) throw truncated(position, valueStart, end);
    const length = readUint32(copy, nameEnd);
    const valueEnd = valueStart + length;
    if (valueEnd > end) throw truncated(position, valueEnd, end);
    const name = canonicalName(toText(copy.subarray(nameStart, nameEnd)));
    if (name === IDENTITY && length > MAX_IDENTITY_BYTES) {
      throw invalid(`Identity has ${length} octets, at most ${MAX_IDENTITY_BYTES} are allowed`);
    }
    if (!properties.has(name)) {
      properties.set(name, new ByteArray(copy.buffer, copy.byteOffset + valueStart, length));
    }
    position = valueEnd;
  }
  return properties;
}

function canonicalName(name: string): string {
  return CANONICAL.get(name.toLowerCase()) ?? name;
}

function truncated(start: number, needed: number, length: number): ZmqError {
  return invalid(`the property at octet ${start} needs ${needed} octets, ${length} came`);
}

function invalid(what: string): ZmqError {
  return new ZmqError("ERR_ZMTP_INVALID_METADATA", { detail: `metadata: ${what}` });
}
