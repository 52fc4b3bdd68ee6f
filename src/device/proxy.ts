/**
 * `Proxy`: joins two sockets, so that what one receives the other sends, both
 * ways (zmq_proxy, zmq_proxy_steerable). It runs in the event loop, costs no
 * thread, and takes a message only when the other side has room for it, so that
 * high-water marks are felt on both sides.
 */

import { fromText, toText } from "../base/bytes.ts";
import { ZmqError } from "../base/errors.ts";
import type { Message } from "../base/message.ts";
import type { SocketCore, Watcher } from "../core/socket-core.ts";
import type { Turn, TurnWaiter } from "../core/turn.ts";
import { coreOf, endpointsOf, isSocket } from "../socket/core-of.ts";
import type { Socket } from "../socket/socket.ts";

export interface ProxyOptions {
  /** A copy of each message goes here (ZMQ_PUB, PUSH, PAIR, DEALER). Dropped when it has no room. */
  readonly capture?: Socket;
  /**
   * Commands of one frame come in here: PAUSE, RESUME, TERMINATE, KILL,
   * STATISTICS. A REP or PAIR socket is answered: eight numbers (64 bits,
   * little-endian) for STATISTICS, an empty message by REP for the others.
   */
  readonly control?: Socket;
}

/** Messages and bytes of one direction of one side. */
export interface ProxyTraffic {
  messages: number;
  bytes: number;
}

export interface ProxyStatistics {
  readonly frontEnd: { readonly received: ProxyTraffic; readonly sent: ProxyTraffic };
  readonly backEnd: { readonly received: ProxyTraffic; readonly sent: ProxyTraffic };
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

// biome-ignore lint/suspicious/noShadowRestrictedNames: zeromq.js's name
export class Proxy<F extends Socket = Socket, B extends Socket = Socket> implements Watcher, TurnWaiter {
  /** The socket that clients reach. */
  readonly frontEnd: F;
  /** The socket that workers or subscribers reach. */
  readonly backEnd: B;
  readonly #front: SocketCore;
  readonly #back: SocketCore;
  readonly #capture: SocketCore | undefined;
  readonly #control: SocketCore | undefined;
  readonly #statistics: ProxyStatistics;
  readonly #ways: Way[];
  readonly #turn: Turn;
  #state: State = "idle";
  #isScheduled = false;
  #finish: ((error?: unknown) => void) | undefined = undefined;

  constructor(frontEnd: F, backEnd: B, options: ProxyOptions = {}) {
    if (!isSocket(frontEnd)) throw new TypeError("Front-end must be a socket object");
    if (!isSocket(backEnd)) throw new TypeError("Back-end must be a socket object");
    if (typeof options !== "object" || isSocket(options)) {
      throw new TypeError("Expected 2 arguments and options: { capture, control }");
    }
    for (const [name, socket] of Object.entries(options)) {
      if (!isSocket(socket)) throw new TypeError(`${name} must be a socket object`);
    }
    this.frontEnd = frontEnd;
    this.backEnd = backEnd;
    this.#front = coreOf(frontEnd);
    this.#back = coreOf(backEnd);
    this.#turn = this.#front.turn;
    this.#capture = options.capture && coreOf(options.capture);
    this.#control = options.control && coreOf(options.control);
    const none = () => ({ received: { messages: 0, bytes: 0 }, sent: { messages: 0, bytes: 0 } });
    const statistics = { frontEnd: none(), backEnd: none() };
    this.#statistics = statistics;
    const { frontEnd: front, backEnd: back } = statistics;
    this.#ways = [
      { from: this.#front, to: this.#back, received: front.received, sent: back.sent, pending: undefined },
      { from: this.#back, to: this.#front, received: back.received, sent: front.sent, pending: undefined },
    ];
    if (this.#front === this.#back) this.#ways.pop();
  }

  /** What was forwarded so far. */
  get statistics(): ProxyStatistics {
    return this.#statistics;
  }

  /**
   * Forwards until `terminate`, or until one of the sockets is closed; then
   * closes both and resolves. Rejects with EINVAL when a socket is neither bound
   * nor connected, with EBUSY when one is in a proxy already. A ROUTER with
   * `mandatory` holds its direction up while the peer of a message has no room,
   * as with libzmq. A message for a routing id that nobody has is dropped and
   * counted as `unroutable`; libzmq ends the proxy, and any peer could do that.
   */
  run(): Promise<void> {
    if (this.#state !== "idle") throw new ZmqError("EBADF");
    this.#check(this.frontEnd, "Front-end");
    this.#check(this.backEnd, "Back-end");
    this.#state = "running";
    const cores = this.#cores();
    for (const core of cores) {
      core.isProxied = true;
      core.watch(this);
    }
    this.#front.alive.enter();
    this.#back.alive.enter();
    return new Promise((resolve, reject) => {
      this.#finish = (error) => {
        this.#finish = undefined;
        this.#state = "ended";
        for (const core of cores) {
          core.isProxied = false;
          core.unwatch(this);
        }
        this.#front.alive.leave();
        this.#back.alive.leave();
        for (const { to, pending } of this.#ways)
          if (pending !== undefined) to.dropped("highWaterMark", undefined, pending);
        this.frontEnd.close();
        this.backEnd.close();
        if (error === undefined) resolve();
        else reject(error);
      };
      this.changed();
    });
  }

  /** Stops forwarding; messages wait in the sockets' queues. Throws EBADF when not running. */
  pause(): void {
    this.#running();
    this.#state = "paused";
  }

  resume(): void {
    this.#running();
    this.#state = "running";
    this.changed();
  }

  /** Ends `run` and closes both sockets. */
  terminate(): void {
    this.#running();
    this.#finish?.();
  }

  /** Not for users: a socket of the proxy changed its readiness. */
  changed(): void {
    if (this.#isScheduled || this.#finish === undefined) return;
    this.#isScheduled = true;
    if (this.#turn.isOver) this.#turn.wait(this);
    else this.#front.clock.defer(this.#forward);
  }

  /** Not for users: the next turn of the event loop has begun. */
  turnBegan(): void {
    this.#forward();
  }

  readonly #forward = (): void => {
    this.#isScheduled = false;
    if (this.#finish === undefined) return;
    if (this.#front.isClosed || this.#back.isClosed) {
      this.#finish();
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
      this.#finish?.(error);
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
    while (this.#finish !== undefined) {
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
        this.#finish?.();
        return;
      default: // Unknown commands are ignored, as in libzmq; REP must answer all the same.
    }
    if (control.type === "REP") control.pattern.send?.([fromText("")]);
  }

  /** Eight frames, as zmq_proxy_steerable: front received messages and bytes, front sent, back received, back sent. */
  #encodeStatistics(): Message {
    const { frontEnd, backEnd } = this.#statistics;
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

  #check(socket: Socket, name: string): void {
    const core = coreOf(socket);
    const endpoints = endpointsOf(socket);
    if (core.isProxied || endpoints.isBusy) {
      throw new ZmqError("EBUSY", { message: "Socket is blocked by a bind or unbind operation" });
    }
    if (core.isClosed || endpoints.isEmpty) {
      throw new ZmqError("EINVAL", { message: `${name} socket must be bound or connected` });
    }
  }

  #running(): void {
    if (this.#finish === undefined) throw new ZmqError("EBADF");
  }
}

function sizeOf(message: Message): number {
  let bytes = 0;
  for (const frame of message) bytes += frame.length;
  return bytes;
}
