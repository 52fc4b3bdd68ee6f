/**
 * Outgoing load balancer: strict round-robin over the pipes that have room. A
 * pipe that refuses a message leaves the round until it is `writable`. Used by
 * PUSH, DEALER and REQ; there is no fallback: without a pipe nothing is sent.
 */

import type { Message } from "../base/message.ts";
import type { Pipe } from "../base/pipe.ts";

export class RoundRobin {
  /** Pipes that have not refused since they were last writable. */
  readonly #round: Pipe[] = [];
  /** Where each of them stands in `#round`, so that removal takes constant time. */
  readonly #places = new Map<Pipe, number>();
  #current = 0;

  /** A new pipe, or one that has room again, joins at the end of the round. */
  add(pipe: Pipe): void {
    if (pipe.isClosed || this.#places.has(pipe)) return;
    this.#places.set(pipe, this.#round.length);
    this.#round.push(pipe);
  }

  /** The pipe is gone. */
  remove(pipe: Pipe): void {
    const place = this.#places.get(pipe);
    if (place !== undefined) this.#removeAt(place);
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
      this.#removeAt(this.#current);
    }
    return undefined;
  }

  get canSend(): boolean {
    const round = this.#round;
    while (round.length > 0) {
      if ((round[this.#current] as Pipe).canWrite) return true;
      this.#removeAt(this.#current);
    }
    return false;
  }

  /** The last pipe of the round fills the gap. */
  #removeAt(place: number): void {
    const round = this.#round;
    const gone = round[place] as Pipe;
    const last = round.pop() as Pipe;
    this.#places.delete(gone);
    if (last !== gone) {
      round[place] = last;
      this.#places.set(last, place);
    }
    if (this.#current >= round.length) this.#current = 0;
  }
}
