/**
 * inproc://: two pipes of one context, crossed. No session, no codec, no
 * copies of large frames: what one side writes is delivered to the other in the
 * same call, and the two queues are one, with the high-water mark of both sides
 * added.
 * Connecting before binding is allowed; messages wait in the connecting pipe.
 * Names are shared with other threads by shared-inproc.ts.
 */

import { ZmqError } from "../base/errors.ts";
import type { FarEnd, Outlet } from "../base/far-end.ts";
import type { FindNames, InprocBinder, InprocSide, SharedNames } from "../base/inproc.ts";
import { type Control, copySmall, crossingCopyOf, type Message } from "../base/message.ts";

/** The names of other threads: see shared-inproc.ts. */
export interface Sharing extends Omit<SharedNames, "connect"> {
  share(find: FindNames): void;
  /** As that of `SharedNames`. */
  connect(name: string, side: InprocSide): boolean;
}

/** All inproc names of one context. */
export class InprocNames {
  readonly bound = new Map<string, InprocBinder>();
  /** Sides that connected before anybody bound their name. */
  readonly waiting = new Map<string, Set<InprocSide>>();
  /** Set once names are shared with other threads. */
  shared: Sharing | undefined = undefined;

  /** Throws EADDRINUSE. Peers that connected before are joined now. */
  bind(name: string, binder: InprocBinder): void {
    if (this.bound.has(name)) throw new ZmqError("EADDRINUSE", { address: `inproc://${name}` });
    this.shared?.bind(name);
    this.bound.set(name, binder);
    const waiting = this.waiting.get(name);
    this.waiting.delete(name);
    for (const side of waiting ?? []) this.#join(name, side, binder);
  }

  /** Existing pairs stay. */
  unbind(name: string): void {
    if (this.bound.delete(name)) this.shared?.unbind(name);
  }

  connect(name: string, side: InprocSide): void {
    const binder = this.bound.get(name);
    if (binder !== undefined) {
      this.#join(name, side, binder);
      return;
    }
    if (this.shared?.connect(name, side)) return;
    const waiting = this.waiting.get(name);
    if (waiting === undefined) this.waiting.set(name, new Set([side]));
    else waiting.add(side);
  }

  /** Forgets a side that still waits for its name. False when it does not. */
  cancel(name: string, side: InprocSide): boolean {
    const waiting = this.waiting.get(name);
    const isForgotten = waiting?.delete(side) === true;
    if (waiting?.size === 0) this.waiting.delete(name);
    return isForgotten;
  }

  #join(name: string, side: InprocSide, binder: InprocBinder): void {
    const peer = binder.createPeer();
    join(side, peer, () => {
      peer.pipe.end();
      side.pipe.detach();
      this.connect(name, side);
    });
  }

  isBound(name: string): boolean {
    return this.bound.has(name) || this.shared?.isBound(name) === true;
  }
}

/** `renew` parts the two and joins the connecting side, `a`, with a fresh peer. */
function join(a: InprocSide, b: InprocSide, renew: () => void): void {
  const crossing = new Crossing(a, b, renew);
  a.pipe.attach(crossing);
  b.pipe.attach(new Crossing(b, a, renew));
  crossing.resize(a.sendHighWaterMark, a.receiveHighWaterMark);
  // The bound side first: what the connecting side has queued then finds it ready.
  b.pipe.connect(a.properties);
  if (!b.pipe.isClosed) a.pipe.connect(b.properties);
  if (b.pipe.isClosed) return; // a PAIR that has another peer
  for (const pipe of [a.pipe, b.pipe]) {
    const other = pipe === a.pipe ? b.pipe : a.pipe;
    for (let item = pipe.pull(); item !== undefined; item = pipe.pull()) {
      if (Array.isArray(item)) other.deliver(item);
      else other.deliverControl(item);
    }
    pipe.signalIdle();
  }
}

/** 0 is no limit, on either side. */
function sum(sender: number, receiver: number): number {
  return sender === 0 || receiver === 0 ? 0 : sender + receiver;
}

/** The far side of one pipe of a pair: the near side of the other. */
class Crossing implements Outlet {
  readonly queues = false;
  readonly isCrossing = true;
  readonly #ownSide: InprocSide;
  readonly #otherSide: InprocSide;
  readonly #own: FarEnd;
  readonly #other: FarEnd;
  readonly renew: () => void;

  constructor(own: InprocSide, other: InprocSide, renew: () => void) {
    this.#ownSide = own;
    this.#otherSide = other;
    this.#own = own.pipe;
    this.#other = other.pipe;
    this.renew = renew;
  }

  /** Each side's inbound queue has the other's send mark added. */
  resize(sendHighWaterMark: number, receiveHighWaterMark: number): void {
    const own = this.#ownSide;
    const other = this.#otherSide;
    own.sendHighWaterMark = sendHighWaterMark;
    own.receiveHighWaterMark = receiveHighWaterMark;
    this.#own.limit(sendHighWaterMark, sum(other.sendHighWaterMark, receiveHighWaterMark));
    this.#other.limit(other.sendHighWaterMark, sum(sendHighWaterMark, other.receiveHighWaterMark));
  }

  get canWrite(): boolean {
    return !this.#other.inboundFull;
  }

  write(message: Message): boolean {
    const other = this.#other;
    if (other.inboundFull) return false;
    copySmall(message, crossingCopyOf);
    other.deliver(message);
    return true;
  }

  writeControl(control: Control): boolean {
    this.#other.deliverControl(control);
    return true;
  }

  resume(): void {
    this.#other.signalRoom();
  }

  close(): void {
    if (!this.#other.isClosed) this.#other.end();
    this.#own.end();
  }
}
