/**
 * `send` and its kin of the draft socket types, whose messages are one frame, and to which some say the peer or the
 * group beside it. What they receive is made of frames by their patterns (`Pattern.present`).
 */

import { copyOf, fromText, isBytes } from "../base/bytes.ts";
import { ZmqError } from "../base/errors.ts";
import type { Message } from "../base/message.ts";
import type { SocketCore } from "../core/socket-core.ts";
import { groupOf } from "../pattern/group.ts";
import { encodeRoutingId } from "../pattern/server-client.ts";
import { tooManyFrames } from "../pattern/single-frame.ts";
import { signalOf, type WaitOptions } from "./arguments.ts";
import { type AnySocket, coreOf } from "./core-of.ts";
import { toMessage, toMessages } from "./frames.ts";
import { refuse } from "./messages.ts";

/** To, and from, whom. */
export interface ServerRoutingOptions {
  /** The peer, a number of 32 bits that is never 0. */
  readonly routingId: number;
}

/** To whom a RADIO sends. */
export interface RadioGroupOptions {
  /** At most 255 bytes; UTF-8 where it is text. It ends before the first NUL. */
  readonly group: Uint8Array | string;
}

/** CLIENT, SCATTER and CHANNEL. */
export const sendsOneFrame = sending(undefined);

/** SERVER and PEER. */
export const sendsToPeer = sending(({ routingId }: Partial<ServerRoutingOptions>) => {
  if (routingId === undefined) throw new ZmqError("EINVAL", { detail: "routingId: expected a number" });
  if (typeof routingId !== "number") throw new TypeError("A number was expected");
  const id = routingId >>> 0;
  if (id === 0) throw new ZmqError("EINVAL", { detail: "routingId: 0 is never a peer's id" });
  return encodeRoutingId(id);
});

/** RADIO. */
export const sendsToGroup = sending(({ group }: Partial<RadioGroupOptions>) => {
  if (group === undefined) throw new ZmqError("EINVAL", { detail: "group: expected a string or bytes" });
  return groupFrame(group);
});

/** Calls `change` for each group; the first error is thrown when all had their turn, as in zeromq.js. */
export function changeGroups(socket: AnySocket, change: "join" | "leave", groups: readonly unknown[]): void {
  const core = coreOf(socket);
  if (core.isClosed) throw new ZmqError("EBADF");
  const errors: unknown[] = [];
  for (const group of groups) {
    try {
      core.pattern[change]?.(groupFrame(group));
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw errors[0];
}

/**
 * The name of a group as bytes, without what follows a NUL. Throws TypeError for what is no name, and EINVAL for a long
 * one.
 */
export function groupFrame(group: unknown): Uint8Array {
  if (typeof group === "string") return groupOf(fromText(group));
  if (isBytes(group)) return copyOf(groupOf(group));
  throw new TypeError("Value must be a string or buffer");
}

/**
 * The methods that send. `toBeside` makes the frame that tells the pattern the peer or the group, out of the options.
 */
function sending(toBeside: ((options: object) => Uint8Array) | undefined) {
  const besideOf = (options: unknown): Uint8Array | undefined => {
    if (toBeside === undefined) return undefined;
    return toBeside(options as object);
  };
  return {
    send(this: AnySocket, message: unknown, options?: WaitOptions): Promise<void> {
      const frames = toMessage(message, this);
      if (toBeside !== undefined) expectObject(options);
      const core = openCore(this);
      const beside = besideOf(options);
      const signal = options === undefined ? undefined : signalOf(options, 1);
      if (signal?.aborted) return Promise.reject(signal.reason);
      if (frames.length > 1) return Promise.reject(tooManyFrames(frames.length));
      return core.operations.send(withBeside(frames, beside), this, signal);
    },
    trySend(this: AnySocket, message: unknown, options?: object): boolean {
      const frames = toMessage(message, this);
      if (toBeside !== undefined) expectObject(options);
      const core = openCore(this);
      const beside = besideOf(options);
      if (frames.length > 1) throw tooManyFrames(frames.length);
      return core.operations.trySend(withBeside(frames, beside));
    },
    sendMany(this: AnySocket, messages: unknown, options?: WaitOptions): Promise<void> {
      const all = toMessages(messages, this);
      if (toBeside !== undefined) expectObject(options);
      const core = openCore(this);
      const beside = besideOf(options);
      const signal = signalOf(options, 1);
      if (signal?.aborted) return Promise.reject(signal.reason);
      const long = all.find((frames) => frames.length > 1);
      if (long !== undefined) return Promise.reject(tooManyFrames(long.length));
      return core.operations.sendMany(
        all.map((frames) => withBeside(frames, beside)),
        this,
        signal,
      );
    },
  };
}

/** The message for the pattern. */
function withBeside(frames: Message, beside: Uint8Array | undefined): Message {
  const [frame] = frames;
  return beside === undefined || frame === undefined ? frames : [beside, frame];
}

function openCore(socket: AnySocket): SocketCore {
  const core = coreOf(socket);
  if (core.isClosed || core.isProxied) refuse(core);
  return core;
}

function expectObject(options: unknown): void {
  if (typeof options !== "object" || options === null) throw new TypeError("Options must be an object");
}
