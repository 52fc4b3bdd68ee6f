/** What a peer sent behind a message is decoded while somebody reads that message: whatever it is, the reader is not disturbed. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fromText, toText } from "../../src/base/bytes.ts";
import { coreOf } from "../../src/socket/core-of.ts";
import { Dealer, Pull, Reply, Request, Router, Subscriber, XPublisher } from "../../src/socket/sockets.ts";
import { bytes, command, type FakeLink, frame } from "../fake-link.ts";
import { bound } from "./bound.ts";

const X = frame(0, fromText("x"));
const DELIMITER = frame(1, []);
const TOO_LONG = frame(0, new Uint8Array(200));
const OPTIONS = { receiveTimeout: 0, maxMessageSize: 100 } as const;

async function receiveText(socket: { receive(): Promise<Uint8Array[]> }): Promise<string> {
  return (await socket.receive()).map(toText).join("|");
}

/** Numbered messages, with `behind` after each. */
function numbered(count: number, behind: (index: number) => Uint8Array): Uint8Array {
  return bytes(...Array.from({ length: count }, (_, i) => bytes(frame(0, fromText(`m${i}`)), behind(i))));
}

describe("what breaks the protocol behind a message", () => {
  for (const [name, Type, peer, sent] of [
    ["PULL", Pull, "PUSH", X],
    ["DEALER", Dealer, "DEALER", X],
    ["ROUTER", Router, "DEALER", X],
    ["REP", Reply, "REQ", bytes(DELIMITER, X)],
  ] as const) {
    it(`ends a connection of a ${name} once the message was read, and leaves nothing in the reckoning`, async () => {
      const { socket, clock, transport } = bound(Type as typeof Pull, OPTIONS);
      const { departedBacklog } = coreOf(socket);
      for (let i = 0; i < 10; i++) {
        const link = transport.peer(peer);
        link.handler.data(bytes(sent, TOO_LONG));
        assert.match(await receiveText(socket), /x$/);
        clock.turn();
        assert.equal(link.isOpen, false);
        assert.equal(departedBacklog.bytes, 0);
        if (name === "REP") await (socket as unknown as Reply).send("reply");
      }
    });
  }

  it("does not reach the sender of a request, whose socket throws away what is unasked", async () => {
    const { socket, clock, transport } = bound(Request, OPTIONS);
    const bad = transport.peer("REP");
    const good = transport.peer("REP");
    bad.handler.data(bytes(DELIMITER, X, TOO_LONG));
    await socket.send("question");
    clock.turn();
    assert.equal(bad.isOpen, false);
    await assert.rejects(socket.receive(), { code: "EAGAIN" });
    good.handler.data(bytes(DELIMITER, X));
    assert.equal(await receiveText(socket), "x");
  });

  it("takes no message of another peer with it", async () => {
    const { socket, clock, transport } = bound(Request, OPTIONS);
    const asked = transport.peer("REP");
    const other = transport.peer("REP");
    await socket.send("question");
    other.handler.data(bytes(DELIMITER, frame(0, fromText("unasked")), TOO_LONG));
    asked.handler.data(bytes(DELIMITER, X));
    assert.equal(await receiveText(socket), "x");
    clock.turn();
    assert.equal(other.isOpen, false);
    assert.equal(asked.isOpen, true);
  });

  it("is the end: what the link brings in that moment is not looked at", async () => {
    const { socket, clock, transport } = bound(Subscriber, OPTIONS);
    socket.subscribe();
    const link = transport.peer("PUB");
    link.handler.data(bytes(X, TOO_LONG, X));
    assert.equal(await receiveText(socket), "x");
    link.handler.data(X);
    clock.turn();
    assert.equal(link.isOpen, false);
    await assert.rejects(socket.receive(), { code: "EAGAIN" });
  });
});

describe("an XPUB whose user is behind", () => {
  async function receiveAll(link: FakeLink, { socket, clock }: ReturnType<typeof xpub>): Promise<string[]> {
    const received: string[] = [];
    for (let count = 0; count < 120; count++) {
      received.push(await receiveText(socket).catch(() => ""));
      clock.turn();
    }
    assert.equal(link.isPaused, false);
    return received.filter((text) => text !== "");
  }
  const xpub = (receiveHighWaterMark: number) => bound(XPublisher, { ...OPTIONS, receiveHighWaterMark });

  for (const mark of [1, 2, 3, 10]) {
    it(`receives messages in the order in which they came, with a high-water mark of ${mark}`, async () => {
      const under = xpub(mark);
      const link = under.transport.peer("XSUB");
      link.handler.data(numbered(20, () => bytes()));
      under.clock.advance(200);
      const expected = Array.from({ length: 20 }, (_, i) => `m${i}`);
      assert.deepEqual(await receiveAll(link, under), expected);
    });

    it(`hears of subscriptions behind the messages before them, with a high-water mark of ${mark}`, async () => {
      for (const readsLate of [false, true]) {
        const under = xpub(mark);
        const link = under.transport.peer("XSUB");
        link.handler.data(numbered(60, (i) => (i % 3 === 0 ? command("SUBSCRIBE", fromText(`s${i}`)) : bytes())));
        if (readsLate) under.clock.advance(200);
        const expected = Array.from({ length: 60 }, (_, i) => (i % 3 === 0 ? [`m${i}`, `\u0001s${i}`] : [`m${i}`]));
        assert.deepEqual(await receiveAll(link, under), expected.flat());
      }
    });
  }

  it("reckons what a peer is refused with, and what stood beside it", async () => {
    const options = { ...OPTIONS, maxSubscriptionsPerPeer: 1 } as const;
    const { socket, transport } = bound(XPublisher, options);
    const { departedBacklog } = coreOf(socket);
    const link = transport.peer("XSUB");
    link.handler.data(bytes(frame(1, fromText("\u0001a")), frame(1, fromText("\u0001b")), X));
    assert.equal(link.isOpen, false);
    assert.ok(departedBacklog.bytes > 0);
    for (;;) if ((await receiveText(socket).catch(() => "")) === "") break;
    assert.equal(departedBacklog.bytes, 0);
  });
});
