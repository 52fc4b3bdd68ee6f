import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeHost, FakePeer, message, text } from "../../test/fake-pipe.ts";
import type { Message } from "../base/message.ts";
import { PairPattern } from "./exclusive-pair.ts";
import { FairQueue } from "./fair-queue.ts";

/** A peer whose events go nowhere and that has sent these messages. */
function peer(...sent: string[]): FakePeer {
  const made = new FakePeer(new PairPattern(new FakeHost("PAIR")));
  for (const each of sent) made.send(each);
  return made;
}

function readAll(queue: FairQueue): string[] {
  const all: string[] = [];
  for (let next = queue.receive(); next !== undefined; next = queue.receive()) all.push(text(next).join("|"));
  return all;
}

test("a fair queue takes one message a pipe and round, however full the pipes are", () => {
  const queue = new FairQueue();
  for (const each of [peer("a1", "a2", "a3"), peer("b1"), peer("c1", "c2")]) queue.add(each.pipe);
  assert.deepEqual(readAll(queue).slice(0, 3), ["a1", "b1", "c1"]);
});

test("who takes several at once gets one a pipe and round too, and many of a pipe that is alone", () => {
  const queue = new FairQueue();
  for (const each of [peer("a1", "a2", "a3"), peer("b1", "b2")]) queue.add(each.pipe);
  const all: Message[] = [];
  while (queue.receiveRun(all, 10));
  assert.deepEqual(
    all.map((each) => text(each).join("|")),
    ["a1", "b1", "a2", "b2", "a3"],
  );
});

test("a fair queue ignores an empty pipe and a pipe that it holds", () => {
  const queue = new FairQueue();
  queue.add(peer().pipe);
  assert.equal(queue.canReceive, false);
  const a = peer("a1", "a2", "a3");
  queue.add(a.pipe);
  queue.add(peer("b1", "b2").pipe);
  queue.add(a.pipe);
  assert.deepEqual(readAll(queue), ["a1", "b1", "a2", "b2", "a3"]);
});

test("a pipe that was drained can be added again", () => {
  const queue = new FairQueue();
  const a = peer("1");
  queue.add(a.pipe);
  readAll(queue);
  a.send("2");
  queue.add(a.pipe);
  assert.deepEqual(readAll(queue), ["2"]);
  assert.equal(queue.source, a.pipe);
});

test("an injected message follows what its pipe holds, even after the pipe ended", () => {
  const queue = new FairQueue();
  const [a, b] = [peer("a1"), peer()];
  queue.add(a.pipe);
  a.end();
  b.end();
  queue.inject(a.pipe, message("notice a"));
  queue.inject(b.pipe, message("notice b"));
  assert.deepEqual(readAll(queue), ["a1", "notice b", "notice a"]);
});

test("a pipe that is removed is forgotten with what it holds, and the others keep their turns", () => {
  for (let gone = 0; gone < 3; gone++) {
    for (let read = 0; read < 3; read++) {
      const queue = new FairQueue();
      const peers = [peer("a1", "a2"), peer("b1", "b2"), peer("c1", "c2")];
      for (const each of peers) queue.add(each.pipe);
      for (let i = 0; i < read; i++) queue.receive();
      const removed = peers[gone] as FakePeer;
      queue.remove(removed.pipe);
      queue.remove(removed.pipe);
      const rest = readAll(queue);
      assert.ok(rest.every((each) => !each.startsWith("abc".charAt(gone))));
      assert.equal(rest.length + read - (gone < read ? 1 : 0), 4);
    }
  }
});

/** Receives one, and its sender sends the next at once; so many times. */
function oneInFlight(queue: FairQueue, peers: ReadonlyMap<string, FakePeer>, count: number): string {
  let order = "";
  for (let i = 0; i < count; i++) {
    const name = text(queue.receive() ?? assert.fail()).join("");
    order += name;
    const sender = peers.get(name) ?? assert.fail();
    sender.send(name);
    queue.add(sender.pipe);
  }
  return order;
}

test("peers with one message in flight each are read in turn", () => {
  const queue = new FairQueue();
  const peers = new Map([..."ABCDE"].map((name) => [name, peer(name)]));
  for (const each of peers.values()) queue.attach(each.pipe);
  assert.equal(oneInFlight(queue, peers, 15), "ABCDEABCDEABCDE");
});

test("a new pipe has its place though it is empty, until its turn finds it so", () => {
  const queue = new FairQueue();
  const [a, b, c] = [peer(), peer(), peer()];
  for (const each of [a, b, c]) queue.attach(each.pipe);
  for (const each of [c, a, b]) {
    each.send(each === a ? "A" : each === b ? "B" : "C");
    queue.add(each.pipe);
  }
  assert.deepEqual(readAll(queue), ["A", "B", "C"]);
  for (const each of [c, a, b]) {
    each.send(each === a ? "A" : each === b ? "B" : "C");
    queue.add(each.pipe);
  }
  assert.deepEqual(readAll(queue), ["C", "A", "B"]);
});

test("a pipe that was passed by joins behind the others", () => {
  const queue = new FairQueue();
  const [a, b, c] = [peer("A"), peer("B"), peer("C")];
  for (const each of [a, b, c]) queue.add(each.pipe);
  const read = () => text(queue.receive() ?? []).join("");
  assert.equal(read() + read() + read(), "ABC");
  b.send("B");
  c.send("C");
  assert.equal(queue.canReceive, true); // The turn of A is passed by, and C has its place.
  a.send("A");
  queue.add(a.pipe);
  assert.deepEqual(readAll(queue), ["C", "B", "A"]);
});

test("messages of peers that came, sent one each and left are read oldest first, though others follow", () => {
  const queue = new FairQueue();
  const come = (name: string) => {
    const each = peer();
    queue.attach(each.pipe);
    each.send(name);
    queue.add(each.pipe);
    each.end();
  };
  for (const name of "ABC") come(name);
  let order = "";
  for (const name of "DEFGH") {
    order += text(queue.receive() ?? []).join("");
    come(name);
  }
  assert.equal(order + readAll(queue).join(""), "ABCDEFGH");
});

test("pipes of peers that come, send, are read and go do not pile up", () => {
  const queue = new FairQueue();
  const all: FakePeer[] = [];
  for (let i = 0; i < 1000; i++) {
    const each = peer(String(i));
    all.push(each);
    queue.add(each.pipe);
    each.end();
    if (i > 0) assert.deepEqual(text(queue.receive() ?? []), [String(i - 1)]); // One more is always there.
  }
  assert.ok(all.filter((each) => each.pipe.isQueued).length <= 64);
});

test("the end of a peer that sent nothing takes a turn, in which the last pipe comes, as with libzmq", () => {
  const queue = new FairQueue();
  const [a, b, c] = [peer(), peer(), peer()];
  b.end();
  queue.ended(b.pipe);
  for (const [each, name] of [[c, "C"] as const, [a, "A"] as const]) {
    each.send(name);
    queue.add(each.pipe);
  }
  assert.deepEqual(readAll(queue), ["A", "C"]);
  assert.equal(b.pipe.isQueued, false);
});
