/**
 * `socket.events`: what happens to a socket's connections, read one by one or
 * through listeners. Events before anybody asked for `events` are not kept;
 * afterwards they queue until they are read, or go to the listeners.
 */

import { ZmqError } from "../base/errors.ts";
import { IN_PAGE } from "../base/target.ts";
import type { SocketCore, SocketObserver } from "../core/socket-core.ts";
import type { TurnWaiter } from "../core/turn.ts";
import { shownFrame } from "../core/voice.ts";
import { Line } from "../core/waiting.ts";
import { signalOf, type WaitOptions } from "./arguments.ts";
import { type AnySocket, coreOf } from "./core-of.ts";
import {
  addHidden,
  type DropEvent,
  type Event,
  type EventOfType,
  type EventSubscriber,
  type EventType,
  type LossEvent,
  lossEvent,
  publicEvent,
} from "./event-types.ts";

type AnyEvent = Event | DropEvent | LossEvent;
type Listener = (event: never) => void;

/** Unread events beyond this number push out the oldest, so that an unread observer cannot grow for ever. */
const MOST_UNREAD = 10_000;

export class Observer implements EventSubscriber, TurnWaiter {
  readonly #core: SocketCore;
  /** Weak, so that a socket whose events nobody waits for is closed when the program drops it. */
  readonly #socket: WeakRef<AnySocket>;
  /** The socket, from the first listener on until the end: it is not garbage-collected meanwhile. */
  // biome-ignore lint/correctness/noUnusedPrivateClassMembers: a reference is its use
  #kept: AnySocket | undefined;
  readonly #readers: Line<undefined, Event>;
  readonly #unread: Event[] = [];
  readonly #listeners = new Map<string, Listener[]>();
  #isClosed = false;
  #isEmitter = false;
  /** The `end` event was read or emitted. */
  #isOver = false;

  /** Observes `socket` from now on. `socket.events` is one that its socket keeps. Throws ENOTSOCK for a closed one. */
  constructor(socket: AnySocket) {
    const core = coreOf(socket);
    this.#core = core;
    this.#socket = new WeakRef(socket);
    this.#readers = new Line(core.clock, core.alive, () => {});
    if (core.isClosed) this.#end();
    else core.observers.add(this.#ear);
  }

  /** True once the observer was closed, or its socket was and the `end` event was received. */
  get closed(): boolean {
    return this.#isOver || (this.#isClosed && this.#unread.length === 0);
  }

  /** Stops observing. A pending `receive` rejects with ENOTSOCK. Idempotent. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#isOver = true;
    if (this.#isEmitter) this.#stopWaiting();
    this.#core.observers.delete(this.#ear);
    this.#readers.rejectAll(() => new ZmqError("ENOTSOCK"));
  }

  /** The next event. Waiting keeps the process alive. Throws EBADF when closed, and when `on` was called before. */
  receive(options: WaitOptions = {}): Promise<Event> {
    if (this.#isEmitter) {
      throw new Error(
        "Observer is in event emitter mode. After a call to events.on() it is not possible to read events with events.receive().",
      );
    }
    if (this.closed) throw new ZmqError("EBADF");
    const signal = signalOf(options, 0);
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (this.#readers.length === 0 && this.#unread.length > 0 && this.#core.turn.spend()) {
      return Promise.resolve(this.#next());
    }
    return new Promise((resolve, reject) => {
      this.#readers.join(undefined, { timeoutMs: -1, signal, keeper: this.#socket.deref() }, resolve, reject);
      if (this.#unread.length > 0) this.#core.turn.wait(this);
    });
  }

  /** Not for users: the next turn of the event loop has begun. */
  turnBegan(): void {
    this.#serveReaders();
  }

  #serveReaders(): void {
    while (this.#readers.first !== undefined && this.#unread.length > 0) {
      this.#readers.first.resolve(this.#next());
    }
  }

  /**
   * Calls `listener` for each event of `type`. An observer with listeners can no longer be read; it keeps its socket
   * from garbage collection, and the process alive, until either is closed. Unread events go to the first listeners.
   */
  on<E extends EventType>(type: E, listener: (event: EventOfType<E>) => void): this;
  /** `drop` reports each dropped message, and why. */
  on(type: "drop", listener: (event: DropEvent) => void): this;
  /** `loss` reports multicast packets that could not be repaired. */
  on(type: "loss", listener: (event: LossEvent) => void): this;
  on(type: string, listener: Listener): this {
    if (typeof listener !== "function") throw new TypeError(`Listener must be a function, not ${typeof listener}`);
    const listeners = this.#listeners.get(type);
    if (listeners === undefined) this.#listeners.set(type, [listener]);
    else listeners.push(listener);
    if (!IN_PAGE && type === "drop") this.#core.hearDrops();
    if (!this.#isEmitter) this.#startEmitting();
    return this;
  }

  off<E extends EventType>(type: E, listener: (event: EventOfType<E>) => void): this;
  off(type: "drop", listener: (event: DropEvent) => void): this;
  off(type: "loss", listener: (event: LossEvent) => void): this;
  off(type: string, listener: Listener): this {
    const listeners = this.#listeners.get(type) ?? [];
    const index = listeners.lastIndexOf(listener);
    if (index >= 0) listeners.splice(index, 1);
    return this;
  }

  /** Events until the observer ends. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Event, undefined> {
    while (!this.closed) {
      try {
        yield await this.receive();
      } catch (error) {
        if (this.closed) return undefined; // The pending read of an observer that was closed.
        throw error;
      }
    }
    return undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  /** What the socket knows of this. */
  readonly #ear: SocketObserver = {
    event: (event) => {
      if (event.type === "end") this.#end();
      else if (event.type !== "loss") this.#deliver(publicEvent(event));
      else if (!IN_PAGE && this.#listeners.has("loss")) this.#dispatch(lossEvent(event));
    },
    // An observer without listeners is read.
    hears: (type) => !this.#isEmitter || (this.#listeners.get(type) ?? []).length > 0,
    hearsDrops: () => this.#listeners.has("drop"),
    dropped: (reason, pipe, message) => {
      if (!this.#listeners.has("drop")) return;
      const event: DropEvent = { type: "drop", reason, address: pipe?.endpoint ?? "" };
      const firstFrame = shownFrame(message, this.#core.options);
      addHidden(event, { remoteAddress: pipe?.remoteAddress || undefined, firstFrame });
      this.#dispatch(event);
    },
  };

  /** The socket was closed: one event remains. */
  #end(): void {
    this.#isClosed = true;
    this.#core.observers.delete(this.#ear);
    this.#deliver({ type: "end" });
    this.#readers.rejectAll(() => new ZmqError("ENOTSOCK"));
  }

  #deliver(event: Event): void {
    if (this.#isEmitter) {
      this.#dispatch(event);
      return;
    }
    this.#unread.push(event);
    if (this.#unread.length > MOST_UNREAD) this.#unread.shift();
    this.#serveReaders();
  }

  /** Only while there are unread ones. */
  #next(): Event {
    const event = this.#unread.shift() as Event;
    if (event.type === "end") this.#isOver = true;
    return event;
  }

  #startEmitting(): void {
    this.#isEmitter = true;
    if (!this.#isOver) {
      this.#kept = this.#socket.deref();
      this.#core.alive.enter();
    }
    for (const event of this.#unread.splice(0)) this.#dispatch(event);
  }

  #stopWaiting(): void {
    this.#kept = undefined;
    this.#core.alive.leave();
  }

  /** Listeners run in a later step, so that what they throw or do cannot disturb the connection. */
  #dispatch(event: AnyEvent): void {
    if (event.type === "end") {
      this.#isOver = true;
      this.#stopWaiting();
    }
    this.#core.clock.defer(() => {
      for (const listener of [...(this.#listeners.get(event.type) ?? [])]) listener(event as never);
    });
  }
}
