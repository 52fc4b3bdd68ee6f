/**
 * OPTIONS: every socket option, once. Types, accessors, checks, hover docs and
 * docs/options.md follow from it. The rows stand in options/*.ts, one file a
 * subject; this is the place to import from.
 *
 * Adding an option: one row there, and the line that reads it. The build for browsers leaves out the files of options
 * that no page could use (`LEFT_OUT` in scripts/pages.js).
 */

import { equal } from "./bytes.ts";
import { ZmqError } from "./errors.ts";
import { CONNECTION_OPTIONS } from "./options/connections.ts";
import { GSSAPI_OPTIONS } from "./options/gssapi.ts";
import type { Option } from "./options/kinds.ts";
import type * as patterns from "./options/patterns.ts";
import { ADDRESS_OPTIONS, patternOptions } from "./options/patterns.ts";
import { QUEUE_OPTIONS } from "./options/queues.ts";
import { SECURITY_OPTIONS } from "./options/security.ts";
import { SERVER_OPTIONS } from "./options/server.ts";
import { TRANSPORT_OPTIONS } from "./options/transports.ts";
import { WEBSOCKET_OPTIONS } from "./options/websocket.ts";
import { SOCKET_TYPES, type SocketTypeName } from "./socket-types.ts";
import { IN_PAGE } from "./target.ts";

export type { Metadata } from "./options/additive.ts";
export type { Option, Text } from "./options/kinds.ts";

// biome-ignore lint/suspicious/noExplicitAny: a row of any kind
type AnyOption = Option<any, any, any, SocketTypeName>;

type QueueOptions = typeof QUEUE_OPTIONS;
type AddressOptions = typeof patterns.ADDRESS_OPTIONS;
type RouterOptions = typeof patterns.ROUTER_OPTIONS;
type ProbeOptions = typeof patterns.PROBE_OPTIONS;
type RequestOptions = typeof patterns.REQUEST_OPTIONS;
type XpubOptions = typeof patterns.XPUB_OPTIONS;
type PublisherOptions = typeof patterns.PUBLISHER_OPTIONS;
type TopicOptions = typeof patterns.TOPIC_OPTIONS;
type UpstreamOptions = typeof patterns.UPSTREAM_OPTIONS;
type XsubOptions = typeof patterns.XSUB_OPTIONS;
type StreamOptions = typeof patterns.STREAM_OPTIONS;
type ConnectionOptions = typeof CONNECTION_OPTIONS;
type TransportOptions = typeof TRANSPORT_OPTIONS;
type WebSocketOptions = typeof WEBSOCKET_OPTIONS;
type SecurityOptions = typeof SECURITY_OPTIONS;
type ServerOptions = typeof SERVER_OPTIONS;
type GssapiOptions = typeof GSSAPI_OPTIONS;

/** The rows by name. Declared as what it is made of, so that declaration files keep the rows' docs. */
interface Table
  extends QueueOptions,
    AddressOptions,
    RouterOptions,
    ProbeOptions,
    RequestOptions,
    XpubOptions,
    PublisherOptions,
    TopicOptions,
    UpstreamOptions,
    XsubOptions,
    StreamOptions,
    ConnectionOptions,
    TransportOptions,
    WebSocketOptions,
    SecurityOptions,
    ServerOptions,
    GssapiOptions {}

export const OPTIONS: Table = {
  ...QUEUE_OPTIONS,
  ...(IN_PAGE ? (ADDRESS_OPTIONS as ReturnType<typeof patternOptions>) : patternOptions()),
  ...CONNECTION_OPTIONS,
  ...TRANSPORT_OPTIONS,
  ...WEBSOCKET_OPTIONS,
  ...SECURITY_OPTIONS,
  ...SERVER_OPTIONS,
  ...GSSAPI_OPTIONS,
} satisfies Record<string, AnyOption>;

export type OptionName = keyof Table;

type ValueOf<Row> = Row extends { readonly default: infer Value } ? Value : never;
type PropertyOf<Row> = Row extends { show(value: never): infer Property } ? Property : never;
type InputOf<Row> = Row extends { readonly input?: infer Input } ? Exclude<Input, undefined> : never;
type AccessOf<Row> = Row extends { readonly access: infer Access } ? Access : never;
type OnOf<Row> = Row extends { readonly on?: readonly (infer On)[] } ? On : never;

/** Every option as the library works with it. 64-bit integers are plain numbers. */
export type OptionValues = { -readonly [N in keyof Table]: ValueOf<Table[N]> };

/** Names of the options that a socket of type `T` has and that may be assigned. */
export type WritableOption<T extends SocketTypeName> = {
  [N in OptionName]: T extends OnOf<Table[N]> ? ("rw" extends AccessOf<Table[N]> ? N : never) : never;
}[OptionName];

/** Names of the options that a socket of type `T` has; all of them can be read. */
export type ReadableOption<T extends SocketTypeName> = {
  [N in OptionName]: T extends OnOf<Table[N]> ? N : never;
}[OptionName];

/**
 * The option properties of a socket of type `T`, typed as they read. The names
 * are worked out once and then mapped: a condition for each name inside the
 * mapping is too much work for TypeScript 5.
 */
export type OptionsOf<T extends SocketTypeName> = Properties<Table, WritableOption<T>> &
  Readonly<Properties<Table, Exclude<ReadableOption<T>, WritableOption<T>>>>;

/** The table is a parameter here and below so that editors find the text of a row: a mapping over `keyof` a parameter keeps it. */
type Properties<Rows, N extends keyof Rows> = { -readonly [K in N]: PropertyOf<Rows[K]> };

/** Names of the options that every socket has. */
export type CommonOption = {
  [N in OptionName]: [SocketTypeName] extends [OnOf<Table[N]>] ? N : never;
}[OptionName];

/** What a constructor takes: as `OptionsOf`, with everything that may be assigned, such as bytes for text. */
export type OptionInputs<T extends SocketTypeName> = Inputs<Table, WritableOption<T>>;

type Inputs<Rows, N extends keyof Rows> = { -readonly [K in N]?: InputOf<Rows[K]> | PropertyOf<Rows[K]> };

/** The options that sockets inherit from their context. */
export interface ContextDefaults {
  readonly ipv6: boolean;
  /** False: sockets linger 0 by default. */
  readonly blocky: boolean;
}

/** Lowest number of the socket types that libzmq calls thread-safe: the draft ones from SERVER on, of which DGRAM is not. */
const FIRST_THREAD_SAFE = 12;

function names(): OptionName[] {
  return Object.keys(OPTIONS) as OptionName[];
}

/** A socket class brings the options of its type. In a page the table has no others; elsewhere it has them all. */
export function bringOptions(tables: readonly object[]): void {
  if (IN_PAGE) Object.assign(OPTIONS, ...tables);
}

/** The row, for code that handles all rows alike. */
export function optionRow(name: OptionName): AnyOption {
  return OPTIONS[name];
}

export function isOptionName(name: string): name is OptionName {
  return Object.hasOwn(OPTIONS, name);
}

/** Whether a socket of `type` has the option. */
export function hasOption(type: SocketTypeName, name: OptionName): boolean {
  const { on } = optionRow(name);
  return on === undefined || on.includes(type);
}

/** The options that a socket of `type` has, in the order of the table. */
export function optionsOf(type: SocketTypeName): readonly OptionName[] {
  return names().filter((name) => hasOption(type, name));
}

/** The options that every socket has, in the order of the table. */
export function commonOptions(): readonly OptionName[] {
  return names().filter((name) => optionRow(name).on === undefined);
}

/** By type: reading the table takes longer than the rest of making a socket. */
const defaults = new Map<SocketTypeName, OptionValues>();

/** The values of a fresh socket. */
export function defaultOptions(type: SocketTypeName, { ipv6, blocky }: ContextDefaults): OptionValues {
  let common = defaults.get(type);
  if (common === undefined) {
    common = tableDefaults(type);
    defaults.set(type, common);
  }
  const values = { ...common, ipv6 };
  if (!blocky) values.linger = 0;
  return values;
}

function tableDefaults(type: SocketTypeName): OptionValues {
  const values: Partial<Record<OptionName, unknown>> = {};
  for (const name of names()) {
    const row = optionRow(name);
    values[name] = row.defaultOn?.[type] ?? row.default;
  }
  const typeId = SOCKET_TYPES[type].id;
  values.type = typeId;
  if (!IN_PAGE) values.threadSafe = typeId >= FIRST_THREAD_SAFE && type !== "DGRAM";
  return values as OptionValues;
}

/**
 * The internal value of what a user assigned. Throws zeromq.js's TypeErrors for
 * the wrong JavaScript type; a ZmqError with EINVAL for a value out of range
 * and for an option that `type` does not have or that is read-only, with the
 * row's refusal code for one that no JavaScript runtime can honour.
 */
export function checkOption<N extends OptionName>(name: N, input: unknown, type: SocketTypeName): OptionValues[N] {
  const row = optionRow(name);
  if (!hasOption(type, name)) throw invalid(`${name}: not an option of ${type} sockets`);
  if (row.access === "r") throw invalid(`${name}: read-only`);
  const unexpected = (came: string) => `${name}: expected ${row.expected}, not ${came}`;
  let value: unknown;
  try {
    value = row.check(input);
  } catch (error) {
    // The message is zeromq.js's for all options; the detail names this one.
    const came = input === null || input === undefined ? String(input) : `a value of type ${typeof input}`;
    if (error instanceof TypeError) Object.assign(error, { detail: unexpected(came) });
    throw error;
  }
  if (value === undefined) throw invalid(unexpected(described(input, name)));
  if (!IN_PAGE && row.honoured !== true && !isDefault(row, value)) {
    throw new ZmqError(row.refusal, { message: `${name}: ${row.honoured}` });
  }
  return value as OptionValues[N];
}

/** Names of options that choose the mechanism. */
const OF_SECURITY = /^(plain|curve)[A-Z]/;

/** Checks and assigns, with what follows for other options: additive ones add up, security options choose the mechanism. */
export function setOption(values: OptionValues, name: OptionName, input: unknown, type: SocketTypeName): void {
  const value: unknown = checkOption(name, input, type);
  const { add } = optionRow(name);
  const before = values[name];
  const wasServer = !IN_PAGE && (values.plainServer || values.curveServer);
  (values as Record<OptionName, unknown>)[name] = add ? add(before, value) : value;
  if (OF_SECURITY.test(name) && !(isOff(before) && isOff(value))) chooseMechanism(values, name, wasServer);
}

/** The value of an option's property: null for empty text, full 100 ms for `heartbeatTimeToLive`. */
export function getOption<N extends OptionName>(values: OptionValues, name: N): PropertyOf<Table[N]> {
  return optionRow(name).show(values[name]);
}

/** Numbers of libzmq that are no rows of their own. */
const IPV4ONLY = 31;
const XPUB_VERBOSE = 40;
const XPUB_VERBOSER = 78;

/** By libzmq's number; undefined: not a row of the table, or one that libzmq has not. */
export function optionById(id: number): OptionName | undefined {
  if (id === XPUB_VERBOSER) return "verbosity";
  if (id === IPV4ONLY) return "ipv6";
  return id < 0 ? undefined : names().find((name) => OPTIONS[name].id === id);
}

/** As `setOption`, by libzmq's number and with libzmq's values: numbers for names, booleans for XPUB_VERBOSE and XPUB_VERBOSER. */
export function setOptionById(values: OptionValues, id: number, input: unknown, type: SocketTypeName): void {
  const name = optionById(id);
  if (name === undefined) throw invalid(`option ${id}: expected the number of a socket option`);
  setOption(values, name, optionInput(name, id, input), type);
}

/** The value to assign for a value of libzmq: the name for a number of a choice, true for 1. */
export function optionInput(name: OptionName, id: number, input: unknown): unknown {
  if (id === XPUB_VERBOSE && typeof input === "boolean") return input ? "allSubs" : null;
  if (id === XPUB_VERBOSER && typeof input === "boolean") return input ? "allSubsUnsubs" : null;
  if (id === IPV4ONLY && typeof input === "boolean") return !input;
  const { values, default: standard } = optionRow(name);
  if (values !== undefined && typeof input === "number") return values[input];
  if (typeof standard === "boolean" && (input === 0 || input === 1)) return input === 1;
  return input;
}

/** As `getOption`, by libzmq's number and with libzmq's values. */
export function getOptionById(values: OptionValues, id: number): unknown {
  const name = optionById(id);
  if (name === undefined) throw invalid(`option ${id}: expected the number of a socket option`);
  if (id === XPUB_VERBOSE) return values.verbosity === "allSubs";
  if (id === XPUB_VERBOSER) return values.verbosity === "allSubsUnsubs";
  if (id === IPV4ONLY) return !values.ipv6;
  const { values: names } = optionRow(name);
  return names === undefined ? getOption(values, name) : names.indexOf(values[name]);
}

function isOff(value: unknown): boolean {
  return value === false || value === null;
}

/**
 * Refuses options given together of which the last would make a PLAIN socket although there are CURVE ones: an object's
 * order is no wish to send in clear. Assigned one after the other, as libzmq has them, the last one decides.
 */
export function refuseWeakerMixture(together: object): void {
  const given = Object.entries(together).filter(([name, value]) => OF_SECURITY.test(name) && !isOff(value));
  const last = given.at(-1)?.[0] ?? "";
  if (!last.startsWith("plain") || !given.some(([name]) => name.startsWith("curve"))) return;
  throw invalid(`${last}: PLAIN is given together with CURVE, which it would replace; expected one of them`);
}

/**
 * libzmq's rule: the option that was assigned last decides, and one flag says "server" for both mechanisms. Beyond it,
 * what turns nothing off leaves the mechanism alone: `curveServer: false` among a client's options, by which libzmq
 * goes back to NULL, does not take CURVE away from it.
 */
function chooseMechanism(values: OptionValues, name: OptionName, wasServer: boolean): void {
  const value = values[name];
  // A name or password that is taken away; keys cannot be.
  if (value === null && values.securityMechanism !== "plain") return;
  const mechanism = isOff(value) ? null : name.startsWith("plain") ? "plain" : "curve";
  values.securityMechanism = mechanism;
  if (IN_PAGE) return;
  const isServer = value === true || (wasServer && (name === "curvePublicKey" || name === "curveSecretKey"));
  values.plainServer = isServer && mechanism === "plain";
  values.curveServer = isServer && mechanism === "curve";
}

function isDefault(row: AnyOption, value: unknown): boolean {
  const standard: unknown = row.default;
  if (value instanceof Uint8Array && standard instanceof Uint8Array) return equal(value, standard);
  if (Array.isArray(value)) return value.length === 0;
  return value === standard;
}

function invalid(message: string): ZmqError {
  return new ZmqError("EINVAL", { message });
}

/** The refused value as text for an error; never the content of keys, names and messages. */
function described(input: unknown, name: OptionName): string {
  if (input instanceof Uint8Array) return `${input.length} bytes`;
  if (typeof input === "string") {
    const isShown = name === "tcpAcceptFilter" || name === "verbosity";
    return isShown ? JSON.stringify(input) : `a string of ${input.length} characters`;
  }
  return input === null || /^(number|boolean|undefined)$/.test(typeof input) ? String(input) : typeof input;
}
