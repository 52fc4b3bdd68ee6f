/**
 * A pool of worker processes that a program starts for itself (fork). Workers ask for jobs (DEALER to ROUTER); the
 * program knows who has which, so when a worker dies its job goes to another, and a new worker takes its place. One job
 * here kills the first worker that gets it.
 *
 *     node --import tsx examples/worker-pool.ts
 *
 * Parts: pool [WORKERS [JOBS]]. (The pool starts: worker ADDRESS NAME.)
 *
 * From parts.ts: `program` starts the parts. A copy of a part does not need it.
 */

import { type ChildProcess, fork } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { Dealer, Router } from "zmq-ts";
import { program } from "./parts.ts";

interface Job {
  readonly number: number;
  tries: number;
}

async function pool(size = "3", jobs = "30") {
  const socket = new Router();
  const address = await socket.bind("ipc://*");
  const waiting: Job[] = Array.from({ length: Number(jobs) }, (_, index) => ({ number: index + 1, tries: 0 }));
  const given = new Map<string, Job>();
  const free: string[] = [];
  const children = new Map<string, ChildProcess>();
  const results = new Map<number, string>();
  let hired = 0;

  const hire = () => {
    const name = `worker ${++hired}`;
    const child = fork(fileURLToPath(import.meta.url), ["worker", address, name]);
    children.set(name, child);
    child.once("exit", () => {
      children.delete(name);
      const job = given.get(name);
      if (job === undefined) return;
      console.log(`${name} died over job ${job.number}`);
      given.delete(name);
      waiting.unshift(job);
      hire();
      give();
    });
  };
  const give = () => {
    while (free.length > 0 && waiting.length > 0) {
      const name = free.shift() as string;
      const job = waiting.shift() as Job;
      job.tries++;
      given.set(name, job);
      void socket.send([name, `${job.number}`, `${job.tries}`]);
    }
  };

  for (let worker = 0; worker < Number(size); worker++) hire();
  for await (const [name, result] of socket) {
    const job = given.get(`${name}`);
    if (job !== undefined) {
      results.set(job.number, `${result}`);
      given.delete(`${name}`);
    }
    free.push(`${name}`);
    if (results.size === Number(jobs)) break;
    give();
  }
  console.log(`${results.size} of ${jobs} jobs done by ${hired} workers; the first result: ${results.get(1)}`);
  const exits = [...children.values()].map((child) => once(child, "exit"));
  for (const child of children.values()) child.kill();
  await Promise.all(exits);
}

async function worker(address: string, name: string) {
  const socket = new Dealer({ routingId: name });
  socket.connect(address);
  await socket.send("ready");
  for await (const [job, tries] of socket) {
    if (`${job}` === "7" && `${tries}` === "1") process.exit(1);
    await socket.send(createHash("sha256").update(`job ${job}`).digest("hex").slice(0, 16));
  }
}

await program(import.meta.url, { pool, worker }, async (stage) => {
  await stage.start("worker-pool pool").ended;
});
