/**
 * `npm run bench`: runs the workloads for every peer, alternately, and shows what came out.
 *
 * Exits with 1 only for errors and lost messages, never for a time.
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { measure, type Timing } from "./measure.ts";
import { extraPeer, type Peer, preparePeers } from "./peers.ts";
import { renderPlot } from "./plot.ts";
import { loadAverage, Measured, makeReport, makeRow, type Row, renderResources, renderTable, short } from "./report.ts";
import { groupWorkloads, PEER_NAMES, type PeerName, selectWorkloads, WORKLOADS, type Workload } from "./workloads.ts";

const USAGE = `npm run bench -- [options]
  --workload TEXT   only workloads whose name contains TEXT; may be given more than once
  --peer NAME       only this peer (${PEER_NAMES.join(", ")}); may be given more than once; the first is the subject
  --module NAME=PATH  one more build of this library beside the others; may be given more than once
  --rounds N        rounds of each workload (5; quick: 1)
  --duration MS     measured time of one round (700; quick: 150), after a warm-up of a third of it
  --quick           under two minutes
  --resources       also CPU time a message and memory of each side
  --browser         a page in Chromium and Node instead; takes --rounds, --duration and --json
  --json FILE, --svg FILE
  --list            the names of the workloads`;

const { values: options } = parseArgs({
  options: {
    workload: { type: "string", multiple: true, default: [] },
    peer: { type: "string", multiple: true, default: [] },
    module: { type: "string", multiple: true, default: [] },
    rounds: { type: "string" },
    duration: { type: "string" },
    quick: { type: "boolean", default: false },
    resources: { type: "boolean", default: false },
    browser: { type: "boolean", default: false },
    json: { type: "string" },
    svg: { type: "string" },
    list: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

function positive(name: string, text: string | undefined, otherwise: number): number {
  const value = text === undefined ? otherwise : Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`--${name}: expected a whole number from 1, got ${text}`);
  return value;
}

/** Those that were asked for, or all that have one of the workloads. */
function peerNames(workloads: readonly Workload[]): PeerName[] {
  if (options.peer.length === 0) return PEER_NAMES.filter((name) => workloads.some(({ by }) => by.includes(name)));
  return options.peer.map((text) => {
    const name = PEER_NAMES.find((known) => known === text);
    if (!name) throw new Error(`--peer ${text}: expected one of ${PEER_NAMES.join(", ")}`);
    return name;
  });
}

const warn = (line: string) => console.error(`bench: ${line}`);

/** All rounds of the workloads of one group, alternately: a round of each, peer by peer, then the next. */
async function runGroup(group: readonly Workload[], peers: readonly Peer[], rounds: number, timing: Timing) {
  const measured = new Measured();
  for (let round = 1; round <= rounds; round++) {
    for (const workload of group) {
      for (const peer of peers) {
        if (!isExtra(peer.name) && !workload.by.includes(peer.name as PeerName)) continue;
        progress(`${workload.name}: round ${round} of ${rounds}, ${peer.name}`);
        try {
          measured.add(workload, peer, await measure(workload, peer, timing));
        } catch (error) {
          const reason = error instanceof Error ? error.message : String(error);
          measured.addFailure(workload, peer, `${workload.name}, ${peer.name}, round ${round}: ${reason}`);
          progress();
          warn(`${workload.name}, ${peer.name}: ${reason}`);
        }
      }
    }
  }
  return group.map((workload) => makeRow(workload, peers[0]!.name, measured));
}

const isExtra = (name: string) => !PEER_NAMES.some((known) => known === name);

/** The line at the bottom of a terminal; nothing where stderr is a file. */
function progress(line = ""): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${line}`);
}

async function main(): Promise<void> {
  if (options.help) return console.log(USAGE);
  if (options.list) return console.log(WORKLOADS.map(({ name }) => name).join("\n"));
  if (options.browser) {
    const rounds = positive("rounds", options.rounds, options.quick ? 1 : 5);
    const durationMs = positive("duration", options.duration, options.quick ? 300 : 1500);
    return (await import("./browser.ts")).benchBrowser({ rounds, durationMs, json: options.json });
  }
  const workloads = selectWorkloads(options.workload, options.quick);
  if (workloads.length === 0) throw new Error(`--workload ${options.workload}: no such workload; see --list`);
  const rounds = positive("rounds", options.rounds, options.quick ? 1 : 5);
  const durationMs = positive("duration", options.duration, options.quick ? 150 : 700);
  const timing: Timing = { durationMs, warmupMs: Math.ceil(durationMs / 3), limitMs: 60_000 + 10 * durationMs };
  const peers = [...(await preparePeers(peerNames(workloads), warn)), ...options.module.map(extraPeer)];
  if (peers.length === 0) throw new Error("no peer is left to run");

  const load = loadAverage();
  if (load > 0.5) warn(`the machine is busy (load ${load.toFixed(1)}): trust the ratios more than the figures`);
  const rows: Row[] = [];
  for (const group of groupWorkloads(workloads)) {
    for (const row of await runGroup(group, peers, rounds, timing)) {
      rows.push(row);
      progress();
      const figures = Object.entries(row.peers).map(([name, { median }]) => `${name} ${short(median)}`);
      console.error(`${rows.length}/${workloads.length} ${row.name}: ${figures.join(", ")} (${row.unit})`);
    }
  }

  const report = makeReport(peers, rounds, timing, load, rows);
  console.log(`\n${renderTable(report)}`);
  if (options.resources) console.log(renderResources(report));
  if (options.json) writeFileSync(options.json, `${JSON.stringify(report, null, 1)}\n`);
  const plot = options.svg ? renderPlot(report) : undefined;
  if (options.svg && plot) writeFileSync(options.svg, plot);
  else if (options.svg) warn("--svg: none of the workloads that the plot shows was run");

  const failures = rows.flatMap((row) => row.failures);
  if (failures.length > 0) {
    console.error(
      `${failures.length} measurements failed:\n  ${failures.map((failure) => failure.split("\n")[0]).join("\n  ")}`,
    );
    process.exitCode = 1;
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
