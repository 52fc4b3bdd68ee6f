/**
 * `--option name=value`: any option of a socket, and of the context, by the
 * name that docs/options.md lists. Names may be written with hyphens; what a
 * value may be follows from the option's row in the table.
 */

import { readFileSync } from "node:fs";
import { closestName } from "../base/closest-name.ts";
import { CONTEXT_OPTIONS } from "../base/context-options.ts";
import { hasOption, isOptionName, type OptionName, optionRow, optionsOf } from "../base/options.ts";
import type { SocketTypeName } from "../base/socket-types.ts";
import { type Context, context, type Socket } from "../index.ts";
import { describe, usage } from "./failure.ts";

/** Their assignment takes text; other lists are of numbers. */
const LISTS_OF_TEXT: ReadonlySet<OptionName> = new Set<OptionName>(["tcpAcceptFilter", "wsAllowedOrigins"]);

/** Options that are PEM: where the value is none, it names a file. */
const PEM: ReadonlySet<OptionName> = new Set<OptionName>(["wssKeyPem", "wssCertPem", "wssTrustPem"]);

/** An option and its value as a program would assign it. */
export interface Assignment {
  readonly name: string;
  readonly value: unknown;
  /** As the user wrote it, for errors; without the value, which may be a secret. */
  readonly where: string;
  readonly target: "socket" | "context";
}

/** Reads `name=value`. Throws a usage error for an unknown name, an option of other socket types and a value of the wrong kind. */
export function parseOption(text: string, type: SocketTypeName): Assignment {
  const equals = text.indexOf("=");
  if (equals <= 0) throw usage(`--option ${text}: expected name=value, such as sendHighWaterMark=10`);
  const written = text.slice(0, equals);
  const input = text.slice(equals + 1);
  const name = written.replace(/-([a-z])/g, (_match, letter: string) => letter.toUpperCase());
  const where = `--option ${written}`;
  if (isOptionName(name)) {
    if (!hasOption(type, name)) {
      const { on = [] } = optionRow(name);
      throw usage(`${where}: not an option of ${type} sockets, only of ${on.join(", ")}`);
    }
    if (optionRow(name).access === "r") throw usage(`${where}: read-only`);
    return { name, value: socketValue(name, input, where), where, target: "socket" };
  }
  if (Object.hasOwn(CONTEXT_OPTIONS, name)) {
    const row = CONTEXT_OPTIONS[name as keyof typeof CONTEXT_OPTIONS];
    return { name, value: fromText(input, row.default, row.expected, where), where, target: "context" };
  }
  const close = closestName(name, optionsOf(type));
  const hint = close === undefined ? "" : `; did you mean ${close}?`;
  throw usage(`${where}: no such option${hint} (zmq options lists them)`);
}

/** Assigns in order, since some options add up. The table's own checks become usage errors. */
export function assign(socket: Socket, assignments: readonly Assignment[], owner: Context = context): void {
  for (const { name, value, where, target } of assignments) {
    try {
      Reflect.set(target === "socket" ? socket : owner, name, value);
    } catch (error) {
      throw usage(`${where}: ${describe(error).replace(`${name}: `, "")}`, error);
    }
  }
}

function socketValue(name: OptionName, input: string, where: string): unknown {
  const { values, default: standard, expected } = optionRow(name);
  if (values !== undefined) {
    if (values.includes(null) && isNothing(input)) return null;
    if (values.includes(input)) return input;
    throw usage(`${where}: expected ${expected}, not "${input}"`);
  }
  if (isNothing(input) && standard === null) return null;
  if (PEM.has(name) && !input.includes("-----BEGIN")) return fileText(input, where);
  if (Array.isArray(standard)) return LISTS_OF_TEXT.has(name) ? input : numberOf(input, expected, where);
  return fromText(input, standard, expected, where);
}

/** By the kind of the option's default: true, a number, bytes or text. */
function fromText(input: string, standard: unknown, expected: string, where: string): unknown {
  if (typeof standard === "boolean") {
    if (/^(true|1|yes|on)$/i.test(input)) return true;
    if (/^(false|0|no|off)$/i.test(input)) return false;
    throw usage(`${where}: expected ${expected}, not "${input}"`);
  }
  if (typeof standard === "number") return numberOf(input, expected, where);
  if (standard instanceof Uint8Array && input.startsWith("hex:")) {
    const digits = input.slice("hex:".length);
    if (/^([0-9a-f]{2})*$/i.test(digits)) return Buffer.from(digits, "hex");
    throw usage(`${where}: expected pairs of hexadecimal digits after hex:`);
  }
  return input;
}

function fileText(path: string, where: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw usage(`${where}: expected PEM, or a file with it: ${describe(error)}`, error);
  }
}

function numberOf(input: string, expected: string, where: string): number {
  const value = Number(input);
  if (input.trim() === "" || !Number.isFinite(value)) throw usage(`${where}: expected ${expected}, not "${input}"`);
  return value;
}

function isNothing(input: string): boolean {
  return input === "" || input === "null" || input === "none";
}
