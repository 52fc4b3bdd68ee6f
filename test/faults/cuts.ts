/**
 * What must hold across a relay that cuts at random, one function a promise.
 * Each runs until the relay has cut so often, checks as it goes, and rejects
 * with what it saw when a promise was broken.
 */

import assert from "node:assert/strict";
import { Context, Dealer, Publisher, Pull, Push, Reply, Request, Router, Subscriber } from "../../src/index.ts";
import { Random } from "../fuzz/random.ts";
import { Relay } from "./relay.ts";
import { streams } from "./stream-cuts.ts";

export interface Report {
  readonly cuts: number;
  readonly connections: number;
  readonly [figure: string]: number;
}

/** Bytes of a message that leave and that nobody counts when the connection breaks: what the kernels and the relay hold. */
const MOST_UNDERWAY_BYTES = 16 * 2 ** 20;
const LOCAL = "tcp://127.0.0.1:*";
/** Both sides speak the stream of ZMTP there, and the opening handshake of WebSocket is cut too. */
const WS = "ws://127.0.0.1:*/cut";

/** Mostly small; one in ten up to `mostBytes`. */
function body(n: number, random: Random, mostBytes = 20_000): Buffer[] {
  const middle = Buffer.alloc(random.below(random.oneIn(10) ? mostBytes : 300), n);
  return [Buffer.from(`${n}`), middle, Buffer.from(`${n}/${middle.length}`)];
}

/** The number of a message; throws when it is torn or changed. */
function numberOf(frames: readonly Uint8Array[]): number {
  const n = Number(String(frames[0]));
  const [, middle] = frames;
  assert.ok(frames.length === 3 && middle !== undefined, `a message of ${frames.length} frames`);
  assert.equal(String(frames[2]), `${n}/${middle.length}`, "a torn message");
  for (let i = 0; i < middle.length; i++) if (middle[i] !== (n & 255)) assert.fail("a changed message");
  return n;
}

/**
 * PUSH to PULL, which of them is bound as said. On one connection messages come in order and without a gap; over all,
 * none comes twice; what is missing at the end of a connection is in `drops`, or had left for the kernel.
 */
export async function pushPull(cuts: number, seed: number, isPushBound: boolean, local = LOCAL): Promise<Report> {
  const random = new Random(seed);
  const context = new Context();
  const push = new Push({ context, linger: 0, reconnectInterval: 1, sendHighWaterMark: 100 });
  const pull = new Pull({ context, linger: 0, reconnectInterval: 1, receiveHighWaterMark: 100 });
  const [bound, dialed] = isPushBound ? [push, pull] : [pull, push];
  await bound.bind(local);
  const relay = await Relay.start(bound.lastEndpoint ?? "", { random: new Random(seed + 1), mostBytes: 200_000 });
  dialed.connect(relay.endpoint);

  let sent = 0;
  let sentBytes = 0;
  let receivedBytes = 0;
  const last = new Map<string, number>();
  const seen = new Set<number>();
  let gaps = 0;
  let isSending = true;
  const receiving = (async () => {
    for (;;) {
      const { message, peer } = await pull.receiveFrom();
      const n = numberOf(message);
      assert.ok(!seen.has(n), `message ${n} came twice`);
      seen.add(n);
      for (const frame of message) receivedBytes += frame.length;
      // Of a dialed PULL all connections have the relay's address: there the order over all of them is the test.
      const connection = isPushBound ? "" : (peer?.address ?? "");
      // Ports are used again: the first message of a connection has none before it.
      const before = !isPushBound && peer?.messagesReceived === 1 ? undefined : last.get(connection);
      if (before !== undefined) {
        assert.ok(n > before, `message ${n} came behind ${before} on one connection`);
        if (n > before + 1) {
          gaps++;
          assert.ok(isPushBound, `message ${n} came behind ${before} on one connection: a gap`);
        }
      }
      last.set(connection, n);
      if (!isSending && n === sent - 1) return;
    }
  })();
  const sending = (async () => {
    while (relay.cuts < cuts) {
      const frames = body(sent, random);
      const bytes = frames.reduce((total, frame) => total + frame.length, 0);
      await push.send(frames);
      sent++;
      sentBytes += bytes;
      // Or most of what is sent would be in the kernel when the connection breaks.
      if (sent % 50 === 0) await new Promise(setImmediate);
    }
    relay.isCutting = false;
    // The last of all tells that everything before it has come or is lost. It may be lost itself, once.
    isSending = false;
    while (!seen.has(sent - 1)) {
      await push.send(body(sent++, random));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  })();
  await Promise.all([sending, Promise.race([receiving, sending])]);
  push.close();
  pull.close();
  relay.close();
  receiving.catch(() => {}); // its last receive
  const dropped = push.drops.disconnected ?? 0;
  const missing = sent - seen.size;
  assert.ok(dropped <= missing, `${dropped} counted as dropped, ${missing} missing`);
  if (!isPushBound) assert.equal(dropped, 0, "what a dialed PUSH has queued waits for the next connection");
  assert.ok(sentBytes - receivedBytes <= relay.cuts * MOST_UNDERWAY_BYTES, "more was lost than can be underway");
  const underway = missing - dropped;
  return { cuts: relay.cuts, connections: relay.connections, sent, received: seen.size, dropped, underway, gaps };
}

/** Every request is answered, by its own reply. */
export async function requests(cuts: number, seed: number, local = LOCAL): Promise<Report> {
  const context = new Context();
  const reply = new Reply({ context, linger: 0 });
  await reply.bind(local);
  let served = 0;
  void (async () => {
    for await (const message of reply) {
      served++;
      await reply.send(message);
    }
  })().catch(() => {}); // the end
  const relay = await Relay.start(reply.lastEndpoint ?? "", { random: new Random(seed), mostBytes: 4000 });
  const request = new Request({ context, linger: 0, reconnectInterval: 1 });
  request.connect(relay.endpoint);
  const random = new Random(seed + 1);
  let asked = 0;
  while (relay.cuts < cuts) {
    const message = body(asked, random, 1000); // one that is larger than what a connection carries never gets through
    const answer = await request.request(message, { timeout: 50, retries: 10_000 });
    assert.equal(numberOf(answer), asked, "the reply to another request");
    asked++;
  }
  request.close();
  reply.close();
  relay.close();
  return { cuts: relay.cuts, connections: relay.connections, asked, served, repeated: served - asked };
}

/** SUB gets what it subscribed to, and only that, again after each cut; in order on all connections, nothing twice. */
export async function subscriptions(cuts: number, seed: number, local = LOCAL): Promise<Report> {
  const random = new Random(seed);
  const context = new Context();
  const publisher = new Publisher({ context, linger: 0 });
  await publisher.bind(local);
  const relay = await Relay.start(publisher.lastEndpoint ?? "", { random: new Random(seed + 1), mostBytes: 20_000 });
  const subscriber = new Subscriber({ context, linger: 0, reconnectInterval: 1, receiveTimeout: 10_000 });
  subscriber.connect(relay.endpoint);
  subscriber.subscribe("wanted");
  let sent = 0;
  let received = 0;
  let revivals = 0;
  let isCut = true;
  relay.onCut = () => {
    isCut = true;
  };
  const receiving = (async () => {
    let before = -1;
    while (relay.cuts < cuts) {
      const [topic, ...frames] = await subscriber.receive(); // rejects when no subscription is there any more
      assert.equal(String(topic), "wanted");
      const n = numberOf(frames);
      assert.ok(n > before, `news ${n} came behind ${before}`);
      before = n;
      received++;
      if (isCut) revivals++;
      isCut = false;
    }
  })();
  let isOver = false;
  void receiving
    .catch(() => {})
    .finally(() => {
      isOver = true;
    });
  while (!isOver) {
    for (let i = 0; i < 20; i++) {
      const frames = body(sent++, random);
      await publisher.send(["wanted", ...frames]);
      await publisher.send(["other", ...frames]);
    }
    await new Promise(setImmediate);
  }
  await receiving;
  publisher.close();
  subscriber.close();
  relay.close();
  return { cuts: relay.cuts, connections: relay.connections, sent, received, revivals };
}

/** A ROUTER with `handover` reaches a peer of one name again after each cut, and the peer it. */
export async function handover(cuts: number, seed: number): Promise<Report> {
  const random = new Random(seed);
  const context = new Context();
  const router = new Router({ context, linger: 0, handover: true });
  await router.bind(LOCAL);
  const relay = await Relay.start(router.lastEndpoint ?? "", { random: new Random(seed + 1), mostBytes: 100_000 });
  const dealer = new Dealer({ context, linger: 0, routingId: "peer", reconnectInterval: 1, receiveTimeout: 10_000 });
  dealer.connect(relay.endpoint);
  let sent = 0;
  let received = 0;
  let heard = 0;
  const hearing = (async () => {
    let before = -1;
    for (;;) {
      const [name, ...frames] = await router.receive();
      assert.equal(String(name), "peer");
      const n = numberOf(frames);
      assert.ok(n > before, `answer ${n} came behind ${before}`);
      before = n;
      heard++;
    }
  })();
  const receiving = (async () => {
    let before = -1;
    while (relay.cuts < cuts) {
      const frames = await dealer.receive(); // rejects when the ROUTER does not reach it any more
      const n = numberOf(frames);
      assert.ok(n > before, `message ${n} came behind ${before}`);
      before = n;
      received++;
      if (dealer.writable) await dealer.send(frames);
    }
  })();
  let isOver = false;
  void receiving
    .catch(() => {})
    .finally(() => {
      isOver = true;
    });
  while (!isOver) {
    for (let i = 0; i < 20; i++) await router.send(["peer", ...body(sent++, random)]);
    await new Promise(setImmediate);
  }
  await Promise.race([receiving, hearing]);
  router.close();
  dealer.close();
  relay.close();
  await assert.rejects(hearing, { code: "EAGAIN" }); // its last receive, and no broken promise
  const unroutable = router.drops.unroutable ?? 0;
  return { cuts: relay.cuts, connections: relay.connections, sent, received, heard, unroutable };
}

/** A connection that neither ends nor carries anything is found by heartbeats, on both sides, and another one made. */
export async function halfOpen(times: number, seed: number): Promise<Report> {
  const context = new Context();
  const heartbeats = { heartbeatInterval: 40, heartbeatTimeout: 40, heartbeatTimeToLive: 200 };
  // Whoever hears of the loss first dials into the silence, and no heartbeat finds a handshake that is half open.
  const common = { context, linger: 0, handshakeInterval: 300, ...heartbeats };
  const pull = new Pull({ ...common, receiveTimeout: 500 });
  await pull.bind(LOCAL);
  const relay = await Relay.start(pull.lastEndpoint ?? "", { random: new Random(seed), mostBytes: 2 });
  relay.isCutting = false;
  const push = new Push({ ...common, reconnectInterval: 1 });
  push.connect(relay.endpoint);
  let longestMs = 0;
  for (let n = 0; n < times; n++) {
    await Promise.all([push.connected(), pull.connected()]);
    const begun = performance.now();
    const gone = Promise.all([push, pull].map((socket) => new Promise((resolve) => once(socket, resolve))));
    relay.isSilent = true;
    await gone;
    longestMs = Math.max(longestMs, performance.now() - begun);
    relay.isSilent = false;
    // A machine that is busy for 40 ms ends the connection again, with what was on its way.
    while (!(await arrives(push, pull, `${n}`)));
  }
  push.close();
  pull.close();
  relay.close();
  return { cuts: times, connections: relay.connections, longestMs: Math.round(longestMs) };
}

async function arrives(push: Push, pull: Pull, text: string): Promise<boolean> {
  await push.send(text);
  try {
    while (String(await pull.receive()) !== text);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EAGAIN") return false;
    throw error;
  }
}

function once(socket: Push | Pull, listener: (event: unknown) => void): void {
  const heard = (event: unknown): void => {
    socket.events.off("disconnect", heard);
    listener(event);
  };
  socket.events.on("disconnect", heard);
}

/** Each promise by name. */
export const PROMISES: Readonly<Record<string, (cuts: number, seed: number) => Promise<Report>>> = {
  "PUSH to bound PULL": (cuts, seed) => pushPull(cuts, seed, false),
  "bound PUSH to PULL": (cuts, seed) => pushPull(cuts, seed, true),
  "request to REP": (cuts, seed) => requests(cuts, seed),
  "PUB to SUB": (cuts, seed) => subscriptions(cuts, seed),
  "ROUTER with handover": handover,
  STREAM: streams,
  "PUSH to bound PULL over ws": (cuts, seed) => pushPull(cuts, seed, false, WS),
  "bound PUSH to PULL over ws": (cuts, seed) => pushPull(cuts, seed, true, WS),
  "request to REP over ws": (cuts, seed) => requests(cuts, seed, WS),
  "PUB to SUB over ws": (cuts, seed) => subscriptions(cuts, seed, WS),
};
