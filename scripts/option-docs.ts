/**
 * Writes docs/options.md from the option tables: `tsx scripts/option-docs.ts`. With `--check` it writes nothing and
 * exits 1 when the file is stale. What an option does is the doc comment of its row, so that editors and docs agree;
 * shape, default and the rest are the row's own.
 */

import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { OWN_CONTEXT_OPTIONS } from "../src/base/context-options.ts";
import { CONNECTION_OPTIONS } from "../src/base/options/connections.ts";
import { GSSAPI_OPTIONS } from "../src/base/options/gssapi.ts";
import { patternOptions } from "../src/base/options/patterns.ts";
import { PROCESS_OPTIONS } from "../src/base/options/process.ts";
import { QUEUE_OPTIONS } from "../src/base/options/queues.ts";
import { SECURITY_OPTIONS } from "../src/base/options/security.ts";
import { SERVER_OPTIONS } from "../src/base/options/server.ts";
import { TRANSPORT_OPTIONS } from "../src/base/options/transports.ts";
import { WEBSOCKET_OPTIONS } from "../src/base/options/websocket.ts";

const root = resolve(fileURLToPath(import.meta.url), "../..");
const FILE = join(root, "docs", "options.md");

interface Row {
  readonly id: number;
  readonly default: unknown;
  readonly defaultOn?: Readonly<Record<string, unknown>>;
  readonly access: "rw" | "r";
  readonly applies: "now" | "next";
  readonly on?: readonly string[];
  readonly honoured: true | string;
  readonly refusal: string;
  readonly expected: string;
}

/** `onPages: false`: the build of pages leaves the file out (scripts/pages.js). */
const SECTIONS: readonly { title: string; source: string; rows: object; onPages?: false }[] = [
  { title: "Queues and connections", source: "src/base/options/queues.ts", rows: QUEUE_OPTIONS },
  { title: "Patterns", source: "src/base/options/patterns.ts", rows: patternOptions() },
  { title: "All transports", source: "src/base/options/connections.ts", rows: CONNECTION_OPTIONS },
  { title: "Transports", source: "src/base/options/transports.ts", rows: TRANSPORT_OPTIONS, onPages: false },
  { title: "WebSocket", source: "src/base/options/websocket.ts", rows: WEBSOCKET_OPTIONS, onPages: false },
  { title: "Security", source: "src/base/options/security.ts", rows: SECURITY_OPTIONS },
  { title: "Security of servers", source: "src/base/options/server.ts", rows: SERVER_OPTIONS, onPages: false },
  { title: "GSSAPI", source: "src/base/options/gssapi.ts", rows: GSSAPI_OPTIONS, onPages: false },
  { title: "Context", source: "src/base/context-options.ts", rows: OWN_CONTEXT_OPTIONS },
  { title: "Process", source: "src/base/options/process.ts", rows: PROCESS_OPTIONS, onPages: false },
];

const INTRODUCTION = `# Options

Written by \`scripts/option-docs.ts\` from the tables in \`src/base\`; edit those. \`zmq options NAME\` prints the entry of
one option.

Options are properties of sockets and contexts, and of the object that a constructor takes:
\`new Router({ mandatory: true })\`. A value of the wrong type throws a \`TypeError\`, one out of range a \`ZmqError\` with
the code \`EINVAL\`. An option that cannot be honoured says that it throws; its default may still be assigned.

- **Takes effect**: *now* means at once; *next* means for endpoints that are bound or connected later.
- **Sockets**: the types that have the option.
- Times are in milliseconds and sizes in bytes unless the text says otherwise. Fractions are cut off.
- Options that libzmq can only write can be read here too.
`;

const ELSEWHERE = `## Options of libzmq that have another form here

| libzmq | Here |
|---|---|
| \`ZMQ_SUBSCRIBE\` (6), \`ZMQ_UNSUBSCRIBE\` (7) | the methods \`subscribe\` and \`unsubscribe\` |
| \`ZMQ_RCVMORE\` (13) | messages are always whole: \`receive\` resolves with all frames |
| \`ZMQ_FD\` (14) | none: the event loop watches connections |
| \`ZMQ_EVENTS\` (15) | the properties \`readable\` and \`writable\` |
| \`ZMQ_IPV4ONLY\` (31) | \`ipv6\`, reversed |
| \`ZMQ_XPUB_VERBOSER\` (78) | \`verbosity = "allSubsUnsubs"\` |
`;

/** libzmq's name of every option of the tables -> our number for it. */
export function optionNumbers(): Map<string, number> {
  const numbers = new Map<string, number>();
  for (const { source, rows } of SECTIONS) {
    const texts = docComments(readFileSync(join(root, source), "utf8"));
    for (const [name, { id }] of Object.entries(rows as Record<string, Row>)) {
      const [, zmq = ""] = /`(ZMQ_\w+)`/.exec(texts.get(name)?.zmq ?? "") ?? [];
      if (id >= 0) numbers.set(zmq, id);
    }
  }
  return numbers;
}

/** The page as the tables say it. */
export function optionDocs(): string {
  return [INTRODUCTION, ...SECTIONS.map(section), ELSEWHERE].join("\n");
}

function section({ title, source, rows, onPages }: (typeof SECTIONS)[number]): string {
  const texts = docComments(readFileSync(join(root, source), "utf8"));
  const isContext = rows === OWN_CONTEXT_OPTIONS || rows === PROCESS_OPTIONS;
  const entries = Object.entries(rows as Record<string, Row>).map(([name, row]) => {
    const { zmq, text, note } = texts.get(name) ?? raise(`${source}: ${name} has no doc comment of one line`);
    const facts = [
      row.id < 0 ? "Not in libzmq" : `${zmq} (${row.id})`,
      ...(row.access === "r" ? ["read-only"] : [row.expected, `default ${standard(row)}`]),
      ...(isContext || row.access === "r" ? [] : [`takes effect ${row.applies}`]),
      ...(isContext ? [] : [row.on?.join(" ") ?? "all sockets"]),
    ];
    const body = [withoutDefault(name, row, text), remark(row, note)].filter(Boolean).join(" ");
    return `### ${isContext ? "context." : ""}${name}\n\n${body}\n\n${facts.join(" · ")}\n`;
  });
  const head =
    onPages === false ? `${isContext ? "Contexts" : "Sockets"} of a page in a browser do not have these.\n\n` : "";
  return `## ${title}\n\n${head}${entries.join("\n")}`;
}

/** Editors show the doc comment alone, so it ends with the default; the page has that among the facts. */
function withoutDefault(name: string, row: Row, text: string): string {
  if (row.access === "r") return text;
  const end = ` Default ${standard(row)}.`;
  return text.endsWith(end)
    ? text.slice(0, -end.length)
    : raise(`${name}: expected its doc comment to end with "${end}"`);
}

function remark(row: Row, note: string | undefined): string {
  if (row.honoured !== true) return `**Throws ${row.refusal}: ${row.honoured}.**`;
  return note === undefined ? "" : `*${note}*`;
}

function standard(row: Row): string {
  const exceptions = Object.entries(row.defaultOn ?? {}).map(([type, value]) => `${type}: ${shown(value)}`);
  return [shown(row.default), ...exceptions].join(", ");
}

function shown(value: unknown): string {
  if (value === null || typeof value === "boolean" || typeof value === "number") return `${value}`;
  if (typeof value === "string") return `"${value}"`;
  return "empty";
}

/** Property name -> libzmq's names, the text and what follows "Note:", of every `/** ZMQ_NAME. Text. *\/` (or `Not in libzmq.`) above a property. */
function docComments(source: string): Map<string, { zmq: string; text: string; note: string | undefined }> {
  const found: ReturnType<typeof docComments> = new Map();
  for (const [, names = "", comment = "", property = ""] of source.matchAll(COMMENT)) {
    const [text = "", note] = comment.split(" Note: ");
    found.set(property, { zmq: names.replaceAll(/ZMQ_\w+/g, "`$&`"), text, note });
  }
  return found;
}

const COMMENT = /^ {2}\/\*\* (ZMQ_\w+(?: and ZMQ_\w+)*|Not in libzmq)\. (.+) \*\/\n {2}(\w+):/gm;

function raise(message: string): never {
  throw new Error(message);
}

if (process.argv[1] && pathToFileURL(resolve(process.argv[1])).href === import.meta.url) {
  const text = optionDocs();
  if (!process.argv.includes("--check")) writeFileSync(FILE, text);
  else if (!isCurrent(text)) {
    console.error("docs/options.md is stale: npx tsx scripts/option-docs.ts");
    process.exitCode = 1;
  }
}

function isCurrent(text: string): boolean {
  try {
    return readFileSync(FILE, "utf8").replaceAll("\r\n", "\n") === text;
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT") return false;
    throw error;
  }
}
