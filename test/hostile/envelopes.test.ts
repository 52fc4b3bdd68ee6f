/** A reply comes back in the envelope of its request, which may be as long as a message. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { EMPTY, fromText } from "../../src/base/bytes.ts";
import type { Frame, Message } from "../../src/base/message.ts";
import { RepPattern } from "../../src/pattern/request-reply.ts";
import { FakeHost, FakePeer } from "../fake-pipe.ts";

/** Counts the elements that are written: what cannot be timed in a test. */
function counted(frames: Message): { message: Message; writes: () => number } {
  let writes = 0;
  const message = new Proxy(frames, {
    set(target, key, value: Frame) {
      writes++;
      return Reflect.set(target, key, value);
    },
  });
  return { message, writes: () => writes };
}

describe("a long envelope", () => {
  const envelope = Array.from({ length: 1000 }, (_, i) => fromText(`hop${i}`));

  it("comes back whole, request after request", () => {
    const pattern = new RepPattern(new FakeHost("REP"));
    const peer = new FakePeer(pattern);
    for (let i = 0; i < 3; i++) {
      peer.send(...envelope, EMPTY, fromText("q"), fromText("more"));
      assert.equal(pattern.receive()?.length, 2);
      pattern.send([fromText("a"), fromText("b")]);
      assert.deepEqual(peer.sent.pop(), [...envelope, EMPTY, fromText("a"), fromText("b")]);
    }
    peer.send(EMPTY, "q");
    pattern.receive();
    pattern.send([fromText("a")]);
    assert.deepEqual(peer.sent.pop(), [EMPTY, fromText("a")]);
  });

  it("is not moved once for each of its frames when the reply leaves", () => {
    const pattern = new RepPattern(new FakeHost("REP"));
    const peer = new FakePeer(pattern);
    peer.send(...envelope, EMPTY, "q");
    pattern.receive();
    const { message, writes } = counted([fromText("a"), fromText("b"), fromText("c")]);
    pattern.send(message);
    assert.equal(peer.sent[0]?.length, 1004);
    assert.ok(writes() <= 1004, `${writes()} frames were moved`);
  });
});
