/**
 * What a proxy does between two sockets: what one receives the other sends,
 * both ways. It takes a message only when the other side has room for it, so
 * that high-water marks are felt on both sides. It opens and closes no sockets.
 */

import { ZmqError } from "../base/errors.ts";
import type { Message } from "../base/message.ts";
import { Queue } from "../base/queue.ts";
import { IN_PAGE } from "../base/target.ts";
import type { SocketCore, Watcher } from "../core/socket-core.ts";
import type { Turn, TurnWaiter } from "../core/turn.ts";
import { noStatistics, type ProxyStatistics, type ProxyTraffic } from "./statistics.ts";
import { type Steered, Steering } from "./steering.ts";

/** The sockets of a proxy. */
export interface ProxyCores {
  readonly front: SocketCore;
  readonly back: SocketCore;
  readonly capture: SocketCore | undefined;
  readonly control: SocketCore | undefined;
}

/** Of a proxy that has moved to this thread. */
export interface Moved {
  readonly statistics: ProxyStatistics;
  /** What the two had unread before. */
  readonly frontUnread: readonly Message[];
  readonly backUnread: readonly Message[];
  readonly capture: ((message: Message) => void) | undefined;
}

type State = "idle" | "running" | "paused" | "ended";

/** One direction. */
interface Way {
  readonly from: SocketCore;
  readonly to: SocketCore;
  readonly received: ProxyTraffic;
  readonly sent: ProxyTraffic;
  /** Received before all that follows. */
  readonly unread: Queue<Message>;
  /** Was received, and the one peer that it is for has no room: it waits, and all behind it. */
  pending: Message | undefined;
}

export class Forwarder implements Watcher, TurnWaiter, Steered {
  readonly statistics: ProxyStatistics;
  readonly #front: SocketCore;
  readonly #back: SocketCore;
  /** Those that the proxy owns beside. */
  readonly #others: readonly SocketCore[];
  readonly #capture: ((message: Message) => void) | undefined;
  readonly #steering: Steering | undefined;
  readonly #ways: Way[];
  readonly #turn: Turn;
  #state: State = "idle";
  #isScheduled = false;
  #onEnd: ((error?: unknown) => void) | undefined;

  constructor({ front, back, capture, control }: ProxyCores, from?: Moved) {
    const moved = IN_PAGE ? undefined : from;
    this.#front = front;
    this.#back = back;
    this.#others = [capture, control].filter((core) => core !== undefined);
    this.#capture = moved?.capture ?? (capture && ((message) => void capture.pattern.send?.(message)));
    this.#steering = control && new Steering(control, this);
    this.#turn = front.turn;
    const statistics = moved?.statistics ?? noStatistics();
    this.statistics = statistics;
    const { frontEnd, backEnd } = statistics;
    const way = (from: SocketCore, to: SocketCore, received: ProxyTraffic, sent: ProxyTraffic): Way => ({
      from,
      to,
      received,
      sent,
      unread: new Queue<Message>(0),
      pending: undefined,
    });
    this.#ways = [way(front, back, frontEnd.received, backEnd.sent), way(back, front, backEnd.received, frontEnd.sent)];
    if (front === back) this.#ways.pop();
    for (const message of moved?.frontUnread ?? []) this.#ways[0]?.unread.push(message);
    for (const message of moved?.backUnread ?? []) this.#ways[1]?.unread.push(message);
  }

  /** Forwards until `stop`, a command, or until one of the sockets is closed; then calls `onEnd`. */
  start(onEnd: (error?: unknown) => void): void {
    this.#state = "running";
    this.#onEnd = onEnd;
    for (const core of this.#cores()) {
      core.isProxied = true;
      core.watch(this);
    }
    this.#steering?.start();
    this.changed();
  }

  /** Stops forwarding; messages wait in the sockets' queues. Throws EBADF when not running. */
  pause(): void {
    this.#expectRunning();
    this.#state = "paused";
  }

  resume(): void {
    this.#expectRunning();
    this.#state = "running";
    this.changed();
  }

  stop(): void {
    this.#expectRunning();
    this.#end();
  }

  /** A socket of the proxy changed its readiness. */
  changed(): void {
    if (this.#isScheduled || this.#onEnd === undefined) return;
    this.#isScheduled = true;
    if (this.#turn.isOver) this.#turn.wait(this);
    else this.#front.clock.defer(this.#forward);
  }

  /** The next turn of the event loop has begun. */
  turnBegan(): void {
    this.#forward();
  }

  readonly #forward = (): void => {
    this.#isScheduled = false;
    if (this.#onEnd === undefined) return;
    if (this.#front.isClosed || this.#back.isClosed) {
      this.#end();
      return;
    }
    try {
      while (this.#state === "running" && !this.#turn.isOver) {
        let hasMoved = false;
        for (const way of this.#ways) {
          if (!this.#move(way)) continue;
          this.#turn.spend();
          hasMoved = true;
        }
        if (!hasMoved) return;
      }
      if (this.#state === "running") this.#turn.wait(this);
    } catch (error) {
      this.#end(error);
    }
  };

  /** One message, if there is one and there is room. */
  #move(way: Way): boolean {
    const { from, to, received, sent } = way;
    let message = way.pending;
    if (message === undefined) {
      if (to.pattern.send === undefined || !to.pattern.canSend) return false;
      if (way.unread.length > 0) message = way.unread.shift();
      else if (from.pattern.canReceive) message = from.pattern.receive?.();
      if (message === undefined) return false;
      received.messages++;
      received.bytes += sizeOf(message);
      this.#capture?.(message.slice());
    }
    const bytes = sizeOf(message);
    try {
      // A ROUTER with `mandatory` has room for some peer, but not always for this one.
      if (!to.pattern.send?.(message)) {
        way.pending = message;
        return false;
      }
      sent.messages++;
      sent.bytes += bytes;
    } catch (error) {
      if (!(error instanceof ZmqError)) throw error;
      to.dropped(error.code === "EHOSTUNREACH" ? "unroutable" : "invalid", undefined, message);
    }
    way.pending = undefined;
    return true;
  }

  #end(error?: unknown): void {
    const onEnd = this.#onEnd;
    if (onEnd === undefined) return;
    this.#onEnd = undefined;
    this.#state = "ended";
    for (const core of this.#cores()) {
      core.isProxied = false;
      core.unwatch(this);
    }
    this.#steering?.stop();
    for (const { to, pending } of this.#ways) {
      if (pending !== undefined) to.dropped("highWaterMark", undefined, pending);
    }
    onEnd(error);
  }

  #cores(): SocketCore[] {
    return [...new Set([this.#front, this.#back, ...this.#others])];
  }

  #expectRunning(): void {
    if (this.#onEnd === undefined) throw new ZmqError("EBADF");
  }
}

function sizeOf(message: Message): number {
  let bytes = 0;
  for (const frame of message) bytes += frame.length;
  return bytes;
}
