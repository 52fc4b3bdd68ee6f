/**
 * What a run found: medians, ratios pair by pair with their spread, the table for the terminal and the JSON.
 *
 * A ratio is always "how many times better the subject is": rates divide one way, times and memory the other. Pairs are
 * the measurements of one round, which ran one after the other.
 */
import { arch, cpus, release, totalmem, type } from "node:os";
import type { Measurement, Timing } from "./measure.ts";
import type { Peer } from "./peers.ts";
import type { Metric, PeerName, Workload } from "./workloads.ts";

export interface Ratio {
  readonly median: number;
  readonly least: number;
  readonly most: number;
  /** The ratio the project wants, where it names one. */
  readonly wanted?: number;
}

export interface Row {
  readonly name: string;
  readonly unit: string;
  readonly better: Metric["better"];
  /** Per peer: the median figure, and every measurement in order. */
  readonly peers: Record<string, { median: number; rounds: Measurement[] }>;
  /** The subject against each other peer. */
  readonly ratios: Record<string, Ratio>;
  readonly ceiling?: number;
  readonly failures: string[];
}

export interface Report {
  readonly date: string;
  readonly machine: string;
  readonly node: string;
  readonly rounds: number;
  readonly timing: Timing;
  readonly subject: string;
  readonly peers: { name: string; about: string }[];
  readonly rows: Row[];
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** One row from the measurements of each peer: a failed round is `undefined`, so that pairs stay pairs. */
export function makeRow(
  workload: Workload,
  subject: string,
  measured: ReadonlyMap<string, (Measurement | undefined)[]>,
  failures: string[],
): Row {
  const { of, better, unit } = workload.metric;
  const row: Row = {
    name: workload.name,
    unit,
    better,
    peers: {},
    ratios: {},
    failures,
    ...(workload.ceiling === undefined ? {} : { ceiling: workload.ceiling }),
  };
  const ours = measured.get(subject) ?? [];
  for (const [name, all] of measured) {
    const rounds = all.filter((one) => one !== undefined);
    if (rounds.length === 0) continue;
    row.peers[name] = { median: median(rounds.map(of)), rounds };
    if (name === subject) continue;
    const pairs = all.flatMap((theirs, round) => {
      const own = ours[round];
      if (!own || !theirs) return [];
      return better === "more" ? of(own) / of(theirs) : of(theirs) / of(own);
    });
    if (pairs.length === 0) continue;
    const wanted = workload.bar[name as PeerName];
    row.ratios[name] = {
      median: median(pairs),
      least: Math.min(...pairs),
      most: Math.max(...pairs),
      ...(wanted === undefined || subject !== "zmq-ts" ? {} : { wanted }),
    };
  }
  return row;
}

export function makeReport(peers: readonly Peer[], rounds: number, timing: Timing, rows: Row[]): Report {
  return {
    date: new Date().toISOString(),
    machine: `${cpus().length} x ${cpus()[0]?.model}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${type()} ${release()} ${arch()}`,
    node: process.versions.node,
    rounds,
    timing,
    subject: peers[0]!.name,
    peers: peers.map(({ name, about }) => ({ name, about })),
    rows,
  };
}

/** A number in at most six characters: `5.41 M`, `38.2 k`, `57.3`. */
export function short(value: number): string {
  if (value >= 1e6) return `${(value / 1e6).toPrecision(3)} M`;
  if (value >= 1e4) return `${(value / 1e3).toPrecision(3)} k`;
  return value >= 1000 ? value.toFixed(0) : value.toPrecision(3);
}

function ratioCell(ratio: Ratio | undefined): string {
  if (!ratio) return "";
  const digits = (value: number) => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));
  const bar = ratio.wanted === undefined ? "" : ratio.median >= ratio.wanted ? " +" : " -";
  return `${digits(ratio.median)} (${digits(ratio.least)}-${digits(ratio.most)})${bar}`;
}

/** The table for the terminal: a line a workload, a column a peer, then the ratios. */
export function renderTable(report: Report): string {
  const names = report.peers.map(({ name }) => name);
  const others = names.slice(1);
  const lines = [["workload", "unit", ...names, ...others.map((name) => `x ${name}`)]];
  for (const row of report.rows) {
    const figures = names.map((name) => {
      const peer = row.peers[name];
      if (!peer) return "";
      const over = row.ceiling !== undefined && report.subject === "zmq-ts" && name === report.subject;
      return short(peer.median) + (over ? (peer.median <= row.ceiling! ? " +" : " -") : "");
    });
    lines.push([row.name, row.unit, ...figures, ...others.map((name) => ratioCell(row.ratios[name]))]);
  }
  const legend = [
    `${report.machine}; Node ${report.node}; medians of ${report.rounds} rounds`,
    ...report.peers.map(({ name, about }) => `${name}: ${about}`),
    `x: how many times better ${report.subject} is, median (least-most) of the pairs; + reaches the wanted ratio, - does not`,
  ];
  return `${align(lines, 2)}\n\n${legend.join("\n")}\n`;
}

/** CPU time a message and largest resident set, server / client, of each peer. */
export function renderResources(report: Report): string {
  const names = report.peers.map(({ name }) => name);
  const lines = [["workload", ...names.map((name) => `${name}: CPU us a message; resident MB`)]];
  for (const row of report.rows) {
    const cells = names.map((name) => {
      const rounds = row.peers[name]?.rounds;
      if (!rounds) return "";
      const of = (field: "serverCpuUs" | "clientCpuUs" | "serverRssKb" | "clientRssKb") => {
        const values = rounds.flatMap((round) => round[field] ?? []);
        return values.length === 0 ? Number.NaN : median(values);
      };
      const pair = (a: number, b: number) => [a, b].map((v) => (Number.isNaN(v) ? "-" : v.toPrecision(3))).join(" / ");
      const resident = pair(of("serverRssKb") / 1024, of("clientRssKb") / 1024);
      return `${pair(of("serverCpuUs"), of("clientCpuUs"))}; ${resident}`;
    });
    lines.push([row.name, ...cells]);
  }
  return `${align(lines, 1)}\n`;
}

/** Columns of text; those from `right` on are aligned to the right. */
function align(lines: string[][], right: number): string {
  const widths = lines[0]!.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  const render = (line: string[]) =>
    line.map((cell, i) => (i < right ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join("  ");
  return [render(lines[0]!), widths.map((width) => "-".repeat(width)).join("  "), ...lines.slice(1).map(render)]
    .map((line) => line.trimEnd())
    .join("\n");
}
