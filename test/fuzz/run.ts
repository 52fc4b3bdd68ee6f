/**
 * The fuzzer: `npm run fuzz -- [--target NAME] [--seconds N] [--inputs N] [--seed S]`.
 *
 * Runs every target, or one, for so many seconds (10) or inputs, from a seed
 * (of this day). A finding is printed with the seed and the number of its
 * input, and ends the run: `--seed S --first N --inputs 1` runs that input
 * alone. An input that does not end within a minute, and memory that grows
 * beyond a bound, are findings too.
 */

import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { Random } from "./random.ts";
import type { Target } from "./target.ts";
import { TARGETS } from "./targets.ts";

/** More than any target needs; a leak of 100 bytes an input would pass it within a few million. */
const GROWTH_BYTES = 400 * 1024 * 1024;
const ROUND = 500;

export interface Budget {
  readonly seed: number;
  readonly seconds: number;
  readonly inputs: number;
  readonly first?: number;
}

export interface Outcome {
  readonly inputs: number;
  readonly seconds: number;
  readonly rssBytes: number;
}

/** Rejects with the input in the message when the target finds something. `progress` is told the number of each input. */
export async function fuzz(target: Target, budget: Budget, progress?: (index: number) => void): Promise<Outcome> {
  const random = new Random(budget.seed);
  const begun = performance.now();
  const first = budget.first ?? 0;
  const before = process.memoryUsage.rss();
  let rssBytes = before;
  let index = first;
  for (; index < first + budget.inputs; index++) {
    if (index % ROUND === 0) {
      progress?.(index);
      rssBytes = Math.max(rssBytes, process.memoryUsage.rss());
      if (rssBytes > before + GROWTH_BYTES) throw new Error(`${target.name}: grew to ${rssBytes} bytes at ${index}`);
      if (performance.now() - begun > budget.seconds * 1000) break;
    }
    random.seed(budget.seed, index);
    const input = target.make(random);
    try {
      const checked = target.check(input, random);
      if (checked !== undefined) await checked;
    } catch (cause) {
      const hex = Buffer.from(input.subarray(0, 4000)).toString("hex");
      throw new Error(`${target.name} --seed ${budget.seed} --first ${index} --inputs 1\n${hex}`, { cause });
    }
  }
  return { inputs: index - first, seconds: (performance.now() - begun) / 1000, rssBytes };
}

/** Ends the process when the counter stands still: an endless loop cannot be left otherwise. */
const WATCHDOG = `
  const { workerData } = require("node:worker_threads");
  const { writeSync } = require("node:fs");
  const counter = new Int32Array(workerData);
  let last = -1;
  setInterval(() => {
    if (counter[0] === last && counter[1] === 1) {
      writeSync(2, "hangs at or behind input " + last + "\\n");
      process.kill(process.pid, "SIGKILL");
    }
    last = counter[0];
  }, 60000);
`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      target: { type: "string" },
      seconds: { type: "string" },
      inputs: { type: "string" },
      seed: { type: "string" },
      first: { type: "string", default: "0" },
    },
  });
  const targets = TARGETS.filter(({ name }) => values.target === undefined || name === values.target);
  if (targets.length === 0) {
    console.error(`No such target. There are: ${TARGETS.map(({ name }) => name).join(" ")}`);
    process.exitCode = 1;
    return;
  }
  const inputs = values.inputs === undefined ? Number.POSITIVE_INFINITY : Number(values.inputs);
  const seconds = Number(values.seconds ?? (values.inputs === undefined ? 10 : Number.POSITIVE_INFINITY));
  const seed = Number(values.seed ?? Math.floor(Date.now() / 86_400_000));
  const shared = new SharedArrayBuffer(8);
  const counter = new Int32Array(shared);
  const watchdog = new Worker(WATCHDOG, { eval: true, workerData: shared });
  watchdog.unref();
  counter[1] = 1;
  for (const target of targets) {
    try {
      const first = Number(values.first);
      const outcome = await fuzz(target, { seed, seconds, inputs, first }, (index) => {
        counter[0] = index;
      });
      const rate = Math.round(outcome.inputs / outcome.seconds);
      const rss = Math.round(outcome.rssBytes / 1e6);
      console.log(
        `${target.name}: ${outcome.inputs} inputs, seed ${seed}, ${outcome.seconds.toFixed(1)} s, ${rate}/s, rss ${rss} MB`,
      );
    } catch (error) {
      console.error(error);
      process.exitCode = 1;
    }
  }
  counter[1] = 0;
  void watchdog.terminate();
}

if (import.meta.filename === process.argv[1]) await main();
