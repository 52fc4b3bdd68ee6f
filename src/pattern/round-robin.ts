/**
 * Outgoing load balancer: strict round-robin over the pipes that have room, in
 * libzmq's order. A pipe that refuses a message, or is closed, leaves the round
 * when its turn comes, or at once where nothing of it is left to read (PUSH). The
 * last pipe takes its place and its turn. It joins again at the end, when it is
 * `writable`. Used by PUSH, DEALER and REQ; there is no fallback: without a pipe
 * nothing is sent.
 */

import type { Message } from "../base/message.ts";
import type { NearEnd } from "../base/near-end.ts";

/** A round of so many pipes is searched for closed ones; the next time when it has doubled. */
const FIRST_SWEEP = 64;

export class RoundRobin {
  /** Pipes that have not refused since they joined. */
  readonly #round: NearEnd[] = [];
  /** The same, to find one: pipes come and go far more seldom than messages. */
  readonly #members = new Set<NearEnd>();
  #current = 0;
  #sweepAt = FIRST_SWEEP;

  /** The pipes that are held, closed ones included until they are found. */
  get size(): number {
    return this.#round.length;
  }

  /** A new pipe, or one that has room again, joins at the end of the round. */
  add(pipe: NearEnd): void {
    if (pipe.isClosed || this.#members.has(pipe)) return;
    if (this.#round.length >= this.#sweepAt) this.#sweep();
    this.#members.add(pipe);
    this.#round.push(pipe);
  }

  /** The pipe that took the message, or undefined: no pipe has room and nothing was taken. */
  send(message: Message): NearEnd | undefined {
    const round = this.#round;
    while (round.length > 0) {
      const pipe = round[this.#current] as NearEnd;
      if (pipe.write(message)) {
        if (++this.#current >= round.length) this.#current = 0;
        return pipe;
      }
      this.#removeAt(this.#current);
    }
    return undefined;
  }

  /** Passes by the pipes that have no room, as `send` does. */
  get canSend(): boolean {
    const round = this.#round;
    while (round.length > 0) {
      if ((round[this.#current] as NearEnd).canWrite) return true;
      this.#removeAt(this.#current);
    }
    return false;
  }

  /** The pipe is gone, and its turn with it. */
  remove(pipe: NearEnd): void {
    if (this.#members.has(pipe)) this.#removeAt(this.#round.indexOf(pipe));
  }

  /** The last pipe of the round fills the gap. */
  #removeAt(place: number): void {
    const round = this.#round;
    const gone = round[place] as NearEnd;
    const last = round.pop() as NearEnd;
    this.#members.delete(gone);
    if (last !== gone) round[place] = last;
    if (this.#current >= round.length) this.#current = 0;
  }

  /** Drops the closed pipes: with peers that come and go while nothing is sent, no turn of theirs would come to do it. */
  #sweep(): void {
    const round = this.#round;
    let current = this.#current;
    let kept = 0;
    for (let i = 0; i < round.length; i++) {
      const pipe = round[i] as NearEnd;
      if (pipe.isClosed) {
        this.#members.delete(pipe);
        if (i < this.#current) current--;
      } else round[kept++] = pipe;
    }
    round.length = kept;
    this.#current = current < kept ? current : 0;
    this.#sweepAt = Math.max(FIRST_SWEEP, 2 * kept);
  }
}
