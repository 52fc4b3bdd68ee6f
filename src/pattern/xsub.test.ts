import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeHost, FakePeer, message, receiveAll } from "../../test/fake-pipe.ts";
import { toText } from "../base/bytes.ts";
import type { OptionValues } from "../base/options.ts";
import { XSubPattern } from "./xsub.ts";

function subscriber(options: Partial<OptionValues> = {}) {
  const host = new FakeHost("XSUB", options);
  return { host, xsub: new XSubPattern(host) };
}

function told(peer: FakePeer): string[] {
  return peer.controls.splice(0).map(({ kind, topic }) => `${kind} ${toText(topic)}`);
}

test("XSUB writes subscriptions in message form to every publisher, duplicates too", () => {
  const { xsub } = subscriber();
  const peers = [new FakePeer(xsub), new FakePeer(xsub)];
  for (const text of ["\x01a", "\x01a", "\x00a", "\x00a", "\x00a"]) assert.equal(xsub.send(message(text)), true);
  for (const peer of peers) assert.deepEqual(peer.received(), ["\x01a", "\x01a", "0x0061"]);
  assert.equal(xsub.topicsCount, 0);
});

test("XSUB with verboseUnsubscribe writes every cancellation", () => {
  const { xsub } = subscriber({ verboseUnsubscribe: true });
  const peer = new FakePeer(xsub);
  for (const text of ["\x01a", "\x01a", "\x00a", "\x00a", "\x00b"]) xsub.send(message(text));
  assert.deepEqual(peer.received(), ["\x01a", "\x01a", "0x0061", "0x0061", "0x0062"]);
});

test("XSUB sends its topics again at each connection, and user messages that waited once", () => {
  const { xsub } = subscriber();
  const peer = new FakePeer(xsub, { dialed: true });
  xsub.send(message("\x01b"));
  xsub.send(message("\x01a"));
  xsub.send(message("hello"));
  peer.connect();
  assert.deepEqual(told(peer), ["subscribe a", "subscribe b"]);
  assert.deepEqual(peer.received(), ["hello"]);
  peer.disconnect();
  xsub.send(message("\x00b"));
  peer.connect();
  assert.deepEqual(told(peer), ["subscribe a"]);
  assert.deepEqual(peer.received(), []);
});

test("XSUB records subscriptions in any frame of a multipart message", () => {
  const { xsub } = subscriber();
  const peer = new FakePeer(xsub);
  xsub.send(message("data", "\x01a", "\x00unknown", "\x01b"));
  assert.deepEqual(peer.received(), ["data|\x01a|\x01b"]);
  assert.equal(xsub.topicsCount, 2);
});

test("XSUB with onlyFirstSubscribe leaves later frames alone when the first is not a subscription", () => {
  const { xsub } = subscriber({ onlyFirstSubscribe: true });
  const peer = new FakePeer(xsub);
  xsub.send(message("data", "\x01a"));
  assert.equal(xsub.topicsCount, 0);
  xsub.send(message("\x01a", "\x01b"));
  assert.equal(xsub.topicsCount, 2);
  assert.deepEqual(peer.received(), ["data|\x01a", "\x01a|\x01b"]);
});

test("XSUB delivers everything that comes, subscribed or not", () => {
  const { xsub } = subscriber();
  const peer = new FakePeer(xsub);
  peer.send("unasked", "1");
  assert.equal(xsub.canReceive, true);
  assert.deepEqual(receiveAll(xsub), ["unasked|1"]);
  assert.equal(xsub.source, peer.pipe);
});

test("XSUB never blocks: a user message misses a full pipe, a subscription does not", () => {
  const { xsub, host } = subscriber();
  const full = new FakePeer(xsub, { sendHighWaterMark: 1 });
  full.accepts = false;
  for (const text of ["m1", "m2", "\x01a"]) assert.equal(xsub.send(message(text)), true);
  assert.deepEqual(host.drops, [{ reason: "highWaterMark", pipe: full.pipe, message: ["m2"] }]);
  full.drain();
  assert.deepEqual(full.received(), ["m1"]);
  assert.deepEqual(told(full), ["subscribe a"]);
});

test("XSUB forgets a publisher that is gone but not what it had sent", () => {
  const { xsub } = subscriber();
  const peer = new FakePeer(xsub);
  peer.send("last");
  peer.end();
  xsub.send(message("\x01a"));
  assert.deepEqual(peer.received(), []);
  assert.deepEqual(receiveAll(xsub), ["last"]);
});
