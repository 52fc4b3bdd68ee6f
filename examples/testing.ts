/**
 * How the tests run programs: as a user does, each in a process of its own, until it ends or the test is over.
 */

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const PYTHON = "/usr/bin/python3";

/** For a test's `skip`: false where pyzmq is installed, else why the test is skipped. */
export const withoutPyzmq =
  spawnSync(PYTHON, ["-c", "import zmq"]).status === 0 ? false : "pyzmq is missing (apt install python3-zmq)";

/** What still runs when the test process ends early ends with it. */
const children = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of children) child.kill("SIGKILL");
});

/** A program under test. */
export class Run {
  readonly child: ChildProcess;
  /** What it printed so far, errors included. */
  readonly lines: string[] = [];
  /** Its exit code; null when a signal ended it. */
  readonly ended: Promise<number | null>;
  #heard: () => void = () => {};

  constructor(context: TestContext, command: string, words: string[]) {
    const child = spawn(command, words, { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
    this.child = child;
    children.add(child);
    this.ended = once(child, "close").then(([code]) => {
      children.delete(child);
      return code as number | null;
    });
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on("line", (line) => {
        this.lines.push(line);
        this.#heard();
      });
    }
    void this.ended.then(() => this.#heard());
    context.after(async () => {
      child.kill();
      await this.ended;
    });
  }

  /** The first match of `pattern` in what it prints; rejects when it ends without. */
  async prints(pattern: RegExp): Promise<RegExpMatchArray> {
    let hasEnded = false;
    void this.ended.then(() => {
      hasEnded = true;
    });
    while (true) {
      const match = this.lines.join("\n").match(pattern);
      if (match !== null) return match;
      if (hasEnded) throw new Error(`expected ${pattern}, got\n${this.lines.join("\n")}`);
      await new Promise<void>((resolve) => {
        this.#heard = resolve;
      });
    }
  }

  /** The endpoint it says it is bound to. */
  async endpoint(): Promise<string> {
    return (await this.prints(/bound to (\S+)/))[1] ?? "";
  }

  /** All it printed, once it has ended well. */
  async output(): Promise<string> {
    const code = await this.ended;
    const text = this.lines.join("\n");
    if (code !== 0) throw new Error(`exit code ${code}\n${text}`);
    return text;
  }
}

/** Starts a program of this folder: `"weather"`, or a part, `"weather server"`. */
export function run(context: TestContext, program: string, ...words: string[]): Run {
  const [file, ...part] = program.split(" ");
  return new Run(context, process.execPath, ["--import", "tsx", `examples/${file}.ts`, ...part, ...words]);
}

/** Starts a Python program, whose `argv[1:]` are `words`. */
export function python(context: TestContext, source: string, ...words: string[]): Run {
  return new Run(context, PYTHON, ["-c", `import sys, zmq\nzero = zmq.Context()\n${source}`, ...words]);
}

/** Makes ipc endpoints in a folder that goes when the test is over. */
export function addresses(context: TestContext): (name: string) => string {
  const folder = mkdtempSync(join(tmpdir(), "zmq-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return (name) => `ipc://${join(folder, name)}`;
}
