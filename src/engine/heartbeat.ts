/**
 * Heartbeats of one connection (37/ZMTP "Connection Heartbeating"), as times
 * only: the caller has the clock, the timer and the wire.
 *
 * As in libzmq, a PING is due at every interval whatever else is sent; the
 * timeout runs from a sent PING to the next sign of life; a peer's PING with a
 * TTL starts a second deadline, which the next sign of life cancels. A PING that
 * cannot leave, because the peer takes no bytes, starts the timeout as well.
 *
 * Unlike libzmq, a link that we ourselves stopped reading never counts as dead, and
 * bytes are a sign of life when they come: not only complete frames, for a large
 * one may take longer than the timeout, and not when they are decoded, for that
 * may be long after the peer has gone. While a PING waits, bytes that leave are one.
 * And who looks long after a deadline was asleep, or busy: its answers may be among
 * what it has not read yet, so that the peer is asked once more.
 */

import { LONGEST_TTL_DECISECONDS } from "../wire/command.ts";

/** The options of those names. */
export interface HeartbeatOptions {
  /** 0 sends no PING. */
  readonly heartbeatInterval: number;
  /** -1 means as long as the interval, 0 never. */
  readonly heartbeatTimeout: number;
  /** Told to the peer in whole tenths of a second. */
  readonly heartbeatTimeToLive: number;
}

/** So long after a deadline, this side was not there to see it. */
const LATE_MS = 500;
/** After sleep a peer is heard from within this, if its timeout is not shorter, or given up. */
const WAKE_TIMEOUT_MS = 5000;

const NEVER = Number.POSITIVE_INFINITY;
const NONE = -1;

export class Heartbeat {
  /** The time to live in our PINGs. */
  readonly ttlDeciseconds: number;
  readonly #intervalMs: number;
  readonly #timeoutMs: number;
  #nextTick = NEVER;
  #isPingOwed = false;
  /** The peer must be heard by then because we sent a PING. */
  #timeoutAt = NEVER;
  /** The peer must be heard by then because it said so in its PING. */
  #ttlAt = NEVER;
  #ttlMs = 0;
  #isPaused = false;
  /** The peer was asked once more, and was not heard since. */
  #isAskedAgain = false;
  /** While PINGs cannot leave: the bytes before them when this was last looked at. */
  #unsentBytes = NONE;

  /** The handshake is done. `isSilent`: whatever the options say, no PING is sent. */
  constructor(options: HeartbeatOptions, now: number, isSilent = false) {
    const { heartbeatInterval, heartbeatTimeout, heartbeatTimeToLive } = options;
    this.#intervalMs = isSilent ? 0 : heartbeatInterval;
    this.#timeoutMs = heartbeatTimeout === -1 ? this.#intervalMs : heartbeatTimeout;
    this.ttlDeciseconds = Math.min(Math.trunc(heartbeatTimeToLive / 100), LONGEST_TTL_DECISECONDS);
    if (this.#intervalMs > 0) this.#nextTick = now + this.#intervalMs;
  }

  /** Bytes came. Call it before `pinged`, for a PING is among them. */
  received(): void {
    this.#isAskedAgain = false;
    this.#timeoutAt = NEVER;
    this.#ttlAt = NEVER;
  }

  /** The peer sent a PING with this TTL. A TTL that runs already is not made longer. */
  pinged(ttlDeciseconds: number, now: number): void {
    if (ttlDeciseconds === 0 || this.#ttlAt !== NEVER) return;
    this.#ttlMs = ttlDeciseconds * 100;
    this.#ttlAt = now + this.#ttlMs;
  }

  /** Reading from the link stopped or goes on: meanwhile no silence is the peer's, and afterwards it has its full time. */
  paused(isPaused: boolean, now: number): void {
    if (this.#isPaused && !isPaused) {
      if (this.#timeoutAt !== NEVER) this.#timeoutAt = now + this.#timeoutMs;
      if (this.#ttlAt !== NEVER) this.#ttlAt = now + this.#ttlMs;
    }
    this.#isPaused = isPaused;
  }

  /**
   * The link holds so many bytes that the peer does not take, so that no PING can leave. One that is due counts as sent,
   * and fewer bytes than at the last call are a sign of life.
   */
  blocked(unsentBytes: number, now: number): void {
    this.#tick(now);
    const hasProgress = this.#unsentBytes !== NONE && unsentBytes !== this.#unsentBytes;
    this.#unsentBytes = unsentBytes;
    if (this.#timeoutMs <= 0) return;
    if (this.#timeoutAt === NEVER ? this.#isPingOwed : hasProgress) this.#timeoutAt = now + this.#timeoutMs;
  }

  /** The peer took all bytes: a sign of life. */
  drained(): void {
    this.#unsentBytes = NONE;
    this.#timeoutAt = NEVER;
  }

  /** Whether a PING is to be sent now; the caller must send it. One that could not be sent in its time is owed once. */
  takePing(now: number): boolean {
    this.#tick(now);
    if (!this.#isPingOwed) return false;
    this.#isPingOwed = false;
    if (this.#timeoutAt === NEVER && this.#timeoutMs > 0) this.#timeoutAt = now + this.#timeoutMs;
    return true;
  }

  /** Whether the peer is to be given up. */
  isExpired(now: number): boolean {
    this.#tick(now);
    const deadline = Math.min(this.#timeoutAt, this.#ttlAt);
    if (this.#isPaused || now < deadline) return false;
    if (this.#isAskedAgain || now - deadline < LATE_MS) return true;
    this.#isAskedAgain = true;
    this.#askAgain(now, this.#timeoutMs);
    return false;
  }

  /** This side was asleep, or its network was: a PING is due, and the peer has some time, as if it had been heard just now. */
  woke(now: number): void {
    if (!this.#isPaused) this.#askAgain(now, Math.min(this.#timeoutMs, WAKE_TIMEOUT_MS));
  }

  #askAgain(now: number, withinMs: number): void {
    if (this.#intervalMs > 0) {
      this.#isPingOwed = true;
      if (withinMs > 0) this.#timeoutAt = now + withinMs;
    }
    if (this.#ttlAt !== NEVER) this.#ttlAt = now + this.#ttlMs;
  }

  /**
   * When to call `isExpired` and `takePing` next; Infinity for never. It can move
   * closer after `pinged`, `takePing` and `paused`.
   */
  get nextDeadline(): number {
    return this.#isPaused ? this.#nextTick : Math.min(this.#nextTick, this.#timeoutAt, this.#ttlAt);
  }

  #tick(now: number): void {
    if (now < this.#nextTick) return;
    this.#isPingOwed = true;
    this.#nextTick = now + this.#intervalMs;
  }
}
