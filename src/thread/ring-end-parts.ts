/** What an end of a ring is made of, and what it tells its owner. */

import type { Clock } from "../base/clock.ts";
import type { FarEnd, RemoteOutlet } from "../base/far-end.ts";
import type { RingReader } from "../base/ring-reader.ts";
import type { RingWriter } from "../base/ring-writer.ts";
import type { Bell } from "./bell.ts";
import type { Inbox } from "./inbox.ts";
import type { PassedFrames, TakenFrames } from "./memories.ts";

/** The thread at the other end. */
export interface PeerThread {
  readonly bell: Bell;
  /** It ended without a word. Its ring still has all that it published. */
  readonly isDead: boolean;
}

export interface RingEndOwner {
  /** When the peer is gone, what had arrived is delivered whatever the mark says, as at the end of a link. */
  readonly takesRest?: boolean;
  /** Each message is published at once: this thread may compute for long before its turn ends. */
  readonly publishesAtOnce?: boolean;
  /** Its thread looks at it. False: it was stopped within the call. */
  polled?(): boolean;
  /** As `Outlet.remote`. */
  readonly remote?: RemoteOutlet;
  /** A record of a kind from OWN on, in order with the messages around it. `bytes` are the owner's. */
  record(kind: number, bytes: Uint8Array): void;
  /** The peer has closed its ring, or its thread is dead. All that it had sent was delivered. */
  left(): void;
  /** The socket closed the pipe; what it had written leaves, for `lingerMs` at most (-1: no limit), and `drained` follows. */
  closing(lingerMs: number): void;
  /** As `Outlet.renew`, `Outlet.refuse` and `Outlet.resize`. */
  renew?(): void;
  refuse?(error: unknown): void;
  resize?(sendHighWaterMark: number, receiveHighWaterMark: number): void;
  /** After `closing`: all that was written is in the ring and published. */
  drained?(): void;
}

export interface RingEndParts {
  readonly pipe: FarEnd;
  readonly writer: RingWriter;
  readonly reader: RingReader;
  readonly peer: PeerThread;
  readonly inbox: Inbox;
  readonly clock: Clock;
  readonly owner: RingEndOwner;
  /** The peer is a socket of this process. */
  readonly isCrossing?: boolean;
  /** Of frames that are not copied. Absent: all are. */
  readonly passed?: PassedFrames;
  readonly taken?: TakenFrames;
}
