/**
 * Target: a whole socket behind a listener, over fake links and a fake clock.
 * One peer is bad: its bytes are the input, its link stalls and breaks. The
 * other is good, connected before and kept from input to input: its link must
 * stay, and what it sends must arrive, whatever the bad one does.
 */

import { fromText } from "../../../src/base/bytes.ts";
import { SOCKET_TYPES, type SocketTypeName } from "../../../src/base/socket-types.ts";
import type { SocketCore } from "../../../src/core/socket-core.ts";
import type { FakeClock } from "../../fake-clock.ts";
import { type FakeLink, GREETING, ready } from "../../fake-link.ts";
import { DRAFT_PARTNER, DRAFT_TYPES, type DraftType, PARTNER, TYPES, type Type } from "../../partners.ts";
import { Listener } from "../listener.ts";
import { cut, joined } from "../mutate.ts";
import type { Random } from "../random.ts";
import { corpus, finding, maker, type Target } from "../target.ts";
import { makeFrames } from "./frames.ts";

type AnyType = Type | DraftType;
const ALL_TYPES: readonly AnyType[] = [...TYPES, ...DRAFT_TYPES];
const PARTNERS: Readonly<Record<AnyType, SocketTypeName>> = { ...PARTNER, ...DRAFT_PARTNER };

/** Types by their number in ZMTP 2.0. */
const LEGACY_IDS: readonly SocketTypeName[] = ["PAIR", "PUB", "SUB", "REQ", "REP", "DEALER", "ROUTER", "PULL", "PUSH"];

/** One socket with its listener and its good peer. */
class Rig {
  readonly socketType: AnyType;
  readonly listener: Listener;
  readonly good: FakeLink;
  #count = 0;

  constructor(type: AnyType) {
    this.socketType = type;
    this.listener = new Listener(type);
    if (type === "SUB" || type === "XSUB") this.core.pattern.subscribe?.(fromText("good"));
    if (type === "DISH") this.core.pattern.join?.(fromText("good"));
    this.good = this.listener.accept();
    this.good.handler.data(GREETING);
    this.good.handler.data(ready(PARTNERS[type], fromText("good")));
    if (type === "PUB" || type === "XPUB") this.good.handler.data(joined([0, 5, 1], fromText("good")));
    if (type === "RADIO") this.good.handler.data(joined([4, 9, 4], fromText("JOINgood")));
    this.clock.turn();
  }

  get clock(): FakeClock {
    return this.listener.clock;
  }

  get core(): SocketCore {
    return this.listener.core;
  }

  /** Reads all there is; returns whether `frame` was the last of a message. Answers as REP. */
  drain(frame: string): boolean {
    let isThere = false;
    for (let count = 0; ; count++) {
      const message = this.core.pattern.receive?.();
      if (message === undefined) return isThere;
      if (count > 100_000) finding("messages without end");
      if (Buffer.from(message.at(-1) as Uint8Array).toString("latin1") === frame) isThere = true;
      if (this.socketType === "REP") this.core.pattern.send?.([fromText("reply")]);
    }
  }

  /** The good peer still is served. */
  probe(): void {
    const name = `good${this.#count++}`;
    const { good, socketType } = this;
    if (!good.isOpen) finding("the good peer's connection was closed");
    const before = good.sentBytes;
    const body = fromText(name);
    const frame = joined([0, body.length], body);
    switch (socketType) {
      case "REP":
        good.handler.data(joined([1, 0], frame));
        break;
      case "DISH":
        good.handler.data(joined([1, 4], fromText("good"), frame));
        break;
      case "PUB":
      case "PUSH":
      case "SCATTER":
      case "RADIO":
        this.core.pattern.send?.(socketType === "RADIO" ? [fromText("good"), body] : [body]);
        this.clock.turn();
        if (good.sentBytes === before) finding("nothing was sent to the good peer");
        return;
      case "REQ":
        return;
      case "XPUB":
        good.handler.data(joined([0, body.length + 1, 2], body));
        if (!this.drain(`\x02${name}`)) finding("the good peer's message did not arrive");
        return;
      default:
        good.handler.data(frame);
    }
    if (!this.drain(name)) finding("the good peer's message did not arrive");
    this.clock.turn();
    if (socketType === "REP" && good.sentBytes === before) finding("the good peer was not answered");
  }
}

const rigs = new Map<AnyType, Rig>();

/** Octet of the socket type in a ZMTP 2.0 greeting: whatever fits. */
const FITTING_ID = 0xfe;

/** A peer of ZMTP 2.0 or 1.0: a greeting, if there is one, an identity, and frames. */
function makeLegacy(random: Random): Uint8Array {
  const identity = random.oneIn(8) ? random.bytes(random.below(256)) : fromText(random.pick(["", "a", "good"]));
  const revision = random.pick([undefined, 0, 1, 1]);
  const id = random.oneIn(8) ? random.below(13) : FITTING_ID;
  const head = revision === undefined ? [] : [0xff, 0, 0, 0, 0, 0, 0, 0, identity.length + 1, 0x7f, revision, id];
  const isLong = identity.length > 253;
  const first =
    revision === 1
      ? [0, identity.length]
      : isLong
        ? [0xff, 0, 0, 0, 0, 0, 0, 1, identity.length - 255, 0]
        : [identity.length + 1, 0];
  const parts: ArrayLike<number>[] = [head, first, identity];
  for (let count = random.below(4); count > 0; count--) parts.push(makeFrames(random, revision === 1 ? "v2" : "v1"));
  return joined(...parts);
}

function makeTraffic(random: Random): Uint8Array {
  if (random.oneIn(4)) return makeLegacy(random);
  const type = random.oneIn(4) ? random.pick(Object.keys(SOCKET_TYPES)) : "?";
  const identity = random.oneIn(8) ? random.bytes(random.below(256)) : fromText(random.pick(["", "a", "good"]));
  const parts = [GREETING, ready(type, identity)];
  for (let count = random.below(4); count > 0; count--) parts.push(makeFrames(random, "v2"));
  return joined(...parts);
}

/** A READY of type `?`, and a ZMTP 2.0 greeting with FITTING_ID, get the type that may talk to the socket. */
function fitting(input: Uint8Array, type: AnyType): Uint8Array {
  if (input[0] === 0xff && input[11] === FITTING_ID) {
    const changed = input.slice();
    changed[11] = LEGACY_IDS.indexOf(PARTNERS[type]);
    return changed;
  }
  const at = GREETING.length;
  const mark = Buffer.from(input).indexOf("Socket-Type\0\0\0\x01?", at, "latin1");
  if (mark !== at + 9) return input;
  const name = fromText(PARTNERS[type]);
  const value = mark + 15;
  const whole = joined(input.subarray(0, value), name, input.subarray(value + 1));
  whole[value - 1] = name.length;
  whole[at + 1] = (whole[at + 1] as number) + name.length - 1;
  return whole;
}

const session: Target = {
  name: "session",
  make: maker(corpus("session"), makeTraffic),
  check(made, random) {
    const type = random.pick(ALL_TYPES);
    let rig = rigs.get(type);
    if (rig === undefined || (isExclusive(type) && !rig.good.isOpen)) {
      rig = new Rig(type);
      rigs.set(type, rig);
    }
    const { clock } = rig;
    const bad = rig.listener.accept();
    const input = fitting(made, type);
    const isRead = random.oneIn(2);
    cut(random, input, (piece) => {
      bad.isFull = random.oneIn(5);
      bad.handler.data(piece.slice());
      if (random.oneIn(3)) clock.turn();
      if (random.oneIn(10)) bad.handler.drained();
      if (isRead) rig.drain("");
      return bad.isOpen;
    });
    clock.turn();
    if (bad.sentBytes > 2000 + input.length * 4) finding(`${bad.sentBytes} octets for ${input.length}`);
    if (random.oneIn(4)) clock.advance(random.pick([100, 31_000, 70_000]));
    const isEarly = type !== "PUSH" && type !== "SCATTER" && !isExclusive(type);
    if (isEarly) rig.probe();
    if (bad.isOpen) bad.handler.closed(random.oneIn(2) ? undefined : new Error("broken"));
    rig.drain("");
    clock.turn();
    rig.probe();
    clock.advance(1000);
    if (clock.pending > 0) finding(`${clock.pending} timers are left`);
    if (rig.core.pipes.size > 1) finding(`${rig.core.pipes.size} pipes are left`);
  },
};

/** One peer at a time. */
function isExclusive(type: AnyType): boolean {
  return type === "PAIR" || type === "CHANNEL";
}

export const SESSION_TARGETS: readonly Target[] = [session];
