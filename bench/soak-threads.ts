/**
 * Threads that start and end at random for a long time: `npm run soak -- --threads --minutes 3`. Each talks to the sockets
 * of the main thread, then returns, throws, exits, or is terminated at work or while it is blocked. Every five
 * seconds, after a collection: resident memory, heap, handles, peers. What is left of a thread would show as a slope.
 */

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Publisher, Pull, Router } from "../src/index.ts";
import { type Thread, thread } from "../test/threads/worker.ts";

const AT_ONCE = 3;
const SAMPLE_MS = 5000;
const ENDS = ["return", "throw", "exit", "terminate", "block"] as const;

/** Resolves when `minutes` are over and all threads have ended; throws when peers of ended threads are left. */
export async function soakThreads(minutes: number): Promise<void> {
  setFlagsFromString("--expose_gc");
  const collect = runInNewContext("gc") as () => void;
  const [pull, router, publisher] = [new Pull(), new Router(), new Publisher()];
  pull.bindSync("inproc://soak-pull");
  router.bindSync("inproc://soak-router");
  publisher.bindSync("inproc://soak-publisher");
  const counts = { threads: 0, messages: 0 };
  const until = performance.now() + minutes * 60_000;

  const reading = (async () => {
    for await (const _ of pull) counts.messages++;
  })();
  const echoing = (async () => {
    for await (const message of router) {
      counts.messages++;
      await router.send(message);
      await publisher.send("news");
    }
  })();
  const sampling = setInterval(() => {
    collect();
    const { rss, heapUsed } = process.memoryUsage();
    const handles = process.getActiveResourcesInfo().length;
    const peers = pull.peers.length + router.peers.length + publisher.peers.length;
    const mb = (bytes: number) => (bytes / 1e6).toFixed(1).padStart(6);
    console.log(
      `${counts.threads} threads, ${counts.messages} messages: resident ${mb(rss)} MB, heap ${mb(heapUsed)} MB, ${handles} handles, ${peers} peers`,
    );
  }, SAMPLE_MS);

  const lives = async () => {
    while (performance.now() < until) {
      counts.threads++;
      const how = ENDS[Math.floor(Math.random() * ENDS.length)] ?? "return";
      await life(thread(visitor, { how, number: counts.threads }), how);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lives));
  clearInterval(sampling);
  for (let waited = 0; pull.peers.length + router.peers.length + publisher.peers.length > 0; waited++) {
    if (waited > 50) throw new Error("peers of threads that ended are left");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  for (const socket of [pull, router, publisher]) socket.close();
  await Promise.all([reading, echoing]);
}

async function life({ worker, result, ended }: Thread<unknown>, how: string): Promise<void> {
  worker.on("error", () => {}); // thrown on purpose
  if (how === "terminate" || how === "block") {
    await new Promise((resolve) => setTimeout(resolve, 300 + Math.random() * 700));
    await worker.terminate();
  } else await result.catch(() => {});
  await ended;
}

async function visitor(
  { Push, Dealer, Subscriber, Pull }: typeof import("../src/index.ts"),
  { how, number }: { how: string; number: number },
): Promise<void> {
  const [push, dealer, subscriber, own] = [new Push(), new Dealer(), new Subscriber(), new Pull()];
  push.connect("inproc://soak-pull");
  dealer.connect("inproc://soak-router");
  subscriber.subscribe();
  subscriber.connect("inproc://soak-publisher");
  await own.bind(`inproc://soak-${number}`);
  for (let i = 0; i < 200; i++) {
    await push.send(Buffer.alloc(i * 50));
    await dealer.send(String(i));
    await dealer.receive();
  }
  await subscriber.receive();
  if (how === "block") Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  if (how === "terminate") for (;;) await push.send("at work");
  if (how === "exit") process.exit();
  if (how === "throw") setImmediate(() => Promise.reject(new Error("on purpose")));
}
