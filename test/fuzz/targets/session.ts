/**
 * Target: a whole socket behind a listener, over fake links and a fake clock.
 * One peer is bad: its bytes are the input, its link stalls and breaks. The
 * other is good, connected before and kept from input to input: its link must
 * stay, and what it sends must arrive, whatever the bad one does.
 */

import { fromText } from "../../../src/base/bytes.ts";
import { parseEndpoint } from "../../../src/base/endpoint.ts";
import { defaultOptions, type OptionValues } from "../../../src/base/options.ts";
import { SOCKET_TYPES, type SocketTypeName } from "../../../src/base/socket-types.ts";
import { Acceptor } from "../../../src/engine/acceptor.ts";
import type { EndpointOwner } from "../../../src/engine/owner.ts";
import { connectionMaker } from "../../../src/socket/connections.ts";
import { SocketCore } from "../../../src/socket/core.ts";
import { PATTERNS } from "../../../src/socket/patterns.ts";
import { FakeClock } from "../../fake-clock.ts";
import { type FakeLink, FakeTransport, GREETING, ready } from "../../fake-link.ts";
import { cut, joined } from "../mutate.ts";
import type { Random } from "../random.ts";
import { corpus, finding, maker, type Target } from "../target.ts";
import { makeFrames } from "./frames.ts";

const TYPES = ["PAIR", "PUB", "SUB", "REQ", "REP", "DEALER", "ROUTER", "PULL", "PUSH", "XPUB", "XSUB"] as const;
type Type = (typeof TYPES)[number];
/** A type that may talk to each. */
const PARTNER: Record<Type, SocketTypeName> = {
  PAIR: "PAIR",
  PUB: "SUB",
  SUB: "PUB",
  REQ: "REP",
  REP: "REQ",
  DEALER: "DEALER",
  ROUTER: "DEALER",
  PULL: "PUSH",
  PUSH: "PULL",
  XPUB: "SUB",
  XSUB: "PUB",
};

/** One socket with its listener and its good peer. */
class Rig implements EndpointOwner {
  readonly clock = new FakeClock();
  readonly socketType: Type;
  readonly core: SocketCore;
  readonly good: FakeLink;
  readonly #options: OptionValues;
  readonly #transport = new FakeTransport();
  #count = 0;

  constructor(type: Type) {
    this.socketType = type;
    this.#options = {
      ...defaultOptions(type, { ipv6: false, blocky: true }),
      receiveHighWaterMark: 5,
      sendHighWaterMark: 5,
      maxMessageSize: 100_000,
      maxMessageFrames: 50,
    };
    this.core = new SocketCore(type, this.#options, this.clock, PATTERNS[type]);
    const target = parseEndpoint("tcp://127.0.0.1:1", "bind", false);
    const makeConnection = connectionMaker(type, this.#options);
    new Acceptor(this, target, this.#transport, this.#options, makeConnection).startSync();
    if (type === "SUB" || type === "XSUB") this.core.pattern.subscribe?.(fromText("good"));
    this.good = this.accept();
    this.good.handler.data(GREETING);
    this.good.handler.data(ready(PARTNER[type], fromText("good")));
    if (type === "PUB" || type === "XPUB") this.good.handler.data(joined([0, 5, 1], fromText("good")));
    this.clock.turn();
  }

  accept(): FakeLink {
    return this.#transport.connection();
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
      case "PUB":
      case "PUSH":
        this.core.pattern.send?.([body]);
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

  // --- EndpointOwner ---

  get leftovers() {
    return this.core.leftovers;
  }
  createPipe(endpoint: string, dialed: boolean, options: OptionValues) {
    return this.core.createPipe(endpoint, dialed, options);
  }
  attach(pipe: Parameters<SocketCore["attach"]>[0]): void {
    this.core.attach(pipe);
  }
  emit(): void {}
  authenticate(): Promise<undefined> {
    return Promise.resolve(undefined);
  }
  gone(): void {}
}

const rigs = new Map<Type, Rig>();

function makeTraffic(random: Random): Uint8Array {
  const type = random.oneIn(4) ? random.pick(Object.keys(SOCKET_TYPES)) : "?";
  const identity = random.oneIn(8) ? random.bytes(random.below(256)) : fromText(random.pick(["", "a", "good"]));
  const parts = [GREETING, ready(type, identity)];
  for (let count = random.below(4); count > 0; count--) parts.push(makeFrames(random, "v2"));
  return joined(...parts);
}

/** A READY of type `?` gets the type that may talk to the socket. */
function fitting(input: Uint8Array, type: Type): Uint8Array {
  const at = GREETING.length;
  const mark = Buffer.from(input).indexOf("Socket-Type\0\0\0\x01?", at, "latin1");
  if (mark !== at + 9) return input;
  const name = fromText(PARTNER[type]);
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
    const type = random.pick(TYPES);
    let rig = rigs.get(type);
    if (rig === undefined || (type === "PAIR" && !rig.good.isOpen)) {
      rig = new Rig(type);
      rigs.set(type, rig);
    }
    const { clock } = rig;
    const bad = rig.accept();
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
    const isEarly = type !== "PUSH" && type !== "PAIR";
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

export const SESSION_TARGETS: readonly Target[] = [session];
