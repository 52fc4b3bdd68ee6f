import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeHost, FakePeer, message, receive, receiveAll } from "../../test/fake-pipe.ts";
import { PullPattern, PushPattern } from "./pipeline.ts";

function push() {
  return new PushPattern(new FakeHost("PUSH"));
}

function pull() {
  return new PullPattern(new FakeHost("PULL"));
}

function sendAll(pattern: PushPattern, ...texts: string[]): boolean[] {
  return texts.map((text) => pattern.send(message(text)));
}

test("PUSH without a peer blocks", () => {
  const pattern = push();
  assert.equal(pattern.canSend, false);
  assert.equal(pattern.send(message("a")), false);
});

test("PUSH deals messages out in strict turns, in the order in which the peers came", () => {
  const pattern = push();
  const peers = [new FakePeer(pattern), new FakePeer(pattern), new FakePeer(pattern)];
  sendAll(pattern, "1", "2", "3", "4", "5", "6", "7");
  assert.deepEqual(
    peers.map((peer) => peer.received()),
    [
      ["1", "4", "7"],
      ["2", "5"],
      ["3", "6"],
    ],
  );
});

test("PUSH gives the turn of a peer that left to none who comes later", () => {
  const pattern = push();
  const [a, b] = [new FakePeer(pattern), new FakePeer(pattern)];
  sendAll(pattern, "1");
  b.end();
  const c = new FakePeer(pattern);
  sendAll(pattern, "2", "3");
  assert.deepEqual([a.received(), c.received()], [["1", "2"], ["3"]]);
});

test("PUSH keeps the frames of a message together", () => {
  const pattern = push();
  const a = new FakePeer(pattern);
  const b = new FakePeer(pattern);
  pattern.send(message("1", "", "2"));
  pattern.send(message(""));
  assert.deepEqual(a.received(), ["1||2"]);
  assert.deepEqual(b.received(), [""]);
});

test("PUSH queues for a dialed peer before its link exists", () => {
  const pattern = push();
  const peer = new FakePeer(pattern, { dialed: true, sendHighWaterMark: 2 });
  assert.deepEqual(sendAll(pattern, "1", "2", "3"), [true, true, false]);
  peer.connect();
  assert.deepEqual(peer.received(), ["1", "2"]);
});

test("PUSH skips a peer at its high-water mark", () => {
  const pattern = push();
  const slow = new FakePeer(pattern, { sendHighWaterMark: 1 });
  slow.accepts = false;
  const fast = new FakePeer(pattern);
  assert.deepEqual(sendAll(pattern, "1", "2", "3", "4"), [true, true, true, true]);
  assert.deepEqual(fast.received(), ["2", "3", "4"]);
  slow.drain();
  assert.deepEqual(slow.received(), ["1"]);
});

test("PUSH blocks when every peer is at its high-water mark, and goes on when one has room", () => {
  const pattern = push();
  const peers = [new FakePeer(pattern, { sendHighWaterMark: 1 }), new FakePeer(pattern, { sendHighWaterMark: 1 })];
  for (const peer of peers) peer.accepts = false;
  assert.deepEqual(sendAll(pattern, "1", "2", "3"), [true, true, false]);
  assert.equal(pattern.canSend, false);
  peers[1]?.drain();
  assert.equal(pattern.canSend, true);
  assert.deepEqual(sendAll(pattern, "3", "4"), [true, false]);
  peers[1]?.drain();
  assert.deepEqual(peers[1]?.received(), ["2", "3"]);
});

test("PUSH that was found full by canSend alone hears of room", () => {
  const pattern = push();
  const peer = new FakePeer(pattern, { sendHighWaterMark: 1 });
  peer.accepts = false;
  pattern.send(message("1"));
  assert.equal(pattern.canSend, false);
  peer.drain();
  assert.equal(pattern.canSend, true);
});

test("PUSH leaves out a peer that ended and keeps the turns of the others", () => {
  const pattern = push();
  const [a, b, c] = [new FakePeer(pattern), new FakePeer(pattern), new FakePeer(pattern)];
  pattern.send(message("1"));
  b.end();
  sendAll(pattern, "2", "3", "4");
  assert.deepEqual(a.received(), ["1", "3"]);
  assert.deepEqual(b.received(), []);
  assert.deepEqual(c.received(), ["2", "4"]);
});

test("PUSH does not take back a full peer that ended", () => {
  const pattern = push();
  const peer = new FakePeer(pattern, { sendHighWaterMark: 1 });
  peer.accepts = false;
  sendAll(pattern, "1", "2");
  peer.end();
  pattern.writable(peer.pipe);
  assert.equal(pattern.canSend, false);
});

test("PUSH attaches and detaches 10,000 peers in any order", () => {
  const pattern = push();
  const peers = Array.from({ length: 10_000 }, () => new FakePeer(pattern));
  for (let i = 0; i < peers.length; i += 2) peers[i]?.end();
  for (let i = 0; i < 5000; i++) pattern.send(message("x"));
  assert.ok(peers.every((peer, i) => peer.sent.length === i % 2));
  for (const peer of peers) peer.end();
  assert.equal(pattern.canSend, false);
});

test("PULL takes one message of each peer in turn", () => {
  const pattern = pull();
  const [a, b] = [new FakePeer(pattern), new FakePeer(pattern)];
  for (const text of ["a1", "a2", "a3"]) a.send(text);
  for (const text of ["b1", "b2"]) b.send(text, "more");
  assert.deepEqual(receiveAll(pattern), ["a1", "b1|more", "a2", "b2|more", "a3"]);
  assert.equal(receive(pattern), undefined);
});

test("PULL serves a peer again that was empty for a while", () => {
  const pattern = pull();
  const [a, b] = [new FakePeer(pattern), new FakePeer(pattern)];
  a.send("a1");
  assert.equal(receive(pattern), "a1");
  assert.equal(pattern.canReceive, false);
  a.send("a2");
  b.send("b1");
  a.send("a3");
  assert.deepEqual(receiveAll(pattern), ["a2", "b1", "a3"]);
});

test("PULL still reads what a peer sent that ended meanwhile", () => {
  const pattern = pull();
  const [a, b] = [new FakePeer(pattern), new FakePeer(pattern)];
  a.send("a1");
  a.send("a2");
  a.end();
  b.send("b1");
  assert.equal(pattern.canReceive, true);
  assert.deepEqual(receiveAll(pattern), ["a1", "b1", "a2"]);
  assert.equal(pattern.canReceive, false);
});

test("PULL names the pipe of the last message", () => {
  const pattern = pull();
  const [a, b] = [new FakePeer(pattern), new FakePeer(pattern)];
  b.send("b");
  receive(pattern);
  assert.equal(pattern.source, b.pipe);
  a.send("a");
  receive(pattern);
  assert.equal(pattern.source, a.pipe);
});

test("PULL that reads makes room for a peer at the receive high-water mark", () => {
  const pattern = pull();
  const peer = new FakePeer(pattern, { receiveHighWaterMark: 2 });
  peer.send("1");
  peer.send("2");
  assert.equal(peer.pipe.inboundFull, true);
  receive(pattern);
  assert.equal(peer.resumed, 1);
});

test("PULL with conflate keeps the newest message only", () => {
  const pattern = pull();
  const peer = new FakePeer(pattern, { conflate: true });
  peer.send("1");
  peer.send("2");
  assert.deepEqual(receiveAll(pattern), ["2"]);
});
