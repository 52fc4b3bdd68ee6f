/**
 * `node:test` for a file that runs on libzmq: see `hook.js`. Tells the parent of each test that begins and ends, and when
 * nothing has run for a while, for a process with open sockets of zeromq.js may never end by itself. The parent
 * names the tests to run.
 */

import { test as run } from "node:test";
import { inspect } from "node:util";

export { after, afterEach, before, beforeEach, describe } from "node:test";

const IDLE_MS = 1000;

/** `done` have ended in a process before this one; of the others all, or `only` these. */
const { done, only, limit } = JSON.parse(process.env.ZMQ_TS_TEST_PLAN ?? '{"done":[],"limit":2500}');
const tell = (message) => process.send?.(message);
let running = 0;
let idle;

export function test(name, ...rest) {
  const body = rest.at(-1);
  if (done.includes(name) || (only !== undefined && !only.includes(name))) return;
  run(name, { timeout: limit + 500 }, async (context) => {
    clearTimeout(idle);
    running++;
    tell({ kind: "begin", name });
    let error;
    try {
      await within(body(context));
    } catch (thrown) {
      error = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : inspect(thrown);
    }
    tell({ kind: "ended", name, error });
    running--;
    clearTimeout(idle);
    if (running === 0) idle = setTimeout(tell, IDLE_MS, { kind: "idle" });
  });
}

export { test as it };
export default test;

async function within(promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done after ${limit} ms`)), limit);
  });
  await Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
