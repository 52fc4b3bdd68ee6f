import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeHost, FakePeer, message, receive, receiveAll } from "../../test/fake-pipe.ts";
import { fromText } from "../base/bytes.ts";
import type { OptionValues } from "../base/options.ts";
import { checkReplyFrames, RepPattern, ReqPattern } from "./request-reply.ts";

function req(options: Partial<OptionValues> = {}) {
  const host = new FakeHost("REQ", options);
  host.random = 0xffff_fffe;
  return { host, pattern: new ReqPattern(host) };
}

function rep() {
  const host = new FakeHost("REP");
  return { host, pattern: new RepPattern(host) };
}

/** Request ids as `correlate` sends them: the counter starts at what `random` gave, here 2^32 - 2, and counts before use. */
const FIRST_ID = Uint8Array.of(0xff, 0xff, 0xff, 0xff);
const SECOND_ID = Uint8Array.of(0, 0, 0, 0);

test("REQ sends an empty delimiter before the body and takes it off the reply", () => {
  const { pattern } = req();
  const peer = new FakePeer(pattern);
  assert.equal(pattern.send(message("hello", "w")), true);
  assert.deepEqual(peer.received(), ["|hello|w"]);
  peer.send("", "world", "");
  assert.equal(pattern.canReceive, true);
  assert.equal(receive(pattern), "world|");
  assert.equal(pattern.source, peer.pipe);
});

test("REQ asks its peers in strict turns", () => {
  const { pattern } = req();
  const peers = [new FakePeer(pattern), new FakePeer(pattern)];
  for (const text of ["1", "2", "3"]) {
    pattern.send(message(text));
    for (const peer of peers) if (peer.sent.length > 0) peer.send(...(peer.sent.at(-1) ?? []));
    receive(pattern);
  }
  assert.deepEqual(
    peers.map((peer) => peer.received()),
    [["|1", "|3"], ["|2"]],
  );
});

test("REQ without a peer blocks and stays ready to send", () => {
  const { pattern } = req();
  const request = message("1");
  assert.equal(pattern.canSend, false);
  assert.equal(pattern.send(request), false);
  assert.equal(pattern.blockedBy, "EAGAIN");
  const peer = new FakePeer(pattern);
  assert.equal(pattern.send(request), true);
  assert.deepEqual(peer.received(), ["|1"]);
});

test("REQ refuses a second request before the reply, and a receive before the request", () => {
  const { pattern } = req();
  new FakePeer(pattern);
  assert.equal(receive(pattern), undefined);
  assert.equal(pattern.blockedBy, "EFSM");
  pattern.send(message("1"));
  assert.equal(receive(pattern), undefined);
  assert.equal(pattern.blockedBy, "EAGAIN");
  assert.equal(pattern.canSend, false);
  assert.equal(pattern.send(message("2")), false);
  assert.equal(pattern.blockedBy, "EFSM");
});

test("REQ takes the reply only from the peer it asked", () => {
  const { host, pattern } = req();
  const [asked, other] = [new FakePeer(pattern), new FakePeer(pattern)];
  pattern.send(message("1"));
  other.send("", "not mine");
  assert.equal(pattern.canReceive, false);
  asked.send("", "mine");
  assert.deepEqual(receiveAll(pattern), ["mine"]);
  assert.deepEqual(
    host.drops.map((drop) => drop.message),
    [["", "not mine"]],
  );
});

test("REQ takes any peer's reply once the peer it asked has ended", () => {
  const { pattern } = req();
  const [asked, other] = [new FakePeer(pattern), new FakePeer(pattern)];
  pattern.send(message("1"));
  asked.end();
  other.send("", "instead");
  assert.equal(receive(pattern), "instead");
});

test("REQ reads a reply that arrived before its peer ended", () => {
  const { pattern } = req();
  const peer = new FakePeer(pattern);
  pattern.send(message("1"));
  peer.send("", "reply");
  peer.end();
  assert.equal(receive(pattern), "reply");
});

test("REQ discards what arrived before a new request", () => {
  const { host, pattern } = req();
  const peer = new FakePeer(pattern);
  peer.send("", "unasked");
  pattern.send(message("1"));
  assert.equal(pattern.canReceive, false);
  peer.send("", "1");
  peer.send("", "late copy");
  assert.equal(receive(pattern), "1");
  pattern.send(message("2"));
  peer.send("", "2");
  assert.equal(receive(pattern), "2");
  assert.deepEqual(
    host.drops.map((drop) => drop.message[1]),
    ["unasked", "late copy"],
  );
});

test("REQ that finds its only peer to have broken the protocol blocks, and sends to the next peer", () => {
  const { pattern } = req();
  const peer = new FakePeer(pattern);
  peer.send("no delimiter");
  const request = message("1", "2", "3");
  assert.equal(pattern.send(request), false);
  assert.equal(pattern.blockedBy, "EAGAIN");
  assert.equal(peer.isClosed, true);
  assert.deepEqual(peer.received(), []);
  const next = new FakePeer(pattern);
  assert.equal(pattern.canSend, true);
  assert.equal(pattern.send(request), true);
  assert.deepEqual(next.received(), ["|1|2|3"]);
});

test("REQ that blocks keeps what arrived", () => {
  const { host, pattern } = req();
  const peer = new FakePeer(pattern, { sendHighWaterMark: 1, dialed: true });
  pattern.send(message("1"));
  peer.send("", "1");
  receive(pattern);
  peer.send("", "2");
  assert.equal(pattern.send(message("2")), false);
  assert.deepEqual(host.drops, []);
});

test("REQ with relaxed sends again while it waits, to the next peer, and ignores the first", () => {
  const { pattern } = req({ relaxed: true });
  const [a, b] = [new FakePeer(pattern), new FakePeer(pattern)];
  pattern.send(message("1"));
  assert.equal(pattern.canSend, true);
  assert.equal(pattern.send(message("2")), true);
  assert.deepEqual(b.received(), ["|2"]);
  a.send("", "1");
  assert.equal(receive(pattern), undefined);
  b.send("", "2");
  assert.equal(receive(pattern), "2");
});

test("REQ with relaxed ends its request when the next one finds no peer", () => {
  const { pattern } = req({ relaxed: true });
  const peer = new FakePeer(pattern);
  pattern.send(message("1"));
  peer.end();
  assert.equal(pattern.send(message("2")), false);
  assert.equal(pattern.blockedBy, "EAGAIN");
  assert.equal(receive(pattern), undefined);
  assert.equal(pattern.blockedBy, "EFSM");
});

test("REQ with relaxed discards a reply that canReceive had found", () => {
  const { pattern } = req({ relaxed: true });
  const peer = new FakePeer(pattern);
  pattern.send(message("1"));
  peer.send("", "1");
  assert.equal(pattern.canReceive, true);
  pattern.send(message("2"));
  assert.equal(pattern.canReceive, false);
});

test("REQ with correlate counts its requests in a 4-byte little-endian frame", () => {
  const { pattern } = req({ correlate: true });
  const peer = new FakePeer(pattern);
  pattern.send(message("1"));
  assert.deepEqual(peer.sent[0]?.[0], Buffer.from(FIRST_ID));
  peer.send(FIRST_ID, "", "reply");
  assert.equal(receive(pattern), "reply");
  pattern.send(message("2", "3"));
  assert.deepEqual(peer.sent[1]?.map(Buffer.from), message(SECOND_ID, "", "2", "3").map(Buffer.from));
});

test("REQ with correlate skips replies to another request and replies without an id", () => {
  const { pattern } = req({ correlate: true, relaxed: true });
  const peer = new FakePeer(pattern);
  pattern.send(message("1"));
  pattern.send(message("2"));
  peer.send(FIRST_ID, "", "1");
  peer.send("", "no id");
  peer.send(SECOND_ID, "", "2");
  assert.deepEqual(receiveAll(pattern), ["2"]);
  assert.equal(peer.isClosed, false);
});

test("REQ without correlate skips a reply with a request id", () => {
  const { pattern } = req();
  const peer = new FakePeer(pattern);
  pattern.send(message("1"));
  peer.send(FIRST_ID, "", "late");
  peer.send("", "1");
  assert.equal(receive(pattern), "1");
  assert.equal(peer.isClosed, false);
});

test("REQ closes a peer that replies without a delimiter", () => {
  const { pattern } = req();
  const peer = new FakePeer(pattern);
  pattern.send(message("1"));
  peer.send("reply");
  assert.equal(receive(pattern), undefined);
  assert.equal(peer.isClosed, true);
});

test("REQ probes each peer with a message that has no delimiter, and never says hello", () => {
  const { pattern } = req({ probeRouter: true, helloMessage: fromText("hello") });
  assert.deepEqual(new FakePeer(pattern).received(), [""]);
});

test("the reply grammar: an optional 4-byte frame, an empty one, and a body", () => {
  for (const legal of [
    ["", "a"],
    ["", ""],
    ["", "a", "", "b"],
    ["1234", "", "a"],
    ["1234", "", ""],
  ]) {
    assert.equal(checkReplyFrames(message(...legal)), true, JSON.stringify(legal));
  }
  for (const illegal of [
    [""],
    ["a"],
    ["a", "b"],
    ["a", "", "b"],
    ["1234"],
    ["1234", ""],
    ["1234", "a", "b"],
    ["12345", "", "a"],
  ]) {
    assert.equal(checkReplyFrames(message(...illegal)), false, JSON.stringify(illegal));
  }
});

test("REP answers in the envelope of the request", () => {
  const { pattern } = rep();
  const peer = new FakePeer(pattern);
  peer.send("id1", "id2", "", "q", "", "more");
  assert.equal(receive(pattern), "q||more");
  assert.equal(pattern.canSend, true);
  assert.equal(pattern.send(message("r1", "r2")), true);
  assert.deepEqual(peer.received(), ["id1|id2||r1|r2"]);
});

test("REP takes an empty envelope and an empty body", () => {
  const { pattern } = rep();
  const peer = new FakePeer(pattern);
  peer.send("", "");
  assert.equal(receive(pattern), "");
  pattern.send(message(""));
  assert.deepEqual(peer.received(), ["|"]);
});

test("REP serves requesters in turn and answers each its own", () => {
  const { pattern } = rep();
  const [a, b] = [new FakePeer(pattern), new FakePeer(pattern)];
  a.send("", "a1");
  a.send("", "a2");
  b.send("x", "", "b1");
  for (let i = 0; i < 3; i++) {
    assert.equal(pattern.canReceive, true);
    pattern.send(message(`re ${receive(pattern)}`));
  }
  assert.deepEqual(a.received(), ["|re a1", "|re a2"]);
  assert.deepEqual(b.received(), ["x||re b1"]);
});

test("REP refuses to send before a request and to receive before its reply", () => {
  const { pattern } = rep();
  const peer = new FakePeer(pattern);
  assert.equal(receive(pattern), undefined);
  assert.equal(pattern.blockedBy, "EAGAIN");
  assert.equal(pattern.canSend, false);
  assert.equal(pattern.send(message("early")), false);
  assert.equal(pattern.blockedBy, "EFSM");
  peer.send("", "1");
  peer.send("", "2");
  receive(pattern);
  assert.equal(pattern.canReceive, false);
  assert.equal(receive(pattern), undefined);
  assert.equal(pattern.blockedBy, "EFSM");
  pattern.send(message("r"));
  assert.equal(pattern.send(message("twice")), false);
  assert.deepEqual(peer.received(), ["|r"]);
});

test("REP discards a request without a delimiter or without a body and keeps the connection", () => {
  const { host, pattern } = rep();
  const peer = new FakePeer(pattern);
  for (const frames of [["q"], ["a", "q"], [""], ["a", ""]]) peer.send(...frames);
  peer.send("", "good");
  assert.equal(receive(pattern), "good");
  assert.equal(peer.isClosed, false);
  assert.deepEqual(
    host.drops.map((drop) => drop.reason),
    ["invalid", "invalid", "invalid", "invalid"],
  );
});

test("REP drops the reply to a requester that is gone and goes on", () => {
  const { host, pattern } = rep();
  const [gone, next] = [new FakePeer(pattern), new FakePeer(pattern)];
  gone.send("", "1");
  gone.end();
  next.send("", "2");
  assert.equal(receive(pattern), "1");
  assert.equal(pattern.send(message("r1")), true);
  assert.deepEqual(
    host.drops.map((drop) => drop.reason),
    ["disconnected"],
  );
  assert.equal(receive(pattern), "2");
  pattern.send(message("r2"));
  assert.deepEqual(next.received(), ["|r2"]);
});

test("REP drops the reply to a requester at its high-water mark", () => {
  const { host, pattern } = rep();
  const peer = new FakePeer(pattern, { sendHighWaterMark: 1 });
  peer.accepts = false;
  for (const text of ["1", "2"]) {
    peer.send("", text);
    receive(pattern);
    assert.equal(pattern.send(message(text)), true);
  }
  assert.deepEqual(
    host.drops.map((drop) => drop.reason),
    ["highWaterMark"],
  );
  peer.drain();
  assert.deepEqual(peer.received(), ["|1"]);
});

test("REP whose next request canReceive has found still answers the present one", () => {
  const { pattern } = rep();
  const [a, b] = [new FakePeer(pattern), new FakePeer(pattern)];
  a.send("A", "", "1");
  assert.equal(pattern.canReceive, true);
  b.send("B", "", "2");
  receive(pattern);
  pattern.send(message("r1"));
  assert.equal(pattern.canReceive, true);
  assert.equal(pattern.source, a.pipe);
  receive(pattern);
  pattern.send(message("r2"));
  assert.deepEqual(a.received(), ["A||r1"]);
  assert.deepEqual(b.received(), ["B||r2"]);
});

test("REQ keeps nothing of peers that come, talk unasked and go", () => {
  const { host, pattern } = req();
  const asked = new FakePeer(pattern);
  for (let awaits = 0; awaits < 2; awaits++) {
    const other = new FakePeer(pattern);
    other.send("", "unasked");
    other.end();
    assert.equal(other.pipe.canRead, false);
    if (awaits === 0) assert.ok(pattern.send(message("question")));
  }
  asked.send("", "answer");
  assert.equal(receive(pattern), "answer");
  assert.equal(host.drops.length, 2);
});
