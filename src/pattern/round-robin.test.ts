import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeHost, FakePeer, message, receive } from "../../test/fake-pipe.ts";
import { DealerPattern } from "./dealer-router.ts";
import { PairPattern } from "./exclusive-pair.ts";
import { RoundRobin } from "./round-robin.ts";

/** Pipes whose events go nowhere: the tests tell the round themselves. */
function peers(count: number, sendHighWaterMark = 1000): FakePeer[] {
  return Array.from({ length: count }, () => {
    return new FakePeer(new PairPattern(new FakeHost("PAIR")), { sendHighWaterMark });
  });
}

function roundOf(members: readonly FakePeer[]): RoundRobin {
  const round = new RoundRobin();
  for (const peer of members) round.add(peer.pipe);
  return round;
}

test("a round names the pipe that took the message", () => {
  const members = peers(2);
  const round = roundOf(members);
  assert.equal(round.send(message("1")), members[0]?.pipe);
  assert.equal(round.send(message("2")), members[1]?.pipe);
  assert.equal(new RoundRobin().send(message("3")), undefined);
});

test("a pipe that is added twice has one turn", () => {
  const members = peers(2);
  const round = roundOf([...members, ...members]);
  for (const text of ["1", "2", "3", "4"]) round.send(message(text));
  assert.deepEqual(members[0]?.received(), ["1", "3"]);
});

test("a pipe that refused is not asked again until it is added again", () => {
  const members = peers(1, 1);
  const [peer] = members as [FakePeer];
  peer.accepts = false;
  const round = roundOf(members);
  round.send(message("1"));
  assert.equal(round.send(message("2")), undefined);
  peer.drain();
  assert.equal(round.send(message("2")), undefined);
  round.add(peer.pipe);
  assert.equal(round.send(message("2")), peer.pipe);
});

/** Sends each letter and returns what each peer got. */
function deal(round: RoundRobin, members: readonly FakePeer[], letters: string): string[] {
  for (const letter of letters) round.send(message(letter));
  return members.map((peer) => peer.received().join(""));
}

test("each other pipe keeps one turn a round when one leaves before, at or after the current one", () => {
  for (let gone = 0; gone < 4; gone++) {
    const members = peers(4);
    const round = roundOf(members);
    deal(round, members, "12");
    members[gone]?.end();
    deal(round, members, "ab"); // To the end of the round.
    assert.deepEqual(
      deal(round, members, "cdefgh").map((got) => got.length),
      [0, 1, 2, 3].map((i) => (i === gone ? 0 : 2)),
    );
  }
});

test("the last pipe has the turn of one that left, and newer ones join behind it, as with libzmq", () => {
  const members = peers(4);
  const round = roundOf(members.slice(0, 3));
  const [a, , c, d] = members as [FakePeer, FakePeer, FakePeer, FakePeer];
  assert.deepEqual(deal(round, members, "0123"), ["03", "1", "2", ""]);
  round.add(d.pipe);
  assert.deepEqual(deal(round, members, "456789"), ["7", "48", "59", "6"]);
  a.end();
  assert.deepEqual(deal(round, members, "01234"), ["", "2", "3", "014"]);
  c.end();
  const [e] = peers(1) as [FakePeer];
  round.add(e.pipe);
  assert.deepEqual(deal(round, [...members, e], "5678901"), ["", "581", "", "70", "69"]);
});

test("a pipe that has room again joins behind the others", () => {
  const members = peers(3, 1);
  const round = roundOf(members);
  const [a, b] = members as [FakePeer, FakePeer];
  for (const peer of members) peer.accepts = false;
  assert.deepEqual(deal(round, members, "012"), ["", "", ""]);
  assert.equal(round.canSend, false);
  for (const peer of [b, a]) {
    peer.drain();
    round.add(peer.pipe);
  }
  assert.equal(round.send(message("3")), b.pipe);
  assert.equal(round.send(message("4")), a.pipe);
});

test("pipes that come and go while nothing is sent do not pile up", () => {
  const round = new RoundRobin();
  const all = peers(1000);
  for (const peer of all) {
    round.add(peer.pipe);
    if (peer !== all[0]) peer.end();
  }
  assert.ok(round.size <= 64, `${round.size} pipes are held`);
  assert.equal(round.send(message("1")), all[0]?.pipe);
});

test("DEALER gives the turn of a peer whose end was read to none who comes later", () => {
  const pattern = new DealerPattern(new FakeHost("DEALER"));
  const [a, b] = [new FakePeer(pattern), new FakePeer(pattern)];
  pattern.send(message("1"));
  b.end();
  assert.equal(receive(pattern), undefined);
  const c = new FakePeer(pattern);
  pattern.send(message("2"));
  pattern.send(message("3"));
  assert.deepEqual([a.received(), c.received()], [["1", "2"], ["3"]]);
});
