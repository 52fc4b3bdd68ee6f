/** Subscribers with a great many topics: what they cost when they leave, and when there is no room for more. */

import assert from "node:assert/strict";
import { describe, it, mock } from "node:test";
import { fromText, toText } from "../../src/base/bytes.ts";
import { ZmqError } from "../../src/base/errors.ts";
import { TopicTable } from "../../src/pattern/topic-table.ts";
import { Publisher, XPublisher } from "../../src/socket/sockets.ts";
import { bytes, command } from "../fake-link.ts";
import { bound } from "./bound.ts";

const subscribe = (topic: string) => command("SUBSCRIBE", fromText(topic));
const COUNT = 10_000;
const MANY = bytes(...Array.from({ length: COUNT }, (_, i) => subscribe(`topic${i}`)));
const PUBLISHERS = [
  ["PUB", Publisher],
  ["XPUB", XPublisher],
] as const;

for (const [name, Type] of PUBLISHERS) {
  describe(`a subscriber of ${name} with ten thousand topics`, () => {
    function publisher() {
      const { socket, clock, transport } = bound(Type as typeof Publisher, {});
      const bad = transport.peer("SUB");
      const good = transport.peer("SUB");
      good.handler.data(subscribe("topic7"));
      bad.handler.data(MANY);
      clock.turn();
      assert.equal(socket.topicsCount, COUNT);
      return { socket, clock, bad, good };
    }

    it("takes them along over several turns when it leaves, and nobody else's", async () => {
      const { socket, clock, bad, good } = publisher();
      bad.handler.closed();
      const left = socket.topicsCount;
      assert.ok(left >= COUNT * 0.7, `${COUNT - left} topics were taken away at once`);
      clock.turn();
      assert.equal(socket.topicsCount, 1);
      const before = good.sentBytes;
      await socket.send("topic7");
      clock.turn();
      assert.ok(good.sentBytes > before);
    });

    it("is nobody that a message is for as soon as it has left", async () => {
      const { socket, bad } = publisher();
      bad.handler.closed();
      await socket.send("topic9999");
      assert.deepEqual(socket.drops, { noSubscriber: 1 });
    });
  });

  describe(`${name} without room for a topic`, () => {
    it("refuses the peer that wants it, and serves the others", () => {
      const { transport } = bound(Type as typeof Publisher, {});
      const good = transport.peer("SUB");
      const bad = transport.peer("SUB");
      const add = mock.method(TopicTable.prototype, "add", () => {
        throw new ZmqError("EMSGSIZE");
      });
      bad.handler.data(subscribe("x"));
      add.mock.restore();
      good.handler.data(subscribe("x"));
      assert.equal(bad.isOpen, false);
      assert.equal(good.isOpen, true);
    });
  });
}

describe("the end of ten thousand subscriptions", () => {
  it("is told to the user of an XPUB, each once, and not of topics that others hold", async () => {
    const { socket, clock, transport } = bound(XPublisher, { receiveTimeout: 0 });
    const [bad, good] = [transport.peer("SUB"), transport.peer("SUB")];
    bad.handler.data(MANY);
    clock.turn();
    bad.handler.closed();
    good.handler.data(bytes(subscribe("topic9999"), subscribe("other")));
    clock.turn();
    const held = new Set<string>();
    for (;;) {
      const next = socket.receive().catch(() => undefined);
      clock.turn();
      const [frame] = (await next) ?? [];
      if (frame === undefined) break;
      const topic = toText(frame.subarray(1));
      if (frame[0] === 1) held.add(topic);
      else assert.ok(held.delete(topic), topic);
    }
    assert.deepEqual([...held], ["topic9999", "other"]);
  });

  it("wakes a receive that waits for it", async () => {
    const { socket, clock, transport } = bound(XPublisher);
    const bad = transport.peer("SUB");
    bad.handler.data(MANY);
    clock.turn();
    for (let i = 0; i < COUNT; i++) {
      const next = socket.receive();
      clock.turn();
      await next;
    }
    bad.handler.closed();
    let told = 0;
    for (let i = 0; i < COUNT; i++) {
      const next = socket.receive();
      clock.turn();
      if ((await next)[0]?.[0] === 0) told++;
    }
    assert.equal(told, COUNT);
  });
});
