/**
 * Socket options by libzmq's number, with pyzmq's values: 1 and 0 for true and
 * false, text for text, bytes for the routing id. The options' own rows do the
 * rest.
 */

import { ZmqError } from "../base/errors.ts";
import { bytesOf } from "../base/options/kinds.ts";
import { hasOption, type OptionName, optionById, optionInput, optionRow, setOption } from "../base/options.ts";
import type { SocketTypeName } from "../base/socket-types.ts";
import { readOption } from "../core/option-numbers.ts";
import type { SocketCore } from "../core/socket-core.ts";
import * as ids from "./option-numbers.ts";

/** Options whose value is text. */
export type TextOption =
  | typeof ids.LAST_ENDPOINT
  | typeof ids.PLAIN_USERNAME
  | typeof ids.PLAIN_PASSWORD
  | typeof ids.CURVE_PUBLICKEY
  | typeof ids.CURVE_SECRETKEY
  | typeof ids.CURVE_SERVERKEY
  | typeof ids.ZAP_DOMAIN
  | typeof ids.SOCKS_PROXY
  | typeof ids.SOCKS_USERNAME
  | typeof ids.SOCKS_PASSWORD
  | typeof ids.BINDTODEVICE;

/** Options whose value is bytes. */
export type BytesOption =
  | typeof ids.IDENTITY
  | typeof ids.CONNECT_ROUTING_ID
  | typeof ids.XPUB_WELCOME_MSG
  | typeof ids.HELLO_MSG
  | typeof ids.DISCONNECT_MSG
  | typeof ids.HICCUP_MSG;

/** What `getsockopt` returns. */
export type OptionValue<Id extends number> = number extends Id
  ? number | string | Uint8Array
  : Id extends BytesOption
    ? Uint8Array
    : Id extends TextOption
      ? string
      : number;

/** libzmq takes them for every type, with effect or not; DEALER is a type that has them. */
const EVERYWHERE: ReadonlySet<number> = new Set([
  ids.IDENTITY,
  ids.SNDHWM,
  ids.RCVHWM,
  ids.SNDTIMEO,
  ids.RCVTIMEO,
  ids.MULTICAST_HOPS,
  ids.CONFLATE,
]);
const TYPE_OF_ALL: SocketTypeName = "DEALER";

/** Throws EINVAL for a number of no option, or of one that the socket does not have, and for a value out of range; TypeError for one of another kind. */
export function setSocketOption(core: SocketCore, id: number, value: unknown): void {
  if (id === ids.SUBSCRIBE || id === ids.UNSUBSCRIBE) {
    changeSubscription(core, id === ids.SUBSCRIBE ? "subscribe" : "unsubscribe", value);
    return;
  }
  if (id === ids.HWM) {
    setSocketOption(core, ids.SNDHWM, value);
    setSocketOption(core, ids.RCVHWM, value);
    return;
  }
  const name = nameOf(core, id);
  const input = optionInput(name, id, isSwitch(id) && typeof value === "number" ? value !== 0 : value);
  if (hasOption(core.type, name)) core.assign(name, input);
  else setOption(core.options, name, input, TYPE_OF_ALL);
}

/** Throws EINVAL for a number of no option, or of one that the socket does not have; ENOTSUP for FD. RCVMORE and EVENTS are the socket's own. */
export function getSocketOption(core: SocketCore, id: number): number | string | Uint8Array {
  if (id === ids.FD) {
    throw new ZmqError("ENOTSUP", { detail: "no file descriptor stands behind a socket of this library; use poll()" });
  }
  const name = nameOf(core, id === ids.HWM ? ids.SNDHWM : id);
  const kept: unknown = core.options[name];
  if (kept instanceof Uint8Array) return kept.slice();
  const value = hasOption(core.type, name) ? readOption(core, id === ids.HWM ? ids.SNDHWM : id) : kept;
  if (value === null || value === undefined) return "";
  if (typeof value === "boolean") return Number(value);
  if (typeof value === "number" || typeof value === "string") return value;
  throw new ZmqError("EINVAL", { detail: `${name} can be set, not read` });
}

/** EINVAL for types without subscriptions. */
export function changeSubscription(core: SocketCore, change: "subscribe" | "unsubscribe", topic: unknown): void {
  const { pattern, type } = core;
  if (pattern[change] === undefined) throw new ZmqError("EINVAL", { detail: `${type} sockets have no subscriptions` });
  pattern[change](bytesOf(topic));
}

function nameOf(core: SocketCore, id: number): OptionName {
  if (typeof id !== "number") throw new TypeError("Option must be a number, such as zmq.LINGER");
  const name = optionById(id);
  if (name === undefined || !(hasOption(core.type, name) || EVERYWHERE.has(id))) {
    throw new ZmqError("EINVAL", { detail: `${id} is not an option of ${core.type} sockets` });
  }
  return name;
}

/** Options that are yes or no to libzmq and not to the table. */
function isSwitch(id: number): boolean {
  return id === ids.XPUB_VERBOSE || id === ids.XPUB_VERBOSER || id === ids.IPV4ONLY;
}

/** The options that are properties by pyzmq's names: by each of libzmq's, in small letters and in capitals. */
export const SHORT_NAMES: ReadonlyMap<string, number> = new Map(
  Object.entries(ids).flatMap(([name, id]) => [
    [name.toLowerCase(), id],
    [name, id],
  ]),
);

/** Whether the socket has the option. */
export function mayHave({ type, pattern }: SocketCore, id: number): boolean {
  if (id === ids.SUBSCRIBE || id === ids.UNSUBSCRIBE) return pattern.subscribe !== undefined;
  const name = optionById(id);
  return id === ids.HWM || EVERYWHERE.has(id) || (name !== undefined && hasOption(type, name));
}

/** Whether an option may be assigned. */
export function isWritable(id: number): boolean {
  if (id === ids.RCVMORE || id === ids.EVENTS || id === ids.FD) return false;
  const name = optionById(id);
  return name === undefined || optionRow(name).access === "rw";
}
