/** Each bound that a peer meets, at its value and beyond it; docs/wire.md lists them. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fromText } from "../../src/base/bytes.ts";
import { Dealer, Publisher, Pull, Router, XPublisher } from "../../src/socket/sockets.ts";
import { bytes, command, frame, GREETING, ready, repeated } from "../fake-link.ts";
import { bound, flood } from "./bound.ts";

const MORE = frame(1, []);
const text = (frames: readonly Uint8Array[]): string[] => frames.map((each) => Buffer.from(each).toString("latin1"));

describe("frames of a message", () => {
  it("are as many as maxMessageFrames allows, and a peer that sends one more is cut off", async () => {
    const { socket, transport } = bound(Pull, { maxMessageFrames: 3 });
    const good = transport.peer("PUSH");
    const bad = transport.peer("PUSH");
    good.handler.data(bytes(MORE, MORE, frame(0, fromText("x"))));
    assert.equal((await socket.receive()).length, 3);
    bad.handler.data(bytes(MORE, MORE, MORE, frame(0, [])));
    assert.equal(bad.isOpen, false);
    assert.equal(good.isOpen, true);
  });

  it("end by default where libzmq grows: endless frames without octets", () => {
    const { clock, transport } = bound(Pull);
    const bad = transport.peer("PUSH");
    assert.ok(flood(bad, clock, MORE, 100) < 4);
    assert.equal(bad.isOpen, false);
  });

  it("have as many octets together as maxMultipartSize allows", async () => {
    const { socket, transport } = bound(Pull, { maxMultipartSize: 100 });
    const bad = transport.peer("PUSH");
    const half = new Uint8Array(50);
    bad.handler.data(bytes(frame(1, half), frame(0, half)));
    assert.equal((await socket.receive()).length, 2);
    bad.handler.data(bytes(frame(1, half), frame(0, new Uint8Array(51))));
    assert.equal(bad.isOpen, false);
  });

  it("of 64-bit lengths cost no memory before their octets come", () => {
    const { transport } = bound(Pull);
    const before = process.memoryUsage().arrayBuffers;
    const links = Array.from({ length: 100 }, () => transport.peer("PUSH"));
    for (const link of links) link.handler.data(Uint8Array.of(2, 0x0f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1));
    assert.ok(process.memoryUsage().arrayBuffers - before < 110 * 2 ** 20, "1 MiB of address space each, not touched");
    assert.ok(links.every((link) => link.isOpen));
  });
});

describe("handshakes", () => {
  it("have commands of maxHandshakeSize, and a longer one is refused by its length alone", () => {
    const { transport } = bound(Dealer, { maxHandshakeSize: 300 });
    const good = transport.connection();
    good.handler.data(GREETING);
    good.handler.data(ready("DEALER", new Uint8Array(255)));
    assert.equal(good.isOpen, true);
    const bad = transport.connection();
    bad.handler.data(GREETING);
    bad.handler.data(Uint8Array.of(6, 0, 0, 0, 0, 0, 0, 1, 0x2d));
    assert.equal(bad.isOpen, false);
  });

  it("end after handshakeInterval, however slowly the greeting comes", () => {
    const { clock, transport } = bound(Pull, { handshakeInterval: 30_000 });
    const slow = transport.connection();
    for (const octet of GREETING) {
      if (!slow.isOpen) break;
      slow.handler.data(Uint8Array.of(octet));
      clock.advance(1000);
    }
    assert.equal(slow.isOpen, false);
    assert.equal(clock.now(), 30_000);
    assert.equal(clock.pending, 0);
  });
});

describe("a flood of commands", () => {
  const PING = command("PING", [0, 0], fromText("context"));

  for (const [what, piece] of [
    ["PING", PING],
    ["commands without a name", frame(4, [])],
    ["unknown commands", command("X")],
  ] as const) {
    it(`of ${what} takes no more than a part of a turn`, () => {
      const { clock, transport } = bound(Pull);
      const bad = transport.peer("PUSH");
      for (let chunks = 0; chunks < 5; chunks++) bad.handler.data(repeated(piece, Math.floor(65_536 / piece.length)));
      assert.equal(bad.isPaused, true, "what comes before the next turn waits");
      clock.turn();
      assert.equal(bad.isPaused, false);
      assert.equal(bad.isOpen, true);
    });
  }

  it("is answered no further while the peer does not read", () => {
    const { clock, transport } = bound(Pull);
    const bad = transport.peer("PUSH");
    clock.turn();
    bad.isFull = true;
    const before = bad.sentBytes;
    flood(bad, clock, PING, 200);
    assert.ok(bad.sentBytes - before < 2 * 65_536, `${bad.sentBytes - before} octets wait`);
    assert.equal(bad.isOpen, true);
  });

  it("sets one timer, not one for each TTL", () => {
    const { clock, transport } = bound(Pull);
    const bad = transport.peer("PUSH");
    bad.handler.data(repeated(command("PING", [0, 100]), 100));
    clock.turn();
    assert.equal(clock.pending, 1);
    clock.advance(9_000);
    bad.handler.data(command("PING", [0, 100]));
    clock.advance(9_000);
    assert.equal(bad.isOpen, true, "the later PING began the time anew");
    clock.advance(2_000);
    assert.equal(bad.isOpen, false);
  });

  it("delivers the message behind it", async () => {
    const { socket, clock, transport } = bound(Pull);
    const bad = transport.peer("PUSH");
    bad.handler.data(bytes(repeated(PING, 3000), frame(0, fromText("end"))));
    clock.turn();
    assert.deepEqual(text(await socket.receive()), ["end"]);
  });

  it("and what else came before the end of the connection is handled all the same", async () => {
    const { socket, transport } = bound(Pull);
    const bad = transport.peer("PUSH");
    bad.handler.data(bytes(repeated(PING, 3000), frame(0, fromText("end"))));
    bad.handler.closed();
    assert.deepEqual(text(await socket.receive()), ["end"]);
  });

  it("of messages to a publisher takes a part of a turn too", () => {
    const { clock, transport } = bound(Publisher);
    const bad = transport.peer("SUB");
    for (let chunks = 0; chunks < 5; chunks++) bad.handler.data(repeated(frame(0, []), 32_768));
    assert.equal(bad.isPaused, true);
    clock.turn();
    assert.equal(bad.isPaused, false);
  });
});

describe("subscriptions", () => {
  const subscribe = (topic: string) => command("SUBSCRIBE", fromText(topic));

  for (const [name, Type] of [
    ["PUB", Publisher],
    ["XPUB", XPublisher],
  ] as const) {
    it(`of one peer of ${name} are maxSubscriptionsPerPeer, and a peer that wants more is cut off`, () => {
      const { transport } = bound(Type as typeof Publisher, { maxSubscriptionsPerPeer: 3 });
      const bad = transport.peer("SUB");
      const other = transport.peer("SUB");
      for (const topic of ["a", "b", "a", "c", "b"]) bad.handler.data(subscribe(topic));
      other.handler.data(subscribe("a"));
      bad.handler.data(command("CANCEL", fromText("a")));
      bad.handler.data(subscribe("d"));
      assert.equal(bad.isOpen, true);
      bad.handler.data(subscribe("e"));
      assert.equal(bad.isOpen, false);
      assert.equal(other.isOpen, true);
    });

    it(`of one peer of ${name} have 256 octets each on average`, () => {
      const { transport } = bound(Type as typeof Publisher, { maxSubscriptionsPerPeer: 10 });
      const bad = transport.peer("SUB");
      bad.handler.data(subscribe("x".repeat(2560)));
      assert.equal(bad.isOpen, true);
      bad.handler.data(frame(0, bytes([1], fromText("y"))));
      assert.equal(bad.isOpen, false, "in message form too");
    });
  }

  it("that nobody reads are held back beyond maxUnreadSubscriptions, and lost never", async () => {
    const { socket, clock, transport } = bound(XPublisher, { maxUnreadSubscriptions: 10 });
    const link = transport.peer("SUB");
    const other = transport.peer("SUB");
    link.handler.data(bytes(...Array.from({ length: 100 }, (_, i) => subscribe(`topic${i}`))));
    link.handler.data(subscribe("last"));
    assert.equal(link.isPaused, true);
    other.handler.data(subscribe("other"));
    assert.equal(other.isPaused, false, "other peers go on");
    const seen = new Set<string>();
    for (let i = 0; i < 102; i++) {
      seen.add(text(await socket.receive())[0] ?? "");
      clock.turn();
    }
    assert.equal(seen.size, 102);
    assert.equal(link.isPaused, false);
  });
});

describe("bytes in queues", () => {
  it("stop a peer at receiveHighWaterMarkBytes, until half of them were read", async () => {
    const { socket, clock, transport } = bound(Pull, { receiveHighWaterMarkBytes: 10_000, receiveHighWaterMark: 0 });
    const link = transport.peer("PUSH");
    const message = frame(0, new Uint8Array(1000));
    link.handler.data(repeated(message, 60));
    clock.advance(100);
    link.handler.data(message);
    assert.equal(link.isPaused, true);
    for (let i = 0; i < 61; i++) {
      assert.equal((await socket.receive())[0]?.length, 1000);
      clock.turn();
    }
    assert.equal(link.isPaused, false);
  });

  it("stop a sender at sendHighWaterMarkBytes", async () => {
    const { socket, clock, transport } = bound(Dealer, {
      sendHighWaterMarkBytes: 10_000,
      sendHighWaterMark: 0,
      sendTimeout: 0,
    });
    const link = transport.peer("DEALER");
    link.isFull = true;
    await socket.send("x");
    clock.turn();
    let sent = 0;
    await assert.rejects(
      async () => {
        for (; sent < 100; sent++) await socket.send(new Uint8Array(1000));
      },
      { code: "EAGAIN" },
    );
    assert.equal(sent, 9, "each takes 1000 bytes, 128 for its frame and 64 for itself");
    link.isFull = false;
    link.handler.drained();
    await socket.send(new Uint8Array(1000));
  });
});

describe("frames in queues", () => {
  const MANY = bytes(repeated(frame(1, []), 20_000), frame(0, []));

  for (const [name, Type, peer] of [
    ["PULL", Pull, "PUSH"],
    ["ROUTER", Router, "DEALER"],
    ["XPUB", XPublisher, "XSUB"],
  ] as const) {
    it(`of messages to a ${name} stop their peer long before the high-water mark, and none is lost`, async () => {
      const { socket, clock, transport } = bound(Type as typeof Pull, { receiveTimeout: 0 });
      const link = transport.peer(peer);
      let sent = 0;
      for (; sent < 100 && !link.isPaused; sent++) {
        link.handler.data(MANY);
        clock.turn();
        clock.advance(100);
      }
      assert.ok(sent < 15, `${sent} messages of 20,001 frames were taken in`);
      let received = 0;
      for (let tries = 0; tries < 2 * sent; tries++) {
        const message = await socket.receive().catch(() => undefined);
        if (message !== undefined) received++;
        clock.turn();
        clock.advance(100);
      }
      assert.equal(received, sent);
      assert.equal(link.isPaused, false);
    });
  }

  it("weigh something where a mark in bytes is set, be they empty", () => {
    const { clock, transport } = bound(Pull, { receiveHighWaterMark: 0, receiveHighWaterMarkBytes: 1_000_000 });
    const link = transport.peer("PUSH");
    let sent = 0;
    for (; sent < 100 && !link.isPaused; sent++) {
      link.handler.data(repeated(frame(0, []), 1000));
      clock.advance(100);
    }
    assert.ok(sent < 20, `${sent} thousand empty messages were taken in`);
  });

  it("of a ROUTER's answers to a peer that does not read are bounded like its messages", async () => {
    const { socket, clock, transport } = bound(Router);
    const bad = transport.peer("DEALER", "bad");
    bad.isFull = true;
    const answer = ["bad", ...Array.from({ length: 20_000 }, () => "")];
    for (let i = 0; i < 100; i++) {
      await socket.send(answer);
      clock.turn();
    }
    const dropped = socket.drops.highWaterMark ?? 0;
    assert.ok(dropped > 80, `${100 - dropped} answers of 20,000 frames wait`);
  });
});

describe("peers that do not read", () => {
  it("cost a ROUTER that answers them no more than its high-water mark", async () => {
    const { socket, clock, transport } = bound(Router, { sendHighWaterMark: 10 });
    const bad = transport.peer("DEALER", "bad");
    const good = transport.peer("DEALER", "good");
    bad.isFull = true;
    let answered = 0;
    const request = frame(0, fromText("request"));
    for (let i = 0; i < 1000; i++) {
      bad.handler.data(request);
      const [id = "", ...rest] = await socket.receive();
      await socket.send([id, ...rest, new Uint8Array(1000)]);
      answered++;
      clock.turn();
    }
    assert.equal(answered, 1000);
    assert.ok(bad.sentBytes < 200_000, `${bad.sentBytes} octets for a peer that reads nothing`);
    good.handler.data(request);
    const [id] = await socket.receive();
    assert.deepEqual(text([id as Uint8Array]), ["good"]);
  });
});

describe("routing ids", () => {
  it("of every length up to 255 are taken, and each addresses its peer", async () => {
    const { socket, clock, transport } = bound(Router, { mandatory: true });
    for (let length = 1; length <= 255; length++) {
      const link = transport.connection();
      const id = new Uint8Array(length).fill(length & 0xff);
      link.handler.data(GREETING);
      link.handler.data(ready("DEALER", id));
      assert.equal(link.isOpen, true, `${length} octets`);
      const before = link.sentBytes;
      await socket.send([id, "x"]);
      clock.turn();
      assert.ok(link.sentBytes > before, `${length} octets`);
    }
  });

  it("that clash leave the first peer its id, and the other costs nothing that lasts", async () => {
    const { socket, clock, transport } = bound(Router, { mandatory: true });
    const first = transport.peer("DEALER", "same");
    for (let i = 0; i < 1000; i++) {
      const second = transport.peer("DEALER", "same");
      second.handler.data(frame(0, fromText("stolen")));
      if (second.isOpen) second.handler.closed();
    }
    const before = first.sentBytes;
    await socket.send(["same", "x"]);
    clock.turn();
    assert.ok(first.sentBytes > before);
    first.handler.data(frame(0, fromText("mine")));
    assert.deepEqual(text(await socket.receive()), ["same", "mine"]);
  });
});

describe("events", () => {
  it("that nobody reads are the newest ten thousand, however many connections come and go", async () => {
    const { socket, clock, transport } = bound(Pull);
    clock.yield = setImmediate;
    const { events } = socket;
    for (let i = 0; i < 5000; i++) transport.peer("PUSH").handler.closed();
    socket.close();
    let count = 0;
    let last = "";
    for await (const { type } of events) {
      count++;
      last = type;
    }
    assert.ok(count <= 10_001, `${count} of 15000`);
    assert.ok(count > 9_000);
    assert.equal(last, "end");
  });
});
