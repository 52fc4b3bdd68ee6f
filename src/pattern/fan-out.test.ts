import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeHost, FakePeer, message } from "../../test/fake-pipe.ts";
import { fromText } from "../base/bytes.ts";
import type { OptionValues } from "../base/options.ts";
import { PubPattern } from "./publish-subscribe.ts";

function publisher(options: Partial<OptionValues> = {}) {
  const host = new FakeHost("PUB", options);
  return { host, pub: new PubPattern(host) };
}

/** A peer with these topics. */
function subscriber(pub: PubPattern, topics: string[], sendHighWaterMark = 1000): FakePeer {
  const peer = new FakePeer(pub, { sendHighWaterMark });
  for (const topic of topics) peer.pipe.deliverControl({ kind: "subscribe", topic: fromText(topic) });
  return peer;
}

test("a message goes to everyone whose topic is a prefix of its first frame, and once to each", () => {
  const { pub } = publisher();
  const a = subscriber(pub, ["a", "ab", ""]);
  const b = subscriber(pub, ["ab"]);
  const c = subscriber(pub, ["abcd", "x"]);
  pub.send(message("abc", "x"));
  assert.deepEqual([a.received(), b.received(), c.received()], [["abc|x"], ["abc|x"], []]);
});

test("sixty-four subscribers of one topic all get each message", () => {
  const { pub } = publisher();
  const peers = Array.from({ length: 64 }, () => subscriber(pub, ["t"]));
  pub.send(message("t1"));
  pub.send(message("u"));
  pub.send(message("t2"));
  for (const peer of peers) assert.deepEqual(peer.received(), ["t1", "t2"]);
});

test("a full pipe misses the message and the others do not", () => {
  const { pub, host } = publisher();
  const slow = subscriber(pub, [""], 2);
  const quick = subscriber(pub, [""]);
  slow.accepts = false;
  for (const text of ["1", "2", "3"]) assert.equal(pub.send(message(text)), true);
  slow.drain();
  assert.deepEqual(slow.received(), ["1", "2"]);
  assert.deepEqual(quick.received(), ["1", "2", "3"]);
  assert.deepEqual(host.drops, [{ reason: "highWaterMark", pipe: slow.pipe, message: ["3"] }]);
});

test("with noDrop nobody gets a message while a matching pipe is full, and the pipe tells when it has room", () => {
  const { pub, host } = publisher({ noDrop: true });
  const slow = subscriber(pub, ["a"], 1);
  const quick = subscriber(pub, ["a", "b"]);
  slow.accepts = false;
  let writable = 0;
  slow.writable = () => writable++;
  assert.equal(pub.send(message("a1")), true);
  assert.equal(pub.send(message("a2")), false);
  assert.equal(pub.send(message("b")), true);
  assert.deepEqual(quick.received(), ["a1", "b"]);
  assert.deepEqual(host.drops, []);
  slow.drain();
  assert.equal(writable, 1);
  assert.equal(pub.send(message("a2")), true);
  assert.deepEqual(quick.received(), ["a2"]);
});

test("with noDrop a pipe that was closed holds nobody up", () => {
  const { pub } = publisher({ noDrop: true });
  const closed = subscriber(pub, [""], 1);
  const open = subscriber(pub, [""]);
  closed.pipe.close();
  assert.equal(pub.send(message("a")), true);
  assert.deepEqual(open.received(), ["a"]);
});

test("inverted, a message goes to everyone whom it does not match", () => {
  const { pub } = publisher({ invertMatching: true });
  const a = subscriber(pub, ["a"]);
  const b = subscriber(pub, ["b"]);
  const none = subscriber(pub, []);
  pub.send(message("a1"));
  assert.deepEqual([a.received(), b.received(), none.received()], [[], ["a1"], ["a1"]]);
});

test("a message that nobody wants counts as dropped", () => {
  const { pub, host } = publisher();
  subscriber(pub, ["a"]);
  assert.equal(pub.send(message("b")), true);
  assert.deepEqual(host.drops, [{ reason: "noSubscriber", pipe: undefined, message: ["b"] }]);
});

test("a publish from within a write does not disturb the one on its way", () => {
  const { pub } = publisher();
  const first = subscriber(pub, ["a"]);
  const second = subscriber(pub, ["a"]);
  const other = subscriber(pub, ["b"]);
  first.write = (taken) => {
    first.sent.push(taken);
    if (taken.length === 1) {
      pub.send(message("b", "nested"));
      pub.send(message("a", "nested"));
    }
    return true;
  };
  pub.send(message("a"));
  assert.deepEqual(first.received(), ["a", "a|nested"]);
  assert.deepEqual(second.received(), ["a|nested", "a"]);
  assert.deepEqual(other.received(), ["b|nested"]);
  pub.send(message("b"));
  assert.deepEqual(other.received(), ["b"]);
});

test("a peer that ends while a message is written leaves the others served", () => {
  const { pub } = publisher();
  const first = subscriber(pub, [""]);
  const second = subscriber(pub, [""]);
  const third = subscriber(pub, [""]);
  first.write = () => {
    second.end();
    return true;
  };
  pub.send(message("a"));
  assert.deepEqual(third.received(), ["a"]);
  assert.deepEqual(second.received(), []);
});
