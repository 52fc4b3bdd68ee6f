import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeHost, FakePeer, message, receive, receiveAll } from "../../test/fake-pipe.ts";
import { PairPattern } from "./exclusive-pair.ts";

function pair() {
  return new PairPattern(new FakeHost("PAIR"));
}

test("PAIR without a peer blocks", () => {
  const pattern = pair();
  assert.equal(pattern.canSend, false);
  assert.equal(pattern.send(message("a")), false);
  assert.equal(receive(pattern), undefined);
});

test("PAIR exchanges messages with its peer", () => {
  const pattern = pair();
  const peer = new FakePeer(pattern);
  assert.equal(pattern.send(message("1", "2")), true);
  peer.send("3", "");
  assert.deepEqual(peer.received(), ["1|2"]);
  assert.equal(pattern.canReceive, true);
  assert.equal(receive(pattern), "3|");
  assert.equal(pattern.source, peer.pipe);
});

test("PAIR blocks when its peer is at the high-water mark", () => {
  const pattern = pair();
  const peer = new FakePeer(pattern, { sendHighWaterMark: 1 });
  peer.accepts = false;
  assert.equal(pattern.send(message("1")), true);
  assert.equal(pattern.canSend, false);
  assert.equal(pattern.send(message("2")), false);
  peer.drain();
  assert.equal(pattern.canSend, true);
});

test("PAIR leaves a second peer connected but mute, even after the first ended", () => {
  const pattern = pair();
  const first = new FakePeer(pattern);
  const second = new FakePeer(pattern);
  second.send("ignored");
  assert.equal(pattern.canReceive, false);
  first.end();
  assert.equal(second.isClosed, false);
  assert.equal(receive(pattern), undefined);
  assert.equal(pattern.send(message("1")), false);
});

test("PAIR tells once of a second peer", () => {
  const host = new FakeHost("PAIR");
  const pattern = new PairPattern(host);
  new FakePeer(pattern);
  const second = new FakePeer(pattern, { dialed: true });
  second.connect();
  second.disconnect();
  second.connect();
  assert.deepEqual(host.drops, [{ reason: "secondPeer", pipe: second.pipe, message: [] }]);
});

test("PAIR takes the next new peer after the first ended", () => {
  const pattern = pair();
  const first = new FakePeer(pattern);
  new FakePeer(pattern).end();
  assert.equal(pattern.send(message("1")), true);
  first.end();
  const next = new FakePeer(pattern);
  pattern.send(message("2"));
  assert.deepEqual(next.received(), ["2"]);
});

test("PAIR reads what a former peer left before it reads the present one", () => {
  const pattern = pair();
  const first = new FakePeer(pattern);
  first.send("1");
  first.send("2");
  first.end();
  const next = new FakePeer(pattern);
  next.send("3");
  assert.deepEqual(receiveAll(pattern), ["1", "2", "3"]);
  assert.equal(pattern.canReceive, false);
});
