import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeHost, FakePeer, message } from "../../test/fake-pipe.ts";
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

test("each other pipe keeps one turn a round when one leaves before, at or after the current one", () => {
  for (let gone = 0; gone < 4; gone++) {
    const members = peers(4);
    const round = roundOf(members);
    for (const text of ["1", "2"]) round.send(message(text));
    round.remove(members[gone]?.pipe ?? assert.fail());
    for (const peer of members) peer.received();
    for (const text of ["a", "b", "c"]) round.send(message(text));
    assert.deepEqual(
      members.map((peer) => peer.sent.length),
      [0, 1, 2, 3].map((i) => (i === gone ? 0 : 1)),
    );
  }
});
