/**
 * What a socket tells its observer: zeromq.js's event names and payloads, which
 * are libzmq's monitor events, plus the remote address and our own `drop`.
 */

import type { ZmqError } from "./errors.ts";

/** Events with an endpoint and nothing else. */
export type PlainEventType =
  | "accept"
  | "bind"
  | "close"
  | "connect"
  | "connect:delay"
  | "disconnect"
  | "handshake"
  | "unknown";

/** Events that carry an error. */
export type ErrorEventType =
  | "accept:error"
  | "bind:error"
  | "close:error"
  | "handshake:error:other"
  | "handshake:error:protocol"
  | "handshake:error:auth";

export type MonitorEvent =
  | {
      readonly type: PlainEventType;
      readonly address: string;
      readonly remoteAddress?: string | undefined;
      /** Why, where it is known: of `close` a failed attempt, of `disconnect` what the peer did. */
      readonly cause?: unknown;
    }
  | { readonly type: "connect:retry"; readonly address: string; readonly interval: number }
  | {
      readonly type: ErrorEventType;
      readonly address: string;
      readonly error: ZmqError;
      readonly remoteAddress?: string | undefined;
    }
  | {
      readonly type: "loss";
      readonly address: string;
      readonly remoteAddress: string;
      /** Packets of that source that cannot be had any more; 0 when it sent what is no message. */
      readonly packets: number;
      readonly cause?: unknown;
    }
  | { readonly type: "end" };
