/**
 * CONTEXT_OPTIONS: every context option, once, in the style of options.ts.
 * Contexts have no endpoints, so every change takes effect at once: for sockets
 * that are made later.
 */

import { ZmqError } from "./errors.ts";
import { bool, int, type Option } from "./options/kinds.ts";
import { PROCESS_OPTIONS } from "./options/process.ts";

export const OWN_CONTEXT_OPTIONS = {
  /** ZMQ_IO_THREADS. Worker threads that run the connections of the context's sockets, as set before the first of them; 0: none does. Default 0. */
  ioThreads: int({ id: 1, default: 0, min: 0, applies: "now" }),
  /** ZMQ_MAX_SOCKETS. Sockets that may be open at once; one more throws EMFILE. Default 1023. */
  maxSockets: int({ id: 2, default: 1023, min: 1, applies: "now" }),
  /** ZMQ_IPV6. The default of the sockets' option of that name. Default false. */
  ipv6: bool({ id: 42, default: false, applies: "now" }),
  /** ZMQ_BLOCKY. Waits at exit for unsent messages, as long as the sockets' `linger` allows; false: `linger` is 0 by default. Default true. */
  blocky: bool({ id: 70, default: true, applies: "now" }),
};

type OwnOptions = typeof OWN_CONTEXT_OPTIONS;
type ProcessOptions = typeof PROCESS_OPTIONS;

/** The rows by name. Declared as what it is made of, so that declaration files keep the rows' docs. */
interface Table extends OwnOptions, ProcessOptions {}

export const CONTEXT_OPTIONS: Table = {
  ...OWN_CONTEXT_OPTIONS,
  ...PROCESS_OPTIONS,
  // biome-ignore lint/suspicious/noExplicitAny: a row of any kind
} satisfies Record<string, Option<any, any, any>>;

export type ContextOptionName = keyof Table;

type PropertyOf<Row> = Row extends { show(value: never): infer Property } ? Property : never;
type AccessOf<Row> = Row extends { readonly access: infer Access } ? Access : never;

/** The values of a context; contexts read as what they hold. */
export type ContextOptionValues = { -readonly [N in keyof Table]: PropertyOf<Table[N]> };

/** The option properties of a context. */
export type ContextProperties = {
  -readonly [N in keyof Table as "rw" extends AccessOf<Table[N]> ? N : never]: PropertyOf<Table[N]>;
} & {
  readonly [N in keyof Table as "rw" extends AccessOf<Table[N]> ? never : N]: PropertyOf<Table[N]>;
};

const NAMES = Object.keys(CONTEXT_OPTIONS) as ContextOptionName[];

// biome-ignore lint/suspicious/noExplicitAny: a row of any kind
function row(name: ContextOptionName): Option<any, any, any> {
  return CONTEXT_OPTIONS[name];
}

/** The values of a fresh context. */
export function defaultContextOptions(): ContextOptionValues {
  const values: Partial<Record<ContextOptionName, unknown>> = {};
  for (const name of NAMES) values[name] = CONTEXT_OPTIONS[name].default;
  return values as ContextOptionValues;
}

/** By libzmq's number. Number 3 is SOCKET_LIMIT when read and THREAD_PRIORITY when written, as in libzmq. */
export function contextOptionById(id: number, access: "read" | "write"): ContextOptionName | undefined {
  return NAMES.find((name) => row(name).id === id && (access === "read" || row(name).access === "rw"));
}

/** Checks and assigns; the errors are those of `checkOption`. */
export function setContextOption(values: ContextOptionValues, name: ContextOptionName, input: unknown): void {
  const { access, expected, check } = row(name);
  if (access === "r") throw new ZmqError("EINVAL", { message: `${name}: read-only` });
  const value = check(input);
  if (value === undefined) {
    const came = typeof input === "number" ? `, not ${input}` : "";
    throw new ZmqError("EINVAL", { message: `${name}: expected ${expected}${came}` });
  }
  (values as Record<ContextOptionName, unknown>)[name] = value;
}
