import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { FakeHost, FakePeer } from "../../test/fake-pipe.ts";
import { fromText } from "../base/bytes.ts";
import { idFrame, PeerTable as LargePeerTable } from "./peer-table.ts";
import { PullPattern } from "./pipeline.ts";
import { PeerTable as SmallPeerTable } from "./small-peer-table.ts";

function pipe() {
  return new FakePeer(new PullPattern(new FakeHost("PULL"))).pipe;
}

for (const PeerTable of [LargePeerTable, SmallPeerTable]) {
  describe(PeerTable === LargePeerTable ? "the table of Node" : "the table of pages", () => {
    test("a table finds a pipe by equal bytes", () => {
      const table = new PeerTable(() => 7);
      const a = pipe();
      table.add(a, fromText("a"));
      assert.equal(table.get(fromText("a")), a);
      assert.equal(table.get(fromText("b")), undefined);
      assert.deepEqual(a.routingId, fromText("a"));
    });

    test("a table tells apart ids that begin alike", () => {
      const table = new PeerTable(() => 7);
      const ids = ["a", "a\0", "a\0\0\0\0", "12345678", "12345678\0", "12345678a", "1234567", "123456789", ""].map(
        fromText,
      );
      const pipes = ids.map(pipe);
      pipes.forEach((each, i) => {
        table.add(each, ids[i] as Uint8Array);
      });
      assert.deepEqual(
        ids.map((id) => table.get(id)),
        pipes,
      );
      assert.equal(table.get(fromText("a\0\0")), undefined);
    });

    test("a table refuses an id that is taken", () => {
      const table = new PeerTable(() => 7);
      table.add(pipe(), fromText("a"));
      assert.throws(() => table.add(pipe(), fromText("a")), { code: "EINVAL" });
    });

    test("a table keeps ids apart whose hashes are equal", () => {
      // With the same key for each position the order of what is hashed does not count.
      let calls = 0;
      const table = new PeerTable(() => (7 - Math.imul(++calls, 0x9e37_79b1)) >>> 0);
      const ids = ["aabbcc", "bbaacc", "ccbbaa"].map(fromText);
      const pipes = [pipe(), pipe(), pipe()];
      pipes.forEach((each, i) => {
        table.add(each, ids[i] as Uint8Array);
      });
      assert.deepEqual(
        ids.map((id) => table.get(id)),
        pipes,
      );
      for (const [gone, left] of [
        [1, [0, 2]],
        [2, [0]],
        [0, []],
      ] as const) {
        table.delete(pipes[gone] as (typeof pipes)[0]);
        ids.forEach((id, i) => {
          assert.equal(table.has(id), (left as readonly number[]).includes(i));
        });
      }
    });

    test("deleting a pipe that is not in the table leaves the holder of the id", () => {
      const table = new PeerTable(() => 7);
      const [holder, other] = [pipe(), pipe()];
      table.add(holder, fromText("a"));
      other.assignRoutingId(fromText("a"));
      table.delete(other);
      table.delete(pipe());
      assert.equal(table.get(fromText("a")), holder);
    });

    test("the counter of fresh ids wraps", () => {
      const table = new PeerTable(() => 0xffff_ffff);
      assert.deepEqual([...table.freshId()], [0, 255, 255, 255, 255]);
      assert.deepEqual([...table.freshId()], [0, 0, 0, 0, 0]);
    });

    test("what users get of an id, and what the id was made of, is not the table's own", () => {
      const table = new PeerTable(() => 7);
      const a = pipe();
      const given = fromText("a");
      table.add(a, given);
      given[0] = 0;
      idFrame(a)[0] = 0;
      assert.deepEqual(idFrame(a), fromText("a"));
      assert.equal(table.get(fromText("a")), a);
      table.delete(a);
      assert.equal(table.has(fromText("a")), false);
    });

    test("no peer has an id of more than 255 octets", () => {
      const table = new PeerTable(() => 7);
      const long = new Uint8Array(255).fill(1);
      const a = pipe();
      table.add(a, long);
      assert.equal(table.get(long), a);
      assert.equal(table.get(new Uint8Array(256).fill(1)), undefined);
    });
  });
}
