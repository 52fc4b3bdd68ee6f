/**
 * The greeting (37/ZMTP, 23/ZMTP, 15/ZMTP, 13/ZMTP), in the stages of libzmq, so
 * that every older peer can be met on its own ground:
 *
 *   ff padding(8) 7f                 at once; to ZMTP 1.0 the header of an identity frame
 *   03                               when the peer turned out to be versioned
 *   01 mechanism(20) server(1) 0(31) to ZMTP 3.x, or
 *   socket-type(1)                   to ZMTP 2.0 (revision 1) and versioned 1.0 (revision 0)
 *
 * Takes no octet beyond the greeting: what follows it is `rest`. What comes
 * next, identity frame or mechanism, is the handshake's.
 */

import { concat, EMPTY, fromText } from "../base/bytes.ts";
import { ZmqError } from "../base/errors.ts";
import { SOCKET_TYPES, type SocketTypeName } from "../base/socket-types.ts";
import { printable } from "./command.ts";
import { writeSize } from "./frame.ts";

/** How two peers agreed to talk. */
export type ZmtpVersion = "1.0" | "2.0" | "3.0" | "3.1";

export interface GreetingConfig {
  readonly mechanism: string;
  readonly socketType: SocketTypeName;
  readonly routingId: Uint8Array;
  /** Peers below 3.0 know no security: refuse them (a mechanism other than NULL, or a ZAP domain). */
  readonly refusesLegacy: boolean;
}

export interface GreetingOutcome {
  readonly version: ZmtpVersion;
  /** A ZMTP 1.0 peer that sent no greeting at all; its first octets are in `rest`. */
  readonly unversioned: boolean;
  /** The socket-type octet of revisions 0 and 1, as it came. */
  readonly socketTypeId: number | undefined;
  /** Octets behind the greeting. May share the memory of what was pushed. */
  readonly rest: Uint8Array;
}

const SIGNATURE_BYTES = 10;
const REVISION = 10;
const MINOR = 11;
const LEGACY_BYTES = 12;
const MECHANISM = 12;
const MECHANISM_BYTES = 20;
const V3_BYTES = 64;

export class Greeting {
  readonly #config: GreetingConfig;
  readonly #received = new Uint8Array(V3_BYTES);
  #length = 0;
  #expected = SIGNATURE_BYTES;
  #toSend: Uint8Array[];
  #outcome: GreetingOutcome | undefined = undefined;

  constructor(config: GreetingConfig) {
    this.#config = config;
    this.#toSend = [signature(config.routingId.length)];
  }

  /** Set once the greeting is complete. */
  get outcome(): GreetingOutcome | undefined {
    return this.#outcome;
  }

  /** The next octets to send, or undefined. */
  produce(): Uint8Array | undefined {
    if (this.#toSend.length === 0) return undefined;
    const bytes = this.#toSend.length === 1 ? this.#toSend[0] : concat(this.#toSend);
    this.#toSend = [];
    return bytes;
  }

  /**
   * Octets from the peer; not to be called again once there is an outcome.
   * Throws ERR_ZMTP_MECHANISM_MISMATCH, or EPROTO for a peer that is refused.
   */
  push(chunk: Uint8Array): void {
    let taken = 0;
    while (this.#outcome === undefined && taken < chunk.length) {
      const piece = chunk.subarray(taken, taken + this.#expected - this.#length);
      this.#received.set(piece, this.#length);
      this.#length += piece.length;
      taken += piece.length;
      this.#advance(chunk, taken);
    }
  }

  /** Decides what can be decided; `chunk` is used up to `taken`. */
  #advance(chunk: Uint8Array, taken: number): void {
    const received = this.#received;
    const isVersioned = received[0] === 0xff && (this.#length < SIGNATURE_BYTES || ((received[9] as number) & 1) === 1);
    if (!isVersioned) {
      this.#refuseLegacy();
      // Octets that already were an unfinished greeting are the peer's identity frame.
      const rest = concat([received.subarray(0, this.#length), chunk.subarray(taken)]);
      this.#outcome = { version: "1.0", unversioned: true, socketTypeId: undefined, rest };
      return;
    }
    if (this.#length < this.#expected) return;
    const revision = received[REVISION] as number;
    const minor = received[MINOR] as number;
    const rest = taken < chunk.length ? chunk.subarray(taken) : EMPTY;
    switch (this.#expected) {
      case SIGNATURE_BYTES:
        this.#expected = REVISION + 1;
        this.#toSend.push(new Uint8Array([3]));
        return;
      case REVISION + 1:
        if (revision <= 1) {
          this.#expected = LEGACY_BYTES;
          this.#toSend.push(new Uint8Array([SOCKET_TYPES[this.#config.socketType].id]));
        } else {
          this.#expected = V3_BYTES;
          this.#toSend.push(tail(this.#config.mechanism));
        }
        return;
      case LEGACY_BYTES:
        this.#refuseLegacy();
        this.#outcome = { version: revision === 0 ? "1.0" : "2.0", unversioned: false, socketTypeId: minor, rest };
        return;
      default: {
        this.#checkMechanism();
        const version = revision === 3 && minor === 0 ? "3.0" : "3.1";
        this.#outcome = { version, unversioned: false, socketTypeId: undefined, rest };
      }
    }
  }

  #checkMechanism(): void {
    const expected = mechanismField(this.#config.mechanism);
    const received = this.#received.subarray(MECHANISM, MECHANISM + MECHANISM_BYTES);
    for (let i = 0; i < MECHANISM_BYTES; i++) {
      if (expected[i] !== received[i]) {
        throw new ZmqError("ERR_ZMTP_MECHANISM_MISMATCH", {
          detail: `greeting: mechanism is "${printable(received)}", expected "${this.#config.mechanism}"`,
        });
      }
    }
  }

  #refuseLegacy(): void {
    if (!this.#config.refusesLegacy) return;
    throw new ZmqError("EPROTO", {
      detail: `greeting: the peer speaks ZMTP 1.0 or 2.0, which has no security; expected 3.0 with ${this.#config.mechanism}`,
    });
  }
}

/** To a ZMTP 1.0 peer this is the long header of an identity frame: flags 7f, a length that counts them. */
function signature(routingIdBytes: number): Uint8Array {
  const bytes = new Uint8Array(SIGNATURE_BYTES);
  bytes[0] = 0xff;
  writeSize(bytes, 1, routingIdBytes + 1);
  bytes[9] = 0x7f;
  return bytes;
}

/** Minor version 1, mechanism, as-server 0 as libzmq always says, filler. */
function tail(mechanism: string): Uint8Array {
  const bytes = new Uint8Array(V3_BYTES - MINOR);
  bytes[0] = 1;
  bytes.set(mechanismField(mechanism), 1);
  return bytes;
}

function mechanismField(mechanism: string): Uint8Array {
  const field = new Uint8Array(MECHANISM_BYTES);
  field.set(fromText(mechanism));
  return field;
}
