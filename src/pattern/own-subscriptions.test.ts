import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { FakeHost, FakePeer } from "../../test/fake-pipe.ts";
import { fromText, toText } from "../base/bytes.ts";
import { OwnSubscriptions as LargeTable } from "./own-subscriptions.ts";
import { PubPattern } from "./publish-subscribe.ts";
import { OwnSubscriptions as SmallTable } from "./small-own-subscriptions.ts";

for (const OwnSubscriptions of [LargeTable, SmallTable]) {
  describe(`the subscriber's table${OwnSubscriptions === SmallTable ? " of pages" : ""}`, () => {
    test("counts: only the last cancellation tells", () => {
      const table = new OwnSubscriptions(() => 1);
      table.add(fromText("a"));
      table.add(fromText("a"));
      assert.equal(table.topicsCount, 1);
      assert.equal(table.remove(fromText("a")), false);
      assert.ok(table.matches(fromText("abc")));
      assert.equal(table.remove(fromText("a")), true);
      assert.ok(!table.matches(fromText("abc")));
      assert.equal(table.remove(fromText("a")), false);
    });

    test("an id that is used again starts at one", () => {
      const table = new OwnSubscriptions(() => 1);
      table.add(fromText("a"));
      table.add(fromText("b"));
      table.remove(fromText("a"));
      table.add(fromText("c"));
      assert.equal(table.remove(fromText("c")), true);
    });

    test("knows the prefixes of a frame among topics of many lengths", () => {
      const table = new OwnSubscriptions(() => 1);
      for (const topic of ["abc", "b", "\u00ff-long"]) table.add(fromText(topic));
      assert.ok(table.matches(fromText("abcd")));
      assert.ok(table.matches(fromText("\u00ff-longer")));
      assert.ok(!table.matches(fromText("ab")));
      assert.ok(!table.matches(fromText("")));
      table.add(fromText(""));
      assert.ok(table.matches(fromText("")));
      assert.deepEqual(table.all().map(toText), ["", "abc", "b", "\u00ff-long"]);
    });

    test("sends every topic once, in byte-wise order", () => {
      const table = new OwnSubscriptions(() => 1);
      for (const topic of ["b", "a", "ab", "", "a"]) table.add(fromText(topic));
      const peer = new FakePeer(new PubPattern(new FakeHost("PUB")));
      table.sendAll(peer.pipe);
      assert.deepEqual(
        peer.controls.map(({ kind, topic }) => `${kind} ${toText(topic)}`),
        ["subscribe ", "subscribe a", "subscribe ab", "subscribe b"],
      );
    });
  });
}
