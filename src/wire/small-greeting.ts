/**
 * `Greeting` of greeting.ts for pages: the build for browsers puts it in the place of that one. Peers below ZMTP 3.0 are
 * refused, and all others take a greeting whole: it is sent at once, which saves a round trip.
 */

import { equal, fromText } from "../base/bytes.ts";
import { ZmqError } from "../base/errors.ts";
import { printable } from "./command.ts";
import type { GreetingConfig, GreetingOutcome, Greeting as Staged } from "./greeting.ts";

export type { GreetingOutcome } from "./greeting.ts";

/** Signature and version 3.1. */
const START = [0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 1];
const MECHANISM = 12;
const MECHANISM_END = 32;
const GREETING_BYTES = 64;

export class Greeting implements Pick<Staged, keyof Staged> {
  readonly #mechanism: string;
  readonly #ours = new Uint8Array(GREETING_BYTES);
  readonly #received = new Uint8Array(GREETING_BYTES);
  #isSent = false;
  #length = 0;
  outcome: GreetingOutcome | undefined = undefined;

  constructor({ mechanism }: GreetingConfig) {
    this.#mechanism = mechanism;
    this.#ours.set(START);
    this.#ours.set(fromText(mechanism), MECHANISM);
  }

  produce(): Uint8Array | undefined {
    if (this.#isSent) return undefined;
    this.#isSent = true;
    return this.#ours;
  }

  push(chunk: Uint8Array): void {
    const received = this.#received;
    const piece = chunk.subarray(0, GREETING_BYTES - this.#length);
    received.set(piece, this.#length);
    const length = this.#length + piece.length;
    this.#length = length;
    if (isOld(received.subarray(0, length))) {
      throw new ZmqError("EPROTO", {
        detail: `greeting: the peer speaks ZMTP 1.0 or 2.0, expected 3.0 with ${this.#mechanism}`,
      });
    }
    if (length < GREETING_BYTES) return;
    const mechanism = received.subarray(MECHANISM, MECHANISM_END);
    if (!equal(mechanism, this.#ours.subarray(MECHANISM, MECHANISM_END))) {
      throw new ZmqError("ERR_ZMTP_MECHANISM_MISMATCH", {
        detail: `greeting: mechanism is "${printable(mechanism)}", expected "${this.#mechanism}"`,
      });
    }
    const version = received[10] === 3 && received[11] === 0 ? "3.0" : "3.1";
    this.outcome = { version, unversioned: false, socketTypeId: undefined, rest: chunk.subarray(piece.length) };
  }
}

/** No signature, as far as it came, or a revision below that of ZMTP 3.0. */
function isOld([first = 0xff, , , , , , , , , octet9 = 1, revision = 3]: Uint8Array): boolean {
  return first !== 0xff || (octet9 & 1) === 0 || revision < 2;
}
