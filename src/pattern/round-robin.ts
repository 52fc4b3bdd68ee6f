/**
 * Outgoing load balancer: strict round-robin over the pipes that have room, in
 * libzmq's order. A pipe that refuses a message, or is closed, leaves the round
 * when its turn comes; the last pipe takes its place and its turn. It joins again
 * at the end, when it is `writable`. Used by PUSH, DEALER and REQ; there is no
 * fallback: without a pipe nothing is sent.
 */

import type { Message } from "../base/message.ts";
import type { Pipe } from "../base/pipe.ts";

/** A round of so many pipes is searched for closed ones; the next time when it has doubled. */
const FIRST_SWEEP = 64;

export class RoundRobin {
  /** Pipes that have not refused since they joined; `pipe.active` marks them. */
  readonly #round: Pipe[] = [];
  #current = 0;
  #sweepAt = FIRST_SWEEP;

  /** A new pipe, or one that has room again, joins at the end of the round. */
  add(pipe: Pipe): void {
    if (pipe.isClosed || pipe.active) return;
    if (this.#round.length >= this.#sweepAt) this.#sweep();
    pipe.active = true;
    this.#round.push(pipe);
  }

  /** The pipe that took the message, or undefined: no pipe has room and nothing was taken. */
  send(message: Message): Pipe | undefined {
    const round = this.#round;
    while (round.length > 0) {
      const pipe = round[this.#current] as Pipe;
      if (pipe.write(message)) {
        if (++this.#current >= round.length) this.#current = 0;
        return pipe;
      }
      this.#removeCurrent();
    }
    return undefined;
  }

  /** Passes by the pipes that have no room, as `send` does. */
  get canSend(): boolean {
    const round = this.#round;
    while (round.length > 0) {
      if ((round[this.#current] as Pipe).canWrite) return true;
      this.#removeCurrent();
    }
    return false;
  }

  /** The last pipe of the round fills the gap. */
  #removeCurrent(): void {
    const round = this.#round;
    const gone = round[this.#current] as Pipe;
    const last = round.pop() as Pipe;
    gone.active = false;
    if (last !== gone) round[this.#current] = last;
    if (this.#current >= round.length) this.#current = 0;
  }

  /** Drops the closed pipes: with peers that come and go while nothing is sent, no turn of theirs would come to do it. */
  #sweep(): void {
    const round = this.#round;
    let current = this.#current;
    let kept = 0;
    for (let i = 0; i < round.length; i++) {
      const pipe = round[i] as Pipe;
      if (pipe.isClosed) {
        pipe.active = false;
        if (i < this.#current) current--;
      } else round[kept++] = pipe;
    }
    round.length = kept;
    this.#current = current < kept ? current : 0;
    this.#sweepAt = Math.max(FIRST_SWEEP, 2 * kept);
  }
}
