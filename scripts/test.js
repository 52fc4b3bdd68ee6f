/**
 * Runs the tests: `npm test -- [paths…] [--test-name-pattern=…]`. With `--io-threads`, as `npm run test:io-threads` gives it,
 * every context has an I/O thread, and without a path the tests of sockets run, which pass in both ways.
 *
 * Every `*.test.ts` under src, test, examples and bench runs in a process of its own, by node:test through tsx, as
 * many at once as there are cores. A path narrows the run: `npm test -- src/wire test/layers.test.ts`.
 * Nothing hangs for ever: `test-child.js`, loaded into each process, ends one whose test or left-over handle waits too
 * long, and this file ends one that spins. Tests of the package need `dist`: it is built when missing or stale. Type
 * errors are not the business of this file.
 *
 * The last line is `N passed, M failed`, with `, K skipped` when tests were skipped; the exit code is 1 when M > 0.
 * A test that is skipped without a reason has failed.
 */

import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build, isStale } from "./build.js";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const FOLDERS = ["src", "test", "examples", "bench"];

/** What `--io-threads` runs. */
const OF_SOCKETS = ["test/socket-conformance", "test/interop", "test/faults", "test/api", "test/threads"];

/** A file that is not done after this long is ended. Longer than the limit for one test in `test-child.js`. */
const FILE_LIMIT_MS = 300_000;

/** Tests that load `dist` and not the source. */
const NEEDS_DIST = /^(test\/(package|cli\/|browser\/|threads\/io-thread-end|faults\/processes)|examples\/browser\/)/;

const child = pathToFileURL(join(root, "scripts", "test-child.js")).href;
const given = process.argv.slice(2);
const hasIoThreads = given.includes("--io-threads");
const flags = given.filter((argument) => argument.startsWith("-") && argument !== "--io-threads");
const paths = given.filter((argument) => !argument.startsWith("-"));
const files = select(hasIoThreads && paths.length === 0 ? OF_SOCKETS : paths);
/** Loaded before each test. */
const preloads = hasIoThreads ? [pathToFileURL(join(root, "test", "io-threads.ts")).href, child] : [child];

const totals = { passed: 0, failed: 0, skipped: 0 };
/** What the end of the run says once more: `file > test`, with the error or the reason. */
const failures = [];
const skips = [];

if (files.some((file) => NEEDS_DIST.test(file)) && isStale()) {
  const typeErrors = await build().catch((error) => {
    console.error(`The build failed, so the tests of the package will too: ${error.message}`);
    return "";
  });
  if (typeErrors) console.error("The build has type errors; `npm run typecheck` shows them.");
}

const queue = [...files];
await Promise.all(
  Array.from({ length: Math.max(1, availableParallelism()) }, async () => {
    for (let file = queue.shift(); file !== undefined; file = queue.shift()) report(file, await runFile(file));
  }),
);
summarize();

/** The test files below the given paths (all of them without paths), the slow folders first. */
function select(paths) {
  const all = FOLDERS.flatMap((folder) => testsUnder(join(root, folder)))
    .map((file) => relative(root, file).split(sep).join("/"))
    .sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
  if (paths.length === 0) return all;
  const wanted = paths.map((path) => relative(root, resolve(path)).split(sep).join("/"));
  return all.filter((file) => wanted.some((path) => file === path || path === "" || file.startsWith(`${path}/`)));
}

/** Tests that run other programs go first, so that none of them is left alone at the end. */
function rank(file) {
  return file.startsWith("src/") ? 1 : 0;
}

function testsUnder(folder) {
  try {
    return readdirSync(folder, { recursive: true })
      .filter((name) => name.endsWith(".test.ts") && !name.includes("node_modules"))
      .map((name) => join(folder, name));
  } catch (error) {
    if (error.code === "ENOENT") return []; // a folder that does not exist yet has no tests
    throw error;
  }
}

/** Runs one file. Resolves to its tests, its output, how it ended and how long it took. */
function runFile(file) {
  return new Promise((done) => {
    const begun = performance.now();
    const tests = [];
    let output = "";
    let running = [];
    let stopped;
    const runner = spawn(
      process.execPath,
      [
        ...["tsx", ...preloads].flatMap((module) => ["--import", module]),
        `--test-reporter=${child}`,
        ...flags,
        join(root, file),
      ],
      {
        cwd: root,
        stdio: ["ignore", "pipe", "pipe", "ipc"],
        env: { ...process.env, ZMQ_TS_TEST_FILE: join(root, file) },
      },
    );
    const timer = setTimeout(() => {
      const where = running.length > 0 ? ` in "${running.at(-1)}"` : "";
      stopped = `not done after ${FILE_LIMIT_MS / 1000} s${where}`;
      runner.kill("SIGKILL");
    }, FILE_LIMIT_MS);
    runner.stdout.setEncoding("utf8").on("data", (text) => {
      output += text;
    });
    runner.stderr.setEncoding("utf8").on("data", (text) => {
      output += text;
    });
    runner.on("message", (event) => {
      if (event.kind === "begin") running.push(event.name);
      else if (event.kind === "stopped") stopped = event.reason;
      else {
        running = running.filter((name) => name !== event.name);
        if (event.kind !== "parent") tests.push(event);
      }
    });
    runner.on("error", (error) => {
      stopped = error.message;
    });
    runner.on("close", (code, signal) => {
      clearTimeout(timer);
      done({ tests, output, running, stopped, code, signal, ms: performance.now() - begun });
    });
  });
}

/** Counts one file's tests and prints its line; what failed or was skipped follows at once, indented. */
function report(file, result) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const lines = [];
  const fail = (name, error) => {
    counts.failed += 1;
    lines.push(`  ✖ ${name}`, indent(error, "      "));
    failures.push(`${file}\n  ✖ ${name}\n${indent(error, "      ")}`);
  };
  for (const test of result.tests) {
    if (test.kind === "failed") fail(test.name, test.error);
    else counts[test.kind] += 1;
    if (test.kind === "skipped") {
      lines.push(`  ﹣ ${test.name} # ${test.reason}`);
      skips.push(`${file} > ${test.name} # ${test.reason}`);
    }
  }
  const where = result.running.length > 0 ? ` in "${result.running.at(-1)}"` : "";
  if (result.stopped) fail(file, `ended: ${result.stopped}`);
  else if (result.signal) fail(file, `killed by ${result.signal}${where}`);
  else if (result.code !== 0 && counts.failed === 0) fail(file, `exit code ${result.code}${where}`);
  else if (result.tests.length === 0 && flags.length === 0) fail(file, "the file has no tests");
  if (counts.failed > 0 && result.output.trim() !== "")
    lines.push("  output:", indent(result.output.trimEnd(), "    "));

  const mark = counts.failed > 0 ? "✖" : "✔";
  console.log(`${mark} ${file} (${result.tests.length} tests, ${(result.ms / 1000).toFixed(1)} s)`);
  if (lines.length > 0) console.log(lines.join("\n"));
  for (const key of Object.keys(totals)) totals[key] += counts[key];
}

function summarize() {
  if (files.length === 0) {
    console.log("No test file matches.");
    process.exitCode = 1;
  }
  if (skips.length > 0) console.log(`\nSkipped:\n${indent(skips.join("\n"), "  ")}`);
  if (failures.length > 0) console.log(`\nFailed:\n${failures.join("\n")}`);
  if (totals.failed > 0) process.exitCode = 1;
  const skipped = totals.skipped > 0 ? `, ${totals.skipped} skipped` : "";
  console.log(`\n${totals.passed} passed, ${totals.failed} failed${skipped}`);
}

function indent(text, by) {
  return text.replace(/^/gm, by);
}
