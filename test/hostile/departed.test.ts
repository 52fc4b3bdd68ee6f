/** Peers that come, leave something unread, and go: what they leave is bounded for all of them together, and nothing is lost. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { fromText } from "../../src/base/bytes.ts";
import { Dealer as RealDealer } from "../../src/index.ts";
import { coreOf } from "../../src/socket/core-of.ts";
import { Dealer, Pair, Pull, Push, Reply, Router, Stream, Subscriber } from "../../src/socket/sockets.ts";
import { bytes, type FakeLink, frame, GREETING, ready, repeated } from "../fake-link.ts";
import { bound } from "./bound.ts";

const LIMIT = 100_000;
const X = frame(0, fromText("x"));
type Turns = { turn(): void };
type Bound = ReturnType<typeof bound>;

/** Comes, sends, and goes; when it is not read, what it sent and its end wait in the kernel, as with a real link. */
function visit({ clock, transport }: Bound, type: string, sent: Uint8Array): FakeLink {
  const link = transport.peer(type);
  if (link.isPaused) return link;
  link.handler.data(sent);
  link.handler.closed();
  clock.turn();
  return link;
}

type Reader = { receive(): Promise<unknown> };

/** Every so many messages a `receive` ends in a later turn. */
async function read(socket: Reader, clock: Turns): Promise<boolean> {
  const received = socket.receive().then(
    () => true,
    () => false,
  );
  clock.turn();
  return received;
}

/** Reads what is there. */
async function readAll(socket: Reader, clock: Turns): Promise<number> {
  let count = 0;
  while (await read(socket, clock)) count++;
  return count;
}

describe("what departed peers left unread", () => {
  for (const [name, Type, peer, sent, options] of [
    ["PULL", Pull, "PUSH", X, {}],
    ["DEALER", Dealer, "DEALER", X, {}],
    ["ROUTER", Router, "DEALER", X, {}],
    ["ROUTER that is told of peers", Router, "DEALER", bytes(), { routerNotify: 3 }],
    ["REP", Reply, "REQ", bytes(frame(1, []), X), {}],
    ["SUB", Subscriber, "PUB", X, {}],
    ["PAIR", Pair, "PAIR", X, {}],
  ] as const) {
    it(`holds new connections of a ${name} back beyond departedHighWaterMarkBytes`, () => {
      const under = bound(Type as typeof Pull, { departedHighWaterMarkBytes: LIMIT, receiveTimeout: 0, ...options });
      let count = 0;
      while (!visit(under as unknown as Bound, peer, sent).isPaused)
        assert.ok(++count < 100, "each costs a kilobyte at least");
      assert.ok(count > 20, `${count} peers fitted`);
      assert.equal(under.transport.peer(peer).isPaused, true, "nor is the next one read");
    });
  }

  it("is bounded in memory however many peers come with one empty message", () => {
    const under = bound(Pull, { departedHighWaterMarkBytes: 1_000_000 });
    const links = Array.from({ length: 5000 }, () => visit(under as unknown as Bound, "PUSH", frame(0, [])));
    assert.ok(links.filter((link) => !link.isPaused).length < 1000);
  });

  it("is lost never: what waits is read once half of it was received", async () => {
    const under = bound(Pull, { departedHighWaterMarkBytes: LIMIT, receiveTimeout: 0 });
    const { socket, clock, transport } = under;
    const sent = repeated(X, 10);
    let count = 0;
    let waiting = visit(under as unknown as Bound, "PUSH", sent);
    for (; !waiting.isPaused; waiting = visit(under as unknown as Bound, "PUSH", sent)) count += 10;
    const others = Array.from({ length: 99 }, () => transport.peer("PUSH"));
    assert.ok(others.every((link) => link.isPaused));
    for (; waiting.isPaused; count--) {
      await read(socket, clock);
    }
    assert.ok(count > 0, "before all was read");
    assert.ok(others.every((link) => !link.isPaused));
    for (const link of [waiting, ...others]) link.handler.data(sent);
    clock.advance(100);
    assert.equal(await readAll(socket, clock), count + 1000);
    assert.equal(transport.peer("PUSH").isPaused, false);
  });

  it("does not stop peers that are there, nor what is sent to the new ones", async () => {
    const under = bound(Dealer, { departedHighWaterMarkBytes: LIMIT });
    const { socket, clock, transport } = under;
    const old = transport.peer("DEALER");
    while (!visit(under as unknown as Bound, "DEALER", X).isPaused);
    old.handler.data(X);
    assert.equal(old.isPaused, false);
    const before = transport.peer("DEALER");
    const bytesBefore = before.sentBytes;
    for (let i = 0; i < 10; i++) await socket.send("hello");
    clock.turn();
    assert.ok(before.sentBytes > bytesBefore);
  });

  it("that was held back is let go a few at a time, for they leave something behind too", async () => {
    const under = bound(Pull, { departedHighWaterMarkBytes: LIMIT, receiveTimeout: 0 });
    const { socket, clock, transport } = under;
    while (!visit(under as unknown as Bound, "PUSH", X).isPaused);
    const waiting = Array.from({ length: 1000 }, () => transport.peer("PUSH"));
    const { resume } = waiting[0] as FakeLink;
    let resumed = 0;
    for (const link of waiting) {
      link.resume = () => {
        resume.call(link);
        resumed++;
        link.handler.data(repeated(X, 100));
        link.handler.closed();
      };
    }
    for (let i = 0; resumed === 0; i++) {
      assert.ok(i < 100);
      await read(socket, clock);
    }
    assert.ok(resumed < 20, `${resumed} at once`);
    let total = 0;
    while (resumed < 1000) total += await readAll(socket, clock);
    assert.ok(total > 95_000);
  });

  it("lets no more than a few go in one turn", async () => {
    const under = bound(Pull, { departedHighWaterMarkBytes: LIMIT });
    const { socket, clock, transport } = under;
    while (!visit(under as unknown as Bound, "PUSH", X).isPaused);
    const waiting = Array.from({ length: 100 }, () => transport.peer("PUSH"));
    const turns: (() => void)[] = [];
    clock.yield = (task) => {
      turns.push(task);
    };
    const { departedBacklog } = coreOf(socket);
    while (departedBacklog.bytes > LIMIT / 2) await socket.receive();
    let before = 0;
    for (let turn = turns.shift(); turn !== undefined; turn = turns.shift()) {
      turn();
      const now = waiting.filter((link) => !link.isPaused).length;
      assert.ok(now - before <= 16, `${now - before} in one turn`);
      before = now;
    }
    assert.equal(before, 100);
  });

  it("counts for a peer that goes without having been read: what it sent is lost with its connection, and costs nothing", async () => {
    const under = bound(Pull, { departedHighWaterMarkBytes: LIMIT, receiveTimeout: 0 });
    const { socket, clock, transport } = under;
    let count = 0;
    while (!visit(under as unknown as Bound, "PUSH", X).isPaused) count++;
    for (let i = 0; i < 100; i++) {
      const link = transport.connection();
      link.handler.data(GREETING);
      link.handler.data(bytes(ready("PUSH", bytes()), repeated(X, 1000)));
      link.handler.closed();
    }
    assert.equal(await readAll(socket, clock), count);
  });

  it("holds nothing back with a limit of 0, or once the limit is raised", () => {
    const free = bound(Pull, { departedHighWaterMarkBytes: 0 });
    for (let i = 0; i < 200; i++) assert.equal(visit(free as unknown as Bound, "PUSH", X).isPaused, false);
    const under = bound(Pull, { departedHighWaterMarkBytes: LIMIT });
    const held = (() => {
      for (;;) {
        const link = visit(under as unknown as Bound, "PUSH", X);
        if (link.isPaused) return link;
      }
    })();
    under.socket.departedHighWaterMarkBytes = 2 * LIMIT;
    under.clock.turn();
    assert.equal(held.isPaused, false);
  });

  it("is nothing where nobody will ever read: PUSH, and a ROUTER's peers without a name of their own", () => {
    const push = bound(Push);
    const router = bound(Router, { departedHighWaterMarkBytes: LIMIT });
    router.transport.peer("DEALER", "same");
    for (let i = 0; i < 1000; i++) {
      assert.equal(visit(push as unknown as Bound, "PULL", X).isPaused, false);
      const link = router.transport.peer("DEALER", "same");
      assert.equal(link.isPaused, false);
      link.handler.data(X);
      if (link.isOpen) link.handler.closed();
    }
  });

  it("is bounded for STREAM too", async () => {
    const { socket, clock, transport } = bound(Stream, { departedHighWaterMarkBytes: LIMIT, receiveTimeout: 0 });
    let count = 0;
    for (;;) {
      const link = transport.connection();
      if (link.isPaused) break;
      link.handler.data(fromText("x"));
      link.handler.closed();
      assert.ok(++count < 100);
    }
    const held = transport.connection();
    await socket.receive();
    assert.equal(held.isPaused, true);
    await readAll(socket, clock);
    assert.equal(held.isPaused, false);
    held.handler.data(fromText("late"));
    assert.equal(`${(await socket.receive())[1]}`, "late");
  });
});

describe("a server that fills its client, hangs up, and is dialed again", () => {
  it("adds nothing before the client has read, and loses nothing", async () => {
    let connections = 0;
    let told: () => void = () => {};
    const second = new Promise<void>((resolve) => {
      told = resolve;
    });
    const server = createServer((tcp) => {
      if (++connections === 2) told();
      let length = 0;
      tcp.on("error", () => {}); // "close" follows, and nobody asks.
      tcp.write(GREETING);
      tcp.on("data", (chunk) => {
        const before = length;
        length += chunk.length;
        if (before >= 64 || length < 64) return;
        tcp.write(ready("DEALER", bytes()));
        tcp.end(repeated(frame(0, []), 25_000));
      });
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    const client = new RealDealer({ reconnectInterval: 1, linger: 0 });
    client.connect(`tcp://127.0.0.1:${(server.address() as AddressInfo).port}`);
    await second;
    await delay(200);
    assert.equal(connections, 2);
    assert.ok((client.peers[0]?.receiveQueueLength ?? 0) <= 25_000);
    for (let count = 0; count < 75_001; count++) await client.receive();
    client.close();
    server.close();
  });
});
