/**
 * `npm run differential -- [--seconds 60] [--inputs n] [--seed n] [--first n] [--sockets] [--ws]`: random streams to libzmq and to ours, a
 * few dozen at a time. A difference that nobody knows the reason of is played again, among few, and then printed with what
 * both did; the run exits 1. `--seed S --first N --inputs 1` plays one stream again. With `--sockets` programs of whole
 * sockets are the inputs: `sockets/run.ts`; over ws with `--ws`.
 */

import { parseArgs } from "node:util";
import { Random } from "../fuzz/random.ts";
import { compare } from "./alike.ts";
import type { Case } from "./case.ts";
import { type Ending, Side } from "./compare.ts";
import { generate } from "./generate.ts";
import { describeFinding, type Limits, socketDifferential } from "./sockets/run.ts";

/** Streams at a time: most of a case is waiting for silence. */
const AT_A_TIME = 40;
const AGAIN_AT_A_TIME = 4;
const TRIES = 3;

export interface Difference {
  readonly play: Case;
  readonly theirs: Ending;
  readonly ours: Ending;
}

export interface Result {
  readonly inputs: number;
  /** How often, by reason. */
  readonly known: Readonly<Record<string, number>>;
  readonly differences: readonly Difference[];
}

export async function differential(seed: number, first: number, inputs: number, seconds: number): Promise<Result> {
  const sides = [Side.libzmq("zap"), Side.ours("zap")] as const;
  const begun = performance.now();
  const known: Record<string, number> = {};
  const suspects: Case[] = [];
  const differences: Difference[] = [];
  const play = async (one: Case): Promise<Difference | undefined> => {
    const [theirs, ours] = await Promise.all([sides[0].play(one), sides[1].play(one)]);
    const { isAlike, reason } = compare(one, theirs, ours);
    if (isAlike) return undefined;
    if (reason === undefined) return { play: one, theirs, ours };
    known[reason] = (known[reason] ?? 0) + 1;
    return undefined;
  };
  let next = first;
  const work = async (): Promise<void> => {
    const random = new Random(seed);
    while (next < first + inputs && performance.now() - begun < seconds * 1000) {
      const one = generate(random, seed, next++);
      if ((await play(one)) !== undefined) suspects.push(one);
    }
  };
  try {
    await Promise.all(Array.from({ length: AT_A_TIME }, work));
    const again = async (): Promise<void> => {
      for (let suspect = suspects.shift(); suspect !== undefined; suspect = suspects.shift()) {
        // A busy machine may make a silence too short once.
        let last: Difference | undefined;
        for (let tries = 0; tries < TRIES; tries++) {
          last = await play(suspect);
          if (last === undefined) break;
        }
        if (last !== undefined) differences.push(last);
      }
    };
    await Promise.all(Array.from({ length: AGAIN_AT_A_TIME }, again));
  } finally {
    await Promise.all(sides.map((side) => side.close()));
  }
  return { inputs: next - first, known, differences };
}

/** As text, for whoever has to look into it. */
export function describeDifference({ play, theirs, ours }: Difference): string {
  const steps = play.steps.map((step) => Buffer.from(step).toString("hex"));
  const lines = [play.name, JSON.stringify({ ...play, name: undefined, steps }), `libzmq: ${JSON.stringify(theirs)}`];
  return [...lines, `ours:   ${JSON.stringify(ours)}`].join("\n");
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seconds: { type: "string" },
      minutes: { type: "string" },
      sockets: { type: "boolean", default: false },
      ws: { type: "boolean", default: false },
      inputs: { type: "string" },
      seed: { type: "string", default: `${Math.floor(Date.now() / 86_400_000)}` },
      first: { type: "string", default: "0" },
    },
  });
  const inputs = Number(values.inputs ?? Number.POSITIVE_INFINITY);
  const minutes = Number(values.minutes ?? (values.inputs === undefined ? 1 : Number.POSITIVE_INFINITY));
  const seconds = Number(values.seconds ?? minutes * 60);
  const [seed, first] = [Number(values.seed), Number(values.first)];
  if (values.sockets) {
    await ofSockets({ seed, first, programs: inputs, seconds, overWs: values.ws });
    return;
  }
  const result = await differential(seed, first, inputs, seconds);
  for (const difference of result.differences) console.log(`${describeDifference(difference)}\n`);
  console.log(
    `${result.inputs} streams, seed ${values.seed}: ${result.differences.length} differences without a reason`,
  );
  console.log("with one:", result.known);
  if (result.differences.length > 0) process.exitCode = 1;
}

async function ofSockets(limits: Limits): Promise<void> {
  const { programs, known, unsteady, findings } = await socketDifferential(limits);
  for (const finding of findings) console.log(`${describeFinding(finding)}\n`);
  console.log(`${programs} programs, seed ${limits.seed}: ${findings.length} differences without a reason`);
  console.log(`with one: ${JSON.stringify(known)}; on ${unsteady} a side does not agree with itself`);
  if (findings.length > 0) process.exitCode = 1;
}

if (import.meta.filename === process.argv[1]) await main();
