/**
 * What the tour shows: on a terminal a board that is drawn anew four times a second, one row a kind of process, with
 * its rate, its total and the last thing it did; elsewhere a line a second. At the end the sums, sent against arrived.
 */

import { stripVTControlCharacters } from "node:util";
import type { Running } from "../stage.ts";

/** Processes of one kind: their counters add up. */
export interface Row {
  readonly label: string;
  readonly verb: string;
  readonly parts: readonly Running[];
  readonly counter: string;
}

/** Rows that belong together, and how messages flow between them. */
export interface Lane {
  readonly title: string;
  readonly flow: string;
  readonly rows: readonly Row[];
}

/** Figures that must be equal and above zero, and a count of faults that must be zero. */
export interface Check {
  readonly text: string;
  readonly figures: readonly number[];
  readonly faults: number;
}

const DRAW_MS = 250;
const LINE_MS = 1000;
/** Samples of a row's total: a rate is taken over the last of them, the little chart shows them all. */
const SAMPLES = 24;
const RATE_SAMPLES = 4;
const BARS = " ▁▂▃▄▅▆▇█";

export class Board {
  readonly #out: NodeJS.WriteStream;
  readonly #seconds: number;
  readonly #isTerminal: boolean;
  readonly #samples = new Map<Row, { at: number; total: number }[]>();
  #lanes: readonly Lane[] = [];
  #begun = 0;
  #drawn = 0;
  #timer: NodeJS.Timeout | undefined;

  /** `seconds` is how long the parts are at work. */
  constructor(out: NodeJS.WriteStream, seconds: number) {
    this.#out = out;
    this.#seconds = seconds;
    this.#isTerminal = out.isTTY === true;
    if (!this.#isTerminal) return;
    out.write("\x1b[?25l"); // the cursor would only flicker
    process.once("exit", () => out.write("\x1b[?25h"));
  }

  /** Begins to show `lanes`. */
  show(lanes: readonly Lane[]): void {
    this.#lanes = lanes;
    this.#begun = performance.now();
    for (const { rows } of lanes) for (const row of rows) this.#samples.set(row, []);
    if (!this.#isTerminal) for (const { title, flow } of lanes) this.#out.write(`${title}: ${flow}\n`);
    this.#timer = setInterval(() => this.#tick(), this.#isTerminal ? DRAW_MS : LINE_MS);
    this.#timer.unref();
  }

  /** Takes a line that a part printed: the board leaves no room for it. */
  note(part: Running, line: string): void {
    if (!this.#isTerminal) this.#out.write(`${part.name} (${part.pid}): ${line}\n`);
  }

  /** Ends the showing with the sums. A check that does not hold sets the exit code to 1. */
  summarize(checks: readonly Check[]): void {
    clearInterval(this.#timer);
    if (this.#isTerminal) this.#draw();
    const count = this.#lanes.flatMap(({ rows }) => rows).reduce((sum, { parts }) => sum + parts.length, 0);
    this.#out.write("\n");
    for (const { text, figures, faults } of checks) {
      const [first = 0] = figures;
      const holds = first > 0 && faults === 0 && figures.every((figure) => figure === first);
      const sum = holds
        ? `${grouped(first)} ${text}`
        : `${text}: ${figures.map(grouped).join(" ≠ ")}, ${faults} faults`;
      this.#out.write(` ${this.#paint(holds ? 32 : 31, holds ? "✔" : "✘")} ${sum}\n`);
      if (!holds) process.exitCode = 1;
    }
    const verdict = process.exitCode === 1 ? this.#paint(31, "Something was lost.") : "Nothing was lost.";
    this.#out.write(`\n ${verdict} ${count} processes, ${this.#elapsed().toFixed(1)} s.\n`);
  }

  #tick(): void {
    const at = performance.now();
    for (const [row, samples] of this.#samples) {
      samples.push({ at, total: totalOf(row) });
      if (samples.length > SAMPLES) samples.shift();
    }
    if (this.#isTerminal) this.#draw();
    else this.#printLine();
  }

  #printLine(): void {
    const rates = this.#lanes.map(({ rows }) =>
      rows.map((row) => `${row.label} ${grouped(rateOf(this.#samples.get(row) ?? [], 1))}/s`).join(", "),
    );
    this.#out.write(`${this.#elapsed().toFixed(0).padStart(3)} s  ${rates.join(" | ")}\n`);
  }

  #draw(): void {
    const lines = [this.#heading(), ""];
    for (const { title, flow, rows } of this.#lanes) {
      lines.push(` ${this.#paint(1, title)}  ${this.#paint(2, flow)}`);
      for (const row of rows) lines.push(this.#row(row));
      lines.push("");
    }
    lines.pop();
    const width = this.#out.columns ?? 80;
    const up = this.#drawn > 0 ? `\x1b[${this.#drawn}A\r` : "";
    this.#out.write(`${up}${lines.map((line) => `${cut(line, width - 1)}\x1b[K\n`).join("")}`);
    this.#drawn = lines.length;
  }

  #heading(): string {
    const done = Math.min(1, this.#elapsed() / this.#seconds);
    const bar = "━".repeat(Math.round(done * 30));
    return ` ${this.#paint(1, "zmq-ts at work")}  ${this.#paint(36, bar)}${this.#paint(2, "━".repeat(30 - bar.length))}  ${Math.min(this.#elapsed(), this.#seconds).toFixed(0)} of ${this.#seconds} s`;
  }

  #row(row: Row): string {
    const samples = this.#samples.get(row) ?? [];
    const { parts, label, verb } = row;
    const name = parts.length > 1 ? `${label} ×${parts.length}` : label;
    const rate = `${grouped(rateOf(samples, RATE_SAMPLES))}/s`;
    const columns = [
      `   ${this.#paint(36, name.padEnd(11))}`,
      this.#paint(2, `pid ${parts[0]?.pid}`.padEnd(11)),
      verb.padEnd(9),
      rate.padStart(9),
      this.#paint(32, chart(samples)),
      grouped(totalOf(row)).padStart(9),
      ` ${detailOf(row)}`,
    ];
    return columns.join(" ");
  }

  #elapsed(): number {
    return (performance.now() - this.#begun) / 1000;
  }

  /** `text` in a colour or style of the terminal. */
  #paint(code: number, text: string): string {
    return this.#isTerminal ? `\x1b[${code}m${text}\x1b[0m` : text;
  }
}

/** The sum of the row's counters. A router counts by side and direction; what it forwarded is what it received. */
function totalOf({ parts, counter }: Row): number {
  return parts.reduce((sum, { counters }) => sum + Number(counters[counter] ?? 0), 0);
}

/** What each of several did, or the last thing that one did. */
function detailOf({ parts, counter }: Row): string {
  if (parts.length > 1) return parts.map(({ counters }) => grouped(Number(counters[counter] ?? 0))).join(" + ");
  return stripVTControlCharacters(`${parts[0]?.counters.last ?? ""}`).replace(/\s+/g, " ");
}

/** Messages a second over the last `count` samples. */
function rateOf(samples: readonly { at: number; total: number }[], count: number): number {
  const last = samples.at(-1);
  const first = samples.at(-1 - count) ?? samples[0];
  if (last === undefined || first === undefined || last === first) return 0;
  return ((last.total - first.total) * 1000) / (last.at - first.at);
}

/** The steps between samples, as bars. */
function chart(samples: readonly { total: number }[]): string {
  const steps = samples.slice(1).map(({ total }, index) => total - (samples[index]?.total ?? 0));
  const highest = Math.max(1, ...steps);
  return steps
    .map((step) => BARS[Math.ceil((step / highest) * (BARS.length - 1))])
    .join("")
    .padStart(SAMPLES - 1);
}

function grouped(figure: number): string {
  return Math.round(figure).toLocaleString("en");
}

/** The first `width` columns of a line, whose colours do not count. */
function cut(line: string, width: number): string {
  let room = width;
  let kept = "";
  for (const [piece] of line.matchAll(/\x1b\[\d+m|[^\x1b]+/g)) {
    if (piece.startsWith("\x1b")) kept += piece;
    else {
      kept += piece.slice(0, room);
      room -= Math.min(room, piece.length);
    }
  }
  return kept;
}
