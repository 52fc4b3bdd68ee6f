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

/** Pieces of a line with their colours or styles, as numbers of the terminal's. */
type Line = (readonly [text: string, code?: number])[];

const [BOLD, FAINT, RED, GREEN, CYAN] = [1, 2, 31, 32, 36];
const DRAW_MS = 250;
const SAMPLE_MS = 500;
const LINE_MS = 1000;
/** How many totals of a row are kept: rates are taken over the last three, the little chart shows them all. */
const SAMPLES = 24;
const BARS = " ▁▂▃▄▅▆▇█";

export class Board {
  readonly #out: NodeJS.WriteStream;
  readonly #seconds: number;
  readonly #isTerminal: boolean;
  readonly #samples = new Map<Row, { at: number; total: number }[]>();
  #lanes: readonly Lane[] = [];
  #begun = 0;
  #drawn = 0;
  #timers: NodeJS.Timeout[] = [];
  #isOver = false;

  /** `out` is standard output, `seconds` how long the parts are at work. */
  constructor(out: NodeJS.WriteStream, seconds: number) {
    this.#out = out;
    this.#seconds = seconds;
    this.#isTerminal = out.isTTY === true;
    if (!this.#isTerminal) return;
    out.write("\x1b[?25l"); // without the cursor, which would only flicker
    process.once("exit", () => out.write("\x1b[?25h"));
  }

  /** Counts the processes while they start, until `show`: on a busy machine that takes a while. */
  countStarting(processes: { readonly started: number; readonly begun: number }): void {
    let told = "";
    const tell = () => {
      const count = ` starting: ${processes.begun} of ${processes.started} processes`;
      if (count === told || processes.started === 0) return;
      told = count;
      this.#out.write(this.#isTerminal ? `${count}\x1b[K\r` : `${count}\n`);
    };
    this.#timers = [setInterval(tell, DRAW_MS)];
  }

  /** Begins to show how `lanes` are doing. */
  show(lanes: readonly Lane[]): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#lanes = lanes;
    this.#begun = performance.now();
    for (const { rows } of lanes) for (const row of rows) this.#samples.set(row, []);
    if (!this.#isTerminal) for (const { title, flow } of lanes) this.#out.write(`${title}: ${flow}\n`);
    this.#timers = [
      setInterval(() => this.#sample(), SAMPLE_MS),
      setInterval(() => (this.#isTerminal ? this.#draw() : this.#printLine()), this.#isTerminal ? DRAW_MS : LINE_MS),
    ];
    for (const timer of this.#timers) timer.unref();
  }

  /** Takes a line that a part printed: the board leaves no room for it. */
  note(part: Running, line: string): void {
    if (!this.#isTerminal) this.#out.write(`${part.name} (${part.pid}): ${line}\n`);
  }

  /** Ends the showing with the sums. A check that does not hold sets the exit code to 1. */
  summarize(checks: readonly Check[]): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#isOver = true;
    if (this.#isTerminal) this.#draw();
    const count = this.#lanes.flatMap(({ rows }) => rows).reduce((sum, { parts }) => sum + parts.length, 0);
    this.#out.write("\n");
    for (const { text, figures, faults } of checks) {
      const [first = 0] = figures;
      const holds = first > 0 && faults === 0 && figures.every((figure) => figure === first);
      const sum = holds
        ? `${grouped(first)} ${text}`
        : `${text}: ${figures.map(grouped).join(" ≠ ")}, ${faults} faults`;
      this.#out.write(` ${this.#paint(holds ? GREEN : RED, holds ? "✔" : "✘")} ${sum}\n`);
      if (!holds) process.exitCode = 1;
    }
    const verdict = process.exitCode === 1 ? this.#paint(RED, "Something was lost.") : "Nothing was lost.";
    this.#out.write(`\n ${verdict} ${count} processes, ${this.#elapsed().toFixed(1)} s.\n`);
  }

  #sample(): void {
    const at = performance.now();
    for (const [row, samples] of this.#samples) {
      samples.push({ at, total: totalOf(row) });
      if (samples.length > SAMPLES) samples.shift();
    }
  }

  #printLine(): void {
    const rates = this.#lanes.map(({ rows }) =>
      rows.map((row) => `${row.label} ${grouped(rateOf(this.#samples.get(row) ?? []))}/s`).join(", "),
    );
    this.#out.write(`${this.#elapsed().toFixed(0).padStart(3)} s  ${rates.join(" | ")}\n`);
  }

  #draw(): void {
    const lines: Line[] = [this.#heading(), []];
    for (const { title, flow, rows } of this.#lanes) {
      lines.push([
        [` ${title}`, BOLD],
        [`  ${flow}`, FAINT],
      ]);
      for (const row of rows) lines.push(this.#row(row));
      lines.push([]);
    }
    lines.pop();
    const up = this.#drawn > 0 ? `\x1b[${this.#drawn}A\r` : "";
    this.#out.write(`${up}${lines.map((line) => `${this.#fit(line)}\x1b[K\n`).join("")}`);
    this.#drawn = lines.length;
  }

  #heading(): Line {
    const elapsed = Math.min(this.#elapsed(), this.#seconds);
    const done = Math.round((elapsed / this.#seconds) * 30);
    const end = this.#isOver ? "  rates are averages" : "";
    return [
      [" zmq-ts at work  ", BOLD],
      ["━".repeat(done), CYAN],
      ["━".repeat(30 - done), FAINT],
      [`  ${elapsed.toFixed(0)} of ${this.#seconds} s${end}`],
    ];
  }

  #row(row: Row): Line {
    const samples = this.#samples.get(row) ?? [];
    const { parts, label, verb } = row;
    const name = parts.length > 1 ? `${label} ×${parts.length}` : label;
    const total = totalOf(row);
    const rate = this.#isOver ? total / this.#seconds : rateOf(samples);
    const isWide = this.#width >= 100;
    const bars = isWide ? SAMPLES - 1 : 10;
    return [
      [`   ${name.padEnd(12)}`, CYAN],
      ...(isWide ? [[`pid ${parts[0]?.pid}`.padEnd(12), FAINT] as const] : []),
      [`${verb.padEnd(9)} ${`${grouped(rate)}/s`.padStart(9)} `],
      [chart(samples.slice(-bars - 1)).padStart(bars), GREEN],
      [`${grouped(total).padStart(10)}  ${detailOf(row)}`],
    ];
  }

  get #width(): number {
    return this.#out.columns ?? 80;
  }

  /** The pieces in their colours, cut off at the edge of the terminal. */
  #fit(line: Line): string {
    let room = this.#width - 1;
    let fitted = "";
    for (const [text, code] of line) {
      const piece = text.slice(0, room);
      room -= piece.length;
      fitted += code === undefined ? piece : this.#paint(code, piece);
    }
    return fitted;
  }

  #elapsed(): number {
    return (performance.now() - this.#begun) / 1000;
  }

  /** `text` in a colour or style of the terminal. */
  #paint(code: number, text: string): string {
    return this.#isTerminal ? `\x1b[${code}m${text}\x1b[0m` : text;
  }
}

/** The sum of the row's counters. */
function totalOf({ parts, counter }: Row): number {
  return parts.reduce((sum, { counters }) => sum + Number(counters[counter] ?? 0), 0);
}

/** What each of several did, or the last thing that one did. */
function detailOf({ parts, counter }: Row): string {
  if (parts.length > 1) return parts.map(({ counters }) => grouped(Number(counters[counter] ?? 0))).join(" + ");
  return stripVTControlCharacters(`${parts[0]?.counters.last ?? ""}`).replace(/\s+/g, " ");
}

/** Messages a second over the last three samples. */
function rateOf(samples: readonly { at: number; total: number }[]): number {
  const last = samples.at(-1);
  const first = samples.at(-3) ?? samples[0];
  if (last === undefined || first === undefined || last === first) return 0;
  return ((last.total - first.total) * 1000) / (last.at - first.at);
}

/** The steps between samples, as bars. */
function chart(samples: readonly { total: number }[]): string {
  const steps = samples.slice(1).map(({ total }, index) => total - (samples[index]?.total ?? 0));
  const highest = Math.max(1, ...steps);
  return steps.map((step) => BARS[Math.ceil((step / highest) * (BARS.length - 1))]).join("");
}

function grouped(figure: number): string {
  return Math.round(figure).toLocaleString("en");
}
