/**
 * What the socket's thread and an I/O thread tell each other of endpoints. All
 * of it can be cloned. Both sides read their mail when their bell rings, never
 * by an event of the port: a blocked thread has none.
 */

import type { Endpoint } from "../base/endpoint-grammar.ts";
import type { MonitorEvent } from "../base/events.ts";
import type { OptionValues } from "../base/options.ts";
import type { SocketTypeName } from "../base/socket-types.ts";
import type { ZapReply, ZapRequest } from "../security/mechanism.ts";
import type { EngineMemory } from "./engine-memory.ts";
import type { SentError } from "./sent-errors.ts";

/** One end of a mail route. Messages are in order and none is lost. */
export interface Mail<Sent, Received> {
  /** The receiver must be rung. */
  post(message: Sent, transferred?: readonly ArrayBuffer[]): void;
  receive(): Received | undefined;
}

/** From the socket's thread. `id`: of an endpoint; the socket's thread makes them up. */
export type EngineRequest =
  | {
      readonly kind: "endpoint";
      readonly id: number;
      readonly role: "bind" | "connect";
      /** Endpoints of one socket have the same. */
      readonly socket: number;
      readonly type: SocketTypeName;
      readonly target: Endpoint;
      readonly options: OptionValues;
      readonly routingId: Uint8Array | undefined;
      /** Of the pipe that a dialed endpoint has from the beginning. */
      readonly memory: EngineMemory | undefined;
    }
  | { readonly kind: "start"; readonly id: number }
  /** As `start`, of a bound one. The answer is in the mail when `done[0]` is 1. */
  | { readonly kind: "startSync"; readonly id: number; readonly done: Int32Array }
  | { readonly kind: "close"; readonly id: number; readonly lingerMs: number }
  | { readonly kind: "authenticated"; readonly question: number; readonly reply: ZapReply | undefined }
  | { readonly kind: "notAuthenticated"; readonly question: number; readonly error: SentError }
  /** What departed peers left with the socket is at its limit, or is not any more. */
  | { readonly kind: "backlog"; readonly id: number; readonly isFull: boolean }
  /** The process ends: `done[0]` becomes 1 when all that was sent has left. */
  | { readonly kind: "finish"; readonly done: Int32Array };

/** From the I/O thread. */
export type EngineNotice =
  | { readonly kind: "bound"; readonly id: number; readonly endpoint: string }
  | { readonly kind: "bindFailed"; readonly id: number; readonly error: SentError }
  | { readonly kind: "event"; readonly id: number; readonly event: SentEvent }
  /** As `EndpointOwner.gaveUp`. */
  | { readonly kind: "gaveUp"; readonly id: number; readonly cause?: SentError }
  /** A connection has a pipe of its own. `pipe`: its number at its endpoint, from 1 on; 0 is the one that the request brought. */
  | {
      readonly kind: "pipe";
      readonly id: number;
      readonly pipe: number;
      readonly memory: EngineMemory;
      readonly dialed: boolean;
      readonly endpoint: string;
    }
  | {
      readonly kind: "authenticate";
      readonly id: number;
      readonly question: number;
      readonly request: ZapRequest;
      readonly peerAddress: string;
    }
  | { readonly kind: "notAsked"; readonly question: number }
  /** The content of a large frame, which a record of the pipe names by its number. */
  | {
      readonly kind: "frame";
      readonly id: number;
      readonly pipe: number;
      readonly frame: number;
      readonly memory: ArrayBuffer;
    }
  /** Messages that were taken out of the ring and will not be sent. */
  | { readonly kind: "dropped"; readonly id: number; readonly pipe: number; readonly messages: Uint8Array[][] }
  | { readonly kind: "gone"; readonly id: number }
  /** The engine threw: a mistake of ours. */
  | { readonly kind: "failed"; readonly error: SentError };

/** A monitor event, its errors as they travel. */
export type SentEvent = Omit<MonitorEvent, "error" | "cause"> & {
  readonly error?: SentError;
  readonly cause?: SentError;
};
