import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { FakeHost, FakePeer, message, receive } from "../../test/fake-pipe.ts";
import { fromText, toText } from "../base/bytes.ts";
import type { OptionValues } from "../base/options.ts";
import { XPubPattern } from "./xpub.ts";

function publisher(options: Partial<OptionValues> = {}) {
  const host = new FakeHost("XPUB", options);
  return { host, xpub: new XPubPattern(host) };
}

function subscribe(peer: FakePeer, topic: string): void {
  peer.pipe.deliverControl({ kind: "subscribe", topic: fromText(topic) });
}

function cancel(peer: FakePeer, topic: string): void {
  peer.pipe.deliverControl({ kind: "cancel", topic: fromText(topic) });
}

/** All that the user has to read, `+topic` and `-topic` for notifications. */
function news(xpub: XPubPattern): string[] {
  const all: string[] = [];
  for (let next = xpub.receive(); next !== undefined; next = xpub.receive()) {
    const first = next[0] as Uint8Array;
    const sign = { 0: "-", 1: "+" }[first[0] ?? 2];
    all.push(sign && next.length === 1 ? sign + toText(first.subarray(1)) : next.map(toText).join("|"));
  }
  return all;
}

describe("XPUB notifications", () => {
  function story(options: Partial<OptionValues>): string[] {
    const { xpub } = publisher(options);
    const [a, b] = [new FakePeer(xpub), new FakePeer(xpub)];
    for (const peer of [a, a, b]) subscribe(peer, "t");
    for (const peer of [a, b]) cancel(peer, "t");
    return news(xpub);
  }

  test("tell of the first subscriber of a topic and the last", () => {
    assert.deepEqual(story({}), ["+t", "-t"]);
  });

  test("tell of every subscription when verbose", () => {
    assert.deepEqual(story({ verbosity: "allSubs" }), ["+t", "+t", "+t", "-t"]);
  });

  test("tell of every cancellation too when more verbose", () => {
    assert.deepEqual(story({ verbosity: "allSubsUnsubs" }), ["+t", "+t", "+t", "-t", "-t"]);
  });

  test("tell of the cancellation of a topic that the peer never had", () => {
    const { xpub } = publisher();
    const [a, b] = [new FakePeer(xpub), new FakePeer(xpub)];
    subscribe(a, "t");
    cancel(b, "t");
    cancel(b, "u");
    assert.deepEqual(news(xpub), ["+t", "-t", "-u"]);
    assert.ok(xpub.hasSubscriber(fromText("t")));
  });

  test("come once for each topic of a peer that is gone, unless another holds it", () => {
    const { xpub } = publisher();
    const [a, b] = [new FakePeer(xpub), new FakePeer(xpub)];
    for (const topic of ["x", "y", "z"]) subscribe(a, topic);
    subscribe(b, "y");
    news(xpub);
    a.end();
    assert.deepEqual(news(xpub), ["-x", "-z"]);
    assert.equal(xpub.source, undefined);
    assert.equal(xpub.topicsCount, 1);
  });

  test("come for all topics of a peer that is gone when told of every cancellation", () => {
    const { xpub } = publisher({ verbosity: "allSubsUnsubs" });
    const [a, b] = [new FakePeer(xpub), new FakePeer(xpub)];
    for (const topic of ["x", "y"]) subscribe(a, topic);
    subscribe(b, "y");
    news(xpub);
    a.end();
    assert.deepEqual(news(xpub), ["-x", "-y"]);
  });

  test("do not come again when a dialed peer is back and subscribes as before", () => {
    const { xpub } = publisher();
    const peer = new FakePeer(xpub, { dialed: true });
    peer.connect();
    subscribe(peer, "t");
    peer.disconnect();
    peer.connect();
    subscribe(peer, "t");
    assert.deepEqual(news(xpub), ["+t"]);
  });

  test("know the peer they are about", () => {
    const { xpub } = publisher();
    const [a, b] = [new FakePeer(xpub), new FakePeer(xpub)];
    subscribe(b, "1");
    subscribe(a, "2");
    assert.equal(xpub.canReceive, true);
    xpub.receive();
    assert.equal(xpub.source, b.pipe);
    xpub.receive();
    assert.equal(xpub.source, a.pipe);
    assert.equal(xpub.canReceive, false);
  });
});

describe("XPUB and messages from upstream", () => {
  test("takes subscriptions from any frame and delivers the other frames, in order with commands", () => {
    const { xpub } = publisher();
    const peer = new FakePeer(xpub);
    subscribe(peer, "1");
    peer.send("\x012");
    peer.send("user", "data", "\x013");
    cancel(peer, "1");
    assert.deepEqual(news(xpub), ["+1", "+2", "+3", "user|data", "-1"]);
  });

  test("with onlyFirstSubscribe leaves later frames alone when the first is not a subscription", () => {
    const { xpub } = publisher({ onlyFirstSubscribe: true });
    const peer = new FakePeer(xpub);
    peer.send("user", "\x013");
    assert.deepEqual(news(xpub), ["user|\x013"]);
    assert.equal(xpub.topicsCount, 0);
  });

  test("leaves user messages beyond the high-water mark in the pipe until the user reads", () => {
    const { xpub } = publisher({ receiveHighWaterMark: 3 });
    const peer = new FakePeer(xpub, { receiveHighWaterMark: 3 });
    for (let i = 1; i <= 6; i++) peer.send(`m${i}`);
    assert.equal(peer.pipe.inboundFull, true);
    assert.equal(receive(xpub), "m1");
    assert.equal(peer.pipe.inboundLength, 2);
    assert.deepEqual(news(xpub), ["m2", "m3", "m4", "m5", "m6"]);
    peer.send("m7");
    assert.deepEqual(news(xpub), ["m7"]);
  });

  test("does not let a command overtake messages that wait in the pipe", () => {
    const { xpub } = publisher({ receiveHighWaterMark: 1 });
    const peer = new FakePeer(xpub);
    peer.send("m1");
    peer.send("\x00t");
    subscribe(peer, "t");
    assert.ok(xpub.hasSubscriber(fromText("t")));
    assert.deepEqual(news(xpub), ["m1", "-t", "+t"]);
  });

  test("delivers what a peer that is gone had sent", () => {
    const { xpub } = publisher({ receiveHighWaterMark: 1 });
    const peer = new FakePeer(xpub);
    subscribe(peer, "t");
    peer.send("m1");
    peer.send("m2");
    peer.end();
    assert.deepEqual(news(xpub), ["+t", "m1", "m2", "-t"]);
  });
});

describe("XPUB in manual mode", () => {
  test("hands every request up, applies none, and lets the user subscribe the peer just read", () => {
    const { xpub } = publisher({ manual: true });
    const [a, b] = [new FakePeer(xpub), new FakePeer(xpub)];
    subscribe(a, "A");
    subscribe(b, "A");
    assert.equal(receive(xpub), "\x01A");
    xpub.subscribe(fromText("XA"));
    assert.equal(receive(xpub), "\x01A");
    xpub.subscribe(fromText("XB"));
    for (const topic of ["A", "XA", "XB"]) xpub.send(message(topic));
    assert.deepEqual([a.received(), b.received()], [["XA"], ["XB"]]);
    cancel(a, "A");
    assert.equal(receive(xpub), "0x0041");
    xpub.unsubscribe(fromText("XA"));
    xpub.send(message("XA"));
    assert.deepEqual(a.received(), []);
  });

  test("tells of the requested topics when the peer is gone, and takes away what it got", () => {
    const { xpub } = publisher({ manual: true });
    const [a, b] = [new FakePeer(xpub), new FakePeer(xpub)];
    subscribe(a, "A");
    receive(xpub);
    xpub.subscribe(fromText("XA"));
    subscribe(b, "A");
    news(xpub);
    a.end();
    assert.deepEqual(news(xpub), ["-A"]);
    assert.equal(xpub.topicsCount, 0);
  });

  test("does nothing for a peer that is gone", () => {
    const { xpub } = publisher({ manual: true });
    xpub.subscribe(fromText("nobody"));
    const peer = new FakePeer(xpub);
    subscribe(peer, "A");
    receive(xpub);
    peer.end();
    xpub.subscribe(fromText("A"));
    xpub.unsubscribe(fromText("A"));
    assert.equal(xpub.topicsCount, 0);
  });

  test("refuses subscribe with EINVAL when it is off", () => {
    const { xpub } = publisher();
    assert.throws(() => xpub.subscribe(fromText("A")), { code: "EINVAL" });
    assert.throws(() => xpub.unsubscribe(fromText("A")), { code: "EINVAL" });
  });

  test("with manualLastValue sends the next message to the last peer only, once", () => {
    const { xpub } = publisher({ manualLastValue: true });
    const [a, b] = [new FakePeer(xpub), new FakePeer(xpub)];
    for (const peer of [a, b]) {
      subscribe(peer, "A");
      receive(xpub);
      xpub.subscribe(fromText("A"));
    }
    xpub.send(message("A", "last"));
    xpub.send(message("A", "next"));
    assert.deepEqual([a.received(), b.received()], [["A|next"], ["A|last", "A|next"]]);
  });

  test("a message of a subscriber's own does not make the next message with manualLastValue its own", () => {
    const { xpub } = publisher({ manualLastValue: true });
    const [a, b] = [new FakePeer(xpub), new FakePeer(xpub)];
    for (const peer of [a, b]) {
      subscribe(peer, "A");
      receive(xpub);
      xpub.subscribe(fromText("A"));
    }
    xpub.send(message("A", "last"));
    b.send("hello");
    receive(xpub);
    xpub.send(message("A", "next"));
    assert.deepEqual([a.received(), b.received()], [["A|next"], ["A|last", "A|next"]]);
  });

  test("manualLastValue may be set for one message, so that a cancellation costs nobody a message", () => {
    const options = { manual: true, manualLastValue: false };
    const { xpub, host } = publisher(options);
    const [a, b] = [new FakePeer(xpub), new FakePeer(xpub)];
    for (const peer of [a, b]) {
      subscribe(peer, "A");
      receive(xpub);
      xpub.subscribe(fromText("A"));
      host.options.manualLastValue = true;
      xpub.send(message("A", "last"));
      host.options.manualLastValue = false;
    }
    cancel(b, "A");
    receive(xpub);
    xpub.unsubscribe(fromText("A"));
    xpub.send(message("A", "next"));
    assert.deepEqual([a.received(), b.received()], [["A|last", "A|next"], ["A|last"]]);
  });

  test("with manualLastValue and noDrop keeps the last peer in mind until it has room", () => {
    const { xpub } = publisher({ manualLastValue: true, noDrop: true });
    const other = new FakePeer(xpub);
    const last = new FakePeer(xpub, { sendHighWaterMark: 1 });
    for (const peer of [other, last]) {
      subscribe(peer, "A");
      receive(xpub);
      xpub.subscribe(fromText("A"));
    }
    last.accepts = false;
    last.pipe.write(message("A", "full"));
    assert.equal(xpub.send(message("A", "last")), false);
    last.drain();
    assert.equal(xpub.send(message("A", "last")), true);
    last.drain();
    assert.deepEqual([other.received(), last.received()], [[], ["A|full", "A|last"]]);
  });
});

describe("XPUB's welcome message", () => {
  test("is written once to each new peer, before anything it subscribes to", () => {
    const { xpub } = publisher({ welcomeMessage: fromText("W") });
    const accepted = new FakePeer(xpub);
    const dialed = new FakePeer(xpub, { dialed: true });
    assert.deepEqual(accepted.received(), ["W"]);
    assert.deepEqual(dialed.received(), []);
    dialed.connect();
    dialed.disconnect();
    dialed.connect();
    assert.deepEqual(dialed.received(), ["W"]);
  });
});

test("the welcome message is each subscriber's own memory", () => {
  const { xpub } = publisher({ welcomeMessage: fromText("w".repeat(200)) });
  for (let i = 0; i < 2; i++) {
    const peer = new FakePeer(xpub);
    const [frame = fromText("")] = peer.sent[0] ?? [];
    assert.equal(toText(frame), "w".repeat(200));
    frame.fill(0);
  }
});
