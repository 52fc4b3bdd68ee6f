import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { fromText, toText } from "../base/bytes.ts";
import { TopicTable as SmallTopicTable } from "./small-topic-table.ts";
import { TopicTable as LargeTopicTable } from "./topic-table.ts";

/** The topics that are prefixes of the frame, shortest first. */
function prefixesOf(
  table: SmallTopicTable | LargeTopicTable,
  frame: Uint8Array,
  topicById: Map<number, string>,
): string[] {
  const found: string[] = [];
  const count = table.probe(frame);
  for (let i = 0; i < count; i++) {
    const id = table.candidate(i);
    if (table.isPrefix(id, frame)) found.push(topicById.get(id) as string);
  }
  return found;
}

/** Numbers from 0 to limit - 1, the same in every run. */
function randomNumbers(): (limit: number) => number {
  let state = 12345;
  return (limit) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

for (const TopicTable of [LargeTopicTable, SmallTopicTable]) {
  describe(TopicTable === LargeTopicTable ? "the table of Node" : "the table of pages", () => {
    test("a topic is found by exactly its own bytes", () => {
      const table = new TopicTable(() => 1);
      const id = table.add(fromText("weather"));
      assert.equal(table.find(fromText("weather")), id);
      assert.equal(table.find(fromText("weathe")), -1);
      assert.equal(table.find(fromText("weather.")), -1);
      assert.equal(table.add(fromText("weather")), id);
      assert.equal(table.count, 1);
    });

    test("the table keeps a copy of a topic", () => {
      const table = new TopicTable(() => 1);
      const topic = fromText("abc");
      table.add(topic);
      topic[0] = 0x7a;
      assert.ok(table.matches(fromText("abcd")));
      assert.ok(!table.matches(fromText("zbcd")));
    });

    test("the empty topic is a prefix of every frame, the empty one too", () => {
      const table = new TopicTable(() => 1);
      assert.ok(!table.matches(fromText("")));
      table.add(fromText(""));
      assert.ok(table.matches(fromText("")));
      assert.ok(table.matches(fromText("anything")));
    });

    test("a longer topic is not a prefix of a shorter frame", () => {
      const table = new TopicTable(() => 1);
      table.add(fromText("abc"));
      assert.ok(!table.matches(fromText("ab")));
      assert.ok(table.matches(fromText("abc")));
    });

    test("adding, removing and matching agree with a plain set over thousands of random steps", () => {
      const random = randomNumbers();
      const table = new TopicTable(() => 0xdeadbeef);
      const expected = new Map<string, number>();
      const topicById = new Map<number, string>();
      for (let step = 0; step < 20_000; step++) {
        let topic = "";
        for (let length = random(7); length > 0; length--) topic += "abc"[random(3)];
        if (random(100) < (step < 10_000 ? 60 : 30)) {
          const id = table.add(fromText(topic));
          assert.equal(expected.get(topic) ?? id, id);
          expected.set(topic, id);
          topicById.set(id, topic);
        } else {
          const id = table.find(fromText(topic));
          assert.equal(id, expected.get(topic) ?? -1);
          if (id >= 0) table.remove(id);
          expected.delete(topic);
        }
        assert.equal(table.count, expected.size);
        let frame = "";
        for (let length = random(9); length > 0; length--) frame += "abc"[random(3)];
        const prefixes: string[] = [];
        for (let length = 0; length <= frame.length; length++) {
          if (expected.has(frame.slice(0, length))) prefixes.push(frame.slice(0, length));
        }
        assert.deepEqual(prefixesOf(table, fromText(frame), topicById), prefixes);
      }
    });

    test("ten thousand topics come and go and the table works on", () => {
      const table = new TopicTable(() => 7);
      for (let round = 0; round < 3; round++) {
        const ids: number[] = [];
        for (let i = 0; i < 10_000; i++) ids.push(table.add(fromText(`topic-${i}`)));
        assert.equal(new Set(ids).size, 10_000);
        for (let i = 0; i < 10_000; i += 2) table.remove(ids[i] as number);
        assert.equal(table.find(fromText("topic-4000")), -1);
        assert.equal(table.find(fromText("topic-4001")), ids[4001]);
        for (let i = 1; i < 10_000; i += 2) table.remove(ids[i] as number);
        assert.equal(table.count, 0);
        assert.equal(table.find(fromText("topic-4001")), -1);
      }
    });

    test("topics sort by bytes, a prefix first", () => {
      const table = new TopicTable(() => 1);
      for (const topic of ["b", "ab", "", "a", "abc"]) table.add(fromText(topic));
      table.add(Uint8Array.of(0xff));
      const sorted: Uint8Array[] = [];
      table.copyAll(table.sortedIds(), -1, sorted);
      assert.deepEqual(sorted.slice(0, 5).map(toText), ["", "a", "ab", "abc", "b"]);
      assert.deepEqual([...(sorted[5] as Uint8Array)], [0xff]);
    });

    test("copies may carry an octet in front, whatever their number and size", () => {
      const table = new TopicTable(() => 1);
      const long = new Uint8Array(100_000).fill(0x61);
      const ids = [table.add(long), table.add(fromText("")), table.add(fromText("x"))];
      for (let i = 0; i < 10_000; i++) ids.push(table.add(fromText(`a topic of some length ${i}`)));
      const frames: Uint8Array[] = [];
      table.copyAll(ids, 0, frames);
      assert.equal(frames.length, 10_003);
      assert.equal(frames[0]?.length, 100_001);
      assert.deepEqual([...(frames[1] as Uint8Array)], [0]);
      assert.deepEqual([...(frames[2] as Uint8Array)], [0, 0x78]);
      assert.equal(toText((frames[10_002] as Uint8Array).subarray(1)), "a topic of some length 9999");
    });

    test("nested topics of up to 200,000 bytes need no deep stack", () => {
      const table = new TopicTable(() => 1);
      const frame = new Uint8Array(200_000).fill(0x61);
      for (let length = 1000; length <= frame.length; length += 1000) table.add(frame.subarray(0, length));
      assert.equal(table.count, 200);
      assert.equal(table.probe(frame), 200);
      assert.ok(table.isPrefix(table.candidate(199), frame));
      assert.equal(table.sortedIds().length, 200);
    });

    test("topics of all sizes come and go, and are found where they have moved to", () => {
      const random = randomNumbers();
      const table = new TopicTable(() => 3);
      const expected = new Map<number, Buffer>();
      for (let step = 0; step < 6000; step++) {
        const shrinks = Math.floor(step / 1500) % 2 === 1;
        if (random(100) < (shrinks ? 25 : 70)) {
          const topic = Buffer.alloc(random(20) === 0 ? random(60_000) : random(2000), step & 0xff);
          const head = Buffer.concat([Buffer.from(`${step}:`), topic]);
          expected.set(table.add(head), head);
        } else {
          const ids = [...expected.keys()];
          const id = ids[random(ids.length)];
          if (id === undefined) continue;
          table.remove(id);
          expected.delete(id);
        }
      }
      assert.equal(table.count, expected.size);
      const copies: Uint8Array[] = [];
      table.copyAll([...expected.keys()], -1, copies);
      let i = 0;
      for (const [id, topic] of expected) {
        assert.equal(table.find(topic), id);
        assert.deepEqual(Buffer.from(copies[i++] as Uint8Array), topic);
      }
    });

    test("a topic for which there is no room is refused, and the table works on", () => {
      const table = new TopicTable(() => 3, 1000);
      const id = table.add(new Uint8Array(600).fill(1));
      assert.throws(() => table.add(new Uint8Array(600).fill(2)), { code: "EMSGSIZE" });
      assert.equal(table.count, 1);
      assert.equal(table.find(new Uint8Array(600).fill(2)), -1);
      const small = table.add(fromText("small"));
      table.remove(id);
      assert.notEqual(table.add(new Uint8Array(600).fill(2)), small);
      assert.equal(table.find(fromText("small")), small);
    });
  });
}

test("the memory of topics that are gone is used again while others stay", () => {
  const table = new LargeTopicTable(() => 3);
  const before = process.memoryUsage().arrayBuffers;
  // One in a hundred stays, so that no block of memory would ever be empty by itself.
  for (let round = 0; round < 20; round++) {
    const ids: number[] = [];
    for (let i = 0; i < 10_000; i++) ids.push(table.add(Buffer.from(`${round}.${i}`.padEnd(200))));
    for (const [i, id] of ids.entries()) if (i % 100 !== 0) table.remove(id);
  }
  assert.equal(table.count, 2000);
  const taken = process.memoryUsage().arrayBuffers - before;
  assert.ok(taken < 16 * 2 ** 20, `${taken} bytes for 2000 topics of 200, of 40 MB that there were`);
});
