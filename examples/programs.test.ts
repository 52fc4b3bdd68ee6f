/** The larger programs, each started by its one command; every part is a process. */

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { Request } from "zmq-ts";
import { Stage } from "./stage.ts";
import { addresses, run } from "./testing.ts";

test("calculator: sums are answered, also those that are none", async (t) => {
  const output = await run(t, "calculator").output();
  assert.match(output, /1 \+ 2 \* 3 = 7\n/);
  assert.match(output, /\(1 \+ 2\) \* 3 = 9\n/);
  assert.match(output, /2 \* \(3 \+ {2}= error: expected a number, found the end/);
  assert.match(output, /1000 asked, 1000 answered, 0 wrong/);
});

test("surviving-client: all is answered although the server goes away twice", async (t) => {
  const output = await run(t, "surviving-client").output();
  assert.match(output, /600 asked, 600 answered, 0 wrong; the connection was lost [2-9] times/);
  assert.match(output, /\d+ questions were asked again/);
});

test("beacon: services are found, asked, and missed when they are gone", async (t) => {
  const output = await run(t, "beacon").output();
  for (const name of ["ant", "bee"]) {
    assert.match(output, new RegExp(`${name} is at tcp://127\\.0\\.0\\.1:\\d+`));
    assert.match(output, new RegExp(`${name} says: hello yourself`));
    assert.match(output, new RegExp(`${name} is gone`));
  }
});

test("market-feed: a trader that loses packets misses no quote", async (t) => {
  const output = await run(t, "market-feed").output();
  assert.equal(output.match(/4000 quotes, 0 missing/g)?.length, 3);
  assert.match(output, /packets of data so far, [1-9]\d* repairs/);
});

test("time-server: the time is published, and told on request", async (t) => {
  const output = await run(t, "time-server").output();
  assert.equal(output.match(/watch +│ \d{4}-\d\d-\d\dT[\d:.]+Z/g)?.length, 5);
  assert.match(output, /UTC: \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC/);
  assert.match(output, /no zone "Moon\/Tycho" is known here/);
});

test("router: clients are answered by all workers behind it", async (t) => {
  const output = await run(t, "router").output();
  assert.equal(output.match(/600 asked, 600 answered, 0 wrong/g)?.length, 2);
  const answered = [...output.matchAll(/worker.* answered (\d+)$/gm)].map(([, count]) => Number(count));
  assert.equal(answered.length, 3);
  assert.equal(
    answered.reduce((sum, count) => sum + count),
    1200,
  );
});

test("admin-router: it can be paused, resumed and asked while it works, and drains a worker", async (t) => {
  const output = await run(t, "admin-router").output();
  assert.match(output, /pause: "done"/);
  assert.match(output, /statistics: .*"isPaused":true/);
  assert.match(output, /ant goes home after \d+ requests/);
  assert.equal(output.match(/200 requests answered/g)?.length, 2);
  assert.match(output, /statistics: \{"requests":400,"replies":400,"isPaused":false,"workers":2,"free":2\}/);
});

test("admin-router: a paused router answers no request until it goes on", async (t) => {
  const address = addresses(t);
  const [front, back, desk] = [address("front"), address("back"), address("desk")];
  await run(t, "admin-router router", front, back, desk).endpoint();
  const admin = new Request();
  admin.connect(desk);
  t.after(() => admin.close());
  const tell = async (...command: string[]) => {
    await admin.send(command);
    return (await admin.receiveJson()) as object | string;
  };
  assert.equal(await tell("pause"), "done");
  run(t, "admin-router worker", back, "ant");
  const client = run(t, "admin-router client", front, "5");
  while (!("ant" in Object(await tell("workers")))) await wait(20);
  const { requests, free } = (await tell("statistics")) as { requests: number; free: number };
  assert.deepEqual({ requests, free }, { requests: 0, free: 1 });
  assert.deepEqual(client.lines, []);
  await tell("resume");
  assert.match(await client.output(), /5 requests answered/);
  assert.deepEqual(await tell("workers"), { ant: { isFree: true, isDraining: false, done: 5 } });
  assert.equal(await tell("drain", "nobody"), 'no worker is called "nobody"');
  assert.match(`${await tell("dance")}`, /no command "dance"; there are/);
});

test("cluster: work flows from the busy cluster to the idle ones, and every request is answered", async (t) => {
  const output = await run(t, "cluster").output();
  const [, ofA] = output.match(/320 requests of A: (.*)/) ?? [];
  const done = [...(ofA ?? "").matchAll(/(\d+) done in ([ABC])/g)].map(([, count, name]) => ({
    name,
    count: Number(count),
  }));
  assert.equal(
    done.reduce((sum, { count }) => sum + count, 0),
    320,
  );
  assert.ok((done.find(({ name }) => name === "B")?.count ?? 0) > 20, output);
  for (const [name, count] of [
    ["B", 40],
    ["C", 120],
  ]) {
    const [, sums] = output.match(new RegExp(`${count} requests of ${name}: (.*)`)) ?? [];
    const total = [...(sums ?? "").matchAll(/(\d+) done/g)].reduce((sum, [, figure]) => sum + Number(figure), 0);
    assert.equal(total, count);
  }
});

test("filter: what two feeds publish of the topics arrives, all of it and nothing else", async (t) => {
  const output = await run(t, "filter").output();
  const [, passed] = output.match(/passed on (\d+) messages of cpu,load,md/) ?? [];
  assert.ok(Number(passed) > 100, output);
  assert.match(output, new RegExp(`received ${passed}, lost 0;`));
});

test("filter: a reader that misses messages says so, and fails", async (t) => {
  const out = addresses(t)("out");
  const feed = await run(t, "filter system", "tcp://127.0.0.1:*", "40", "cpu").endpoint();
  const reader = run(t, "filter reader", out, "cpu,load", "1");
  await run(t, "filter filter", out, "cpu", feed).output();
  assert.equal(await reader.ended, 1);
  assert.match(reader.lines.join("\n"), /received 14, lost 13;/);
});

test("polling-server: questions, notes and commands are served by one loop", async (t) => {
  const output = await run(t, "polling-server").output();
  assert.equal(output.match(/\d+ notes taken when you asked/g)?.length, 3);
  assert.match(output, /told to go on[\s\S]*told to stop/);
});

test("exclusive-pair: both parts talk, in one process and in two", async (t) => {
  const output = await run(t, "exclusive-pair").output();
  assert.match(output, /together.*sent \d+ lines; the counter says: enough, \d+ words/);
  assert.match(output, /reader +│ reader: sent \d+ lines; the counter says: enough, \d+ words/);
});

test("worker-pool: a job whose worker died goes to another", async (t) => {
  const output = await run(t, "worker-pool").output();
  assert.match(output, /worker \d died over job 7/);
  assert.match(output, /30 of 30 jobs done by 4 workers/);
});

test("a part that fails while it is told to stop fails the program", async (t) => {
  const build = new URL("../.build/", import.meta.url);
  mkdirSync(build, { recursive: true });
  const folder = mkdtempSync(new URL("part-", build).pathname);
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(
    `${folder}/fails.ts`,
    `process.on("message", () => { throw new Error("too late"); }); process.send?.({ endpoint: "here" });`,
  );
  const stage = new Stage(() => {});
  const part = stage.start(`../.build/${folder.split("/").at(-1)}/fails part`);
  await part.endpoint;
  await assert.rejects(stage.close(), /part failed: exit code 1; its last lines:[\s\S]*too late/);
});
