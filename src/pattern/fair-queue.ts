/**
 * Incoming fair queue: one message from each pipe that has any, in turn. A pipe
 * that ended stays until its last message was read. Used by every type that
 * receives from more than one peer.
 */

import type { Message } from "../base/message.ts";
import type { Pipe } from "../base/pipe.ts";

export class FairQueue {
  /** Exactly the pipes with unread messages, those of peers that are gone too; `pipe.queued` marks them. */
  readonly #pipes: Pipe[] = [];
  #current = 0;
  /** The pipe that the last message came from. */
  source: Pipe | undefined = undefined;

  /** The pipe may have something to read; call it at `attach` and `readable`. */
  add(pipe: Pipe): void {
    if (pipe.queued || !pipe.canRead) return;
    pipe.queued = true;
    this.#pipes.push(pipe);
  }

  /** Forgets the pipe and what it holds. */
  remove(pipe: Pipe): void {
    if (!pipe.queued) return;
    const current = this.#pipes[this.#current];
    this.#current = this.#pipes.indexOf(pipe);
    this.#removeCurrent();
    const next = current === undefined || current === pipe ? -1 : this.#pipes.indexOf(current);
    if (next >= 0) this.#current = next;
  }

  /** Puts a message of this side's own making behind what the pipe still holds, whatever its high-water mark. */
  inject(pipe: Pipe, message: Message): void {
    pipe.deliver(message);
    this.add(pipe);
  }

  /** The next message, or undefined; `source` is its pipe. */
  receive(): Message | undefined {
    const pipes = this.#pipes;
    while (pipes.length > 0) {
      const pipe = pipes[this.#current] as Pipe;
      const message = pipe.read();
      if (!pipe.canRead) this.#removeCurrent();
      else if (++this.#current >= pipes.length) this.#current = 0;
      if (message !== undefined) {
        this.source = pipe;
        return message;
      }
    }
    return undefined;
  }

  get canReceive(): boolean {
    return this.#pipes.length > 0;
  }

  /** The last pipe fills the gap. */
  #removeCurrent(): void {
    const pipes = this.#pipes;
    const gone = pipes[this.#current] as Pipe;
    const last = pipes.pop() as Pipe;
    gone.queued = false;
    if (last !== gone) pipes[this.#current] = last;
    if (this.#current >= pipes.length) this.#current = 0;
  }
}
