/**
 * What a socket says unasked: one warning when the developer must know of
 * something and nothing else tells it, and, where the platform traces, each
 * event and each dropped message (tracing.ts).
 */

import { copyOf } from "../base/bytes.ts";
import { ZmqError } from "../base/errors.ts";
import type { MonitorEvent } from "../base/events.ts";
import type { Message } from "../base/message.ts";
import type { PipeState } from "../base/near-end.ts";
import type { OptionValues } from "../base/options.ts";
import type { SocketTypeName } from "../base/socket-types.ts";
import { IN_PAGE } from "../base/target.ts";
import type { DropReason } from "../pattern/pattern.ts";
import type { Platform } from "./platform.ts";

/** The part of the platform that is needed. */
export type Speaker = Pick<Platform, "warn" | "trace">;

/** So many bytes of a first frame are told. */
const MOST_BYTES = 64;

export class Voice {
  readonly #speaker: Speaker;
  /** Tells sockets apart, `PUB 3`. */
  readonly #name: string;

  constructor(speaker: Speaker, name: string) {
    this.#speaker = speaker;
    this.#name = name;
  }

  /** `isHeard`, of an error: somebody listens to it. */
  event(event: MonitorEvent, isHeard: boolean): void {
    if (IN_PAGE) return; // It accepts no connections, and traces nothing.
    this.#speaker.trace?.event(this.#name, event);
    if (event.type !== "accept:error") return;
    const { address, error } = event;
    if (error.code === "EMFILE") {
      this.#speaker.warn(`${address} accepts no connections: ${reasonOf(error)}.`, "ZMQ_EMFILE");
    } else if (error.code === "EACCES" && !isHeard && reasonOf(error).includes("wsAllowedOrigins")) {
      // A browser does not tell its page why it was refused.
      this.#speaker.warn(`${address} refused a page: ${reasonOf(error)}.`, "ZMQ_ORIGIN_REFUSED");
    }
  }

  /** Absent where nobody reads it: messages may be dropped often. */
  get dropped():
    | ((
        type: SocketTypeName,
        reason: DropReason,
        pipe: Pick<PipeState, "endpoint"> | undefined,
        frame: Uint8Array | undefined,
      ) => void)
    | undefined {
    const trace = IN_PAGE ? undefined : this.#speaker.trace;
    return trace && ((...drop) => trace.dropped(this.#name, ...drop));
  }

  /** A connected endpoint will never be tried again. */
  gaveUp(address: string, cause: unknown, isHeard: boolean): void {
    const told = `${address} is given up for good: ${reasonOf(cause)}`;
    if (!IN_PAGE) this.#speaker.trace?.line(this.#name, told);
    if (isHeard) return;
    const type = this.#name.replace(/ .*/, "");
    this.#speaker.warn(`The ${type} socket's connection to ${told}. socket.events tells more.`, "ZMQ_GIVEN_UP");
  }
}

/** A copy of the first bytes of a message's first frame; undefined when the socket's messages are secrets. */
export function shownFrame([frame]: Message, { securityMechanism }: OptionValues): Uint8Array | undefined {
  return frame === undefined || securityMechanism !== null ? undefined : copyOf(frame.subarray(0, MOST_BYTES));
}

/** The error in a line: what was expected and what came, where it says so. */
export function reasonOf(error: unknown): string {
  if (error instanceof ZmqError) return `${error.code}, ${error.detail ?? error.message}`;
  return error instanceof Error ? error.message : String(error ?? "the peer closed the connection");
}
