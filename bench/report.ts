/**
 * What a run found: medians, ratios pair by pair with their spread, the table for the terminal and the JSON.
 *
 * A ratio is always "how many times better the subject is": rates divide one way, times and memory the other. Pairs are
 * the measurements of one round, which ran one after the other.
 */
import { arch, cpus, loadavg, release, totalmem, type } from "node:os";
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
  /** The same peer on this workload against another one. */
  readonly against?: { readonly name: string; readonly ratios: Record<string, Ratio> };
  readonly ceiling?: number;
  readonly failures: string[];
}

export interface Report {
  readonly date: string;
  readonly machine: string;
  readonly node: string;
  /** Of one minute, before the first round: other work on the machine, which makes figures lower and their spread wider. */
  readonly loadAverage: number;
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

/** The measurements of a group of workloads. A failed round is kept as `undefined`, so that pairs stay pairs. */
export class Measured {
  readonly #rounds = new Map<string, Map<string, (Measurement | undefined)[]>>();
  readonly #failures = new Map<string, string[]>();

  add({ name }: Workload, peer: Peer, measurement: Measurement | undefined): void {
    const peers = this.#rounds.get(name) ?? new Map<string, (Measurement | undefined)[]>();
    this.#rounds.set(name, peers);
    peers.set(peer.name, [...(peers.get(peer.name) ?? []), measurement]);
  }

  addFailure(workload: Workload, peer: Peer, failure: string): void {
    this.add(workload, peer, undefined);
    this.#failures.set(workload.name, [...this.failures(workload.name), failure]);
  }

  peers(workload: string): string[] {
    return [...(this.#rounds.get(workload)?.keys() ?? [])];
  }

  rounds(workload: string, peer: string): (Measurement | undefined)[] {
    return this.#rounds.get(workload)?.get(peer) ?? [];
  }

  failures(workload: string): string[] {
    return this.#failures.get(workload) ?? [];
  }
}

type Rounds = readonly (Measurement | undefined)[];

/** Median and spread over the pairs, or undefined when there is no pair. */
function compare({ of, better }: Metric, ours: Rounds, theirs: Rounds, wanted: number | undefined): Ratio | undefined {
  const pairs = theirs.flatMap((their, round) => {
    const own = ours[round];
    if (!own || !their) return [];
    return better === "more" ? of(own) / of(their) : of(their) / of(own);
  });
  if (pairs.length === 0) return undefined;
  const spread = { median: median(pairs), least: Math.min(...pairs), most: Math.max(...pairs) };
  return wanted === undefined ? spread : { ...spread, wanted };
}

/** The row of one workload. Wanted ratios are shown only where zmq-ts is the subject. */
export function makeRow(workload: Workload, subject: string, measured: Measured): Row {
  const { name, metric, ceiling, against } = workload;
  const peers: Row["peers"] = {};
  const ratios: Row["ratios"] = {};
  const againstRatios: Row["ratios"] = {};
  for (const peer of measured.peers(name)) {
    const all = measured.rounds(name, peer);
    const rounds = all.filter((one) => one !== undefined);
    if (rounds.length === 0) continue;
    peers[peer] = { median: median(rounds.map(metric.of)), rounds };
    const isOurs = subject === "zmq-ts";
    const wanted = isOurs ? workload.bar[peer as PeerName] : undefined;
    const ratio = peer === subject ? undefined : compare(metric, measured.rounds(name, subject), all, wanted);
    if (ratio) ratios[peer] = ratio;
    const wantedHere = isOurs && peer === subject ? against?.wanted : undefined;
    const versus = against && compare(metric, all, measured.rounds(against.name, peer), wantedHere);
    if (versus) againstRatios[peer] = versus;
  }
  return {
    name,
    unit: metric.unit,
    better: metric.better,
    peers,
    ratios,
    failures: measured.failures(name),
    ...(against && { against: { name: against.name, ratios: againstRatios } }),
    ...(ceiling === undefined ? {} : { ceiling }),
  };
}

/** Load of the last minute. */
export const loadAverage = (): number => loadavg()[0]!;

export function makeReport(peers: readonly Peer[], rounds: number, timing: Timing, load: number, rows: Row[]): Report {
  return {
    date: new Date().toISOString(),
    machine: `${cpus().length} x ${cpus()[0]?.model}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${type()} ${release()} ${arch()}`,
    node: process.versions.node,
    loadAverage: load,
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
    `${report.machine}; Node ${report.node}; load ${report.loadAverage.toFixed(1)} before; medians of ${report.rounds} rounds`,
    ...report.peers.map(({ name, about }) => `${name}: ${about}`),
    `x: how many times better ${report.subject} is, median (least-most) of the pairs; + reaches the wanted ratio, - does not`,
  ];
  const versus = report.rows.flatMap(({ name, against }) => {
    const cells = Object.entries(against?.ratios ?? {}).map(([peer, ratio]) => `${peer} x ${ratioCell(ratio)}`);
    return cells.length === 0 ? [] : `${name} against ${against!.name}: ${cells.join(", ")}`;
  });
  return `${align(lines, 2)}\n\n${[...versus, ""].join("\n")}${versus.length > 0 ? "\n" : ""}${legend.join("\n")}\n`;
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
