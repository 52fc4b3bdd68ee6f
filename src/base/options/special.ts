/**
 * Kinds that one or two options have: CURVE keys, accept filters, metadata.
 * Each adds to what was assigned before or has a form of its own.
 */

import { fromText } from "../bytes.ts";
import { isIPv4, isIPv6 } from "../ip.ts";
import type { SocketTypeName } from "../socket-types.ts";
import { type Option, type Text, textOf } from "./kinds.ts";

interface Row {
  readonly id: number;
  readonly honoured?: string;
  readonly note?: string;
}

function traits(row: Row) {
  return {
    id: row.id,
    access: "rw",
    applies: "next",
    honoured: row.honoured ?? (true as const),
    refusal: "ENOTSUP",
    ...(row.note !== undefined && { note: row.note }),
  } as const;
}

/** 32/Z85. */
const Z85 = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";
const KEY_BYTES = 32;
const KEY_CHARACTERS = 40;

/** A CURVE key, kept and read as its 40 characters of Z85. */
export function key(row: Row): Option<string | null, string | null, Text, SocketTypeName, "rw"> {
  return {
    ...traits(row),
    default: null,
    expected: "a key of 40 characters in Z85, or of 32 bytes",
    check(input) {
      if (input instanceof Uint8Array && input.length === KEY_BYTES) return toZ85(input);
      const value = textOf(input);
      return isZ85Key(value) ? value : undefined;
    },
    show: (value) => value,
  };
}

/** 40 characters of the alphabet, of which each five make a number below 2^32. */
function isZ85Key(value: string): boolean {
  if (value.length !== KEY_CHARACTERS) return false;
  for (let group = 0; group < KEY_CHARACTERS; group += 5) {
    let number = 0;
    for (let i = group; i < group + 5; i++) {
      const digit = Z85.indexOf(value.charAt(i));
      if (digit < 0) return false;
      number = number * 85 + digit;
    }
    if (number >= 2 ** 32) return false;
  }
  return true;
}

function toZ85(bytes: Uint8Array): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let out = "";
  for (let offset = 0; offset < bytes.length; offset += 4) {
    const number = view.getUint32(offset);
    for (let divisor = 85 ** 4; divisor >= 1; divisor /= 85) out += Z85.charAt(Math.floor(number / divisor) % 85);
  }
  return out;
}

/** Addresses with an optional prefix length; each assignment adds one, null clears all. */
export function cidrs(row: Row): Option<readonly string[], string | null, Text, SocketTypeName, "rw"> {
  return {
    ...traits(row),
    default: [],
    expected: "an IP address with an optional prefix length, such as 192.168.0.0/16",
    check(input) {
      const value = textOf(input);
      if (value === "") return [];
      return isCidr(value) ? [value] : undefined;
    },
    show: (value) => (value.length === 0 ? null : value.join(",")),
    add: (held, added) => (added.length === 0 ? added : [...held, ...added]),
  };
}

/** Shape only: octets and prefix length in range; the transport gives it its meaning. */
function isCidr(value: string): boolean {
  const [, bracketed, bare = "", prefix] = /^(?:\[([^\][]+)\]|([^\][/]+))(?:\/(\d{1,3}))?$/.exec(value) ?? [];
  const address = bracketed ?? bare;
  const bits = prefix === undefined ? 0 : Number(prefix);
  if (address.includes(":")) return isIPv6(address) && bits <= 128;
  return isIPv4(address) && bits <= 32;
}

/** Process, user or group ids; each assignment adds one. */
export function ids(
  row: Row,
): Option<readonly number[], readonly number[], number | readonly number[], SocketTypeName, "rw"> {
  return {
    ...traits(row),
    default: [],
    expected: "an integer >= 0",
    check(input) {
      const value = Array.isArray(input) ? input : [input];
      if (!value.every((id) => typeof id === "number")) throw new TypeError("Option value must be a number");
      return value.every((id) => Number.isInteger(id) && id >= 0) ? value : undefined;
    },
    show: (value) => value,
    add: (held, added) => [...held, ...added],
  };
}

/** Handshake properties by name. */
export type Metadata = Readonly<Record<string, string>>;

/** Longest property name, in bytes: its length travels in one octet. */
const LONGEST_NAME = 255;

/** Properties sent in the handshake; assignments add up, a name that is there keeps its first value, null clears all. */
export function metadata(
  row: Row,
): Option<Metadata, Metadata | string | null, Metadata | string | null, SocketTypeName, "rw"> {
  return {
    ...traits(row),
    default: {},
    expected: 'properties as { "X-name": "value" } or "X-name:value", with names that begin with X-',
    check(input) {
      const value: Record<string, string> = {};
      if (input === null) return value;
      for (const [name, content] of entries(input)) {
        if (!name.startsWith("X-") || fromText(name).length > LONGEST_NAME) return undefined;
        if (typeof content !== "string" || content === "") return undefined;
        value[name] = content;
      }
      return value;
    },
    show: (value) => value,
    add: (held, added) => (Object.keys(added).length === 0 ? added : { ...added, ...held }),
  };
}

function entries(input: unknown): [string, unknown][] {
  if (typeof input === "object" && input !== null && !(input instanceof Uint8Array)) return Object.entries(input);
  const text = textOf(input);
  const colon = text.indexOf(":");
  return colon < 0 ? [[text, ""]] : [[text.slice(0, colon), text.slice(colon + 1)]];
}
