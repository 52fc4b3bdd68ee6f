/**
 * The frame that the checks of this program share: a check has a name, a time limit and sockets that close with it.
 *
 * One line a check: `ok`, `FAIL` with the error below it, `n/a` where the runtime lacks what the check is about, and
 * `differs` where it fails as `differences.js` says it does here. The last line is `end` with the counts; who does not
 * find it knows that the program did not get so far.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { differences } from "./differences.js";
import { endAll, runtime } from "./runtime.js";

const LIMIT_MS = 30_000;

const checks = [];
const counts = { ok: 0, failed: 0, differs: 0, absent: 0 };
let endpoints = 0;

/** Where the ipc endpoints of this run are. */
export const folder = mkdtempSync(join(tmpdir(), "zmq-ts-"));

class Absent extends Error {}

/** `run` gets `open(Type, options)`, which makes sockets that are closed when the check is over. */
export function check(name, run, limitMs = LIMIT_MS) {
  checks.push({ name, run, limitMs });
}

/** Ends a check whose subject this runtime, or this machine, does not have. */
export function absent(why) {
  throw new Absent(why);
}

/** An address to bind that is free; for tcp a wildcard, so use `lastEndpoint` afterwards. */
export function freeAddress(transport) {
  endpoints += 1;
  if (transport === "tcp") return "tcp://127.0.0.1:*";
  return transport === "ipc" ? `ipc://${join(folder, String(endpoints))}` : `inproc://${endpoints}`;
}

/** A connected pair of sockets; the first is bound. */
export async function pair(open, transport, [Bound, boundOptions], [Connected, connectedOptions]) {
  const bound = open(Bound, boundOptions);
  await bound.bind(freeAddress(transport));
  const connected = open(Connected, connectedOptions);
  connected.connect(bound.lastEndpoint);
  return [bound, connected];
}

export function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Runs the checks whose name contains `filter`, one after the other. */
export async function runAll(filter) {
  for (const { name, run, limitMs } of checks) {
    if (!name.includes(filter)) continue;
    const begun = performance.now();
    const outcome = await outcomeOf(run, limitMs);
    tell(name, outcome, Math.round(performance.now() - begun));
  }
  rmSync(folder, { recursive: true, force: true });
  console.log(`end    ${counts.ok} ok, ${counts.failed} failed, ${counts.differs} differ, ${counts.absent} absent`);
  if (counts.failed > 0) process.exitCode = 1;
}

/** What the check threw, or undefined. */
async function outcomeOf(run, limitMs) {
  const opened = [];
  const open = (Type, options = {}) => {
    const socket = new Type(options);
    opened.push(socket);
    return socket;
  };
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done after ${limitMs / 1000} s`)), limitMs);
  });
  try {
    await Promise.race([run({ open }), late]);
    return undefined;
  } catch (error) {
    return error ?? new Error("it threw nothing");
  } finally {
    clearTimeout(timer);
    endAll();
    for (const socket of opened) {
      if (socket.closed) continue;
      socket.linger = 0;
      socket.close();
    }
  }
}

function tell(name, error, ms) {
  const expected = differences[runtime.name]?.[name];
  if (error instanceof Absent) {
    counts.absent += 1;
    console.log(`n/a    ${name}: ${error.message}`);
  } else if (expected !== undefined && error !== undefined && `${error.code} ${error.message}`.match(expected.error)) {
    counts.differs += 1;
    console.log(`differs ${name}: ${expected.why}`);
  } else if (error === undefined && expected === undefined) {
    counts.ok += 1;
    console.log(`ok     ${name} (${ms} ms)`);
  } else {
    counts.failed += 1;
    const text = error === undefined ? "it passes, so it does not belong in differences.js" : (error.stack ?? error);
    console.log(`FAIL   ${name}${error?.code === undefined ? "" : ` [${error.code}]`}`);
    console.log(String(text).replace(/^/gm, "       "));
  }
}
