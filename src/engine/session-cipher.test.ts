import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "../../test/fake-clock.ts";
import { DEAF_OWNER } from "../../test/fake-pipe.ts";
import { fromText } from "../base/bytes.ts";
import { ZmqError } from "../base/errors.ts";
import type { MonitorEvent } from "../base/events.ts";
import type { Link, LinkHandler } from "../base/link.ts";
import { defaultOptions } from "../base/options.ts";
import { createPipe } from "../base/pipe.ts";
import type { FrameCipher } from "../base/protocol.ts";
import type { Mechanism, MechanismConfig } from "../security/mechanism.ts";
import { NullMechanism } from "../security/null.ts";
import { zmtp } from "../wire/zmtp-all.ts";
import type { EndReason } from "./connection.ts";
import { EngineLoop } from "./engine-loop.ts";
import { Handshake } from "./handshake.ts";
import { Session } from "./session.ts";

const CONFIG: MechanismConfig = { socketType: "PAIR", routingId: new Uint8Array(0), metadata: new Map() };

/** NULL, whose frames are sealed by `cipher`. */
class Sealed extends NullMechanism implements Mechanism {
  readonly cipher: FrameCipher;
  forgotten = 0;
  constructor(cipher: FrameCipher) {
    super(CONFIG, false);
    this.cipher = cipher;
  }
  forget(): void {
    this.forgotten++;
  }
}

function handshake(mechanism: Mechanism): Handshake {
  const limits = { maxFrameBytes: -1, maxFrames: 10 };
  return new Handshake({
    protocol: zmtp,
    socketType: "PAIR",
    routingId: CONFIG.routingId,
    mechanism,
    zapDomainSet: false,
    limits,
  });
}

/** A connection that can seal `frames` frames and no more. */
function connectionThatSeals(frames: number, isEstablished = true) {
  const clock = new FakeClock();
  const written: string[] = [];
  const events: MonitorEvent[] = [];
  const ends: EndReason[] = [];
  const peer = handshake(new NullMechanism(CONFIG, false));
  let isOpen = true;
  let isDone = false;
  const link: Link & { handler: LinkHandler } = {
    localAddress: "tcp://127.0.0.1:1",
    remoteAddress: "tcp://127.0.0.1:2",
    peerAddress: "127.0.0.1",
    unsentBytes: 0,
    handler: { data() {}, drained() {}, closed() {} },
    write(chunks) {
      for (const chunk of chunks) {
        if (isDone) written.push(Buffer.from(chunk).toString("latin1"));
        else peer.push(Uint8Array.from(chunk));
      }
      return true;
    },
    pause() {},
    resume() {},
    close: () => { isOpen = false; },
    destroy: () => { isOpen = false; },
  }; // biome-ignore format: short methods
  const pipe = createPipe(DEAF_OWNER, "", false, { sendHighWaterMark: 0, receiveHighWaterMark: 0, conflate: false });
  const forgotten = { cipher: 0 };
  const cipher: FrameCipher = {
    forget: () => void forgotten.cipher++,
    overhead: 0,
    seal(_flags, body, target, offset) {
      if (frames-- === 0) throw new ZmqError("ERR_ZMTP_INVALID_SEQUENCE");
      target.set(body, offset);
    },
    flags: 0,
    open: (source, start, end) => source.slice(start, end),
  };
  const mechanism = new Sealed(cipher);
  const session = new Session(link, handshake(mechanism), {
    loop: new EngineLoop(clock),
    options: { ...defaultOptions("PAIR", { blocky: false, ipv6: false } as never), heartbeatInterval: 1000 },
    endpoint: "",
    departedBacklog: undefined,
    sendsBehind: false,
    readsBehind: false,
    started() {},
    emit: (event) => events.push(event),
    ready: () => pipe,
    ended: (_connection, reason) => ends.push(reason),
    authenticate: () => assert.fail("NULL without a domain asks nobody"),
  });
  session.start();
  const made = { clock, pipe, written, events, ends, isOpen: () => isOpen, link, mechanism, forgotten };
  if (!isEstablished) return made;
  for (let bytes = peer.produce(); bytes !== undefined; bytes = peer.produce()) link.handler.data(bytes);
  isDone = true;
  assert.equal(pipe.isConnected, true);
  return made;
}

test("a connection that has no nonce left sends no further frame and ends, for the next one to have new keys", () => {
  const { clock, pipe, written, ends, isOpen, events } = connectionThatSeals(2);
  for (const text of ["one", "two", "three", "four"]) pipe.write([fromText(text)]);
  assert.deepEqual(ends, [], "not within the call of the sender");
  clock.turn();
  assert.deepEqual([ends, isOpen()], [["lost"], false]);
  assert.doesNotMatch(written.join(""), /three|four/);
  assert.deepEqual(
    events.map(({ type }) => type),
    ["handshake", "disconnect"],
  );
});

test("a connection that has no nonce left for a subscription or a heartbeat ends as well", () => {
  const first = connectionThatSeals(0);
  first.pipe.writeControl({ kind: "join", topic: fromText("x") });
  first.clock.turn();
  assert.deepEqual(first.ends, ["lost"]);
  const second = connectionThatSeals(0);
  second.clock.advance(1001);
  assert.deepEqual(second.ends, ["lost"]);
});

test("what ends with its connection are the secrets of a handshake that is not done, or those of the cipher", () => {
  const early = connectionThatSeals(0, false);
  assert.equal(early.mechanism.forgotten, 0);
  early.link.handler.closed();
  assert.deepEqual([early.mechanism.forgotten, early.forgotten.cipher], [1, 0]);
  const late = connectionThatSeals(1);
  assert.equal(late.forgotten.cipher, 0);
  late.link.handler.closed();
  assert.deepEqual([late.mechanism.forgotten, late.forgotten.cipher], [0, 1]);
});
