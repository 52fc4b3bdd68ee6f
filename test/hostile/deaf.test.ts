/** Peers that never read, and peers that come to life a byte at a time: how long they are waited for. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fromText } from "../../src/base/bytes.ts";
import { Dealer, Pull, Router, Stream } from "../../src/socket/sockets.ts";
import type { FakeClock } from "../fake-clock.ts";
import { bytes, command, FakeLink, fakeContext, frame, GREETING, ready, repeated } from "../fake-link.ts";
import { bound } from "./bound.ts";

const X = frame(0, fromText("x"));
const LINGER = 1000;

/** What was sent to a peer that takes none of it holds the end of its endpoint for the linger period, and no longer. */
async function assertHeldForLinger(socket: Dealer, clock: FakeClock, link: FakeLink, end: (socket: Dealer) => void) {
  link.isFull = true;
  for (let i = 0; i < 5; i++) {
    await socket.send("x");
    clock.turn();
  }
  end(socket);
  clock.advance(LINGER - 1);
  assert.equal(link.isOpen, true);
  clock.advance(1);
  assert.equal(link.isOpen, false);
  assert.equal(clock.pending, 0);
}

describe("a peer that never reads", () => {
  it("and loses its name by handover is let go when the linger period is over, and what waited for it is counted", async () => {
    const { socket, clock, transport } = bound(Router, { handover: true, linger: LINGER });
    const old = transport.peer("DEALER", "same");
    old.isFull = true;
    for (let i = 0; i < 10; i++) {
      await socket.send(["same", "x"]);
      clock.turn();
    }
    const fresh = transport.peer("DEALER", "same");
    const before = fresh.sentBytes;
    await socket.send(["same", "for the new one"]);
    clock.turn();
    assert.ok(fresh.sentBytes > before, "the new connection is served at once");
    clock.advance(LINGER - 1);
    assert.equal(old.isOpen, true);
    clock.advance(1);
    assert.equal(old.isOpen, false);
    assert.equal(socket.drops.disconnected, 9, "the first had left for the link");
    assert.equal(fresh.isOpen, true);
    assert.equal(clock.pending, 0);
  });

  it("costs one connection however often it takes its own name over, with linger 0", async () => {
    const { socket, clock, transport } = bound(Router, { handover: true, linger: 0 });
    const links: FakeLink[] = [];
    for (let i = 0; i < 100; i++) {
      const link = transport.peer("DEALER", "same");
      link.isFull = true;
      links.push(link);
      await socket.send(["same", "x"]);
      await socket.send(["same", "x"]);
      clock.turn();
    }
    assert.equal(links.filter((link) => link.isOpen).length, 1);
  });

  it("holds a STREAM that closes it no longer than linger says", async () => {
    const { socket, clock, transport } = bound(Stream, { linger: LINGER, notify: false });
    const link = transport.connection();
    link.handler.data(fromText("hello"));
    const [id = ""] = await socket.receive();
    link.isFull = true;
    await socket.send([id, "x"]);
    await socket.send([id, "x"]);
    await socket.send([id, ""]);
    clock.advance(LINGER - 1);
    assert.equal(link.isOpen, true);
    clock.advance(1);
    assert.equal(link.isOpen, false);
  });

  for (const [what, end] of [
    ["close", (socket: Dealer) => socket.close()],
    ["unbind", (socket: Dealer) => socket.unbindSync("tcp://127.0.0.1:1")],
  ] as const) {
    it(`holds ${what} of a bound socket no longer than linger says`, async () => {
      const { socket, clock, transport } = bound(Dealer, { linger: LINGER });
      const link = transport.peer("DEALER");
      await assertHeldForLinger(socket, clock, link, end);
    });
  }

  for (const [what, end] of [
    ["close", (socket: Dealer) => socket.close()],
    ["disconnect", (socket: Dealer) => socket.disconnect("tcp://127.0.0.1:1")],
  ] as const) {
    it(`holds ${what} of a connected socket no longer than linger says`, async () => {
      const { context, clock, transport } = fakeContext();
      const link = new FakeLink();
      transport.connect = () => Promise.resolve(link);
      const socket = new Dealer({ context, linger: LINGER });
      socket.connect("tcp://127.0.0.1:1");
      await undefined;
      await undefined;
      link.handler.data(GREETING);
      link.handler.data(ready("DEALER", new Uint8Array(0)));
      await assertHeldForLinger(socket, clock, link, end);
    });
  }
});

describe("heartbeats", () => {
  const options = { heartbeatInterval: 1000, heartbeatTimeout: 3000, receiveHighWaterMark: 10 };
  const PONG = command("PONG");

  it("take a byte a second for life: a large frame on a slow line is no silence", async () => {
    const { socket, clock, transport } = bound(Pull, options);
    const link = transport.peer("PUSH");
    const large = frame(0, fromText("a frame that takes a minute to come"));
    for (const octet of large) {
      link.handler.data(Uint8Array.of(octet));
      clock.advance(1000);
      assert.equal(link.isOpen, true);
    }
    assert.equal(`${(await socket.receive())[0]}`, "a frame that takes a minute to come");
    clock.advance(5000);
    assert.equal(link.isOpen, false, "and then the silence counts");
  });

  it("find a peer that falls silent while its messages are unread", () => {
    const { clock, transport } = bound(Pull, options);
    const link = transport.peer("PUSH");
    link.handler.data(repeated(X, 100));
    clock.advance(10_000);
    assert.equal(link.isPaused, false);
    assert.equal(link.isOpen, false);
  });

  it("find it also while the application still reads what came before", async () => {
    const { socket, clock, transport } = bound(Pull, { ...options, receiveHighWaterMark: 1000 });
    const link = transport.peer("PUSH");
    link.handler.data(repeated(X, 1000));
    for (let i = 0; i < 10; i++) {
      await socket.receive();
      clock.advance(1000);
    }
    assert.equal(link.isOpen, false);
    assert.equal(`${(await socket.receive())[0]}`, "x", "what had come can still be read");
  });

  it("find a peer that froze while it took no more bytes, before any PING could leave", async () => {
    const { socket, clock, transport } = bound(Dealer, options);
    const link = transport.peer("DEALER");
    link.isFull = true;
    link.unsentBytes = 100;
    for (let i = 0; i < 3; i++) {
      await socket.send("x");
      clock.turn();
    }
    clock.advance(3999);
    assert.equal(link.isOpen, true);
    clock.advance(1);
    assert.equal(link.isOpen, false, "the first PING was due after 1000 ms, and 3000 ms later this is silence");
  });

  it("keep a peer that takes bytes slowly", async () => {
    const { socket, clock, transport } = bound(Dealer, options);
    const link = transport.peer("DEALER");
    link.isFull = true;
    link.unsentBytes = 100;
    await socket.send("x");
    for (let ms = 0; ms < 60_000; ms += 2000) {
      clock.advance(2000);
      link.unsentBytes--;
    }
    assert.equal(link.isOpen, true);
  });

  it("give no peer up whose bytes are not read, and find out about it once they are", async () => {
    const { socket, clock, transport } = bound(Pull, options);
    const good = transport.peer("PUSH");
    const gone = transport.peer("PUSH");
    for (const link of [good, gone]) {
      link.handler.data(repeated(X, 100));
      clock.advance(100);
      link.handler.data(PONG);
      assert.equal(link.isPaused, true);
    }
    clock.advance(60_000);
    assert.equal(good.isOpen && gone.isOpen, true);
    for (let i = 0; i < 200; i++) {
      await socket.receive();
      clock.turn();
    }
    assert.equal(good.isPaused || gone.isPaused, false);
    for (let i = 0; i < 5; i++) {
      clock.advance(1000);
      good.handler.data(PONG);
    }
    assert.equal(good.isOpen, true);
    assert.equal(gone.isOpen, false);
  });

  it("keep a time to live that a peer gave in a PING that was read late", async () => {
    const { socket, clock, transport } = bound(Pull, { receiveHighWaterMark: 1 });
    const link = transport.peer("PUSH");
    link.handler.data(X);
    link.handler.data(bytes(X, command("PING", [0, 10])));
    clock.advance(100);
    link.handler.data(X);
    assert.equal(link.isPaused, true);
    for (let i = 0; i < 3; i++) {
      await socket.receive();
      clock.turn();
    }
    assert.equal(link.isPaused, false);
    clock.advance(900);
    assert.equal(link.isOpen, true);
    clock.advance(200);
    assert.equal(link.isOpen, false);
  });
});
