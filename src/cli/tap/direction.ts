/**
 * One direction of a relayed connection, decoded: greeting, identity frame (of
 * old peers), commands and frames. Sans-IO and passive: it never judges, since
 * seeing what is wrong is the point.
 *
 * How a side goes on after its signature depends on the other side's revision
 * (see wire/greeting.ts), so a direction is told of it by its conversation.
 */

import { concat, EMPTY, ownCopyOf } from "../../base/bytes.ts";
import { printable } from "../../wire/command.ts";
import { COMMAND, MORE } from "../../wire/frame.ts";
import { FrameReader } from "../../wire/frame-reader.ts";

/** The revision in a side's greeting: -1 for no greeting at all (ZMTP 1.0), else the octet behind the signature. */
export type Revision = number;
export const UNVERSIONED: Revision = -1;

export interface GreetingSeen {
  readonly kind: "greeting";
  readonly version: string;
  /** ZMTP 3 only. */
  readonly mechanism?: string;
  readonly asServer?: boolean;
  /** ZMTP 1.0 and 2.0: libzmq's number of the socket type. */
  readonly socketTypeId?: number;
}

export interface FrameSeen {
  readonly kind: "identity" | "frame" | "command";
  readonly body: Uint8Array;
  readonly more: boolean;
}

export type Seen = GreetingSeen | FrameSeen;

/** What a conversation hears of one side. */
export interface Hearing {
  /** Undefined until it is known. */
  readonly revision: Revision | undefined;
  /** Whether the greeting is over. */
  readonly isGreeted: boolean;
  /** The octets of a greeting that is not complete. */
  readonly unfinished: Uint8Array;
  push(chunk: Uint8Array): void;
  /** The next thing said, or undefined until more octets came. `other` is the other side's revision. Throws for what is no ZMTP. */
  next(other: Revision | undefined): Seen | undefined;
}

/** Longer frames are not waited for, and end the decoding of their direction: to show them they would have to be kept whole. */
const LONGEST_FRAME = 64 * 1024 * 1024;
const SIGNATURE_BYTES = 10;
const LEGACY_BYTES = 12;
const V3_BYTES = 64;

export class Direction implements Hearing {
  #greeting: Uint8Array = EMPTY;
  #reader: FrameReader | undefined = undefined;
  #isLegacy = false;
  #needsIdentity = false;

  get revision(): Revision | undefined {
    const bytes = this.#greeting;
    if (bytes.length === 0) return undefined;
    if (bytes[0] !== 0xff) return UNVERSIONED;
    if (bytes.length < SIGNATURE_BYTES) return undefined;
    if (((bytes[9] as number) & 1) === 0) return UNVERSIONED;
    return bytes[SIGNATURE_BYTES];
  }

  get isGreeted(): boolean {
    return this.#reader !== undefined;
  }

  get unfinished(): Uint8Array {
    return this.#reader === undefined ? this.#greeting : EMPTY;
  }

  push(chunk: Uint8Array): void {
    if (this.#reader === undefined) this.#greeting = concat([this.#greeting, chunk]);
    else this.#reader.push(chunk);
  }

  next(other: Revision | undefined): Seen | undefined {
    if (this.#reader === undefined) return this.#greet(other);
    const body = this.#reader.next();
    if (body === undefined) return undefined;
    const { flags } = this.#reader;
    const more = (flags & MORE) !== 0;
    if (this.#needsIdentity) {
      this.#needsIdentity = false;
      // The flags of a signature that is an identity's header mean nothing.
      return { kind: "identity", body, more: false };
    }
    return { kind: !this.#isLegacy && (flags & COMMAND) !== 0 ? "command" : "frame", body, more };
  }

  #greet(other: Revision | undefined): GreetingSeen | undefined {
    const bytes = this.#greeting;
    const own = this.revision;
    if (own === UNVERSIONED || other === UNVERSIONED) {
      // The signature of a newer side is the header of its identity frame, to a peer that knows no greeting.
      if (bytes.length === 0) return undefined;
      this.#read("v1", bytes, true);
      return { kind: "greeting", version: own === UNVERSIONED ? "1.0, without a greeting" : "1.0, as the other side" };
    }
    if (own === undefined || other === undefined) return undefined;
    const agreed = Math.min(own, other);
    if (agreed <= 1) {
      if (bytes.length < LEGACY_BYTES) return undefined;
      this.#read(agreed === 0 ? "v1" : "v2", bytes.subarray(LEGACY_BYTES), true);
      return {
        kind: "greeting",
        version: `${agreed === 0 ? "1.0" : "2.0"} (revision ${own})`,
        socketTypeId: bytes[LEGACY_BYTES - 1] as number,
      };
    }
    if (bytes.length < V3_BYTES) return undefined;
    this.#read("v2", bytes.subarray(V3_BYTES), false);
    return {
      kind: "greeting",
      version: `${own}.${bytes[11]}`,
      mechanism: printable(bytes.subarray(12, 32)),
      asServer: bytes[32] === 1,
    };
  }

  #read(framing: "v1" | "v2", rest: Uint8Array, isLegacy: boolean): void {
    this.#reader = new FrameReader(framing, LONGEST_FRAME, ownCopyOf);
    this.#reader.push(rest);
    this.#isLegacy = isLegacy;
    this.#needsIdentity = isLegacy;
    // The revision stays known; the octets behind it are the reader's.
    this.#greeting = this.#greeting.slice(0, SIGNATURE_BYTES + 1);
  }
}
