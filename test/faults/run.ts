/**
 * `npm run faults -- [--cuts 10000] [--seed n] [--only name]`: the long run of the promises in cuts.ts, and the cut at
 * every byte of every handshake in every mode. Prints a line each; exits 1 when a promise was broken.
 */

import { parseArgs } from "node:util";
import { halfOpen, PROMISES } from "./cuts.ts";
import { atEveryOffset, overWebSocket, PAIRINGS, runPairing, runRequest, SUBPROTOCOLS } from "./every-offset.ts";
import { MODES } from "./faulty-transport.ts";
import { runStream, STREAM_PAIRINGS } from "./stream-offsets.ts";

const { values } = parseArgs({
  options: {
    cuts: { type: "string", default: "10000" },
    seed: { type: "string", default: `${Date.now() % 1_000_000}` },
    only: { type: "string" },
  },
});
const cuts = Number(values.cuts);
const seed = Number(values.seed);
console.log(`seed ${seed}`);

const names = Object.keys(PROMISES);
for (const [name, run] of Object.entries(PROMISES)) {
  await report(`${name}, cut at random`, () => run(Math.ceil(cuts / names.length), seed));
}
await report("half-open connections", () => halfOpen(Math.min(100, Math.ceil(cuts / 100)), seed));
for (const pairing of PAIRINGS) {
  await report(`${pairing.name}, cut at every byte`, () => everyMode((faults) => runPairing(pairing, faults)));
}
for (const subprotocol of SUBPROTOCOLS) {
  for (const pairing of PAIRINGS) {
    const run = overWebSocket(pairing, subprotocol);
    if (run !== undefined) await report(`${pairing.name} over ${subprotocol}, cut at every byte`, () => everyMode(run));
  }
}
for (const isBound of [false, true]) {
  await report(`${isBound ? "bound " : ""}REQ, cut at every byte`, () => everyMode((f) => runRequest(isBound, f)));
}
for (const pairing of STREAM_PAIRINGS) {
  await report(`${pairing.name}, cut at every byte`, () => everyMode((faults) => runStream(pairing, faults)));
}

async function everyMode(run: Parameters<typeof atEveryOffset>[0]): Promise<{ runs: number }> {
  let runs = 0;
  for (const mode of Object.values(MODES)) runs += await atEveryOffset(run, [mode]);
  return { runs };
}

async function report(name: string, run: () => Promise<object>): Promise<void> {
  if (values.only !== undefined && !name.includes(values.only)) return;
  const begun = performance.now();
  try {
    const figures = await run();
    console.log(`ok   ${name}: ${JSON.stringify(figures)} in ${((performance.now() - begun) / 1000).toFixed(1)} s`);
  } catch (error) {
    console.log(`FAIL ${name}:`, error);
    process.exitCode = 1;
  }
}

process.exit(); // a promise that was broken leaves its sockets at work
