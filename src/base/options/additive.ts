/**
 * Kinds of which each assignment adds to what was assigned before: address ranges, ids and metadata.
 */

import { isAddressRange, withoutBrackets } from "../address-range.ts";
import { fromText, isBytes } from "../bytes.ts";
import type { SocketTypeName } from "../socket-types.ts";
import { type Option, type Row, type Text, textOf, traits } from "./kinds.ts";

type AdditiveRow = Row<SocketTypeName, "rw">;

/** Addresses with an optional prefix length; each assignment adds one, null clears all. */
export function cidrs(row: AdditiveRow): Option<readonly string[], string | null, Text, SocketTypeName, "rw"> {
  return {
    ...traits(row),
    default: [],
    expected: "an IP address with an optional prefix length, such as 192.168.0.0/16",
    check(input) {
      const value = textOf(input);
      if (value === "") return [];
      return isAddressRange(withoutBrackets(value)) ? [value] : undefined;
    },
    show: (value) => (value.length === 0 ? null : value.join(",")),
    add: (before, added) => (added.length === 0 ? added : [...before, ...added]),
  };
}

/** Process, user or group ids; each assignment adds one. */
export function ids(
  row: AdditiveRow,
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
    add: (before, added) => [...before, ...added],
  };
}

/** Handshake properties by name. */
export type Metadata = Readonly<Record<string, string>>;

/** Longest property name, in bytes: its length travels in one octet. */
const LONGEST_NAME = 255;

/** Properties sent in the handshake; assignments add up, a name that is there keeps its first value, null clears all. */
export function metadata(
  row: AdditiveRow,
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
    add: (before, added) => (Object.keys(added).length === 0 ? added : { ...added, ...before }),
  };
}

function entries(input: unknown): [string, unknown][] {
  if (typeof input === "object" && input !== null && !isBytes(input)) return Object.entries(input);
  const text = textOf(input);
  const colon = text.indexOf(":");
  return colon < 0 ? [[text, ""]] : [[text.slice(0, colon), text.slice(colon + 1)]];
}
