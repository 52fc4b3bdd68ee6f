/**
 * Socket options as zeromq.js 5 programs set and get them: by libzmq's number or
 * by a short name, with numbers for true and false.
 */

import { checkOption, isOptionName, optionById, optionInput, optionRow } from "../base/options.ts";
import type { Socket as CurrentSocket, Subscriber } from "../index.ts";
import * as ids from "./constants.ts";

/** Short names, and the properties of sockets that they make. */
export const shortOptions = {
  _fd: ids.ZMQ_FD,
  _ioevents: ids.ZMQ_EVENTS,
  _receiveMore: ids.ZMQ_RCVMORE,
  _subscribe: ids.ZMQ_SUBSCRIBE,
  _unsubscribe: ids.ZMQ_UNSUBSCRIBE,
  affinity: ids.ZMQ_AFFINITY,
  backlog: ids.ZMQ_BACKLOG,
  identity: ids.ZMQ_IDENTITY,
  linger: ids.ZMQ_LINGER,
  rate: ids.ZMQ_RATE,
  rcvbuf: ids.ZMQ_RCVBUF,
  last_endpoint: ids.ZMQ_LAST_ENDPOINT,
  reconnect_ivl: ids.ZMQ_RECONNECT_IVL,
  recovery_ivl: ids.ZMQ_RECOVERY_IVL,
  sndbuf: ids.ZMQ_SNDBUF,
  mechanism: ids.ZMQ_MECHANISM,
  plain_server: ids.ZMQ_PLAIN_SERVER,
  plain_username: ids.ZMQ_PLAIN_USERNAME,
  plain_password: ids.ZMQ_PLAIN_PASSWORD,
  curve_server: ids.ZMQ_CURVE_SERVER,
  curve_publickey: ids.ZMQ_CURVE_PUBLICKEY,
  curve_secretkey: ids.ZMQ_CURVE_SECRETKEY,
  curve_serverkey: ids.ZMQ_CURVE_SERVERKEY,
  zap_domain: ids.ZMQ_ZAP_DOMAIN,
  heartbeat_ivl: ids.ZMQ_HEARTBEAT_IVL,
  heartbeat_ttl: ids.ZMQ_HEARTBEAT_TTL,
  heartbeat_timeout: ids.ZMQ_HEARTBEAT_TIMEOUT,
  connect_timeout: ids.ZMQ_CONNECT_TIMEOUT,
} as const;

/** An option by number or short name. */
export type OptionKey = number | keyof typeof shortOptions;

/** Options that make no sense outside of zeromq.js 5. */
const UNSUPPORTED: Readonly<Record<number, string>> = {
  [ids.ZMQ_FD]: "ZMQ_FD",
  [ids.ZMQ_RCVMORE]: "ZMQ_RCVMORE",
  [ids.ZMQ_ROUTER_RAW]: "ZMQ_ROUTER_RAW",
};

/** Options that can be set but not read. */
const WRITE_ONLY: ReadonlySet<number> = new Set([ids.ZMQ_XPUB_VERBOSE, ids.ZMQ_TCP_ACCEPT_FILTER]);

/** The mechanisms in the order of libzmq's numbers. */
const MECHANISMS: readonly unknown[] = [null, "plain", "curve", "gssapi"];

type Options = Record<string, unknown>;

/** Of sockets that tell nobody their identity: libzmq lets every type have one, and old programs give each one. */
const identities = new WeakMap<CurrentSocket, Uint8Array>();

export function setOption(socket: CurrentSocket, key: OptionKey, value: unknown): void {
  const id = idOf(key);
  if (id === ids.ZMQ_SUBSCRIBE) (socket as Subscriber).subscribe(value as string);
  else if (id === ids.ZMQ_UNSUBSCRIBE) (socket as Subscriber).unsubscribe(value as string);
  else if (id === ids.ZMQ_IDENTITY && !("routingId" in socket)) {
    identities.set(socket, checkOption("routingId", value, "DEALER"));
  } else {
    const name = nameOf(socket, id);
    if (optionRow(name).access === "r") throw unknownOption(`${id} (${name}) can be read, not set`);
    const isFlag = typeof read(socket, name) === "boolean";
    const given = isFlag || id === ids.ZMQ_XPUB_VERBOSE ? Boolean(value) : value;
    (socket as unknown as Options)[name] = optionInput(name, id, given);
  }
}

export function getOption(socket: CurrentSocket, key: OptionKey): string | number | null {
  const id = idOf(key);
  if (id === ids.ZMQ_EVENTS) return (socket.readable ? ids.ZMQ_POLLIN : 0) | (socket.writable ? ids.ZMQ_POLLOUT : 0);
  if (WRITE_ONLY.has(id)) throw new Error(`Reading option ${id} is not supported`);
  if (id === ids.ZMQ_IDENTITY && !("routingId" in socket)) {
    const identity = identities.get(socket);
    return identity === undefined ? null : optionRow("routingId").show(identity);
  }
  const value = read(socket, nameOf(socket, id));
  if (id === ids.ZMQ_MECHANISM) return MECHANISMS.indexOf(value);
  if (id === ids.ZMQ_IPV4ONLY) return value ? 0 : 1;
  return typeof value === "boolean" ? Number(value) : (value as string | number | null);
}

function idOf(key: OptionKey): number {
  const id = typeof key === "number" ? key : shortOptions[key];
  if (id === undefined) throw unknownOption(`${String(key)} is not the name of an option`);
  const name = UNSUPPORTED[id];
  if (name !== undefined) throw new Error(`${name} is not supported in compatibility mode`);
  return id;
}

/** The property that the option has on current sockets. Throws for numbers of no option, or of none that this socket has. */
function nameOf(socket: CurrentSocket, id: number) {
  const name = KNOWN.has(id) ? optionById(id) : undefined;
  if (name === undefined || !isOptionName(name)) throw unknownOption(`${id} is not the number of an option`);
  if (!(name in socket)) throw unknownOption(`${id} (${name}) is not an option of ${socket.constructor.name} sockets`);
  return name;
}

function unknownOption(detail: string): Error {
  return Object.assign(new Error("Unknown option"), { detail });
}

/** The numbers that zeromq.js 5 has names for. */
const KNOWN: ReadonlySet<unknown> = new Set(
  Object.entries(ids).flatMap(([name, id]) => (name.startsWith("ZMQ_") ? [id] : [])),
);

function read(socket: CurrentSocket, name: string): unknown {
  return (socket as unknown as Options)[name];
}
