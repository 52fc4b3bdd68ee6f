/**
 * What an entry hands to the neutral code: the clock, the transports that this
 * runtime has, and its way to warn. One per entry; tests make their own.
 */

import type { Clock } from "../base/clock.ts";
import type { Transport } from "../base/link.ts";

export interface Platform {
  readonly clock: Clock;
  readonly transports: readonly Transport[];
  /** The structured clone algorithm to bytes and back; never runs code. Absent where the runtime has none. */
  readonly structuredClone?: {
    serialize(value: unknown): Uint8Array;
    deserialize(bytes: Uint8Array): unknown;
  };
  /** A warning for the developer, at most once for each `code` where one is given. */
  warn(message: string, code?: string): void;
}
