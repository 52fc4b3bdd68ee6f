/** What meets at an inproc name: the two sides of a connection, and the names of other threads. */

import type { FarEnd } from "./far-end.ts";
import type { Properties } from "./message.ts";

/** Endpoints of this kind, and the pipes of their peers, begin so. */
export const INPROC = "inproc://";

/** Whether an endpoint or a pipe is of inproc. */
export function isInproc({ endpoint }: { readonly endpoint: string }): boolean {
  return endpoint.startsWith(INPROC);
}

/** The socket behind a bound name. */
export interface InprocBinder {
  /** A pipe, opened, for a peer that connected to it. */
  createPeer(): InprocSide;
}

/** One side of a pair: the far end of its pipe, its own limits, and what the other side learns of it. */
export interface InprocSide {
  readonly pipe: FarEnd;
  sendHighWaterMark: number;
  receiveHighWaterMark: number;
  readonly properties: Properties;
}

/** The names that a context has in this thread. */
export interface LocalNames {
  /** The socket of this thread behind a name. */
  binderOf(name: string): InprocBinder | undefined;
  /** Other threads may have bound names. */
  lookAgain(): void;
}

/** What finds the names that threads share with those of this one. */
export type FindNames = (local: LocalNames) => SharedNames | undefined;

/** The names of a context that threads share. */
export interface SharedNames {
  /** Throws EADDRINUSE when another thread has bound the name. */
  bind(name: string): void;
  unbind(name: string): void;
  /** Whether another thread has bound the name. */
  isBound(name: string): boolean;
  /**
   * Joins `side` with the thread that has bound the name; false when there is none. The pipe is connected later. `again`
   * is called, with the pipe detached, when that thread has no such name any more.
   */
  connect(name: string, side: InprocSide, again: () => void): boolean;
}
