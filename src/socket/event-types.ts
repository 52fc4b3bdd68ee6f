/**
 * The types of what an observer tells: zeromq.js's names and shapes, one member
 * of `Event` a type, with the remote address and our own `drop` added.
 */

import { toText } from "../base/bytes.ts";
import { type ErrorCode, ZmqError } from "../base/errors.ts";
import type { MonitorEvent } from "../base/events.ts";
import { IN_PAGE } from "../base/target.ts";
import type { DropReason } from "../pattern/pattern.ts";
import type { Expand } from "./option-types.ts";

/** An error with a name and a number of the operating system or of libzmq. */
export interface ErrnoError extends Error {
  code: string;
  errno: number;
}

/** The ZAP handler turned the peer away: temporary, for good, or because of a mistake of its own. */
export interface AuthError extends ErrnoError {
  /** The ZAP handler's answer: 300 try again later, 400 refused for good, 500 the handler failed. */
  status: 300 | 400 | 500;
}

/** The peer or the ZAP handler broke its protocol; the code says how. */
export interface ProtoError extends ErrnoError {
  code: Extract<ErrorCode, `ERR_${string}`>;
}

/** The endpoint of this side that an event is about. */
export interface EventAddress {
  /** The endpoint of this side: the one that was bound or connected. */
  address: string;
}

/** The peer's address, where it is known. Not enumerable, so that events compare equal to those of zeromq.js. */
export interface EventRemoteAddress {
  /** The peer's address as transports tell it, `tcp://127.0.0.1:40312`. Not enumerable, but `console.log(event)` shows it. */
  remoteAddress?: string;
}

/** Why, where it is known. Not enumerable either. */
export interface EventCause {
  /** Of `close` the error of a failed attempt, of `disconnect` what the peer did wrong. */
  cause?: unknown;
}

/** Milliseconds to the next attempt. */
export interface EventInterval {
  /** Milliseconds to the next attempt. */
  interval: number;
}

export interface EventError<E = ErrnoError> {
  /** What went wrong: `code` is for programs, `detail` for people. */
  error: E;
}

/** The event of type `T` with the properties of `D`. */
export type EventFor<T extends string, D = unknown> = Expand<{ type: T } & D>;

type OfConnection = EventAddress & EventRemoteAddress;

/** What `receive` and loops over `socket.events` give. */
export type Event =
  | EventFor<"accept", OfConnection>
  | EventFor<"accept:error", EventAddress & EventError>
  | EventFor<"bind", EventAddress>
  | EventFor<"bind:error", EventAddress & EventError>
  | EventFor<"connect", OfConnection>
  | EventFor<"connect:delay", EventAddress>
  | EventFor<"connect:retry", EventAddress & EventInterval>
  | EventFor<"close", EventAddress & EventCause>
  | EventFor<"close:error", EventAddress & EventError>
  | EventFor<"disconnect", OfConnection & EventCause>
  | EventFor<"end">
  | EventFor<"handshake", OfConnection>
  | EventFor<"handshake:error:protocol", OfConnection & EventError<ProtoError>>
  | EventFor<"handshake:error:auth", OfConnection & EventError<AuthError>>
  | EventFor<"handshake:error:other", OfConnection & EventError>
  | EventFor<"unknown">;

export type EventType = Event["type"];

/** The event of one type. */
export type EventOfType<E extends EventType = EventType> = Expand<Extract<Event, { type: E }>>;

/**
 * A message was dropped, and why. For listeners only: there may be one per message. `duplicateRoutingId` is told once a
 * peer: it came to a ROUTER with the routing id of another, and is neither read nor written to while it is connected. So is
 * `secondPeer`: it came to a PAIR that has a peer.
 * `tooLong`: its peer takes no frame of that length.
 */
export interface DropEvent extends EventRemoteAddress {
  type: "drop";
  /** As the name of the count in `socket.drops`; see `DropReason`. */
  reason: DropReason;
  /** The endpoint of the peer that it was for, or that sent it; empty when there is none. */
  address: string;
  /**
   * The first 64 bytes at most of the message's first frame: the topic, or the routing id that a ROUTER was given. Absent for
   * messages without frames, and on sockets with PLAIN or CURVE, whose messages are not told. Not enumerable; consoles show
   * it as text.
   */
  firstFrame?: Uint8Array;
}

/**
 * Packets of a multicast source are lost for good: what was in them is missing, and its messages go on with the next one.
 * For listeners only. The message that could not be read is counted in `socket.drops` as `lost`, once each time.
 */
export interface LossEvent extends EventRemoteAddress, EventCause {
  type: "loss";
  /** The endpoint of this side. */
  address: string;
  /** How many; 0 when the source sent what is no message, and `cause` says how. */
  packets: number;
}

/** Something whose events can be listened to. */
export interface EventSubscriber {
  on<E extends EventType>(type: E, listener: (event: EventOfType<E>) => void): EventSubscriber;
  off<E extends EventType>(type: E, listener: (event: EventOfType<E>) => void): EventSubscriber;
}

type LossOf = Extract<MonitorEvent, { type: "loss" }>;

export function lossEvent({ type, address, packets, remoteAddress, cause }: LossOf): LossEvent {
  const made: LossEvent = { type, address, packets };
  addHidden(made, { remoteAddress, cause });
  return made;
}

/** The public form of an event: a plain object that has the properties of zeromq.js and no others that show. */
export function publicEvent(event: Exclude<MonitorEvent, LossOf>): Event {
  const { remoteAddress, cause, ...visible } = event as typeof event & { remoteAddress?: string; cause?: unknown };
  const isProtocol = visible.type === "handshake:error:protocol";
  const made = isProtocol ? { ...visible, error: protocolError(visible.error) } : visible;
  addHidden(made, { remoteAddress, cause });
  return made as Event; // the same shapes; the error's class is wider than each type says
}

type HiddenName = "remoteAddress" | "cause" | "firstFrame";

/** Gives an event what comparisons do not see and consoles show. */
export function addHidden(event: object, hidden: { readonly [name in HiddenName]?: unknown }): void {
  for (const [name, value] of Object.entries(hidden)) {
    if (value !== undefined) Object.defineProperty(event, name, { value });
  }
  if (!IN_PAGE) Object.defineProperty(event, INSPECT, { value: inspectEvent });
}

const INSPECT = Symbol.for("nodejs.util.inspect.custom");

function inspectEvent(
  this: object,
  _depth: number,
  options: object,
  inspect: (value: unknown, options: object) => string,
) {
  const { remoteAddress, cause, firstFrame } = this as EventRemoteAddress & EventCause & Pick<DropEvent, "firstFrame">;
  const shown = {
    ...this,
    ...(remoteAddress !== undefined && { remoteAddress }),
    ...(cause !== undefined && { cause }),
    ...(firstFrame !== undefined && { firstFrame: textIfText(firstFrame) }),
  };
  return inspect(shown, options);
}

/** Text where the bytes are UTF-8. */
function textIfText(bytes: Uint8Array): string | Uint8Array {
  const text = toText(bytes);
  return text.includes("\ufffd") ? bytes : text;
}

/** With zeromq.js's sentence, which programs compare, as message; what was expected and what came is its `detail`. */
function protocolError(error: ZmqError): ZmqError {
  const { code, status, message, detail = message } = error;
  const worded = new ZmqError(code, { detail, status, cause: error });
  return worded.message === message ? error : worded;
}
