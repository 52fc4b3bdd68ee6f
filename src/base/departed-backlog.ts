/**
 * What peers that are gone left behind unread, of all pipes of one socket
 * together. Each pipe has its own mark, but a peer that comes, fills it, goes and
 * comes again has a fresh pipe each time; libzmq keeps them all, without limit.
 * Here new connections are held back, and nothing is lost, while this is too
 * much: they are established and can be written to, but not read from.
 *
 * It counts memory and not only octets of messages, because a million peers may
 * leave an empty message each.
 */

import type { Clock } from "./clock.ts";
import type { Message, Properties } from "./message.ts";
import type { Queue } from "./queue.ts";

/** A connection that is held back. */
export interface HeldBack {
  /** Reading may begin. */
  letGo(): void;
}

/** About what a pipe without its messages takes: 1.7 KB were measured. */
const PIPE_BYTES = 2048;
/** About what a message and each of its frames take beside the octets. */
const MESSAGE_BYTES = 64;
const FRAME_BYTES = 128;
/** So many are let go in one turn: what they leave behind in their turn may fill the room again. */
const LET_GO_AT_ONCE = 16;

export class Leftovers {
  readonly #clock: Clock;
  readonly #limit: () => number;
  /** The one that waits longest first. */
  readonly #held = new Set<HeldBack>();
  #bytes = 0;
  #isFull = false;
  #isLettingGo = false;

  /** `limit`: the mark in bytes as it is now, 0 for none. */
  constructor(clock: Clock, limit: () => number) {
    this.#clock = clock;
    this.#limit = limit;
  }

  /** Memory that is taken, in about bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether a new connection is to be held back. */
  get holdsBack(): boolean {
    return this.#isFull || this.#held.size > 0;
  }

  /** `letGo` follows, once, when there is room again. */
  hold(connection: HeldBack): void {
    this.#held.add(connection);
  }

  /** The connection is over. */
  forget(connection: HeldBack): void {
    this.#held.delete(connection);
  }

  /** Something was left behind. */
  add(bytes: number): void {
    this.#bytes += bytes;
    this.#isFull ||= this.#limit() > 0 && this.#bytes >= this.#limit();
  }

  /** It was read. There is room again when half of the limit is. */
  remove(bytes: number): void {
    this.#bytes -= bytes;
    if (this.#isFull && this.#bytes <= this.#limit() / 2) this.#makeRoom();
  }

  /** The limit was changed. */
  limitChanged(): void {
    const limit = this.#limit();
    const isFull = limit > 0 && this.#bytes >= limit;
    if (this.#isFull && !isFull) this.#makeRoom();
    else this.#isFull = isFull;
  }

  #makeRoom(): void {
    this.#isFull = false;
    if (this.#isLettingGo || this.#held.size === 0) return;
    this.#isLettingGo = true;
    this.#clock.yield(this.#letSomeGo);
  }

  readonly #letSomeGo = (): void => {
    this.#isLettingGo = false;
    let count = 0;
    try {
      for (const connection of this.#held) {
        if (this.#isFull || count++ === LET_GO_AT_ONCE) break;
        this.#held.delete(connection);
        connection.letGo();
      }
    } finally {
      if (!this.#isFull) this.#makeRoom();
    }
  };
}

/** The pipe of a peer that is gone: counted, with its unread messages, until the last of them was read. */
export class DepartedPipe {
  readonly #leftovers: Leftovers;
  readonly #peer: Properties;
  readonly #unread: Queue<Message>;

  constructor(leftovers: Leftovers, peer: Properties, unread: Queue<Message>) {
    this.#leftovers = leftovers;
    this.#peer = peer;
    this.#unread = unread;
    leftovers.add(pipeMemory(peer) + unread.total(messageMemory));
  }

  /** The message was read. True when it was the last one. */
  wasRead(message: Message): boolean {
    const isLast = this.#unread.length === 0;
    this.#leftovers.remove(messageMemory(message) + (isLast ? pipeMemory(this.#peer) : 0));
    return isLast;
  }
}

/** About how much memory a message takes. */
export function messageMemory(message: Message): number {
  let bytes = MESSAGE_BYTES;
  for (let i = 0; i < message.length; i++) bytes += FRAME_BYTES + (message[i] as Uint8Array).length;
  return bytes;
}

/** About how much memory a pipe takes, its messages apart. */
function pipeMemory(peer: Properties): number {
  let bytes = PIPE_BYTES;
  for (const [name, value] of peer) bytes += FRAME_BYTES + name.length + value.length;
  return bytes;
}
