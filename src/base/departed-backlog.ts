/**
 * The unread messages of departed peers, counted for all pipes of one socket
 * together. Each pipe has a high-water mark of its own, but a peer that connects,
 * fills its pipe, disconnects and connects again has a fresh pipe each time.
 * libzmq keeps all of these messages, without limit. Here the backlog has a limit.
 * Beyond it, new connections are established and can be written to, but reading
 * from them is delayed. No message is lost.
 *
 * It counts memory and not only octets of messages, because a million peers may
 * leave an empty message each.
 */

import type { Clock } from "./clock.ts";
import type { Message, Properties } from "./message.ts";
import type { Queue } from "./queue.ts";

/** A connection whose reading is delayed. */
export interface DelayedReader {
  /** Reading may begin. */
  startReading(): void;
}

/** The approximate memory of a pipe without its messages: 1.7 KB were measured. */
const PIPE_BYTES = 2048;
/** The approximate memory of a message, and of each of its frames, beside the octets. */
const MESSAGE_BYTES = 64;
const FRAME_BYTES = 128;
/** So many connections are started in one turn: the messages that they leave may fill the backlog again. */
const STARTED_AT_ONCE = 16;

export class DepartedBacklog {
  readonly #clock: Clock;
  readonly #limit: () => number;
  /** Oldest first. */
  readonly #delayed = new Set<DelayedReader>();
  #bytes = 0;
  #isFull = false;
  #isStarting = false;

  /** `limit`: the mark in bytes as it is now, 0 for none. */
  constructor(clock: Clock, limit: () => number) {
    this.#clock = clock;
    this.#limit = limit;
  }

  /** Memory that is taken, in about bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether reading from a new connection must be delayed. */
  get mustDelay(): boolean {
    return this.#isFull || this.#delayed.size > 0;
  }

  /** `startReading` follows, once, when there is room again. */
  delay(connection: DelayedReader): void {
    this.#delayed.add(connection);
  }

  /** The connection is over. */
  forget(connection: DelayedReader): void {
    this.#delayed.delete(connection);
  }

  /** Something was left behind. */
  add(bytes: number): void {
    this.#bytes += bytes;
    this.#isFull ||= this.#isBeyond;
  }

  /** It was read. There is room again when half of the limit is. */
  remove(bytes: number): void {
    this.#bytes -= bytes;
    if (this.#isFull && this.#bytes <= this.#limit() / 2) this.#makeRoom();
  }

  /** The limit was changed. */
  limitChanged(): void {
    if (this.#isFull && !this.#isBeyond) this.#makeRoom();
    else this.#isFull = this.#isBeyond;
  }

  get #isBeyond(): boolean {
    const limit = this.#limit();
    return limit > 0 && this.#bytes >= limit;
  }

  #makeRoom(): void {
    this.#isFull = false;
    if (this.#isStarting || this.#delayed.size === 0) return;
    this.#isStarting = true;
    this.#clock.yield(this.#startSome);
  }

  readonly #startSome = (): void => {
    this.#isStarting = false;
    let count = 0;
    try {
      for (const connection of this.#delayed) {
        if (this.#isFull || count++ === STARTED_AT_ONCE) break;
        this.#delayed.delete(connection);
        connection.startReading();
      }
    } finally {
      if (!this.#isFull) this.#makeRoom();
    }
  };
}

/** The pipe of a peer that is gone: counted, with its unread messages, until the last of them was read. */
export class DepartedPipe {
  readonly #backlog: DepartedBacklog;
  readonly #peer: Properties;
  readonly #unread: Queue<Message>;

  constructor(backlog: DepartedBacklog, peer: Properties, unread: Queue<Message>) {
    this.#backlog = backlog;
    this.#peer = peer;
    this.#unread = unread;
    backlog.add(pipeMemory(peer) + unread.total(messageMemory));
  }

  /** The message was read. True when it was the last one. */
  wasRead(message: Message): boolean {
    const isLast = this.#unread.length === 0;
    this.#backlog.remove(messageMemory(message) + (isLast ? pipeMemory(this.#peer) : 0));
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
