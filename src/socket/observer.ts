/**
 * `socket.events`: what happens to a socket's connections, read one by one or
 * through listeners. Events before anybody asked for `events` are not kept;
 * afterwards they queue until they are read, or go to the listeners.
 */

import type { Clock } from "../base/clock.ts";
import { ZmqError } from "../base/errors.ts";
import type { MonitorEvent } from "../base/events.ts";
import { WaitingLine } from "./waiting.ts";

export type Event = MonitorEvent;
export type EventType = Event["type"];
/** The event of one type. */
export type EventOfType<E extends EventType = EventType> = Extract<Event, { type: E }> | PlainOf<E>;
type PlainOf<E> = Event extends infer Each ? (Each extends { type: infer Types } ? (E extends Types ? Each & { type: E } : never) : never) : never;
type Listener = (event: Event) => void;

/** Unread events beyond this number push out the oldest, so that an unread observer cannot grow for ever. */
const MOST_UNREAD = 10_000;

export class Observer {
  readonly #clock: Clock;
  readonly #readers: WaitingLine<undefined, Event>;
  readonly #unread: Event[] = [];
  readonly #listeners = new Map<EventType, Set<Listener>>();
  #isClosed = false;
  #isEmitter = false;
  /** The `end` event was read or emitted. */
  #isOver = false;
  #detach: (() => void) | undefined;

  /** Not for users: `socket.events` makes it. `detach` is called when nothing more should be observed. */
  constructor(clock: Clock, detach: () => void) {
    this.#clock = clock;
    this.#detach = detach;
    this.#readers = new WaitingLine(clock, () => "EAGAIN");
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
    this.#detach?.();
    this.#detach = undefined;
    this.#readers.rejectAll(() => new ZmqError("ENOTSOCK"));
  }

  /** The next event. Waiting keeps the process alive. Throws EBADF when closed, and when `on` was called before. */
  receive(options: { signal?: AbortSignal } = {}): Promise<Event> {
    if (this.#isEmitter) {
      throw new Error(
        "Observer is in event emitter mode. After a call to events.on() it is not possible to read events with events.receive().",
      );
    }
    if (this.closed) throw new ZmqError("EBADF");
    const event = this.#unread.shift();
    if (event !== undefined) {
      if (event.type === "end") this.#isOver = true;
      return Promise.resolve(event);
    }
    return this.#readers.join(undefined, { timeoutMs: -1, signal: options.signal }, this);
  }

  /** Calls `listener` for each event of `type` from now on; an observer with listeners cannot be read any more. */
  on<E extends EventType>(type: E, listener: (event: EventOfType<E>) => void): void {
    if (!this.#isEmitter) {
      this.#isEmitter = true;
      for (const event of this.#unread.splice(0)) this.#dispatch(event);
    }
    const listeners = this.#listeners.get(type);
    if (listeners === undefined) this.#listeners.set(type, new Set([listener as Listener]));
    else listeners.add(listener as Listener);
  }

  off<E extends EventType>(type: E, listener: (event: EventOfType<E>) => void): void {
    this.#listeners.get(type)?.delete(listener as Listener);
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

  /** Not for users: the socket's core puts events in here. */
  put(event: Event): void {
    if (this.#isClosed) return;
    if (event.type === "end") {
      this.#isClosed = true;
      this.#detach = undefined;
    }
    if (this.#isEmitter) {
      this.#dispatch(event);
    } else if (this.#readers.length > 0) {
      if (event.type === "end") this.#isOver = true;
      this.#readers.resolveFirst(event);
      if (this.#isClosed) this.#readers.rejectAll(() => new ZmqError("ENOTSOCK"));
    } else {
      this.#unread.push(event);
      if (this.#unread.length > MOST_UNREAD) this.#unread.shift();
    }
  }

  /** Listeners run in a later step, so that what they throw or do cannot disturb the connection. */
  #dispatch(event: Event): void {
    if (event.type === "end") this.#isOver = true;
    this.#clock.defer(() => {
      for (const listener of [...(this.#listeners.get(event.type) ?? [])]) listener(event);
    });
  }
}
