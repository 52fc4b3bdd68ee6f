/**
 * Runs random programs on libzmq and on ours and compares what came of each step. A difference is run again on both; it
 * counts when each side agrees with itself. Then the program is made smaller while the difference stays.
 */

import { Random } from "../../fuzz/random.ts";
import { generate } from "./generate.ts";
import type { Outcome, Program } from "./program.ts";
import { type Difference, reasonOf } from "./reasons.ts";
import { Side } from "./sides.ts";

/** Programs at a time: most of a program is waiting. */
const AT_A_TIME = 16;
/** How often a difference has to show. */
const TIMES = 3;
const SMALLER_AT_A_TIME = 8;

export interface Finding extends Difference {
  /** Its number among the programs of the seed. */
  readonly index: number;
}

export interface Result {
  readonly programs: number;
  /** How often, by reason. */
  readonly known: Readonly<Record<string, number>>;
  /** Programs on which a side does not agree with itself. */
  readonly unsteady: number;
  readonly findings: readonly Finding[];
}

export interface Limits {
  readonly seed: number;
  readonly first: number;
  readonly programs: number;
  readonly seconds: number;
  readonly overWs?: boolean;
}

export async function socketDifferential(limits: Limits): Promise<Result> {
  const { seed, first, programs, seconds, overWs } = limits;
  const pair = new Sides();
  const over = performance.now() + seconds * 1000;
  const known: Record<string, number> = {};
  const findings: Finding[] = [];
  let unsteady = 0;
  let next = first;
  const work = async (): Promise<void> => {
    const random = new Random(seed);
    while (next < first + programs && performance.now() < over) {
      const index = next++;
      const program = generate(random, seed, index, overWs);
      const seen = await pair.compare(program);
      if (seen === undefined) continue;
      const reason = reasonOf(seen);
      if (reason !== undefined) known[reason] = (known[reason] ?? 0) + 1;
      else {
        const smallest = (await pair.confirms(program)) ? await pair.shrink(program) : undefined;
        if (smallest === undefined) unsteady++;
        else findings.push({ ...smallest, index });
      }
    }
  };
  try {
    await Promise.all(Array.from({ length: AT_A_TIME }, work));
  } finally {
    pair.close();
  }
  findings.sort((a, b) => a.index - b.index);
  return { programs: next - first, known, unsteady, findings };
}

type Seen = Omit<Finding, "index">;

/** Both libraries. What has to be sure runs in processes of its own. */
class Sides {
  readonly #theirs = Side.libzmq();
  readonly #ours = Side.ours();
  readonly #quiet = [Side.libzmq(), Side.ours()] as const;

  close(): void {
    for (const side of [this.#theirs, this.#ours, ...this.#quiet]) side.close();
  }

  /** The first step that came to something else, if there is one. */
  async compare(program: Program): Promise<Seen | undefined> {
    return this.#compare(program, this.#theirs, this.#ours);
  }

  /** Whether both sides say the same again and again, and not the same as each other, without a reason. */
  async confirms(program: Program): Promise<boolean> {
    let last: string | undefined;
    for (let i = 0; i < TIMES; i++) {
      const seen = await this.#compare(program, ...this.#quiet);
      if (seen === undefined || reasonOf(seen) !== undefined) return false;
      const text = JSON.stringify(seen.outcomes);
      if (last !== undefined && text !== last) return false;
      last = text;
    }
    return true;
  }

  /** Takes steps away while the program shows a difference without a reason. Undefined: it is gone, for it depends on chance. */
  async shrink(program: Program): Promise<Seen | undefined> {
    let best = await this.#compare(program, ...this.#quiet);
    if (best === undefined || reasonOf(best) !== undefined) return undefined;
    // The last steps read what is left: whether something was lost shows there.
    const end = program.steps.findLastIndex(({ act }) => act !== "drain") + 1;
    const last = program.steps.slice(end);
    let steps = program.steps.slice(0, end);
    for (let size = Math.max(1, steps.length >> 1); size >= 1; size = size > 1 ? size >> 1 : 0) {
      for (let isSmaller = true; isSmaller; ) {
        isSmaller = false;
        const attempts: Program[] = [];
        for (let at = 0; at < steps.length; at += size) {
          attempts.push({ ...program, steps: [...steps.slice(0, at), ...steps.slice(at + size), ...last] });
        }
        for (let at = 0; at < attempts.length && !isSmaller; at += SMALLER_AT_A_TIME) {
          const some = attempts.slice(at, at + SMALLER_AT_A_TIME);
          const seen = await Promise.all(some.map((each) => this.#compare(each, ...this.#quiet)));
          for (const [i, one] of seen.entries()) {
            if (one === undefined || reasonOf(one) !== undefined || isSmaller) continue;
            if (!(await this.confirms(some[i] as Program))) continue;
            best = one;
            steps = one.program.steps.slice(0, one.program.steps.length - last.length);
            isSmaller = true;
          }
        }
      }
    }
    return best;
  }

  async #compare(program: Program, theirSide: Side, ourSide: Side): Promise<Seen | undefined> {
    const [theirs, ours] = await Promise.all([runSurely(theirSide, program), runSurely(ourSide, program)]);
    for (const [i, step] of program.steps.entries()) {
      const [a = "nothing", b = "nothing"] = [theirs[i], ours[i]];
      if (a !== b) return { program, at: i, step, theirs: a, ours: b, outcomes: { theirs, ours } };
    }
    return undefined;
  }
}

/** A process may be ended by one of the other programs in it. */
async function runSurely(side: Side, program: Program): Promise<Outcome> {
  let outcome = await side.run(program);
  for (let i = 0; i < TIMES && outcome[0]?.startsWith("the process") === true; i++) outcome = await side.run(program);
  return outcome;
}

/** As text, for whoever has to look into it. */
export function describeFinding({ index, program, at, outcomes }: Finding): string {
  const used = new Set(program.steps.flatMap((each) => [each.socket, ...("clients" in each ? each.clients : [])]));
  const lines = [`program ${index}, over ${program.endpoints[0]}`];
  for (const place of used) {
    const { type, options } = program.sockets[place] ?? { type: "?", options: {} };
    lines.push(`  socket ${place}: ${type} ${JSON.stringify(options)}`);
  }
  for (const [i, each] of program.steps.entries()) {
    const [theirs, ours] = [outcomes.theirs[i], outcomes.ours[i]];
    const result = theirs === ours ? ` -> ${ours}` : `\n    libzmq: ${theirs}\n    ours:   ${ours}`;
    lines.push(`  ${JSON.stringify(each).replace(/(.)\1{99,}/g, "$1…")}${result}`);
    if (i === at) break;
  }
  return lines.join("\n");
}
