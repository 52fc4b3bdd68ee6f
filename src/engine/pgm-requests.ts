/**
 * The packets of one source that are missing, and when each is asked for again (RFC 3208, section 6.3). Each goes round:
 *
 *   back-off --NAK sent--> unconfirmed --NCF came--> confirmed --no RDATA came--> back-off
 *                          unconfirmed --no NCF came--> back-off, at once
 *
 * until it arrives, or was asked for too often. Within each state packets come in about the order in which they are due.
 */

/** libzmq's: how long to wait for the NCF, and for the RDATA behind it, and how often to ask. */
const CONFIRMED_WITHIN_MS = 200;
const REPAIRED_WITHIN_MS = 200;
const MOST_TRIES = 50;

interface Request {
  readonly sequence: number;
  at: number;
  tries: number;
}

export class PgmRequests {
  readonly #backOff = new Map<number, Request>();
  readonly #unconfirmed = new Map<number, Request>();
  readonly #confirmed = new Map<number, Request>();

  get size(): number {
    return this.#backOff.size + this.#unconfirmed.size + this.#confirmed.size;
  }

  has(sequence: number): boolean {
    return this.#backOff.has(sequence) || this.#unconfirmed.has(sequence) || this.#confirmed.has(sequence);
  }

  /** A packet that is missing; it is asked for at `at`, in the clock's milliseconds. */
  add(sequence: number, at: number): void {
    this.#backOff.set(sequence, { sequence, at, tries: 0 });
  }

  /** It came, or is not wanted any more. False when it was not missing. */
  delete(sequence: number): boolean {
    return this.#backOff.delete(sequence) || this.#unconfirmed.delete(sequence) || this.#confirmed.delete(sequence);
  }

  clear(): void {
    this.#backOff.clear();
    this.#unconfirmed.clear();
    this.#confirmed.clear();
  }

  /** The source says that the packet will come, to whomever: it need not be asked for. */
  confirm(sequence: number, now: number): void {
    const from = this.#backOff.has(sequence) ? this.#backOff : this.#unconfirmed;
    const request = from.get(sequence);
    if (request === undefined) return;
    from.delete(sequence);
    request.at = now + REPAIRED_WITHIN_MS;
    this.#confirmed.set(sequence, request);
  }

  /** When something is due, in the clock's milliseconds; infinite when nothing is missing. */
  get nextAt(): number {
    let at = Number.POSITIVE_INFINITY;
    for (const requests of [this.#backOff, this.#unconfirmed, this.#confirmed]) {
      for (const request of requests.values()) {
        at = Math.min(at, request.at);
        break;
      }
    }
    return at;
  }

  /**
   * Moves on what is due: at most `most` numbers to ask for now are added to `asked`, those that were asked for more than
   * `tries` times to `abandoned`. `backOffMs`: how long to wait before what was promised and did not come is asked for
   * again.
   */
  due(now: number, most: number, backOffMs: number, asked: number[], abandoned: number[], tries = MOST_TRIES): void {
    for (const request of this.#confirmed.values()) {
      if (request.at > now) break;
      this.#confirmed.delete(request.sequence);
      request.at = now + backOffMs;
      this.#backOff.set(request.sequence, request);
    }
    for (const requests of [this.#unconfirmed, this.#backOff]) {
      for (const request of requests.values()) {
        if (request.at > now || asked.length >= most) break;
        requests.delete(request.sequence);
        if (++request.tries > tries) {
          abandoned.push(request.sequence);
          continue;
        }
        asked.push(request.sequence);
        request.at = now + CONFIRMED_WITHIN_MS;
        this.#unconfirmed.set(request.sequence, request);
      }
    }
  }
}
