/**
 * The kinds of option rows: what a row says, and how a kind turns what a user
 * assigns into the value that the library works with and back into what a user
 * reads. The rows themselves stand in the files beside this one.
 */

import { copyOf, EMPTY, fromText, isBytes, ownText, toText } from "../bytes.ts";
import { type ErrorCode, ZmqError } from "../errors.ts";
import type { SocketTypeName } from "../socket-types.ts";
import { IN_PAGE } from "../target.ts";
import { encodeZ85, isZ85 } from "../z85.ts";

/** One row of the table. `Value` is what the library works with, `Property` what a user reads, `Input` what a user may assign. */
export interface Option<
  Value,
  Property,
  Input,
  On extends string = SocketTypeName,
  Access extends "rw" | "r" = "rw" | "r",
> {
  /** libzmq's number of the option. */
  readonly id: number;
  readonly default: Value;
  /** Defaults of single socket types that differ. */
  readonly defaultOn?: { readonly [T in SocketTypeName]?: Value };
  /** "r": read-only. What libzmq can only write is readable here too. */
  readonly access: Access;
  /** Consoles never show it. */
  readonly isSecret?: boolean;
  /** Whether a change takes effect at once or for endpoints that are bound and connected later. */
  readonly applies: "now" | "next";
  /** The socket types that have the option; absent: all. */
  readonly on?: readonly On[];
  /** A string: why it is not honoured, by any JavaScript runtime or not yet. Then every value but the default throws. */
  readonly honoured: true | string;
  /** The code that throws when the option is not honoured. */
  readonly refusal: ErrorCode;
  /** The shape of a legal value, for messages and docs: "an integer >= -1". Most kinds make it when it is asked for. */
  readonly expected: string;
  /** Of a choice: the names, in the order of libzmq's numbers. */
  readonly values?: readonly Value[];
  /** The internal value; undefined when out of range. Throws a TypeError for the wrong JavaScript type. */
  check(input: unknown): Value | undefined;
  /** What the property reads as. */
  show(value: Value): Property;
  /** Additive options: the value after `added` was assigned. */
  add?(before: Value, added: Value): Value;
  /** Never present; carries the type. */
  readonly input?: Input;
}

export interface Row<On extends string, Access extends string> {
  readonly id: number;
  readonly access?: Access;
  readonly applies?: "now" | "next";
  readonly on?: readonly On[];
  readonly honoured?: string;
  readonly refusal?: ErrorCode;
  readonly isSecret?: boolean;
}

/** A row with what it leaves out. Properties read as the value that is kept, unless the kind says otherwise. */
export function traits<On extends string, Access extends "rw" | "r">(row: Row<On, Access>): Traits<On, Access> {
  return { ...COMMON, ...row } as Traits<On, Access>; // `Access` is "rw" where the row does not say.
}

interface Traits<On extends string, Access extends string> extends Omit<Row<On, Access>, "honoured"> {
  readonly access: Access;
  readonly applies: "now" | "next";
  readonly honoured: true | string;
  readonly refusal: ErrorCode;
  show<Value>(value: Value): Value;
}

const COMMON = {
  access: "rw",
  applies: "next",
  honoured: true,
  refusal: "ENOTSUP",
  show: <Value>(value: Value) => value,
} as const;

type BooleanRow<On extends string, Access extends string> = Row<On, Access> & { readonly default: boolean };

// @__NO_SIDE_EFFECTS__
export function bool<const On extends string = SocketTypeName, const Access extends "rw" | "r" = "rw">(
  row: BooleanRow<On, Access>,
): Option<boolean, boolean, boolean, On, Access> {
  return {
    ...traits(row),
    default: row.default,
    expected: "true or false",
    check(input) {
      if (typeof input !== "boolean") throw new TypeError("Option value must be a boolean");
      return input;
    },
  };
}

type NumberRow<On extends string, Access extends string> = Row<On, Access> & {
  readonly default: number;
  readonly defaultOn?: { readonly [T in SocketTypeName]?: number };
  readonly min?: number;
  readonly max?: number;
  /** The value is cut to a multiple of it. */
  readonly step?: number;
};

function number<const On extends string, const Access extends "rw" | "r">(
  row: NumberRow<On, Access>,
  lowest: number,
  highest: number,
  noun: string,
): Option<number, number, number, On, Access> {
  const { min = lowest, max = highest, step = 1 } = row;
  return {
    ...traits(row),
    default: row.default,
    get expected() {
      if (max < highest) return `${noun} from ${min} to ${max}`;
      return min > lowest || min === 0 ? `${noun} >= ${min}` : noun;
    },
    check(input) {
      if (typeof input !== "number") throw new TypeError("Option value must be a number");
      const value = Math.trunc(input) + 0;
      return value >= min && value <= max ? value - (value % step) : undefined;
    },
  };
}

/** A 32-bit integer; a fraction is cut off. */
// @__NO_SIDE_EFFECTS__
export function int<const On extends string = SocketTypeName, const Access extends "rw" | "r" = "rw">(
  row: NumberRow<On, Access>,
): Option<number, number, number, On, Access> {
  return number(row, -(2 ** 31), 2 ** 31 - 1, "an integer");
}

/** A signed 64-bit integer as a plain number: exact up to 2^53. */
// @__NO_SIDE_EFFECTS__
export function int64<const On extends string = SocketTypeName, const Access extends "rw" | "r" = "rw">(
  row: NumberRow<On, Access>,
): Option<number, number, number, On, Access> {
  return number(row, -(2 ** 63), 2 ** 63, "a 64-bit integer");
}

/** An unsigned 64-bit integer as a plain number: exact up to 2^53. */
// @__NO_SIDE_EFFECTS__
export function uint64<const On extends string = SocketTypeName, const Access extends "rw" | "r" = "rw">(
  row: NumberRow<On, Access>,
): Option<number, number, number, On, Access> {
  return number(row, 0, 2 ** 64, "a 64-bit integer");
}

/** What may be assigned to text and byte options. */
export type Text = string | Uint8Array | null;

/** UTF-8 bytes of a string, a copy of an array; null is empty. */
export function bytesOf(input: unknown): Uint8Array {
  return isBytes(input) ? copyOf(input) : fromText(textOf(input));
}

/** As text; bytes are read as UTF-8, null is empty. */
export function textOf(input: unknown): string {
  if (input === null) return "";
  if (typeof input === "string") return input;
  if (isBytes(input)) return toText(input);
  throw new TypeError("Option value must be a string or buffer");
}

type BytesRow<On extends string, Access extends string> = Row<On, Access> & {
  readonly min?: number;
  readonly max?: number;
};

/** Bytes; they read as text (null when empty), as in zeromq.js. Empty by default. */
// @__NO_SIDE_EFFECTS__
export function bytes<const On extends string = SocketTypeName, const Access extends "rw" | "r" = "rw">(
  row: BytesRow<On, Access>,
): Option<Uint8Array, string | null, Text, On, Access> {
  return binary(row, (value) => (value.length === 0 ? null : toText(value)));
}

/** Bytes that read as bytes: a view of what is kept. Empty by default. */
// @__NO_SIDE_EFFECTS__
export function rawBytes<const On extends string = SocketTypeName, const Access extends "rw" | "r" = "rw">(
  row: BytesRow<On, Access>,
): Option<Uint8Array, Text, Text, On, Access> {
  return binary(row, (value) => (value.length === 0 ? null : value));
}

function binary<On extends string, Access extends "rw" | "r", Property>(
  row: BytesRow<On, Access>,
  show: (value: Uint8Array) => Property,
): Option<Uint8Array, Property, Text, On, Access> {
  const { min = 0, max } = row;
  return {
    ...traits(row),
    default: EMPTY,
    get expected() {
      return max === undefined ? "a string or bytes" : `a string or ${min} to ${max} bytes`;
    },
    check(input) {
      const value = bytesOf(input);
      return value.length >= min && value.length <= (max ?? value.length) ? value : undefined;
    },
    show,
  };
}

type TextRow<On extends string, Access extends string> = Row<On, Access> & {
  /** In bytes of UTF-8. */
  readonly max?: number;
  /** Refuses "", which otherwise is the same as null. */
  readonly notEmpty?: boolean;
};

/** Text; null, and "" if allowed, is no text and the default. */
// @__NO_SIDE_EFFECTS__
export function text<const On extends string = SocketTypeName, const Access extends "rw" | "r" = "rw">(
  row: TextRow<On, Access>,
): Option<string | null, string | null, Text, On, Access> {
  const { max } = row;
  return {
    ...traits(row),
    default: null,
    get expected() {
      return max === undefined ? "a string or null" : `a string of at most ${max} bytes, or null`;
    },
    check(input) {
      const value = textOf(input);
      if (max !== undefined && ownText(value).length > max) return undefined;
      if (value !== "") return value;
      return row.notEmpty && input !== null ? undefined : null;
    },
  };
}

/** V, which is not inferred from here: `NoInfer`, which TypeScript has from 5.4 on. */
type Given<V> = [V][V extends unknown ? 0 : never];

type ChoiceRow<V, On extends string, Access extends string> = Row<On, Access> & {
  readonly values: readonly V[];
  readonly default: Given<V>;
};

/** One of a few names. */
// @__NO_SIDE_EFFECTS__
export function choice<
  const V extends string | null,
  const On extends string = SocketTypeName,
  const Access extends "rw" | "r" = "rw",
>(row: ChoiceRow<V, On, Access>): Option<V, V, V, On, Access> {
  return {
    ...traits(row),
    default: row.default,
    values: row.values,
    get expected() {
      return row.values.map((value) => JSON.stringify(value)).join(" or ");
    },
    check: (input) => row.values.find((value) => value === input),
  };
}

const KEY_BYTES = 32;
const KEY_CHARACTERS = 40;

/** A CURVE key, kept and read as its 40 characters of Z85. */
// @__NO_SIDE_EFFECTS__
export function key(row: Row<SocketTypeName, "rw">): Option<string | null, string | null, Text, SocketTypeName, "rw"> {
  return {
    ...traits(row),
    default: null,
    expected: "a key of 40 characters in Z85, or of 32 bytes",
    check(input) {
      if (readKey !== undefined) return readKey(input);
      throw new ZmqError("ENOTSUP", { detail: NO_CURVE });
    },
  };
}

/** A key in Z85 of what a user assigned; undefined when it is none. */
export function keyText(input: unknown): string | undefined {
  if (isBytes(input) && input.length === KEY_BYTES) return encodeZ85(input);
  const value = textOf(input);
  return value.length === KEY_CHARACTERS && isZ85(value) ? value : undefined;
}

/** In a page it comes with CURVE. */
let readKey = IN_PAGE ? undefined : keyText;

export function bringKeys(reader: typeof keyText): void {
  readKey = reader;
}

/** What a page says of CURVE. */
export const NO_CURVE = 'CURVE needs a crypto library: import "zmq-ts/browser/curve" as well';
