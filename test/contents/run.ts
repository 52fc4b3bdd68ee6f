/**
 * `npm run contents -- [--seconds 60] [--seed n] [--messages 4000] [--megabytes 100] [--round '{"transport":"ws"}']`:
 * rounds of rounds.ts, each with the seed behind the last one's. Prints a line each; exits 1 when anything was wrong, and 2
 * when a round did not end.
 */

import { parseArgs } from "node:util";
import { type Round, roundOf } from "./round.ts";
import { play } from "./rounds.ts";

const LIMIT_MS = 120_000;

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "60" },
    seed: { type: "string", default: `${Date.now() % 1_000_000_000}` },
    messages: { type: "string", default: "4000" },
    megabytes: { type: "string", default: "100" },
    round: { type: "string", default: "{}" },
  },
});
const given = JSON.parse(values.round) as Partial<Round>;
const until = performance.now() + 1000 * Number(values.seconds);
for (let seed = Number(values.seed); performance.now() < until; seed++) {
  const round = roundOf(seed, given);
  const name = nameOf(round);
  const begun = performance.now();
  const limit = setTimeout(() => {
    console.log(`HANGS ${name}: ${JSON.stringify(round)}`);
    process.exit(2);
  }, LIMIT_MS);
  try {
    const { messages, bytes, cuts } = await play(round, Number(values.messages), 1e6 * Number(values.megabytes));
    const seconds = ((performance.now() - begun) / 1000).toFixed(1);
    console.log(`ok   ${name}: ${messages} messages, ${(bytes / 1e6).toFixed(0)} MB, ${cuts} cuts, ${seconds} s`);
  } catch (error) {
    console.log(`FAIL ${name}:`, error);
    process.exitCode = 1;
  }
  clearTimeout(limit);
}
process.exit(); // A round that failed may leave sockets at work.

function nameOf(round: Round): string {
  const { seed, pattern, transport, sendingThreads, receivingThreads, highWaterMark, kinds, ways } = round;
  const traits = (["isSealed", "isSlow", "isCut", "isShredded", "isZws", "conflate", "aborts"] as const).filter(
    (of) => round[of],
  );
  const threads = `threads ${sendingThreads} ${receivingThreads}`;
  return [seed, pattern, transport, threads, `hwm ${highWaterMark}`, kinds, ways, ...traits].join(" ");
}
