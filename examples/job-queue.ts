/**
 * A job queue with acknowledgements and retries. The queue gives each free worker one job, and keeps the job until the
 * worker acknowledges it. A job that is not acknowledged in time goes to another worker, three times at most.
 * Copy `queue` and `worker` as they are; they may run in processes of their own.
 *
 *     worker DEALER ── "ready" ───────▶ ROUTER queue
 *     worker DEALER ◀─ id, job ──────── ROUTER queue
 *     worker DEALER ── "done", id ────▶ ROUTER queue      also says that the worker is free again
 *
 *     node --import tsx examples/job-queue.ts
 *
 * At-least-once: a slow worker's job may be done twice, so jobs should be harmless to repeat. The queue lives in memory.
 */

import { setTimeout as wait } from "node:timers/promises";
import { Dealer, type Message, Router } from "zmq-ts";

const ACKNOWLEDGE_WITHIN_MS = 200;
const MOST_TRIES = 3;

interface Job {
  readonly id: number;
  readonly text: string;
  tries: number;
}

/** Resolves to the jobs that failed, once every job is acknowledged or given up. */
async function queue(socket: Router, texts: readonly string[]): Promise<Job[]> {
  const waiting: Job[] = texts.map((text, id) => ({ id, text, tries: 0 }));
  const given = new Map<number, NodeJS.Timeout>();
  const free: Message[] = [];
  const failed: Job[] = [];
  let left = waiting.length;

  const over = () => {
    if (--left === 0) socket.close(); // ends the loop below
  };
  const give = async () => {
    while (free.length > 0 && waiting.length > 0) {
      const worker = free.shift() as Message;
      const job = waiting.shift() as Job;
      job.tries++;
      given.set(job.id, setTimeout(retry, ACKNOWLEDGE_WITHIN_MS, job));
      await socket.send([worker, `${job.id}`, job.text]);
    }
  };
  const retry = (job: Job) => {
    given.delete(job.id);
    if (job.tries < MOST_TRIES) waiting.push(job);
    else {
      failed.push(job);
      over();
    }
    void give().catch(() => {}); // the socket was closed: nothing is left to do
  };

  for await (const [worker, kind, id] of socket) {
    if (worker !== undefined) free.push(worker);
    const timer = given.get(Number(id));
    if (`${kind}` === "done" && timer !== undefined) {
      clearTimeout(timer);
      given.delete(Number(id));
      over();
    }
    if (left > 0) await give();
  }
  return failed;
}

/** Works until its socket is closed. */
async function worker(socket: Dealer, work: (text: string) => Promise<void>): Promise<void> {
  await socket.send("ready");
  for await (const [id = "", text] of socket) {
    try {
      await work(`${text}`);
      await socket.send(["done", id]);
    } catch (error) {
      console.log(error instanceof Error ? error.message : error);
      await socket.send(["ready"]); // without "done" the job is given out again
    }
  }
}

const router = new Router();
const endpoint = await router.bind("tcp://127.0.0.1:*");
const sockets = [new Dealer(), new Dealer(), new Dealer()];
let tries = 0;
let done = 0;
for (const socket of sockets) {
  socket.connect(endpoint);
  void worker(socket, async (text) => {
    await wait(5);
    if (text === "job 7" && ++tries === 1) throw new Error("job 7 fails the first time");
    if (text === "job 13") throw new Error("job 13 fails every time");
    done++;
  });
}
const failed = await queue(
  router,
  Array.from({ length: 20 }, (_, n) => `job ${n}`),
);
console.log(`${done} jobs done, given up: ${failed.map(({ text }) => text).join(", ")}`);
for (const socket of sockets) socket.close();
