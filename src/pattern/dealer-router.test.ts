import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeHost, FakePeer, message, receive, receiveAll, text } from "../../test/fake-pipe.ts";
import { fromText } from "../base/bytes.ts";
import type { OptionValues } from "../base/options.ts";
import { DealerPattern, RouterPattern } from "./dealer-router.ts";

function dealer(options: Partial<OptionValues> = {}) {
  return new DealerPattern(new FakeHost("DEALER", options));
}

function router(options: Partial<OptionValues> = {}) {
  const host = new FakeHost("ROUTER", options);
  return { host, pattern: new RouterPattern(host) };
}

const UNREACHABLE = { code: "EHOSTUNREACH" };

test("DEALER without a peer blocks", () => {
  const pattern = dealer();
  assert.equal(pattern.canSend, false);
  assert.equal(pattern.send(message("a")), false);
});

test("DEALER deals out in turns and collects fairly", () => {
  const pattern = dealer();
  const [a, b] = [new FakePeer(pattern), new FakePeer(pattern)];
  for (const text of ["1", "2", "3"]) pattern.send(message("", text));
  a.send("a1");
  a.send("a2");
  b.send("", "b1");
  assert.deepEqual(a.received(), ["|1", "|3"]);
  assert.deepEqual(b.received(), ["|2"]);
  assert.deepEqual(receiveAll(pattern), ["a1", "|b1", "a2"]);
  assert.equal(pattern.source, a.pipe);
});

test("DEALER skips a peer at its high-water mark until it has room", () => {
  const pattern = dealer();
  const [a, b] = [new FakePeer(pattern, { sendHighWaterMark: 1 }), new FakePeer(pattern)];
  a.accepts = false;
  for (const text of ["1", "2", "3"]) pattern.send(message(text));
  assert.deepEqual(b.received(), ["2", "3"]);
  a.drain();
  a.accepts = true;
  for (const text of ["4", "5"]) pattern.send(message(text));
  assert.deepEqual(a.received(), ["1", "5"]);
});

test("DEALER probes each peer once, before what waited, and not after a reconnection", () => {
  const pattern = dealer({ probeRouter: true });
  const peer = new FakePeer(pattern, { dialed: true });
  pattern.send(message("waited"));
  peer.connect();
  assert.deepEqual(peer.received(), ["", "waited"]);
  peer.disconnect();
  peer.connect();
  assert.deepEqual(peer.received(), []);
});

test("DEALER says hello first at every connection", () => {
  const pattern = dealer({ helloMessage: fromText("hello"), probeRouter: true });
  const peer = new FakePeer(pattern, { dialed: true });
  pattern.send(message("1"));
  peer.connect();
  assert.deepEqual(peer.received(), ["hello", "", "1"]);
  peer.disconnect();
  pattern.send(message("2"));
  peer.connect();
  assert.deepEqual(peer.received(), ["hello", "2"]);
});

test("DEALER says hello before its probe on a link that takes both at once", () => {
  const pattern = dealer({ helloMessage: fromText("hello"), probeRouter: true });
  assert.deepEqual(new FakePeer(pattern).received(), ["hello", ""]);
});

test("DEALER receives the hiccup message after what the lost connection brought", () => {
  const pattern = dealer({ hiccupMessage: fromText("hiccup") });
  const peer = new FakePeer(pattern, { dialed: true });
  peer.connect();
  peer.send("1");
  peer.disconnect();
  peer.connect();
  peer.send("2");
  assert.deepEqual(receiveAll(pattern), ["1", "hiccup", "2"]);
});

test("ROUTER makes up routing ids: 00 and a big-endian counter that starts at random", () => {
  const { host } = router();
  host.random = 0xffff_ffff;
  const pattern = new RouterPattern(host);
  const [a, b] = [new FakePeer(pattern), new FakePeer(pattern, { routingId: "" })];
  a.send("a");
  b.send("b");
  assert.deepEqual(receiveAll(pattern), ["0x00ffffffff|a", "0x0000000000|b"]);
});

test("ROUTER passes over a made-up routing id that a peer has chosen", () => {
  const { pattern } = router();
  new FakePeer(pattern, { routingId: Uint8Array.of(0, 0, 0, 0, 0) });
  const peer = new FakePeer(pattern);
  peer.send("a");
  assert.equal(receive(pattern), "0x0000000001|a");
});

test("ROUTER puts the sender's routing id before each message and routes by it", () => {
  const { pattern } = router();
  const [a, b] = [new FakePeer(pattern, { routingId: "A" }), new FakePeer(pattern, { routingId: "B" })];
  a.send("1");
  a.send("2", "", "3", "4");
  b.send("");
  b.send("", "5");
  assert.deepEqual(receiveAll(pattern), ["A|1", "B|", "A|2||3|4", "B||5"]);
  pattern.send(message("B", "to b"));
  pattern.send(message("A", "", "to a"));
  assert.deepEqual(a.received(), ["|to a"]);
  assert.deepEqual(b.received(), ["to b"]);
});

test("ROUTER tells routing ids apart by every byte, 255 of them and any value", () => {
  const { pattern } = router();
  const ids = [
    new Uint8Array(255).fill(0xff),
    new Uint8Array(254).fill(0xff),
    Uint8Array.of(0xc3),
    Uint8Array.of(0xe9),
  ];
  const peers = ids.map((routingId) => new FakePeer(pattern, { routingId }));
  ids.forEach((id, i) => {
    pattern.send(message(id, String(i)));
  });
  assert.deepEqual(
    peers.map((peer) => peer.received()),
    [["0"], ["1"], ["2"], ["3"]],
  );
});

test("ROUTER gives a routing id of its own with each message of a peer, whatever its user writes into the last", () => {
  const { pattern } = router();
  const peer = new FakePeer(pattern);
  peer.send("1");
  peer.send("2");
  const [first, second] = [pattern.receive(), pattern.receive()];
  const id = Buffer.from(first?.[0] ?? []);
  first?.[0]?.fill(0);
  assert.deepEqual([...(second?.[0] ?? [])], [...id]);
  assert.equal(pattern.send([id, Buffer.from("x")]), true);
  assert.deepEqual(peer.received(), ["x"]);
});

test("ROUTER drops what it cannot route", () => {
  const { host, pattern } = router();
  assert.equal(pattern.send(message("nobody", "1")), true);
  assert.deepEqual(host.drops, [{ reason: "unroutable", pipe: undefined, message: ["nobody", "1"] }]);
});

test("ROUTER swallows a message that is a routing id alone, mandatory or not", () => {
  const { host, pattern } = router({ mandatory: true });
  const peer = new FakePeer(pattern, { routingId: "A" });
  assert.equal(pattern.send(message("A")), true);
  assert.equal(pattern.send(message("nobody")), true);
  assert.deepEqual(peer.received(), []);
  assert.deepEqual(
    host.drops.map((drop) => drop.reason),
    ["invalid", "invalid"],
  );
});

test("ROUTER drops a message to a peer at its high-water mark", () => {
  const { host, pattern } = router();
  const peer = new FakePeer(pattern, { routingId: "A", sendHighWaterMark: 1 });
  peer.accepts = false;
  pattern.send(message("A", "1"));
  assert.equal(pattern.canSend, true);
  assert.equal(pattern.send(message("A", "2")), true);
  assert.deepEqual(host.drops, [{ reason: "highWaterMark", pipe: peer.pipe, message: ["A", "2"] }]);
});

test("ROUTER with mandatory refuses what it cannot route", () => {
  const { pattern } = router({ mandatory: true });
  assert.throws(() => pattern.send(message("nobody", "1")), UNREACHABLE);
  const peer = new FakePeer(pattern, { routingId: "A" });
  pattern.send(message("A", "1"));
  peer.end();
  assert.throws(() => pattern.send(message("A", "2")), UNREACHABLE);
});

test("ROUTER with mandatory waits for a peer at its high-water mark and leaves the message whole", () => {
  const { pattern } = router({ mandatory: true });
  const peer = new FakePeer(pattern, { routingId: "A", sendHighWaterMark: 1 });
  peer.accepts = false;
  pattern.send(message("A", "1"));
  const waiting = message("A", "2", "3");
  assert.equal(pattern.send(waiting), false);
  assert.equal(pattern.canSend, false);
  peer.drain();
  assert.equal(pattern.canSend, true);
  assert.equal(pattern.send(waiting), true);
  peer.drain();
  assert.deepEqual(peer.received(), ["1", "2|3"]);
});

test("ROUTER with mandatory can send while any peer has room", () => {
  const { pattern } = router({ mandatory: true });
  assert.equal(pattern.canSend, false);
  const full = new FakePeer(pattern, { routingId: "A", sendHighWaterMark: 1 });
  full.accepts = false;
  pattern.send(message("A", "1"));
  new FakePeer(pattern, { routingId: "B" });
  assert.equal(pattern.canSend, true);
});

test("ROUTER does not know a dialed peer before its link exists", () => {
  const { host, pattern } = router();
  const peer = new FakePeer(pattern, { dialed: true, routingId: "A" });
  pattern.send(message("A", "1"));
  assert.equal(host.drops.length, 1);
  peer.connect();
  pattern.send(message("A", "2"));
  assert.deepEqual(peer.received(), ["2"]);
});

test("ROUTER queues for a dialed peer whose routing id was given to connect", () => {
  const { pattern } = router();
  const peer = new FakePeer(pattern, { dialed: true, presetId: "mine", routingId: "its own" });
  pattern.send(message("mine", "1"));
  peer.connect();
  peer.send("2");
  assert.deepEqual(peer.received(), ["1"]);
  assert.equal(receive(pattern), "mine|2");
});

test("ROUTER refuses to give connect a routing id that a peer has", () => {
  const { pattern } = router();
  new FakePeer(pattern, { routingId: "A" });
  assert.equal(pattern.hasPeer(fromText("A")), true);
  assert.throws(() => new FakePeer(pattern, { dialed: true, presetId: "A" }), { code: "EINVAL" });
});

test("ROUTER keeps the first routing id of a dialed peer that comes back with another", () => {
  const { pattern } = router();
  const peer = new FakePeer(pattern, { dialed: true });
  peer.connect(new Map([["Identity", fromText("first")]]));
  peer.disconnect();
  pattern.send(message("first", "waits"));
  peer.connect(new Map([["Identity", fromText("second")]]));
  peer.send("1");
  assert.deepEqual(peer.received(), ["waits"]);
  assert.equal(receive(pattern), "first|1");
});

test("ROUTER leaves a peer with another's routing id connected but mute for life, and counts it once", () => {
  const { host, pattern } = router();
  const first = new FakePeer(pattern, { routingId: "A" });
  const second = new FakePeer(pattern, { routingId: "A" });
  second.send("ignored");
  pattern.send(message("A", "1"));
  assert.deepEqual(first.received(), ["1"]);
  first.end();
  second.send("ignored too");
  assert.equal(pattern.canReceive, false);
  assert.equal(second.isClosed, false);
  assert.deepEqual(second.received(), []);
  assert.deepEqual(host.drops, [{ reason: "duplicateRoutingId", pipe: second.pipe, message: ["A"] }]);
});

test("ROUTER frees the routing id of a peer that ended, and still reads what it left", () => {
  const { pattern } = router();
  const first = new FakePeer(pattern, { routingId: "A" });
  first.send("1");
  first.end();
  const second = new FakePeer(pattern, { routingId: "A" });
  second.send("2");
  pattern.send(message("A", "3"));
  assert.deepEqual(receiveAll(pattern), ["A|1", "A|2"]);
  assert.deepEqual(second.received(), ["3"]);
});

test("ROUTER with handover closes the former holder of a routing id and reads it under a new one", () => {
  const { pattern } = router({ handover: true });
  const first = new FakePeer(pattern, { routingId: "A" });
  first.send("1");
  const second = new FakePeer(pattern, { routingId: "A" });
  second.send("2");
  assert.equal(first.isClosed, true);
  pattern.send(message("A", "3"));
  first.end();
  pattern.send(message("A", "4"));
  assert.deepEqual(receiveAll(pattern), ["0x0000000000|1", "A|2"]);
  assert.deepEqual(first.received(), []);
  assert.deepEqual(second.received(), ["3", "4"]);
});

test("ROUTER probes and says hello on both sides", () => {
  const { pattern } = router({ helloMessage: fromText("hello"), probeRouter: true });
  assert.deepEqual(new FakePeer(pattern).received(), ["hello", ""]);
  const dialed = new FakePeer(pattern, { dialed: true });
  dialed.connect();
  dialed.disconnect();
  dialed.connect();
  assert.deepEqual(dialed.received(), ["hello", "", "hello"]);
});

test("ROUTER with routerNotify tells of connections and their loss, in order with the messages", () => {
  const { pattern } = router({ routerNotify: 3 });
  const accepted = new FakePeer(pattern, { routingId: "A" });
  accepted.send("1");
  accepted.end();
  assert.deepEqual(receiveAll(pattern), ["A|", "A|1", "A|"]);
  const dialed = new FakePeer(pattern, { dialed: true, routingId: "B" });
  assert.equal(pattern.canReceive, false);
  dialed.connect();
  dialed.disconnect();
  dialed.connect();
  assert.deepEqual(receiveAll(pattern), ["B|", "B|", "B|"]);
});

test("ROUTER tells of connections only, or of losses only", () => {
  for (const [routerNotify, expected] of [
    [1, ["A|"]],
    [2, []],
  ] as const) {
    const { pattern } = router({ routerNotify });
    const peer = new FakePeer(pattern, { routingId: "A" });
    assert.deepEqual(receiveAll(pattern), expected);
    peer.end();
    assert.deepEqual(receiveAll(pattern), routerNotify === 2 ? ["A|"] : []);
  }
});

test("ROUTER receives the disconnect message from accepted peers only, after their last message", () => {
  const { pattern } = router({ disconnectMessage: fromText("bye"), routerNotify: 2 });
  const accepted = new FakePeer(pattern, { routingId: "A" });
  accepted.send("1");
  accepted.end();
  assert.deepEqual(receiveAll(pattern), ["A|1", "A|", "A|bye"]);
  const dialed = new FakePeer(pattern, { dialed: true, routingId: "B" });
  dialed.connect();
  dialed.end();
  assert.deepEqual(receiveAll(pattern), ["B|"]);
});

test("ROUTER says nothing of the end of a mute peer", () => {
  const { pattern } = router({ disconnectMessage: fromText("bye"), routerNotify: 3 });
  new FakePeer(pattern, { routingId: "A" });
  receiveAll(pattern);
  new FakePeer(pattern, { routingId: "A" }).end();
  assert.deepEqual(receiveAll(pattern), []);
});

test("ROUTER in raw mode makes up every routing id, and an empty message closes the peer", () => {
  const { pattern } = router({ raw: true });
  const peer = new FakePeer(pattern, { routingId: "ignored" });
  peer.send("bytes");
  assert.equal(receive(pattern), "0x0000000000|bytes");
  pattern.send(message(Uint8Array.of(0, 0, 0, 0, 0), "answer"));
  assert.deepEqual(peer.received(), ["answer"]);
  pattern.send(message(Uint8Array.of(0, 0, 0, 0, 0), ""));
  assert.equal(peer.isClosed, true);
  assert.deepEqual(peer.received(), []);
});

test("ROUTER attaches, addresses and detaches 10,000 peers", () => {
  const { pattern } = router();
  const peers = Array.from({ length: 10_000 }, (_, i) => new FakePeer(pattern, { routingId: `peer ${i}` }));
  for (let i = 0; i < peers.length; i++) pattern.send(message(`peer ${i}`, String(i)));
  assert.ok(peers.every((peer, i) => peer.received()[0] === String(i)));
  for (const peer of peers) peer.end();
  assert.equal(pattern.hasPeer(fromText("peer 5000")), false);
});

test("the messages of options are each receiver's own memory", () => {
  const long = () => fromText("x".repeat(200));
  const intact = "x".repeat(200);
  const { pattern } = router({ helloMessage: long(), disconnectMessage: long() });
  for (let i = 0; i < 2; i++) {
    const peer = new FakePeer(pattern);
    assert.deepEqual(peer.sent.map(text), [[intact]]);
    peer.sent[0]?.[0]?.fill(0);
    peer.end();
    const frame = pattern.receive()?.[1];
    assert.deepEqual(frame && text([frame]), [intact]);
    frame?.fill(0);
  }
  const dealing = dealer({ hiccupMessage: long() });
  const peer = new FakePeer(dealing, { dialed: true });
  for (let i = 0; i < 2; i++) {
    peer.connect();
    peer.disconnect();
    const [frame] = dealing.receive() ?? [];
    assert.deepEqual(frame && text([frame]), [intact]);
    frame?.fill(0);
  }
});
