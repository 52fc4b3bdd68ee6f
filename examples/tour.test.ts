/** The tour of `npm start`, shortened. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { type Run, run } from "./testing.ts";

test("the tour shows rates, counts what arrived, and loses nothing", async (t) => {
  const output = await run(t, "tour", "2").output();
  assert.match(output, /^ starting: \d+ of \d+ processes\n/);
  assert.match(output, /^ +\d+ s .*client [\d,]+\/s/m);
  assert.match(output, /✔ [\d,]+ messages passed the filter/);
  assert.match(output, /✔ [\d,]+ sums were asked and answered/);
  assert.match(output, /✔ [\d,]+ tasks were done, each once/);
  assert.match(output, /Nothing was lost\. 15 processes/);
});

test("an interrupted tour leaves no process behind", async (t) => {
  const tour = run(t, "tour", "60");
  await tour.prints(/client [\d,]*[1-9][\d,]*\/s/);
  tour.child.kill("SIGINT");
  assert.equal(await tour.ended, 130);
  await gone(tour);
});

test("the parts of a tour that was killed end of themselves", { skip: process.platform === "win32" }, async (t) => {
  const tour = run(t, "tour", "60");
  await tour.prints(/client [\d,]*[1-9][\d,]*\/s/);
  tour.child.kill("SIGKILL");
  assert.equal(await tour.ended, null);
  await gone(tour);
});

test("a number of seconds that is none is refused", async (t) => {
  const tour = run(t, "tour", "soon");
  assert.equal(await tour.ended, 1);
  assert.match(tour.lines.join("\n"), /expected a number of seconds, got soon/);
});

/** Resolves when all parts that the tour named are gone. */
async function gone(tour: Run): Promise<void> {
  const pids = [...tour.lines.join("\n").matchAll(/\((\d+)\): bound/g)].map(([, pid]) => Number(pid));
  assert.ok(pids.length >= 5);
  while (pids.some(isAlive)) await wait(50);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false; // ESRCH
  }
}
