/**
 * Loaded by `test.js` into every test process, in two roles. As a node:test reporter it sends each finished test to
 * the parent. As a watchdog it ends the process when one test takes too long, or when something is left open after
 * the last one, and names the test and the open handles, which a kill from outside could not.
 *
 * It does nothing in worker threads and in processes that a test starts, though those may inherit its `--import` flag.
 */

import { resolve } from "node:path";
import { afterEach, beforeEach } from "node:test";
import { inspect } from "node:util";
import { isMainThread } from "node:worker_threads";

/** A test that is not done after this long ends its file; a test that sets `timeout` itself ends before that. */
const TEST_LIMIT_MS = 120_000;

/** How long a process may live on after its last test: left-over sockets, timers and children keep it alive. */
const IDLE_LIMIT_MS = 20_000;

/** The reporter. node:test would print what it yields, so it yields nothing. */
export default async function* report(events) {
  const path = []; // the test now running at each depth
  for await (const { type, data } of events) {
    if (type === "test:dequeue") {
      path.length = data.nesting;
      path.push(data.name);
      process.send({ kind: "begin", name: path.join(" > ") });
    } else if (type === "test:complete") {
      const name = [...path.slice(0, data.nesting), data.name].join(" > ");
      process.send({ name, ...outcome(data) });
    }
  }
  yield "";
}

/** A suite or a parent counts only when it fails of itself; what happened inside it was told test by test. */
function outcome({ details, skip, todo }) {
  const { error } = details;
  if (skip === "test name does not match pattern") return { kind: "parent" }; // what --test-name-pattern leaves out
  if (skip === true || todo === true) return { kind: "failed", error: "left out without a reason" };
  if (skip !== undefined) return { kind: "skipped", reason: skip };
  if (todo !== undefined) return { kind: "skipped", reason: `todo: ${todo}` };
  if (error?.failureType === "subtestsFailed") return { kind: "parent" };
  if (error !== undefined) return { kind: "failed", error: describe(error) };
  return { kind: details.type === "suite" ? "parent" : "passed" };
}

/** The message and stack of what the test threw, without the frames of Node itself. */
function describe(error) {
  const thrown = error.cause ?? error;
  if (!(thrown instanceof Error)) return inspect(thrown);
  const stack = (thrown.stack ?? `${thrown}`).replace(/^ +at .*\bnode:internal\/.*\n?/gm, "").trimEnd();
  return thrown.cause === undefined ? stack : `${stack}\ncause: ${inspect(thrown.cause)}`;
}

/** Ends the process after `ms` with a reason that names the test and what is open, unless told otherwise before. */
function armed(ms, reason) {
  const timer = setTimeout(() => {
    const open = process.getActiveResourcesInfo().filter((name) => name !== "Timeout" && name !== "PipeWrap");
    const suffix = open.length > 0 ? `; open: ${open.join(", ")}` : "";
    process.send({ kind: "stopped", reason: `${reason}${suffix}` }, () => process.exit(1));
  }, ms);
  timer.unref();
  return timer;
}

if (isMainThread && process.send !== undefined && resolve(process.argv[1] ?? "") === process.env.ZMQ_TS_TEST_FILE) {
  const running = new Map();
  let idle;
  beforeEach((test) => {
    clearTimeout(idle);
    running.set(test, armed(TEST_LIMIT_MS, `"${test.name}" is not done after ${TEST_LIMIT_MS / 1000} s`));
  });
  afterEach((test) => {
    clearTimeout(running.get(test));
    running.delete(test);
    if (running.size > 0) return;
    clearTimeout(idle);
    idle = armed(IDLE_LIMIT_MS, `still alive ${IDLE_LIMIT_MS / 1000} s after the last test`);
  });
}
