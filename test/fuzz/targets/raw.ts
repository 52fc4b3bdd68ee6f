/**
 * Target: STREAM, and ROUTER in raw mode, behind a listener, over fake links
 * and a fake clock. The bad peer's bytes are the input, cut anywhere; its link
 * stalls and breaks, it is sent to and closed. What is delivered must be its
 * bytes, and what it gets those that were sent, in order; the good peer beside
 * it, kept from input to input, must be served.
 */

import { EMPTY } from "../../../src/base/bytes.ts";
import type { FakeLink } from "../../fake-link.ts";
import { Listener } from "../listener.ts";
import { cut, joined } from "../mutate.ts";
import type { Random } from "../random.ts";
import { codeOf, corpus, expectBytes, expectSame, finding, maker, type Target } from "../target.ts";

const RAW = { raw: true, mandatory: true, routerNotify: 3 };
const LINGERS = [-1, -1, 0, 500];
const LENGTHS = [0, 1, 1, 5, 128, 129, 5000];

/** One peer, and all that was ever sent and delivered between it and the socket. */
class Peer {
  readonly link: FakeLink;
  readonly id: Uint8Array;
  /** To the socket. */
  #pushed: Uint8Array[] = [];
  readonly delivered: Uint8Array[] = [];
  /** By the socket. */
  #accepted: Uint8Array[] = [];
  #written: Uint8Array[] = [];

  constructor(listener: Listener) {
    const known = new Set(listener.core.pipes);
    this.link = listener.accept();
    const [pipe] = [...listener.core.pipes].filter((one) => !known.has(one));
    this.id = pipe?.routingId ?? finding("a peer without a routing id");
    const write = this.link.write.bind(this.link);
    this.link.write = (chunks) => {
      if (this.link.isOpen) for (const chunk of chunks) this.#written.push(chunk.slice());
      return write(chunks);
    };
  }

  push(bytes: Uint8Array): void {
    this.#pushed.push(bytes.slice());
    // The link's memory is used again.
    const memory = bytes.slice();
    this.link.handler.data(memory);
    memory.fill(0xa5);
  }

  /** Returns false where a queue is full, undefined where the peer cannot be reached. */
  send(listener: Listener, frames: readonly Uint8Array[]): boolean | undefined {
    let isTaken: boolean | undefined;
    const code = codeOf(() => {
      isTaken = listener.core.pattern.send?.([this.id, ...frames]);
    });
    if (code !== undefined) expectSame(code, "EHOSTUNREACH", "send");
    if (isTaken) this.#accepted.push(...frames.map((frame) => frame.slice()));
    return isTaken;
  }

  /** `isAll`: nothing may be missing. */
  check(isAllDelivered: boolean, isAllWritten: boolean): void {
    expectStart(joined(...this.delivered), joined(...this.#pushed), isAllDelivered, "delivered");
    expectStart(joined(...this.#written), joined(...this.#accepted), isAllWritten, "written");
  }

  /** What is checked need not be kept. */
  forget(): void {
    this.check(true, true);
    this.#pushed = [];
    this.delivered.length = 0;
    this.#accepted = [];
    this.#written = [];
  }
}

function expectStart(part: Uint8Array, whole: Uint8Array, isAll: boolean, what: string): void {
  expectBytes(part, isAll ? whole : whole.subarray(0, part.length), what);
}

class Rig {
  readonly listener: Listener;
  readonly good: Peer;
  #count = 0;

  constructor(listener: Listener) {
    this.listener = listener;
    this.good = new Peer(listener);
    this.drain();
    expectSame(this.good.delivered.length, 1, "the good peer's notice");
    this.good.delivered.length = 0;
  }

  /** Reads all there is. */
  drain(bad?: Peer): void {
    for (;;) {
      const message = this.listener.core.pattern.receive?.();
      if (message === undefined) return;
      expectSame(message.length, 2, "frames");
      const [id, body] = message as [Uint8Array, Uint8Array];
      const from = [this.good, bad].find((peer) => peer !== undefined && Buffer.compare(peer.id, id) === 0);
      if (from === undefined) finding("a message of nobody");
      from.delivered.push(body);
    }
  }

  /** Some bytes to and from the good peer. */
  talk(): void {
    this.good.push(Uint8Array.of(this.#count++, this.#count >> 8));
    if (this.good.send(this.listener, [Uint8Array.of(this.#count)]) !== true)
      finding("the good peer cannot be sent to");
  }
}

const rigs = [
  new Rig(new Listener("STREAM", {})),
  new Rig(new Listener("ROUTER", RAW)),
  new Rig(new Listener("STREAM", { receiveHighWaterMark: 0, sendHighWaterMarkBytes: 200 })),
];

/** One thing that the program does with the bad peer. Returns whether it closed it. */
function act(random: Random, { listener }: Rig, bad: Peer): boolean {
  switch (random.below(8)) {
    case 0:
      return bad.send(listener, [EMPTY]) !== undefined;
    case 1: {
      const unknown = random.oneIn(2) ? random.bytes(random.below(8)) : joined(bad.id, [0]);
      const code = codeOf(() => listener.core.pattern.send?.([unknown, random.bytes(3)]));
      expectSame(code, "EHOSTUNREACH", "sent to nobody");
      return false;
    }
    case 2:
      // An id alone is no message: it is dropped.
      expectSame(bad.send(listener, []), true, "an id alone");
      return false;
    case 3:
      bad.send(listener, [EMPTY, random.bytes(2), EMPTY]);
      return false;
    default:
      bad.send(listener, [random.bytes(Math.max(1, random.pick(LENGTHS)))]);
      return false;
  }
}

const raw: Target = {
  name: "raw",
  make: maker(corpus("session"), (random) => random.bytes(random.pick([0, 1, 20, 300, 20_000]))),
  check(input, random) {
    const rig = random.pick(rigs);
    const { listener, good } = rig;
    const { clock, core } = listener;
    listener.options.linger = random.pick(LINGERS);
    const bad = new Peer(listener);
    const { link } = bad;
    const isRead = random.oneIn(2);
    let isClosed = false;
    const step = (): void => {
      link.isFull = random.oneIn(3);
      if (random.oneIn(3)) isClosed = act(random, rig, bad) || isClosed;
      if (random.oneIn(6) && link.isOpen) link.handler.drained();
      if (random.oneIn(8)) rig.talk();
      if (isRead || random.oneIn(20)) rig.drain(bad);
      if (random.oneIn(20)) clock.advance(random.pick([1, 600]));
    };
    cut(random, input, (piece) => {
      if (link.isOpen) bad.push(piece);
      step();
      return link.isOpen;
    });
    step();
    if (isClosed && bad.send(listener, [EMPTY]) !== undefined) finding("a peer that was closed can be sent to");
    if (random.oneIn(2)) {
      rig.drain(bad);
      if (link.isOpen && link.isPaused) finding("paused, though all was read");
    }
    const isDrained = link.isOpen && random.oneIn(2);
    if (isDrained) {
      link.isFull = false;
      link.handler.drained();
      if (isClosed && link.isOpen) finding("closed, and all was sent: the link is open still");
      bad.check(false, true);
    }
    const isLost = link.isOpen;
    const isLate = random.oneIn(2);
    if (isLost && isLate && !isClosed && input.length > 0) bad.push(input.subarray(0, 20));
    if (isLost) link.handler.closed(random.oneIn(2) ? undefined : new Error("broken"));
    rig.talk();
    rig.drain(bad);
    good.forget();
    bad.check(!isClosed, isDrained);
    // One notice that it came; one that it went, unless this side closed it.
    const notices = bad.delivered.filter(({ length }) => length === 0).length;
    expectSame(notices, isClosed ? 1 : 2, "notices");
    expectSame(bad.delivered[0]?.length, 0, "octets of the first message");
    if (!isClosed) expectSame(bad.delivered.at(-1)?.length, 0, "octets of the last message");
    if (!good.link.isOpen) finding("the good peer's connection was closed");
    if (link.isOpen && !isLost) finding("the link is open");
    clock.turn();
    if (clock.pending > 0) finding(`${clock.pending} timers are left`);
    if (core.pipes.size !== 1) finding(`${core.pipes.size} pipes are left`);
  },
};

export const RAW_TARGETS: readonly Target[] = [raw];
