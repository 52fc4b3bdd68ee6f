/**
 * Sending and receiving of one blocking socket. A call tries what the pattern
 * can do now; as long as it must wait, the waiter runs the thread.
 *
 * Whole messages travel. So frames sent with SNDMORE are kept until the last
 * one comes, and frames are handed out one by one of a message that is here.
 */

import { ZmqError } from "../base/errors.ts";
import type { Message } from "../base/message.ts";
import type { SocketCore, Watcher } from "../core/socket-core.ts";
import { DONTWAIT, POLLIN, POLLOUT, SNDMORE } from "./constants.ts";
import { Again } from "./errors.ts";
import type { Waiter } from "./waiter.ts";

export class Calls implements Watcher {
  readonly #core: SocketCore;
  readonly #waiter: Waiter;
  /** Frames that were sent with SNDMORE. */
  #begun: Message | undefined = undefined;
  /** The message whose frames are handed out one by one, and the next of them. */
  #message: Message | undefined = undefined;
  #next = 0;
  /** The socket's readiness, or its peers, may be others than at the last attempt. */
  #isChanged = false;
  readonly #hasChanged = () => this.#isChanged;

  constructor(core: SocketCore, waiter: Waiter) {
    this.#core = core;
    this.#waiter = waiter;
  }

  /** Frames of a message that was begun are still to be received. */
  get hasMore(): boolean {
    return this.#message !== undefined;
  }

  /** POLLIN and POLLOUT, as they hold now. */
  get events(): number {
    const { pattern } = this.#core;
    const isReadable = this.#message !== undefined || pattern.canReceive;
    const isWritable = this.#begun !== undefined || pattern.canSend;
    return (isReadable ? POLLIN : 0) | (isWritable ? POLLOUT : 0);
  }

  /** Told by the core while a call waits. */
  changed(): void {
    this.#isChanged = true;
  }

  /** The next frame: of the message that was begun, or the first of the next one. */
  receive(flags: number): Uint8Array {
    let message = this.#message;
    if (message === undefined) {
      message = this.#receive(flags);
      if (message.length === 1) return message[0] as Uint8Array;
      this.#message = message;
      this.#next = 0;
    }
    const frame = message[this.#next++] as Uint8Array;
    if (this.#next === message.length) this.#message = undefined;
    return frame;
  }

  /** All frames of the next message, or the rest of the one that was begun. */
  receiveAll(flags: number): Uint8Array[] {
    const message = this.#message;
    if (message === undefined) return this.#receive(flags);
    this.#message = undefined;
    return message.slice(this.#next);
  }

  /** A message that was refused may be sent again: the frames before are kept. */
  send(frames: Message, flags: number): void {
    const { operations, pattern, type } = this.#usable();
    if (pattern.send === undefined) throw new ZmqError("ENOTSUP", { detail: `${type} sockets cannot send` });
    if (this.#message !== undefined && (type === "REQ" || type === "REP")) {
      throw new ZmqError("EFSM", { detail: "receive all frames of the message first" });
    }
    const message = this.#begun === undefined ? frames : [...this.#begun, ...frames];
    if ((flags & SNDMORE) !== 0) {
      this.#begun = message;
      return;
    }
    this.#waiter.begin();
    try {
      if (!operations.trySend(message)) this.#waitToSend(message, flags);
      this.#begun = undefined;
    } finally {
      this.#waiter.end();
    }
  }

  #receive(flags: number): Message {
    const { operations } = this.#usable();
    this.#waiter.begin();
    try {
      return operations.tryReceive() ?? this.#waitToReceive(flags);
    } finally {
      this.#waiter.end();
    }
  }

  #waitToReceive(flags: number): Message {
    const core = this.#core;
    const timeoutMs = (flags & DONTWAIT) !== 0 ? 0 : core.options.receiveTimeout;
    const deadline = this.#waiter.deadline(timeoutMs);
    core.watch(this);
    try {
      for (let mayWait = true; mayWait; ) {
        mayWait = this.#wait(deadline);
        const message = core.operations.tryReceive();
        if (message !== undefined) return message;
      }
    } finally {
      core.unwatch(this);
    }
    throw inVain("no message came", timeoutMs);
  }

  #waitToSend(message: Message, flags: number): void {
    const core = this.#core;
    const timeoutMs = (flags & DONTWAIT) !== 0 ? 0 : core.options.sendTimeout;
    const deadline = this.#waiter.deadline(timeoutMs);
    core.watch(this);
    try {
      for (let mayWait = true; mayWait; ) {
        mayWait = this.#wait(deadline);
        if (core.operations.trySend(message)) return;
      }
    } finally {
      core.unwatch(this);
    }
    throw inVain("no peer had room for the message", timeoutMs);
  }

  /** As that of the waiter. What changed before the attempt that was in vain does not count. */
  #wait(deadline: number): boolean {
    this.#isChanged = false;
    return this.#waiter.wait(deadline, this.#hasChanged);
  }

  #usable(): SocketCore {
    const core = this.#core;
    if (core.isClosed) throw new ZmqError("ENOTSOCK");
    if (core.isProxied) throw new ZmqError("EBUSY", { detail: "a proxy has the socket" });
    return core;
  }
}

function inVain(nothing: string, waitedMs: number): Again {
  return new Again({ detail: waitedMs <= 0 ? nothing : `${nothing} within ${waitedMs} ms` });
}
