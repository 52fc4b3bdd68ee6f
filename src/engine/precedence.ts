/**
 * Subscriptions go before first messages. A program connects a SUB, sends a
 * question on another connection and expects the answer as a publication. In
 * libzmq all handshakes run beside the program and end within 0.1 ms of each
 * other; here they take turns with it, and the question might be milliseconds
 * ahead of the subscription. So, on connections that begin together:
 *
 * - what waits for a dialed connection leaves when the subscribers that were
 *   dialed before it was established have sent their subscriptions, or after
 *   `PATIENCE_MS`;
 * - what an accepted connection begins with is delivered in a later turn when
 *   subscribers were accepted just now, for theirs may have come in this one.
 *
 * A connection that is established never waits. Nothing more is promised about
 * the order of two connections (bench/subscribe-race.ts).
 */

import type { Clock, Timer } from "../base/clock.ts";

/** From `connect` or `accept` on. A handshake in a process that just started took 6 ms, beside a busy one some more. */
const PATIENCE_MS = 100;

/** A connection with messages that wait to leave. */
export interface Departing {
  /** They may leave now. */
  depart(): void;
}

interface Dialed {
  readonly serial: number;
  readonly timer: Timer;
}

export class Precedence {
  readonly #clock: Clock;
  /** Subscribers of this side that are connecting, the one that began first before the others. */
  readonly #dialed = new Map<object, Dialed>();
  /** So long subscriptions of accepted subscribers are about to come. */
  #joiningUntil = Number.NEGATIVE_INFINITY;
  /** Those that wait, each with the serial number from which on subscribers do not concern it. */
  readonly #departing = new Map<Departing, number>();
  #nextSerial = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A subscriber of this side begins to connect. `sent` follows, or is taken as called when it takes too long. */
  dialed(subscriber: object): void {
    const timer = this.#clock.setTimer(() => this.sent(subscriber), PATIENCE_MS);
    this.#dialed.set(subscriber, { serial: this.#nextSerial++, timer });
  }

  /** It has sent its subscriptions, or does not get to it for now. */
  sent(subscriber: object): void {
    const dialed = this.#dialed.get(subscriber);
    if (dialed === undefined) return;
    this.#dialed.delete(subscriber);
    this.#clock.clearTimer(dialed.timer);
    const oldest = this.#oldest;
    for (const [departing, serial] of this.#departing) {
      if (serial > oldest) break;
      this.#departing.delete(departing);
      departing.depart();
    }
  }

  /** Whether the messages for a fresh connection must wait longer; then `depart` follows. */
  wait(departing: Departing): boolean {
    if (this.#dialed.size === 0) return false;
    this.#departing.set(departing, this.#nextSerial);
    return true;
  }

  /** The connection is over. */
  forget(departing: Departing): void {
    this.#departing.delete(departing);
  }

  /** A subscriber connected to a publisher of this side. */
  accepted(): void {
    this.#joiningUntil = this.#clock.now() + PATIENCE_MS;
  }

  /** Calls `read`: in a later turn, where subscriptions may have come in this one that are not read yet. */
  behindJoining(read: () => void): void {
    if (this.#clock.now() < this.#joiningUntil) this.#clock.yield(read);
    else read();
  }

  get #oldest(): number {
    for (const { serial } of this.#dialed.values()) return serial;
    return Number.POSITIVE_INFINITY;
  }
}
