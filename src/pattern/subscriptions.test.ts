import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { FakeHost, FakePeer, text } from "../../test/fake-pipe.ts";
import { fromText, toText } from "../base/bytes.ts";
import { PubPattern } from "./publish-subscribe.ts";
import { PeerSubscriptions, SubscribedPipe } from "./subscriptions.ts";

function subscribers(count: number): SubscribedPipe[] {
  const pattern = new PubPattern(new FakeHost("PUB"));
  return Array.from({ length: count }, (_, i) => new SubscribedPipe(new FakePeer(pattern).pipe, i + 1));
}

let generation = 0;

/** Who gets a message, by serial number. */
function matching(subscriptions: PeerSubscriptions, frame: string): number[] {
  const found: SubscribedPipe[] = [];
  const count = subscriptions.match(fromText(frame), ++generation, found);
  return found.slice(0, count).map((subscriber) => subscriber.serial);
}

describe("the publisher's table", () => {
  test("knows the first subscriber of a topic from the next", () => {
    const [a, b] = subscribers(2) as [SubscribedPipe, SubscribedPipe];
    const table = new PeerSubscriptions(() => 1);
    assert.equal(table.add(a, fromText("t")), true);
    assert.equal(table.add(b, fromText("t")), false);
    assert.equal(table.add(a, fromText("t")), false);
    assert.equal(table.topicsCount, 1);
  });

  test("is a set: one cancellation ends two subscriptions of one peer", () => {
    const [a] = subscribers(1) as [SubscribedPipe];
    const table = new PeerSubscriptions(() => 1);
    table.add(a, fromText("t"));
    table.add(a, fromText("t"));
    assert.equal(table.remove(a, fromText("t")), "last");
    assert.deepEqual(matching(table, "t"), []);
    assert.equal(table.remove(a, fromText("t")), "unknown");
  });

  test("a cancellation says whether others still hold the topic", () => {
    const [a, b, c] = subscribers(3) as [SubscribedPipe, SubscribedPipe, SubscribedPipe];
    const table = new PeerSubscriptions(() => 1);
    table.add(b, fromText("t"));
    table.add(a, fromText("t"));
    assert.equal(table.remove(c, fromText("t")), "unknown");
    assert.equal(table.remove(b, fromText("t")), "others");
    assert.equal(table.remove(b, fromText("t")), "unknown");
    assert.equal(table.remove(a, fromText("t")), "last");
    assert.equal(table.topicsCount, 0);
  });

  test("finds each subscriber once, however many of its topics match", () => {
    const [a, b] = subscribers(2) as [SubscribedPipe, SubscribedPipe];
    const table = new PeerSubscriptions(() => 1);
    for (const topic of ["", "a", "ab", "abc"]) table.add(a, fromText(topic));
    for (const topic of ["a", "ab", "x"]) table.add(b, fromText(topic));
    assert.deepEqual(matching(table, "abx").sort(), [1, 2]);
    assert.deepEqual(matching(table, "zzz"), [1]);
  });

  test("a subscriber that leaves reports the topics that nobody else holds, or all", () => {
    for (const report of ["last", "all", "none"] as const) {
      const [a, b] = subscribers(2) as [SubscribedPipe, SubscribedPipe];
      const table = new PeerSubscriptions(() => 1);
      for (const topic of ["only", "shared", "gone"]) table.add(a, fromText(topic));
      table.add(b, fromText("shared"));
      table.remove(a, fromText("gone"));
      const frames = table.removeAll(a, report).map((frame) => `${frame[0]} ${toText(frame.subarray(1))}`);
      assert.deepEqual(frames, { last: ["0 only"], all: ["0 only", "0 shared"], none: [] }[report]);
      assert.deepEqual(matching(table, "only"), []);
      assert.deepEqual(matching(table, "shared"), [2]);
      assert.equal(table.topicsCount, 1);
    }
  });

  test("tells of the topics of a subscriber that leaves in the order of their bytes", () => {
    const [a] = subscribers(1) as [SubscribedPipe];
    const table = new PeerSubscriptions(() => 1);
    for (const topic of ["b", "ab", "", "abc", "a"]) table.add(a, fromText(topic));
    const told = table.removeAll(a, "last").map((frame) => toText(frame.subarray(1)));
    assert.deepEqual(told, ["", "a", "ab", "abc", "b"]);
  });

  test("many subscribers of one topic come and go in any order", () => {
    const all = subscribers(50);
    const table = new PeerSubscriptions(() => 1);
    for (let i = 0; i < 50; i++) table.add(all[(i * 7) % 50] as SubscribedPipe, fromText("t"));
    assert.deepEqual(
      matching(table, "t"),
      all.map((subscriber) => subscriber.serial),
    );
    for (let i = 0; i < 49; i++) {
      assert.equal(table.remove(all[(i * 11) % 50] as SubscribedPipe, fromText("t")), "others");
    }
    assert.equal(matching(table, "t").length, 1);
  });

  test("a peer that subscribes and cancels for ever does not make its list of topics grow", () => {
    const [a] = subscribers(1) as [SubscribedPipe];
    const table = new PeerSubscriptions(() => 1);
    table.add(a, fromText("kept"));
    for (let i = 0; i < 10_000; i++) {
      table.add(a, fromText(`t${i % 3}`));
      table.remove(a, fromText(`t${i % 3}`));
    }
    assert.ok(a.topicIds.length <= 40, `${a.topicIds.length}`);
    assert.deepEqual(text(table.removeAll(a, "last")), ["0x006b657074"]);
  });
});
