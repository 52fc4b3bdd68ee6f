/**
 * A program of whole sockets, as plain data: what `side.js` runs on libzmq and on ours. One step at a time; between two
 * steps every socket gets time to do what it does by itself, so that libzmq, asked twice, says the same twice.
 */

import type { SocketTypeName } from "../../../src/base/socket-types.ts";

export type TransportName = "tcp" | "ipc" | "inproc" | "ws";

export interface SocketSpec {
  readonly type: SocketTypeName;
  readonly options: Readonly<Record<string, number | string | boolean>>;
  /** Its events are kept, for a step that tells them. */
  readonly isWatched: boolean;
}

/** One frame or a whole message: text, a list, or a value of another kind that `send` may be given. */
export type Value = string | { readonly list: readonly Value[] } | { readonly kind: string };

/** `socket` and `clients` are places in `sockets`, `endpoint` one in `endpoints`. */
export type Step =
  | { readonly act: "bind" | "connect" | "unbind" | "disconnect"; readonly socket: number; readonly endpoint: number }
  /** Of an address that is wrong. */
  | { readonly act: "bindTo" | "connectTo"; readonly socket: number; readonly address: string }
  | { readonly act: "close"; readonly socket: number }
  | { readonly act: "send"; readonly socket: number; readonly message: Value }
  /** Messages with numbers, one after the other. */
  | { readonly act: "burst"; readonly socket: number; readonly count: number; readonly to: readonly string[] }
  | { readonly act: "receive"; readonly socket: number }
  /** Receives until nothing comes. */
  | { readonly act: "drain"; readonly socket: number }
  /** Sends to where the last message came from. */
  | { readonly act: "reply"; readonly socket: number; readonly text: string }
  | { readonly act: "subscribe" | "unsubscribe"; readonly socket: number; readonly topic: string }
  | { readonly act: "set"; readonly socket: number; readonly option: string; readonly value: number | boolean }
  /** The events of each endpoint so far: those that do not depend on time, and how many of each. */
  | { readonly act: "events"; readonly socket: number }
  /** Sends to the one client, which does not read, until there is no room; then that reads. Whether the number is right. */
  | {
      readonly act: "fill";
      readonly socket: number;
      readonly clients: readonly [number];
      readonly least: number;
      readonly most: number;
    }
  /** Each client has `depth` messages in flight, and sends the next when one was read: who is served in which order. */
  | {
      readonly act: "serve";
      readonly socket: number;
      readonly clients: readonly number[];
      readonly rounds: number;
      readonly depth: number;
    }
  /** The same while the clients do not wait for each other, and the server works: who is never served. */
  | { readonly act: "crowd"; readonly socket: number; readonly clients: readonly number[]; readonly rounds: number };

export interface Program {
  readonly sockets: readonly SocketSpec[];
  readonly endpoints: readonly TransportName[];
  readonly steps: readonly Step[];
}

/** What came of each step, as text. */
export type Outcome = readonly string[];
