import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeHost, FakePeer, message, receive, receiveAll } from "../../test/fake-pipe.ts";
import { fromText } from "../base/bytes.ts";
import { ClientPattern, decodeRoutingId, encodeRoutingId, ServerPattern } from "./server-client.ts";

const idOf = (peer: FakePeer): number => decodeRoutingId(peer.pipe.routingId);

/** A message of a SERVER, for a peer. */
function to(peer: FakePeer, ...frames: string[]) {
  return message(encodeRoutingId(idOf(peer)), ...frames);
}

test("SERVER counts routing ids from a random number and leaves out 0", () => {
  const host = new FakeHost("SERVER");
  host.random = 0xffff_ffff;
  const pattern = new ServerPattern(host);
  const ids = [new FakePeer(pattern), new FakePeer(pattern), new FakePeer(pattern)].map(idOf);
  assert.deepEqual(ids, [0xffff_ffff, 1, 2]);
});

test("SERVER gives a routing id again only when its peer has left", () => {
  const host = new FakeHost("SERVER");
  const pattern = new ServerPattern(host);
  const first = new FakePeer(pattern);
  assert.equal(idOf(first), 1);
  first.end();
  assert.equal(idOf(new FakePeer(pattern)), 2);
  assert.throws(() => pattern.send(to(first, "late")), { code: "EHOSTUNREACH" });
});

test("a routing id is no part of what travels", () => {
  const pattern = new ServerPattern(new FakeHost("SERVER"));
  const peer = new FakePeer(pattern);
  peer.send("asked");
  const received = pattern.receive();
  assert.deepEqual(received, [peer.pipe.routingId, fromText("asked")]);
  const shown: object[] = received ?? [];
  pattern.present(shown);
  assert.deepEqual(shown, [fromText("asked"), { routingId: idOf(peer) }]);
  assert.equal(pattern.send(to(peer, "answered")), true);
  assert.deepEqual(peer.received(), ["answered"]);
});

test("SERVER and CLIENT refuse to send other than one frame, and drop what comes of more", () => {
  for (const host of [new FakeHost("SERVER"), new FakeHost("CLIENT")]) {
    const isServer = host.options.type === 12;
    const pattern = isServer ? new ServerPattern(host) : new ClientPattern(host);
    const peer = new FakePeer(pattern);
    const two = isServer ? to(peer, "a", "b") : message("a", "b");
    assert.throws(() => pattern.send(two), { code: "EINVAL" });
    peer.send("a", "b");
    assert.equal(pattern.canReceive, true);
    assert.equal(receive(pattern), undefined);
    peer.send("c", "d");
    peer.send("good");
    assert.deepEqual(pattern.receive()?.at(-1), fromText("good"));
    assert.deepEqual(
      host.drops.map(({ reason, message: frames }) => [reason, frames]),
      [
        ["invalid", ["a", "b"]],
        ["invalid", ["c", "d"]],
      ],
    );
  }
});

test("SERVER would block for the one peer that has no room", () => {
  const pattern = new ServerPattern(new FakeHost("SERVER"));
  const [full, other] = [new FakePeer(pattern, { sendHighWaterMark: 1 }), new FakePeer(pattern)];
  full.accepts = false;
  assert.equal(pattern.send(to(full, "1")), true);
  const second = to(full, "2");
  assert.equal(pattern.send(second), false);
  assert.equal(second.length, 2);
  assert.equal(pattern.send(to(other, "3")), true);
  full.accepts = true;
  full.drain();
  assert.equal(pattern.send(second), true);
  assert.deepEqual(full.received(), ["1", "2"]);
});

test("SERVER greets, and tells of an accepted peer that left; PEER of a connection that it lost", () => {
  const helloMessage = fromText("hello");
  const server = new ServerPattern(new FakeHost("SERVER", { helloMessage, disconnectMessage: fromText("gone") }));
  const peer = new FakePeer(server);
  peer.send("last words");
  peer.end();
  assert.deepEqual(peer.received(), ["hello"]);
  assert.deepEqual(
    receiveAll(server).map((each) => each.split("|")[1]),
    ["last words", "gone"],
  );
  const host = new FakeHost("PEER", { hiccupMessage: fromText("hiccup"), disconnectMessage: fromText("gone") });
  const other = new ServerPattern(host);
  const dialed = new FakePeer(other, { dialed: true });
  dialed.connect();
  dialed.disconnect();
  dialed.connect();
  dialed.end();
  assert.deepEqual(
    receiveAll(other).map((each) => each.split("|")[1]),
    ["hiccup"],
  );
});

test("CLIENT deals out in turn, and passes by a peer without room", () => {
  const pattern = new ClientPattern(new FakeHost("CLIENT"));
  const [a, b] = [new FakePeer(pattern, { sendHighWaterMark: 1 }), new FakePeer(pattern)];
  a.accepts = false;
  for (const body of ["1", "2", "3", "4"]) assert.equal(pattern.send(message(body)), true);
  assert.deepEqual(b.received(), ["2", "3", "4"]);
});
