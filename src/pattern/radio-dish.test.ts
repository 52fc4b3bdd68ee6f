import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeHost, FakePeer, message, receive, receiveAll } from "../../test/fake-pipe.ts";
import { fromText, toText } from "../base/bytes.ts";
import type { Control } from "../base/message.ts";
import { DishPattern, RadioPattern } from "./radio-dish.ts";

function radio(options = {}) {
  const host = new FakeHost("RADIO", options);
  return { host, pattern: new RadioPattern(host) };
}

function say(peer: FakePeer, kind: Control["kind"], group: string): void {
  peer.pipe.deliverControl({ kind, topic: fromText(group) });
}

const controls = (peer: FakePeer): string[] =>
  peer.controls.splice(0).map(({ kind, topic }) => `${kind} ${String.fromCharCode(...topic)}`);

test("RADIO sends a group's message to its members only", () => {
  const { host, pattern } = radio();
  const [a, b] = [new FakePeer(pattern), new FakePeer(pattern)];
  say(a, "join", "x");
  say(b, "join", "x");
  say(b, "join", "y");
  pattern.send(message("x", "1"));
  pattern.send(message("y", "2"));
  pattern.send(message("z", "3"));
  assert.deepEqual(a.received(), ["x|1"]);
  assert.deepEqual(b.received(), ["x|1", "y|2"]);
  assert.deepEqual(
    host.drops.map(({ reason }) => reason),
    ["noSubscriber"],
  );
});

test("a peer that joins twice must leave twice, and a peer that left the socket is in no group", () => {
  const { pattern } = radio();
  const peer = new FakePeer(pattern);
  for (const kind of ["join", "join", "leave"] as const) say(peer, kind, "x");
  assert.equal(pattern.hasSubscriber(fromText("x")), true);
  say(peer, "leave", "x");
  say(peer, "leave", "x");
  assert.equal(pattern.hasSubscriber(fromText("x")), false);
  say(peer, "join", "x");
  peer.end();
  assert.equal(pattern.hasSubscriber(fromText("x")), false);
});

test("a dialed peer stays in its groups while its link is lost, and is counted anew on the next one", () => {
  const { pattern } = radio();
  const peer = new FakePeer(pattern, { dialed: true });
  peer.connect();
  say(peer, "join", "x");
  peer.disconnect();
  pattern.send(message("x", "meanwhile"));
  peer.connect();
  assert.deepEqual(peer.received(), ["x|meanwhile"]);
  say(peer, "join", "x");
  say(peer, "leave", "x");
  assert.equal(pattern.hasSubscriber(fromText("x")), false);
});

test("RADIO drops for a full peer; with noDrop it waits, and nobody gets the message", () => {
  const { host, pattern } = radio();
  const [full, other] = [new FakePeer(pattern, { sendHighWaterMark: 1 }), new FakePeer(pattern)];
  full.accepts = false;
  for (const peer of [full, other]) say(peer, "join", "x");
  for (const body of ["1", "2"]) assert.equal(pattern.send(message("x", body)), true);
  assert.deepEqual(other.received(), ["x|1", "x|2"]);
  assert.deepEqual(
    host.drops.map(({ reason }) => reason),
    ["highWaterMark"],
  );
  host.options.noDrop = true;
  assert.equal(pattern.send(message("x", "3")), false);
  assert.deepEqual(other.received(), []);
});

test("RADIO sends everything to a peer that has no groups, in which it differs from a member", () => {
  const { pattern } = radio();
  const [all, member] = [new FakePeer(pattern), new FakePeer(pattern)];
  say(all, "subscribe", "");
  say(member, "join", "x");
  pattern.send(message("x", "1"));
  pattern.send(message("y", "2"));
  assert.deepEqual(all.received(), ["x|1", "y|2"]);
  assert.deepEqual(member.received(), ["x|1"]);
  all.end();
  assert.equal(pattern.hasSubscriber(fromText("y")), false);
});

test("RADIO refuses what fits into no datagram when it has a peer by udp, and sends it to nobody", () => {
  const { pattern } = radio();
  const [all, member] = [new FakePeer(pattern), new FakePeer(pattern)];
  say(member, "join", "x");
  const large = new Uint8Array(8191);
  pattern.send(message("x", large));
  assert.equal(member.received().length, 1);
  say(all, "subscribe", "");
  for (const [group, body] of [
    ["x", large],
    ["x".repeat(128), ""],
  ] as const) {
    assert.throws(() => pattern.send(message(group, body)), { code: "EMSGSIZE" });
  }
  pattern.send(message("x", large.subarray(1)));
  assert.deepEqual([all.received().length, member.received().length], [1, 1]);
});

test("RADIO cuts off a peer that joins a group with too long a name, or too many groups", () => {
  const { pattern } = radio({ maxSubscriptionsPerPeer: 2 });
  const long = new FakePeer(pattern);
  say(long, "join", "x".repeat(255));
  assert.equal(long.isClosed, false);
  say(long, "join", "x".repeat(256));
  assert.equal(long.isClosed, true);
  const many = new FakePeer(pattern);
  for (const group of ["a", "b", "a", "b"]) say(many, "join", group);
  assert.equal(many.isClosed, false);
  say(many, "join", "c");
  assert.equal(many.isClosed, true);
});

test("the groups of a peer that left are removed in several turns, and it gets nothing meanwhile", () => {
  const tasks: (() => void)[] = [];
  const host = Object.assign(new FakeHost("RADIO"), { later: (task: () => void) => void tasks.push(task) });
  const pattern = new RadioPattern(host);
  const [peer, other] = [new FakePeer(pattern), new FakePeer(pattern)];
  for (let i = 0; i < 4500; i++) say(peer, "join", `g${i}`);
  say(other, "join", "g4499");
  assert.deepEqual(pattern.topicsOf(peer.pipe, 2).map(toText), ["g0", "g1"]);
  peer.end();
  pattern.send(message("g4499", "x"));
  assert.deepEqual([peer.received(), other.received()], [[], ["g4499|x"]]);
  assert.equal(tasks.length, 1);
  for (let task = tasks.shift(); task !== undefined; task = tasks.shift()) task();
  assert.equal(pattern.hasSubscriber(fromText("g4498")), false);
  assert.deepEqual(host.drops, []);
});

test("RADIO discards what peers send", () => {
  const { pattern } = radio();
  const peer = new FakePeer(pattern);
  peer.send("x", "y");
  assert.equal(peer.pipe.canRead, false);
});

test("DISH tells every peer what it joins and leaves, and each new link all that it is in", () => {
  const pattern = new DishPattern(new FakeHost("DISH"));
  const [a, b] = [new FakePeer(pattern), new FakePeer(pattern, { dialed: true })];
  pattern.join(fromText("x"));
  pattern.join(fromText("y"));
  pattern.leave(fromText("x"));
  assert.deepEqual(controls(a), ["join x", "join y", "leave x"]);
  b.connect();
  assert.deepEqual(controls(b), ["join y"]);
  b.disconnect();
  b.connect();
  assert.deepEqual(controls(b), ["join y"]);
});

test("DISH filters by its groups, also what came before it left", () => {
  const pattern = new DishPattern(new FakeHost("DISH"));
  const peer = new FakePeer(pattern);
  pattern.join(fromText("x"));
  pattern.join(fromText("y"));
  peer.send("x", "1");
  peer.send("z", "2");
  peer.send("y\0z", "3");
  peer.send("x", "4");
  assert.equal(receive(pattern), "x|1");
  pattern.leave(fromText("x"));
  assert.deepEqual(receiveAll(pattern), ["y|3"]);
  assert.equal(pattern.canReceive, false);
});

test("DISH is readable when a message of its groups is there, which its next receive returns", () => {
  const pattern = new DishPattern(new FakeHost("DISH"));
  const [a, b] = [new FakePeer(pattern), new FakePeer(pattern)];
  pattern.join(fromText("x"));
  a.send("z", "1");
  assert.equal(pattern.canReceive, false);
  b.send("x", "2");
  a.send("x", "3");
  assert.equal(pattern.canReceive, true);
  assert.equal(receive(pattern), "x|2");
  assert.equal(pattern.source, b.pipe);
  const shown: object[] = pattern.receive() ?? [];
  pattern.present(shown);
  assert.deepEqual(shown, [fromText("3"), { group: fromText("x") }]);
});

test("DISH ends the connection of a peer that sends no group, or more than a group and a body", () => {
  for (const frames of [["x"], ["x", "y", "z"], ["x".repeat(256), "y"]]) {
    const host = new FakeHost("DISH");
    const pattern = new DishPattern(host);
    const [bad, good] = [new FakePeer(pattern), new FakePeer(pattern)];
    pattern.join(fromText("x"));
    bad.send(...frames);
    good.send("x", "fine");
    assert.deepEqual(receiveAll(pattern), ["x|fine"]);
    assert.deepEqual([bad.isClosed, good.isClosed], [true, false]);
    assert.deepEqual(
      host.drops.map(({ reason }) => reason),
      ["invalid"],
    );
  }
});
