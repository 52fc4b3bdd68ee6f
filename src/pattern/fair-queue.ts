/**
 * Incoming fair queue: one message from each pipe that has any, in turn. The
 * order is libzmq's. A new pipe, and one that was passed by because it was
 * empty, joins at the end of the round. A pipe that was read empty keeps its
 * place until its next turn: a peer that answers by then is not overtaken, and
 * not preferred either. A pipe that ended stays until its last message was read.
 */

import type { Message } from "../base/message.ts";
import type { NearEnd } from "../base/near-end.ts";
import { IN_PAGE } from "../base/target.ts";

/** A round of so many pipes is searched for those that ended and are empty; the next time when it has doubled. */
const FIRST_SWEEP = 64;

export class FairQueue {
  /** Pipes that were not found empty since they joined; `pipe.isQueued` marks them. */
  readonly #round: NearEnd[] = [];
  #current = 0;
  #sweepAt = FIRST_SWEEP;
  /** The pipe that the last message came from. */
  source: NearEnd | undefined;

  readonly #over: ((pipe: NearEnd) => void) | undefined;

  /** `over` is told of a pipe that ended, when it was read to its end and its turn came. */
  constructor(over?: (pipe: NearEnd) => void) {
    this.#over = over;
  }

  /** A new pipe, empty or not: it has its place from here on. */
  attach(pipe: NearEnd): void {
    if (!pipe.isQueued) this.#join(pipe);
  }

  /** The pipe may have something to read. */
  add(pipe: NearEnd): void {
    if (!pipe.isQueued && pipe.canRead) this.#join(pipe);
  }

  /** The peer is gone. As with libzmq that is something to read, and takes a turn, in which the last pipe comes instead. */
  ended(pipe: NearEnd): void {
    this.attach(pipe);
  }

  /** Forgets the pipe and what it holds. */
  remove(pipe: NearEnd): void {
    if (pipe.isQueued) this.#removeAt(this.#round.indexOf(pipe));
  }

  /** Puts a message of this side's own making behind what the pipe still holds, whatever its high-water mark. */
  inject(pipe: NearEnd, message: Message): void {
    pipe.inject(message);
    this.add(pipe);
  }

  /** The next message, or undefined; `source` is its pipe. */
  receive(): Message | undefined {
    const round = this.#round;
    while (round.length > 0) {
      const pipe = round[this.#current] as NearEnd;
      const message = pipe.read();
      if (message !== undefined) {
        if (++this.#current >= round.length) this.#current = 0;
        this.source = pipe;
        return message;
      }
      this.#removeAt(this.#current);
    }
    return undefined;
  }

  /** As `receive`, into an array: up to `max` that follow each other in a pipe that is alone in the round, otherwise one. False: none. */
  receiveRun(into: Message[], max: number): boolean {
    const before = into.length;
    if (!IN_PAGE && this.#round.length === 1) {
      const pipe = this.#round[0] as NearEnd;
      pipe.readRun(into, max);
      if (into.length > before) {
        this.source = pipe;
        return true;
      }
    }
    const message = this.receive();
    if (message !== undefined) into.push(message);
    return message !== undefined;
  }

  /** Passes by the pipes that are empty, as `receive` does. */
  get canReceive(): boolean {
    const round = this.#round;
    while (round.length > 0) {
      if ((round[this.#current] as NearEnd).canRead) return true;
      this.#removeAt(this.#current);
    }
    return false;
  }

  #join(pipe: NearEnd): void {
    if (this.#round.length >= this.#sweepAt) this.#sweep();
    pipe.setQueued(true);
    this.#round.push(pipe);
  }

  /** The last pipe of the round fills the gap. */
  #removeAt(place: number): void {
    const round = this.#round;
    const gone = round[place] as NearEnd;
    const last = round.pop() as NearEnd;
    gone.setQueued(false);
    if (last !== gone) round[place] = last;
    if (this.#current >= round.length) this.#current = 0;
    if (gone.isClosed) this.#over?.(gone);
  }

  /**
   * Drops the pipes that can never have a message again. While each peer that comes, sends and leaves is read before
   * the round is over, no turn of theirs would come to do it.
   */
  #sweep(): void {
    const round = this.#round;
    let current = this.#current;
    let kept = 0;
    for (let i = 0; i < round.length; i++) {
      const pipe = round[i] as NearEnd;
      if (pipe.isClosed && !pipe.canRead) {
        pipe.setQueued(false);
        if (i < this.#current) current--;
      } else round[kept++] = pipe;
    }
    round.length = kept;
    this.#current = current < kept ? current : 0;
    this.#sweepAt = Math.max(FIRST_SWEEP, 2 * kept);
  }
}
