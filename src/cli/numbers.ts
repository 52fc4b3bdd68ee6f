/**
 * Numbers of the command line: durations and counts, with errors that say what
 * was expected. They are commander's argument parsers: it adds the option's name.
 */

import { InvalidArgumentError } from "commander";

const UNITS: Readonly<Record<string, number>> = { "": 1, ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
const LONGEST_MS = 2 ** 31 - 1;

/** `500`, `500ms`, `1.5s`, `2m`, `1h` in milliseconds. */
export function duration(text: string): number {
  const [, digits = "", unit = ""] = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/.exec(text) ?? [];
  const ms = Math.round(Number(digits) * (UNITS[unit] ?? Number.NaN));
  if (digits === "" || Number.isNaN(ms) || ms > LONGEST_MS) {
    throw new InvalidArgumentError(`Expected milliseconds, or a number with ms, s, m or h, such as 500, 5s or 1.5m.`);
  }
  return ms;
}

/** An integer >= 1; `10k` and `2M` are allowed. */
export function count(text: string): number {
  const [, digits = "", unit = ""] = /^(\d+)([kKM]?)$/.exec(text) ?? [];
  const value = Number(digits) * (unit === "" ? 1 : unit === "M" ? 1_000_000 : 1000);
  if (digits === "" || value < 1 || !Number.isSafeInteger(value)) {
    throw new InvalidArgumentError("Expected an integer of at least 1.");
  }
  return value;
}

/** Bytes: an integer >= 0, with an optional k or M (1024, 1024²). */
export function size(text: string): number {
  const [, digits = "", unit = ""] = /^(\d+)([kKM]?)$/.exec(text) ?? [];
  const value = Number(digits) * (unit === "" ? 1 : unit === "M" ? 1024 ** 2 : 1024);
  if (digits === "" || value > 2 ** 30) throw new InvalidArgumentError("Expected bytes, such as 64, 4k or 1M.");
  return value;
}

/** For options that may be given several times. */
export function collect(value: string, earlier: string[] | undefined): string[] {
  return [...(earlier ?? []), value];
}

/** `1234567` as `1,234,567`. */
export function grouped(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

/** Bytes as people read them: `640 B`, `1.2 MB`. Decimal, as rates are. */
export function humanBytes(bytes: number): string {
  let value = bytes;
  for (const unit of ["B", "kB", "MB", "GB"]) {
    if (value < 1000) return `${value < 10 && unit !== "B" ? value.toFixed(1) : Math.round(value)} ${unit}`;
    value /= 1000;
  }
  return `${value.toFixed(1)} TB`;
}
