/**
 * What a proxy does between two sockets: what one receives the other sends,
 * both ways. It takes a message only when the other side has room for it, so
 * that high-water marks are felt on both sides. It opens and closes no sockets.
 */

import { fromText, toText } from "../base/bytes.ts";
import { ZmqError } from "../base/errors.ts";
import type { Message } from "../base/message.ts";
import type { SocketCore, Watcher } from "../core/socket-core.ts";
import type { Turn, TurnWaiter } from "../core/turn.ts";

/** Messages and bytes of one direction of one side. */
export interface ProxyTraffic {
  messages: number;
  bytes: number;
}

export interface ProxyStatistics {
  /** What the front end received and sent. */
  readonly frontEnd: { readonly received: ProxyTraffic; readonly sent: ProxyTraffic };
  /** What the back end received and sent. */
  readonly backEnd: { readonly received: ProxyTraffic; readonly sent: ProxyTraffic };
}

/** The sockets of a proxy. */
export interface ProxyCores {
  readonly front: SocketCore;
  readonly back: SocketCore;
  readonly capture: SocketCore | undefined;
  readonly control: SocketCore | undefined;
}

type State = "idle" | "running" | "paused" | "ended";

/** One direction. */
interface Way {
  readonly from: SocketCore;
  readonly to: SocketCore;
  readonly received: ProxyTraffic;
  readonly sent: ProxyTraffic;
  /** Was received, and the one peer that it is for has no room: it waits, and all behind it. */
  pending: Message | undefined;
}

export class Forwarder implements Watcher, TurnWaiter {
  readonly statistics: ProxyStatistics;
  readonly #front: SocketCore;
  readonly #back: SocketCore;
  readonly #capture: SocketCore | undefined;
  readonly #control: SocketCore | undefined;
  readonly #ways: Way[];
  readonly #turn: Turn;
  #state: State = "idle";
  #isScheduled = false;
  #onEnd: ((error?: unknown) => void) | undefined = undefined;

  constructor({ front, back, capture, control }: ProxyCores) {
    this.#front = front;
    this.#back = back;
    this.#capture = capture;
    this.#control = control;
    this.#turn = front.turn;
    const none = () => ({ received: { messages: 0, bytes: 0 }, sent: { messages: 0, bytes: 0 } });
    const statistics = { frontEnd: none(), backEnd: none() };
    this.statistics = statistics;
    const { frontEnd, backEnd } = statistics;
    this.#ways = [
      { from: front, to: back, received: frontEnd.received, sent: backEnd.sent, pending: undefined },
      { from: back, to: front, received: backEnd.received, sent: frontEnd.sent, pending: undefined },
    ];
    if (front === back) this.#ways.pop();
  }

  get isIdle(): boolean {
    return this.#state === "idle";
  }

  /** Forwards until `stop`, a command, or until one of the sockets is closed; then calls `onEnd`. */
  start(onEnd: (error?: unknown) => void): void {
    this.#state = "running";
    this.#onEnd = onEnd;
    for (const core of this.#cores()) {
      core.isProxied = true;
      core.watch(this);
    }
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
      this.#obey();
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
      if (to.pattern.send === undefined || !from.pattern.canReceive || !to.pattern.canSend) return false;
      message = from.pattern.receive?.();
      if (message === undefined) return false;
      received.messages++;
      received.bytes += sizeOf(message);
      this.#capture?.pattern.send?.(message.slice());
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

  /** Commands of the control socket. */
  #obey(): void {
    const control = this.#control;
    if (control === undefined) return;
    while (this.#onEnd !== undefined) {
      const command = control.pattern.receive?.();
      if (command === undefined) return;
      this.#execute(control, toText(command[0] as Uint8Array));
    }
  }

  #execute(control: SocketCore, command: string): void {
    switch (command) {
      case "PAUSE":
        this.#state = "paused";
        break;
      case "RESUME":
        this.#state = "running";
        break;
      case "STATISTICS":
        control.pattern.send?.(this.#encodeStatistics());
        return;
      case "TERMINATE":
      case "KILL":
        if (control.type === "REP") control.pattern.send?.([fromText("")]);
        this.#end();
        return;
      default: // Unknown commands are ignored, as in libzmq; REP must answer all the same.
    }
    if (control.type === "REP") control.pattern.send?.([fromText("")]);
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
    for (const { to, pending } of this.#ways) {
      if (pending !== undefined) to.dropped("highWaterMark", undefined, pending);
    }
    onEnd(error);
  }

  /** Eight frames, as zmq_proxy_steerable: front received messages and bytes, front sent, back received, back sent. */
  #encodeStatistics(): Message {
    const { frontEnd, backEnd } = this.statistics;
    const message: Message = [];
    for (const { messages, bytes } of [frontEnd.received, frontEnd.sent, backEnd.received, backEnd.sent]) {
      for (const value of [messages, bytes]) {
        const frame = new Uint8Array(8);
        new DataView(frame.buffer).setBigUint64(0, BigInt(value), true);
        message.push(frame);
      }
    }
    return message;
  }

  #cores(): SocketCore[] {
    const all = [this.#front, this.#back, this.#capture, this.#control];
    return [...new Set(all.filter((core) => core !== undefined))];
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
