import assert from "node:assert/strict";
import { test } from "node:test";
import { FairLanes } from "./fair-lanes.ts";

function order(lanes: FairLanes<string>): string {
  let all = "";
  for (let next = lanes.next(); next !== undefined; next = lanes.next()) all += next;
  return all;
}

test("lanes take turns, and the first of a lane is the first to go", () => {
  const lanes = new FairLanes<string>();
  for (const waiting of ["a", "b", "c", "d"]) lanes.add(waiting, "full", false);
  lanes.add("x", "other", false);
  lanes.add("y", "other", false);
  lanes.add("a", "other", false);
  assert.equal(lanes.size, 6);
  assert.equal(order(lanes), "axbycd");
  assert.equal(lanes.size, 0);
});

test("a lane that comes while others wait has its turn after one of each", () => {
  const lanes = new FairLanes<string>();
  for (const waiting of ["a", "b", "c"]) lanes.add(waiting, "full", false);
  assert.equal(lanes.next(), "a");
  lanes.add("x", "new", false);
  assert.equal(order(lanes), "bxc");
});

test("those ahead go before the others of their lane, and only of theirs", () => {
  const lanes = new FairLanes<string>();
  lanes.add("a", "one", false);
  lanes.add("b", "one", true);
  lanes.add("x", "two", false);
  assert.equal(order(lanes), "bxa");
});

test("who is deleted is passed over, and no lane is left behind", () => {
  const lanes = new FairLanes<string>();
  for (const waiting of ["a", "b"]) lanes.add(waiting, waiting, false);
  lanes.delete("a");
  lanes.delete("nobody");
  assert.equal(order(lanes), "b");
  assert.equal(lanes.next(), undefined);
});
