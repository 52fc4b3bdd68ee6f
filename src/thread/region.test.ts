/** The shared memory: its lock, its blocks, and the tables in it. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Members } from "./members.ts";
import { NameTable } from "./name-table.ts";
import { Pairs } from "./pairs.ts";
import { Region } from "./region.ts";

const LOCK = 1;

function fresh() {
  const region = Region.create(1) as Region;
  const members = new Members(region);
  return { region, members, names: new NameTable(region), pairs: new Pairs(region, members) };
}

test("the lock of a thread that died with it is taken; so is one that is held for a second", () => {
  const { region, members } = fresh();
  const [dead, alive] = [members.join(1, undefined), members.join(2, undefined)];
  members.end(dead);
  const isAlive = (index: number) => members.isTaken(index);
  Atomics.store(region.words, LOCK, dead.index + 1);
  assert.equal(
    region.locked(alive.index, isAlive, () => "mine"),
    "mine",
  );
  Atomics.store(region.words, LOCK, members.join(3, undefined).index + 1);
  assert.equal(
    region.locked(alive.index, isAlive, () => "mine too"),
    "mine too",
  );
  assert.equal(Atomics.load(region.words, LOCK), 0);
});

test("blocks that were given back are used again, as zeros; the region grows until it is used up", () => {
  const { region } = fresh();
  const first = region.allocate(100);
  region.block(first, 100).fill(7);
  region.free(first, 100);
  assert.equal(region.allocate(120), first);
  assert.ok(region.block(first, 120).every((word) => word === 0));
  const taken = new Set<number>();
  assert.throws(
    () => {
      for (;;) taken.add(region.allocate(1 << 23));
    },
    { code: "ENOMEM" },
  );
  assert.ok(taken.size > 10);
  for (const offset of taken) region.free(offset, 1 << 23);
  for (const _ of taken) assert.ok(taken.has(region.allocate(1 << 23)));
});

test("what another thread made is known by its version; anything else is none", () => {
  const { region } = fresh();
  assert.equal(Region.from(region.buffer)?.id, 1);
  assert.equal(Region.from(new SharedArrayBuffer(200_000)), undefined);
  assert.equal(Region.from(new ArrayBuffer(200_000)), undefined);
  assert.equal(Region.from(undefined), undefined);
});

test("a member has a new epoch for each thread, and those that it started end with it", () => {
  const { members } = fresh();
  const parent = members.join(1, undefined);
  const child = members.join(2, parent);
  const grandchild = members.join(3, child);
  const other = members.join(4, undefined);
  assert.deepEqual(members.end(parent), [parent, child, grandchild]);
  assert.deepEqual(members.end(parent), []);
  assert.equal(members.isAlive(other), true);
  const next = members.join(5, undefined);
  assert.equal(next.index, parent.index);
  assert.equal(members.isAlive(parent), false);
  assert.equal(members.isAlive(next), true);
  assert.deepEqual(members.ofThread(5), [next]);
});

test("names are found by context, removed one by one or all of a member's, whatever shares their bucket", () => {
  const { members, names } = fresh();
  const [a, b] = [members.join(1, undefined), members.join(2, undefined)];
  for (let i = 0; i < 2000; i++) names.add(1, `name-${i}`, i % 2 === 0 ? a : b);
  names.add(2, "name-0", b);
  assert.deepEqual(names.find(1, "name-0"), a);
  assert.deepEqual(names.find(2, "name-0"), b);
  assert.equal(names.find(3, "name-0"), undefined);
  names.remove(1, "name-0");
  assert.equal(names.find(1, "name-0"), undefined);
  names.removeAll(a);
  for (let i = 0; i < 2000; i++) assert.deepEqual(names.find(1, `name-${i}`), i % 2 === 0 ? undefined : b);
});

test("a pair of rings is used again when both sides have let go of it, or are dead", () => {
  const { members, pairs } = fresh();
  const [a, b] = [members.join(1, undefined), members.join(2, undefined)];
  const first = pairs.create(1, a, b);
  pairs.release(first, 0);
  assert.notEqual(pairs.create(1, a, b), first, "the other side holds it");
  pairs.release(first, 1);
  assert.equal(pairs.create(1, a, b), first);
  pairs.release(first, 0);
  members.end(b);
  pairs.sweep();
  assert.equal(pairs.create(1, a, members.join(3, undefined)), first);
});
