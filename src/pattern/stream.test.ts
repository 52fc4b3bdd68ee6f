import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeHost, FakePeer, message, receive, receiveAll } from "../../test/fake-pipe.ts";
import { fromText } from "../base/bytes.ts";
import type { OptionValues } from "../base/options.ts";
import { StreamPattern } from "./stream.ts";

function stream(options: Partial<OptionValues> = {}) {
  const host = new FakeHost("STREAM", options);
  return { host, pattern: new StreamPattern(host) };
}

const ID = Uint8Array.of(0, 0, 0, 0, 0);

test("STREAM tells of a connection, of its bytes and of its end, in that order", () => {
  const { pattern } = stream();
  const peer = new FakePeer(pattern);
  peer.send("GET /");
  peer.send(" HTTP/1.0");
  peer.end();
  assert.deepEqual(receiveAll(pattern), [
    "0x0000000000|",
    "0x0000000000|GET /",
    "0x0000000000| HTTP/1.0",
    "0x0000000000|",
  ]);
  assert.equal(pattern.source, peer.pipe);
});

test("STREAM without notify tells of bytes only", () => {
  const { pattern } = stream({ notify: false });
  const peer = new FakePeer(pattern);
  peer.send("bytes");
  peer.end();
  assert.deepEqual(receiveAll(pattern), ["0x0000000000|bytes"]);
});

test("STREAM numbers its peers and sends to the one named", () => {
  const { pattern } = stream({ notify: false });
  const [a, b] = [new FakePeer(pattern), new FakePeer(pattern)];
  pattern.send(message(Uint8Array.of(0, 0, 0, 0, 1), "to b"));
  pattern.send(message(ID, "to a"));
  assert.deepEqual(a.received(), ["to a"]);
  assert.deepEqual(b.received(), ["to b"]);
});

test("STREAM sends all frames after the routing id", () => {
  const { pattern } = stream();
  const peer = new FakePeer(pattern);
  pattern.send(message(ID, "a", "", "b"));
  assert.deepEqual(peer.received(), ["a||b"]);
});

test("STREAM closes a peer to whom an empty message is sent, without a notice", () => {
  const { pattern } = stream();
  const peer = new FakePeer(pattern);
  receive(pattern);
  assert.equal(pattern.send(message(ID, "")), true);
  assert.equal(peer.isClosed, true);
  assert.deepEqual(peer.received(), []);
  peer.end();
  assert.equal(pattern.canReceive, false);
});

test("STREAM refuses bytes for a peer that it does not have, or not any more", () => {
  const { pattern } = stream();
  assert.throws(() => pattern.send(message(ID, "a")), { code: "EHOSTUNREACH" });
  new FakePeer(pattern);
  pattern.send(message(ID, ""));
  assert.throws(() => pattern.send(message(ID, "a")), { code: "EHOSTUNREACH" });
});

test("STREAM swallows a routing id without bytes", () => {
  const { host, pattern } = stream();
  assert.equal(pattern.send(message(ID)), true);
  assert.deepEqual(
    host.drops.map((drop) => drop.reason),
    ["invalid"],
  );
});

test("STREAM waits for a peer at its high-water mark and leaves the message whole", () => {
  const { pattern } = stream();
  const peer = new FakePeer(pattern, { sendHighWaterMark: 1 });
  peer.accepts = false;
  pattern.send(message(ID, "1"));
  const waiting = message(ID, "2");
  assert.equal(pattern.send(waiting), false);
  peer.drain();
  assert.equal(pattern.send(waiting), true);
  peer.drain();
  assert.deepEqual(peer.received(), ["1", "2"]);
});

test("STREAM names a dialed peer as connect was told, and keeps the name after a reconnection", () => {
  const { pattern } = stream();
  const peer = new FakePeer(pattern, { dialed: true, presetId: "server" });
  assert.equal(pattern.hasPeer(fromText("server")), true);
  assert.equal(pattern.canReceive, false);
  peer.connect();
  peer.disconnect();
  peer.connect();
  peer.send("bytes");
  assert.deepEqual(receiveAll(pattern), ["server|", "server|", "server|", "server|bytes"]);
});

test("STREAM drops what waits for a dialed peer when its connection is lost, and keeps what is sent behind that", () => {
  const { pattern } = stream({ notify: false });
  const peer = new FakePeer(pattern, { dialed: true, presetId: "server", sendHighWaterMark: 2 });
  pattern.send(message("server", "before the first"));
  peer.connect();
  peer.accepts = false;
  pattern.send(message("server", "of"));
  pattern.send(message("server", "the first"));
  assert.equal(pattern.send(message("server", "more of it")), false);
  peer.disconnect();
  peer.accepts = true;
  pattern.send(message("server", "behind the first"));
  peer.connect();
  assert.deepEqual(peer.received(), ["before the first", "behind the first"]);
});

test("STREAM frees the routing id of a peer that ended", () => {
  const { pattern } = stream();
  new FakePeer(pattern, { presetId: "a" }).end();
  assert.equal(pattern.hasPeer(fromText("a")), false);
  assert.throws(() => pattern.send(message("a", "1")), { code: "EHOSTUNREACH" });
});
