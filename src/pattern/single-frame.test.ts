import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeHost, FakePeer, message, receiveAll } from "../../test/fake-pipe.ts";
import { ChannelPattern } from "./channel.ts";
import { DatagramPattern } from "./datagram.ts";
import { GatherPattern, ScatterPattern } from "./scatter-gather.ts";

test("SCATTER and CHANNEL refuse a message of several frames, with and without a peer", () => {
  for (const pattern of [new ScatterPattern(new FakeHost("SCATTER")), new ChannelPattern(new FakeHost("CHANNEL"))]) {
    assert.throws(() => pattern.send(message("a", "b")), { code: "EINVAL" });
    assert.equal(pattern.send(message("a")), false);
    const peer = new FakePeer(pattern);
    assert.throws(() => pattern.send(message("a", "b")), { code: "EINVAL" });
    assert.equal(pattern.send(message("a")), true);
    assert.deepEqual(peer.received(), ["a"]);
  }
});

test("GATHER and CHANNEL drop a message of several frames, and go on with the next", () => {
  for (const type of ["GATHER", "CHANNEL"] as const) {
    const host = new FakeHost(type);
    const pattern = type === "GATHER" ? new GatherPattern(host) : new ChannelPattern(host);
    const peer = new FakePeer(pattern);
    peer.send("1");
    peer.send("a", "b");
    peer.send("2");
    peer.send("c", "d");
    assert.deepEqual(receiveAll(pattern), ["1", "2"]);
    assert.deepEqual(
      host.drops.map(({ reason }) => reason),
      ["invalid", "invalid"],
    );
  }
});

test("CHANNEL has one peer, and refuses others as PAIR does", () => {
  const host = new FakeHost("CHANNEL");
  const pattern = new ChannelPattern(host);
  const [first, second] = [new FakePeer(pattern), new FakePeer(pattern)];
  pattern.send(message("1"));
  second.send("unheard");
  assert.deepEqual([first.received(), second.received(), receiveAll(pattern)], [["1"], [], []]);
  assert.deepEqual(
    host.drops.map(({ reason }) => reason),
    ["secondPeer"],
  );
});

test("DGRAM sends and receives an address and a payload, and nothing else", () => {
  const pattern = new DatagramPattern(new FakeHost("DGRAM"));
  assert.equal(pattern.send(message("127.0.0.1:5", "x")), false);
  const peer = new FakePeer(pattern);
  for (const frames of [["x"], ["127.0.0.1:5", "x", "y"]]) {
    assert.throws(() => pattern.send(message(...frames)), { code: "EINVAL" });
  }
  for (const address of ["localhost:5", "127.0.0.1", "127.0.0.1:0", "1.2.3.400:5", ""]) {
    assert.throws(() => pattern.send(message(address, "x")), { code: "EINVAL" });
  }
  assert.throws(() => pattern.send(message("127.0.0.1:5", new Uint8Array(8193))), { code: "EMSGSIZE" });
  for (const address of ["127.0.0.1:5", "127.0.0.1:5\0", "[::1]:5"]) pattern.send(message(address, "x"));
  assert.deepEqual(peer.received(), ["127.0.0.1:5|x", "127.0.0.1:5\0|x", "[::1]:5|x"]);
});
