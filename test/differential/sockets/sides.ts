/** Processes that run programs: libzmq's and ours. One that dies or hangs is replaced, and its programs say so. */

import { type ChildProcess, fork } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Outcome, Program } from "./program.ts";

const script = fileURLToPath(new URL("side.js", import.meta.url));

/** A program takes a second or two; on a busy machine some more. */
const LIMIT_MS = 30_000;

export class Side {
  readonly #module: string;
  readonly #execArgv: readonly string[];
  readonly #folder = mkdtempSync(join(tmpdir(), "zmq-"));
  readonly #waiting = new Map<number, (outcome: Outcome) => void>();
  #child: ChildProcess | undefined;
  #next = 0;

  /** `module`: what the child imports. */
  constructor(module: string, execArgv: readonly string[]) {
    this.#module = module;
    this.#execArgv = execArgv;
  }

  static libzmq(): Side {
    return new Side("zeromq", []);
  }

  static ours(): Side {
    return new Side(new URL("../../../src/index.ts", import.meta.url).href, ["--import", "tsx"]);
  }

  async run(program: Program): Promise<Outcome> {
    const id = this.#next++;
    let hang: NodeJS.Timeout | undefined;
    const outcome = await new Promise<Outcome>((resolve) => {
      this.#waiting.set(id, resolve);
      hang = setTimeout(() => {
        resolve(["the program hangs"]);
        this.#end();
      }, LIMIT_MS);
      this.#start().send({ id, program });
    });
    clearTimeout(hang);
    this.#waiting.delete(id);
    return outcome;
  }

  close(): void {
    this.#end();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #start(): ChildProcess {
    if (this.#child !== undefined) return this.#child;
    const child = fork(script, [this.#module, this.#folder], { execArgv: [...this.#execArgv], stdio: "ignore" });
    child.on("message", ({ id, outcome }: { id: number; outcome: Outcome }) => this.#waiting.get(id)?.(outcome));
    child.on("exit", (code, signal) => {
      if (this.#child !== child) return;
      this.#child = undefined;
      this.#fail(`the process ended: ${signal ?? code}`);
    });
    this.#child = child;
    return child;
  }

  #end(): void {
    this.#child?.kill("SIGKILL");
    this.#child = undefined;
    this.#fail("the process was ended");
  }

  #fail(why: string): void {
    for (const resolve of this.#waiting.values()) resolve([why]);
  }
}
