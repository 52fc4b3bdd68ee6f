import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeHost, FakePeer, message, text } from "../../test/fake-pipe.ts";
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
