/**
 * `npm run runtimes [-- --only bun,deno] [--load 200000] [--check "part of a name"] [--tarball file]`: the packed
 * project, installed, in other runtimes. Runs `program/main.js` in the Node that runs this and in each runtime of
 * runtimes.ts, prints what failed and differs, a table, and `N passed, M failed`.
 *
 * A runtime that cannot be had is named as not run and counts as nothing. What a runtime prints to standard error, a
 * deprecation warning for one, is a failure.
 */

import { spawn } from "node:child_process";
import { performance } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { NotAvailable } from "../npm.ts";
import { installProgram, installRuntime } from "./install.ts";
import { startPeer } from "./peer.ts";
import { RUNTIMES } from "./runtimes.ts";

const LIMIT_MS = 120_000;
/** A machine may have no more than two cores, and some checks have an eye on time. */
const AT_ONCE = 2;

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    check: { type: "string", default: "" },
    load: { type: "string", default: "20000" },
    tarball: { type: "string" },
  },
});
const HERE = { name: "node", version: process.versions.node, arguments: ["--pending-deprecation"] };
const names = values.only?.split(",");
const wanted = [HERE, ...RUNTIMES].filter(({ name }) => names === undefined || names.includes(name));
for (const name of names ?? []) {
  if (!wanted.some((each) => each.name === name)) {
    throw new Error(`--only: expected some of ${[HERE, ...RUNTIMES].map((each) => each.name).join(", ")}, not ${name}`);
  }
}

interface Row {
  readonly name: string;
  readonly version: string;
  readonly ok: number;
  readonly failed: number;
  readonly differs: number;
  readonly absent: number;
  readonly seconds: string;
}

const rows: Row[] = [];
const notRun: string[] = [];

const peer = await startPeer();
if (peer === undefined) console.log("No python3 with pyzmq here: no runtime talks to libzmq.");
try {
  const program = await installProgram(values.tarball);
  const queue = [...wanted];
  await Promise.all(Array.from({ length: AT_ONCE }, () => work(queue, program)));
} catch (error) {
  if (!(error instanceof NotAvailable)) throw error;
  notRun.push(`anything: ${error.message}`);
} finally {
  peer?.stop();
}
summarize();

async function work(queue: (typeof wanted)[number][], program: string): Promise<void> {
  for (let runtime = queue.shift(); runtime !== undefined; runtime = queue.shift()) {
    try {
      const binary = "binary" in runtime ? await installRuntime(runtime) : process.execPath;
      await runIn(runtime, binary, program);
    } catch (error) {
      if (!(error instanceof NotAvailable)) throw error;
      notRun.push(`${runtime.name} ${runtime.version}: ${error.message}`);
    }
  }
}

/** Runs the program, prints the lines that are not `ok`, adds a row. */
async function runIn(runtime: (typeof wanted)[number], binary: string, program: string): Promise<void> {
  const { name, version } = runtime;
  const begun = performance.now();
  const { stdout, stderr, end } = await ended(binary, [...runtime.arguments, program, values.check]);
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  const lines = stdout.split("\n");
  const counted = (kind: string) => lines.filter((line) => line.startsWith(`${kind} `)).length;
  const complaints: string[] = [];
  if (!lines.some((line) => line.startsWith("end "))) complaints.push("the program did not reach its end");
  else if (!lines.some((line) => /^(ok|FAIL|differs|n\/a) /.test(line)))
    complaints.push(`no check is called ${values.check}`);
  else if (end !== "exit code 0" && counted("FAIL") === 0) complaints.push(`the program ended with ${end}`);
  if (stderr.trim() !== "")
    complaints.push(`standard error is not empty:\n${stderr.trimEnd().replace(/^/gm, "       ")}`);
  const told = lines.filter((line) => !/^(begin|ok|end) /.test(line) && line !== "");
  console.log([`== ${name} ${version}`, ...told, ...complaints.map((text) => `FAIL   ${text}`)].join("\n"));
  const failed = counted("FAIL") + complaints.length;
  rows.push({ name, version, ok: counted("ok"), failed, differs: counted("differs"), absent: counted("n/a"), seconds });
}

function ended(binary: string, args: readonly string[]): Promise<{ stdout: string; stderr: string; end: string }> {
  return new Promise((resolve, reject) => {
    let stdout = "";
    let stderr = "";
    const env = {
      ...process.env,
      ZMQ_TS_LOAD: values.load,
      ...(peer === undefined ? {} : { ZMQ_TS_LIBZMQ_PEER: peer.endpoints }),
    };
    const child = spawn(binary, args, { env, stdio: ["ignore", "pipe", "pipe"] });
    const timer = setTimeout(() => child.kill("SIGKILL"), LIMIT_MS + 5 * Number(values.load));
    child.stdout.setEncoding("utf8").on("data", (text) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text) => {
      stderr += text;
    });
    child.on("error", reject);
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      resolve({ stdout, stderr, end: signal === null ? `exit code ${code}` : signal });
    });
  });
}

function summarize(): void {
  const ordered = wanted.flatMap(({ name }) => rows.filter((row) => row.name === name));
  console.log(`\n${"runtime".padEnd(17)}  passed  failed  differs  not there  seconds`);
  for (const { name, version, ok, failed, differs, absent, seconds } of ordered) {
    const cells = [String(ok).padStart(6), String(failed).padStart(6), String(differs).padStart(7)];
    console.log(
      [`${name} ${version}`.padEnd(17), ...cells, String(absent).padStart(9), seconds.padStart(7)].join("  "),
    );
  }
  for (const each of notRun) console.log(`NOT RUN  ${each}`);
  const total = (pick: (row: Row) => number) => rows.reduce((sum, row) => sum + pick(row), 0);
  console.log(`\n${total((row) => row.ok)} passed, ${total((row) => row.failed)} failed`);
  if (total((row) => row.failed) > 0) process.exitCode = 1;
}
