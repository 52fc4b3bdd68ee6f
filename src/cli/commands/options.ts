/** `zmq options [NAME]`: what docs/options.md says of each option, which comes with the package. */

import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { closestName } from "../../base/closest-name.ts";
import { EXIT, usage } from "../failure.ts";
import { examples, type Finish } from "../help.ts";
import { painterOf } from "../terminal.ts";
import { COLUMNS, wrap } from "../wrap.ts";

const EXAMPLES = [
  ["zmq options", "all of them, with the defaults"],
  ["zmq options linger", "one of them"],
  ["zmq options curve", "those whose names contain it"],
] as const;

/** An option that no runtime honours, or that works in part. */
export interface Limit {
  readonly option: string;
  readonly why: string;
  /** Whether assigning anything but the default throws. */
  readonly throws: boolean;
}

interface Entry {
  readonly section: string;
  readonly name: string;
  readonly text: string;
  /** libzmq's name, values, default, … */
  readonly facts: string;
}

/** `page`: where docs/options.md is. */
export function addOptions(program: Command, finish: Finish, page: URL): void {
  program
    .command("options")
    .argument("[name]", "an option, or a part of its name")
    .summary("Explain the options of sockets and contexts.")
    .description("Explain the options of sockets and contexts, which --option sets.")
    .addHelpText("after", examples(EXAMPLES))
    .action((name: string | undefined) => finish(async () => run(name, page)));
}

function run(name: string | undefined, page: URL): number {
  const entries = parse(readFileSync(page, "utf8"));
  process.stdout.write(name === undefined ? list(entries) : named(name, entries).map(explained).join("\n"));
  return EXIT.done;
}

/** The page, whose entries are `### name`, a paragraph, and the facts. */
function parse(page: string): Entry[] {
  const entries: Entry[] = [];
  let section = "";
  for (const block of page.split(/^(?=##)/m)) {
    const [head = "", text = "", facts = ""] = block.split(/\n\n/).map((each) => each.trim());
    if (head.startsWith("### "))
      entries.push({ section, name: head.slice("### ".length), text: plain(text), facts: plain(facts) });
    else section = head.replace(/^#+ /, "");
  }
  return entries;
}

/** What the page says of options that are not, or not fully, honoured: the last thing in their text, in bold when it throws. */
export function limitsIn(page: URL): Limit[] {
  const found = readFileSync(page, "utf8").matchAll(/^### (\S+)\n\n.*?(\*\*Throws \w+: )?\*?([^*\n]+)\*+\n/gm);
  return [...found].map(([, option = "", throws, text = ""]) => ({
    option,
    why: throws === undefined ? text : text.replace(/\.$/, ""),
    throws: throws !== undefined,
  }));
}

function plain(markdown: string): string {
  return markdown.replaceAll(/[`*]/g, "");
}

/** Exactly that one, or those whose names contain it. Hyphens are as good as capitals, and libzmq's names work too. */
function named(name: string, entries: readonly Entry[]): Entry[] {
  const wanted = normal(name);
  const exact = entries.filter((entry) => normal(entry.name) === wanted || normal(entry.name) === `context.${wanted}`);
  if (exact.length > 0) return exact;
  const ofLibzmq = entries.filter(({ facts }) => facts.split(" ")[0] === name.toUpperCase());
  if (ofLibzmq.length > 0) return ofLibzmq;
  const like = entries.filter((entry) => normal(entry.name).includes(wanted));
  if (like.length > 0) return like;
  const close = closestName(
    name,
    entries.map((entry) => entry.name),
  );
  throw usage(`options ${name}: no such option${close === undefined ? "" : `; did you mean ${close}?`}`);
}

function normal(name: string): string {
  return name.replaceAll("-", "").toLowerCase();
}

function explained({ name, text, facts }: Entry): string {
  return `${painterOf(process.stdout)("bold", name)}\n${wrap(text, "  ")}\n${wrap(facts, "  ")}\n`;
}

function list(entries: readonly Entry[]): string {
  const paint = painterOf(process.stdout);
  const width = Math.max(...entries.map(({ name }) => name.length));
  const lines: string[] = [];
  let section = "";
  for (const entry of entries) {
    if (entry.section !== section) lines.push("", paint("bold", entry.section));
    section = entry.section;
    const [, standard = ""] = / · default (.*?) · |$/.exec(entry.facts) ?? [];
    const known = `  ${entry.name.padEnd(width)}  ${standard}`;
    lines.push(known.length > COLUMNS ? `${known.slice(0, COLUMNS - 1)}…` : known);
  }
  return `${lines.slice(1).join("\n")}\n`;
}
