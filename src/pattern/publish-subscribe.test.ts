import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { FakeHost, FakePeer, message, receiveAll } from "../../test/fake-pipe.ts";
import { fromText, toText } from "../base/bytes.ts";
import type { Message } from "../base/message.ts";
import type { OptionValues } from "../base/options.ts";
import { PubPattern, SubPattern } from "./publish-subscribe.ts";

function control(peer: FakePeer, kind: "subscribe" | "cancel", topic: string): void {
  peer.pipe.deliverControl({ kind, topic: fromText(topic) });
}

/** What the peer was told since the last call. */
function told(peer: FakePeer): string[] {
  return peer.controls.splice(0).map(({ kind, topic }) => `${kind} ${toText(topic)}`);
}

describe("PUB", () => {
  test("takes subscriptions in both forms, on one connection, in their order", () => {
    const pub = new PubPattern(new FakeHost("PUB"));
    const peer = new FakePeer(pub);
    control(peer, "subscribe", "a");
    peer.send("\x00a");
    peer.send("\x01b", "\x01c");
    control(peer, "cancel", "c");
    for (const topic of ["a", "b", "c"]) pub.send(message(topic));
    assert.deepEqual(peer.received(), ["b"]);
    assert.equal(pub.topicsCount, 1);
  });

  test("discards what peers send besides, and always reads on", () => {
    const pub = new PubPattern(new FakeHost("PUB"));
    const peer = new FakePeer(pub, { receiveHighWaterMark: 2 });
    for (let i = 0; i < 10; i++) peer.send("data", "");
    assert.equal(peer.pipe.inboundLength, 0);
    assert.equal(pub.canReceive, false);
    assert.equal(pub.topicsCount, 0);
  });

  test("keeps a dialed peer's subscriptions while the link is lost, until it is gone for good", () => {
    const pub = new PubPattern(new FakeHost("PUB"));
    const peer = new FakePeer(pub, { dialed: true });
    peer.connect();
    control(peer, "subscribe", "a");
    peer.disconnect();
    pub.send(message("a"));
    peer.connect();
    assert.deepEqual(peer.received(), ["a"]);
    peer.end();
    assert.equal(pub.topicsCount, 0);
  });

  test("sends without a peer", () => {
    const pub = new PubPattern(new FakeHost("PUB"));
    assert.equal(pub.canSend, true);
    assert.equal(pub.send(message("a")), true);
  });

  test("tells whether a first frame would go to anybody", () => {
    const pub = new PubPattern(new FakeHost("PUB"));
    control(new FakePeer(pub), "subscribe", "ab");
    assert.equal(pub.hasSubscriber(fromText("abc")), true);
    assert.equal(pub.hasSubscriber(fromText("a")), false);
  });

  test("reads subscriptions that were there before it was attached", () => {
    const pub = new PubPattern(new FakeHost("PUB"));
    const peer = new FakePeer(new SubPattern(new FakeHost("SUB")));
    peer.send("\x01a");
    pub.attach(peer.pipe);
    assert.equal(pub.topicsCount, 1);
  });
});

describe("SUB", () => {
  test("takes several at once without those that it did not subscribe to", () => {
    const sub = new SubPattern(new FakeHost("SUB"));
    const peer = new FakePeer(sub);
    sub.subscribe(fromText("a"));
    for (const each of ["a1", "b1", "a2", "b2", "a3"]) peer.send(each);
    const all: Message[] = [message("before")];
    assert.ok(sub.canReceive);
    while (sub.receiveRun(all, 2));
    assert.deepEqual(all.flat().map(toText), ["before", "a1", "a2", "a3"]);
  });

  function subscriber(options: Partial<OptionValues> = {}): SubPattern {
    return new SubPattern(new FakeHost("SUB", options));
  }

  test("tells every publisher each subscription, and a cancellation only when the last reference goes", () => {
    const sub = subscriber();
    const peers = [new FakePeer(sub), new FakePeer(sub)] as const;
    sub.subscribe(fromText("a"));
    sub.subscribe(fromText("a"));
    sub.unsubscribe(fromText("a"));
    sub.unsubscribe(fromText("unknown"));
    for (const peer of peers) assert.deepEqual(told(peer), ["subscribe a", "subscribe a"]);
    sub.unsubscribe(fromText("a"));
    for (const peer of peers) assert.deepEqual(told(peer), ["cancel a"]);
    assert.equal(sub.topicsCount, 0);
  });

  test("sends all its topics again at each connection, each once and in byte-wise order", () => {
    const sub = subscriber();
    const peer = new FakePeer(sub, { dialed: true });
    for (const topic of ["b", "a", "ab", "", "a"]) sub.subscribe(fromText(topic));
    const all = ["subscribe ", "subscribe a", "subscribe ab", "subscribe b"];
    peer.connect();
    assert.deepEqual(told(peer), all);
    peer.disconnect();
    sub.unsubscribe(fromText("b"));
    peer.connect();
    assert.deepEqual(told(peer), all.slice(0, 3));
  });

  test("a topic told is the caller's no longer", () => {
    const sub = subscriber();
    const peer = new FakePeer(sub);
    const topic = fromText("a");
    sub.subscribe(topic);
    topic[0] = 0x62;
    assert.deepEqual(told(peer), ["subscribe a"]);
  });

  test("filters what it receives by the first frame", () => {
    const sub = subscriber();
    const peer = new FakePeer(sub);
    sub.subscribe(fromText("ab"));
    peer.send("x", "ab");
    peer.send("abc", "1");
    peer.send("a");
    assert.equal(sub.canReceive, true);
    assert.deepEqual(receiveAll(sub), ["abc|1"]);
    peer.send("x");
    assert.equal(sub.canReceive, false);
  });

  test("inverted, receives what matches none of its topics", () => {
    const sub = subscriber({ invertMatching: true });
    const peer = new FakePeer(sub);
    sub.subscribe(fromText("a"));
    peer.send("a1");
    peer.send("b1");
    assert.deepEqual(receiveAll(sub), ["b1"]);
  });

  test("takes from its publishers in turn and knows whom a message came from, also after asking canReceive", () => {
    const sub = subscriber();
    const [a, b] = [new FakePeer(sub), new FakePeer(sub)];
    sub.subscribe(fromText(""));
    for (const text of ["1", "2"]) {
      a.send(`a${text}`);
      b.send(`b${text}`);
    }
    const sources: unknown[] = [];
    const texts: string[] = [];
    while (sub.canReceive) {
      texts.push(toText(sub.receive()?.[0] as Uint8Array));
      assert.ok(sub.canReceive || texts.length === 4);
      sources.push(sub.source);
    }
    assert.deepEqual(texts, ["a1", "b1", "a2", "b2"]);
    assert.deepEqual(sources, [a.pipe, b.pipe, a.pipe, b.pipe]);
  });

  test("does not deliver a waiting message after its topic was unsubscribed", () => {
    const sub = subscriber();
    const peer = new FakePeer(sub);
    sub.subscribe(fromText("a"));
    peer.send("a1");
    assert.equal(sub.canReceive, true);
    sub.unsubscribe(fromText("a"));
    assert.equal(sub.canReceive, false);
  });

  test("delivers what a publisher left behind", () => {
    const sub = subscriber();
    const peer = new FakePeer(sub);
    sub.subscribe(fromText(""));
    peer.send("last");
    peer.end();
    assert.deepEqual(receiveAll(sub), ["last"]);
    sub.subscribe(fromText("x"));
    assert.deepEqual(told(peer), ["subscribe "]);
  });

  test("with conflate loses no subscription that waits for the link", () => {
    const sub = subscriber({ conflate: true });
    const peer = new FakePeer(sub, { conflate: true });
    peer.accepts = false;
    for (const topic of ["a", "b", "c"]) sub.subscribe(fromText(topic));
    peer.drain();
    assert.deepEqual(told(peer), ["subscribe a", "subscribe b", "subscribe c"]);
  });

  test("with conflate receives the newest message, also when asked before it came", () => {
    const sub = subscriber({ conflate: true });
    const [a, b] = [new FakePeer(sub, { conflate: true }), new FakePeer(sub, { conflate: true })];
    sub.subscribe(fromText(""));
    a.send("a1");
    assert.equal(sub.canReceive, true);
    a.send("a2");
    a.send("a3");
    b.send("b1");
    assert.deepEqual(receiveAll(sub).sort(), ["a3", "b1"]);
  });
});
