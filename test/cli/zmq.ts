/**
 * Runs the `zmq` command as the package ships it, in a process of its own, for
 * the tests beside this file: what it prints, how it ends, and waiting for what
 * it says. `npm test` builds `dist` first; alone, they need `npm run build`.
 */

import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";

const root = resolve(fileURLToPath(import.meta.url), "../../..");
const entry = join(root, "dist", "cli", "zmq.js");

export interface Ended {
  /** Exit code, or the name of the signal that killed it. */
  readonly code: number | string | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command that runs. */
export class Zmq {
  readonly child: ChildProcessWithoutNullStreams;
  readonly ended: Promise<Ended>;
  stdout = "";
  stderr = "";
  #changed: (() => void)[] = [];

  constructor(args: readonly string[], cwd: string) {
    this.child = spawn(process.execPath, [entry, ...args], {
      cwd,
      env: { ...process.env, NO_COLOR: "1" },
    });
    running.add(this.child);
    // Its end may come before its input is written.
    this.child.stdin.on("error", () => {});
    this.child.stdout.on("data", (chunk: Buffer) => {
      this.stdout += chunk.toString("latin1");
      this.#wake();
    });
    this.child.stderr.on("data", (chunk: Buffer) => {
      this.stderr += chunk.toString();
      this.#wake();
    });
    this.ended = new Promise((done) => {
      this.child.on("close", (code, signal) => {
        running.delete(this.child);
        done({ code: signal ?? code, stdout: this.stdout, stderr: this.stderr });
        this.#wake();
      });
    });
  }

  /** Writes to its stdin and leaves it open. */
  write(text: string): void {
    this.child.stdin.write(text);
  }

  /** Waits until what it printed matches. Rejects when it ends before. */
  async until(stream: "stdout" | "stderr", pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this[stream]);
      if (match !== null) return match;
      if (this.child.exitCode !== null) {
        throw new Error(`ended with ${this.child.exitCode} before ${pattern} came:\n${this.stdout}\n${this.stderr}`);
      }
      await new Promise<void>((done) => this.#changed.push(done));
    }
  }

  /** The endpoint that a wildcard became. */
  async bound(): Promise<string> {
    return (await this.until("stderr", /(?:bound to|listening at) (\S+)/))[1] as string;
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  #wake(): void {
    for (const done of this.#changed.splice(0)) done();
  }
}

/** What runs now; ended with this process, should a test be cut off. */
const running = new Set<ChildProcessWithoutNullStreams>();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** A folder for ipc endpoints and files, and commands that end with the test. */
export class Shell {
  readonly folder: string;
  readonly #running: Zmq[] = [];

  constructor(test: TestContext) {
    this.folder = mkdtempSync(join(tmpdir(), "zmq-cli-"));
    test.after(() => {
      for (const { child } of this.#running) if (child.exitCode === null) child.kill("SIGKILL");
      rmSync(this.folder, { recursive: true, force: true });
    });
  }

  /** An ipc endpoint of this test. */
  ipc(name: string): string {
    return `ipc://${join(this.folder, name)}`;
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  /** Starts a command; its stdin stays open. */
  start(...args: string[]): Zmq {
    const running = new Zmq(args, this.folder);
    this.#running.push(running);
    return running;
  }

  /** Runs a command with this input until it ends. */
  run(input: string | Buffer, ...args: string[]): Promise<Ended> {
    const running = this.start(...args);
    running.child.stdin.end(input);
    return running.ended;
  }
}
