/** Dialers and connections of a platform that sleeps, with a clock that stands still. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { crypto } from "../../test/crypto.ts";
import { FakeClock } from "../../test/fake-clock.ts";
import { command, FakeLink, GREETING, ready } from "../../test/fake-link.ts";
import { concat, EMPTY, toText } from "../base/bytes.ts";
import { ZmqError } from "../base/errors.ts";
import type { Link, Transport } from "../base/link.ts";
import { WHOLE } from "../core/reach.ts";
import { Turn } from "../core/turn.ts";
import { Context } from "../socket/context.ts";
import { Dealer } from "../socket/sockets.ts";
import { LocalHost } from "./local-host.ts";
import { WakeUps } from "./wake-ups.ts";

const HEARTBEAT_MS = 15_000;
const PING = "\x04PING";

/** ZMTP 3.0, which has no PING. */
const OLD_GREETING = GREETING.map((octet, i) => (i === 11 ? 0 : octet));

class TalkingLink extends FakeLink {
  sent = "";
  override write(chunks: readonly Uint8Array[]): boolean {
    this.sent += toText(concat(chunks));
    return super.write(chunks);
  }
  /** The peer's part of the handshake. */
  greets(greeting = GREETING): void {
    this.handler.data(greeting);
    this.handler.data(ready("ROUTER", EMPTY));
  }
}

/** A DEALER that connects to whatever `answer` gives, and the way to wake it. */
function sleeper(options: { heartbeatInterval?: number; reconnectInterval?: number } = {}) {
  const clock = new FakeClock();
  const links: TalkingLink[] = [];
  const state = { isReachable: true, attempts: 0 };
  const transport: Transport = {
    scheme: "tcp",
    connect(): Promise<Link> {
      state.attempts++;
      if (!state.isReachable) return Promise.reject(new ZmqError("ECONNREFUSED"));
      const link = new TalkingLink();
      links.push(link);
      return Promise.resolve(link);
    },
    listen: () => Promise.reject(new ZmqError("ENOTSUP")),
  };
  let wake: (() => void) | undefined;
  let listeners = 0;
  const wakeUps = new WakeUps(HEARTBEAT_MS, (listener) => {
    listeners++;
    wake = listener;
  });
  const engine = new LocalHost(clock, [transport], crypto, [], wakeUps);
  const defaults = { heartbeatInterval: HEARTBEAT_MS };
  class PageContext extends Context {
    constructor() {
      super({ ...WHOLE, turn: new Turn(clock), crypto, engine, defaults, warn() {} });
    }
  }
  const context = new PageContext();
  const dealer = new Dealer({ ...options, context });
  const wakes = () => {
    wake?.();
    clock.turn();
  };
  return { clock, links, state, dealer, wakes, listeners: () => listeners };
}

/** Promises of transports settle. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

test("a fresh socket has the platform's heartbeat, and one that is told otherwise its own", () => {
  assert.equal(sleeper().dealer.heartbeatInterval, HEARTBEAT_MS);
  assert.equal(sleeper({ heartbeatInterval: 0 }).dealer.heartbeatInterval, 0);
});

test("nobody listens for wake-ups before there is a connection", async () => {
  const { dealer, links, listeners } = sleeper();
  assert.equal(listeners(), 0);
  dealer.connect("tcp://127.0.0.1:1");
  await settled();
  links[0]?.greets();
  assert.equal(listeners(), 1);
});

test("a dialer that waits tries at once when the platform wakes", async () => {
  const { clock, dealer, state, links, wakes } = sleeper({ reconnectInterval: 60_000 });
  state.isReachable = false;
  dealer.connect("tcp://127.0.0.1:1");
  await settled();
  assert.equal(state.attempts, 1);
  wakes();
  await settled();
  assert.equal(state.attempts, 2);
  state.isReachable = true;
  wakes();
  await settled();
  assert.equal(links.length, 1);
  links[0]?.greets();
  assert.equal(clock.pending, 1, "the timer of the heartbeat alone is left");
  dealer.close();
  wakes();
  assert.equal(state.attempts, 3);
});

test("a socket that is closed while it waits is not woken", async () => {
  const { dealer, state, wakes } = sleeper({ reconnectInterval: 60_000 });
  state.isReachable = false;
  dealer.connect("tcp://127.0.0.1:1");
  await settled();
  dealer.close();
  wakes();
  await settled();
  assert.equal(state.attempts, 1);
});

test("a connection asks its peer when the platform wakes, and is made again when the peer is silent", async () => {
  const { clock, dealer, state, links, wakes } = sleeper({ reconnectInterval: 10 });
  dealer.connect("tcp://127.0.0.1:1");
  await settled();
  const link = links[0] as TalkingLink;
  link.greets();
  clock.turn();
  wakes();
  assert.ok(link.sent.includes(PING));
  clock.advance(4000);
  link.handler.data(command("PONG"));
  clock.advance(2000);
  assert.equal(link.isOpen, true);
  wakes();
  clock.advance(5000);
  assert.equal(link.isOpen, false);
  clock.advance(20);
  await settled();
  assert.equal(state.attempts, 2);
});

for (const [told, greeting, sends] of [
  ["without being told so, PING goes to peers of ZMTP 3.1", GREETING, true],
  ["without being told so, no PING goes to a peer of ZMTP 3.0, which may not know it", OLD_GREETING, false],
] as const) {
  test(told, async () => {
    const { clock, dealer, links } = sleeper();
    dealer.connect("tcp://127.0.0.1:1");
    await settled();
    const link = links[0] as TalkingLink;
    link.greets(greeting);
    clock.advance(HEARTBEAT_MS);
    assert.equal(link.sent.includes(PING), sends);
    clock.advance(10 * HEARTBEAT_MS);
    assert.equal(link.isOpen, !sends);
  });
}

test("a socket that was told to sends PING to peers of ZMTP 3.0 as well, as libzmq does", async () => {
  const { clock, dealer, links } = sleeper({ heartbeatInterval: 1000 });
  dealer.connect("tcp://127.0.0.1:1");
  await settled();
  links[0]?.greets(OLD_GREETING);
  clock.advance(1000);
  assert.ok(links[0]?.sent.includes(PING));
});
