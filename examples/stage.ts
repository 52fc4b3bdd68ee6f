/**
 * `Stage`: starts parts of programs as processes, prints what they print with their name before it, hears what they
 * report, and ends them. A part whose stage is gone ends too (its channel breaks), so that none is ever left behind.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** A part that was told to stop and does not is killed after this long. */
const PATIENCE_MS = 3000;

/** How much of what a part printed last goes into the error when it fails. */
const LAST_LINES = 20;

const COLOURS = [36, 33, 32, 35, 34, 91, 96, 93, 92, 95];

/** A part in its process. */
export interface Running {
  /** The part's name; with a number when it is not the first of its name. */
  readonly name: string;
  readonly pid: number;
  /** Resolves when it has ended well; rejects when it failed; does neither when the stage itself is closed. */
  readonly ended: Promise<void>;
  /** The endpoint it bound. */
  readonly endpoint: Promise<string>;
  /** What it counts, as last reported. */
  readonly counters: Readonly<Record<string, unknown>>;
  /** Tells it to end, and resolves when it has. */
  stop(): Promise<void>;
}

/** Takes a line that a part printed. */
export type Print = (part: Running, line: string) => void;

export class Stage {
  readonly #folder = mkdtempSync(join(tmpdir(), "zmq-"));
  readonly #running = new Set<Running>();
  readonly #names = new Map<string, number>();
  readonly #print: Print;
  /** Processes that were started, and those of them that have begun to run their part. */
  readonly processes = { started: 0, begun: 0 };
  #fail: (error: Error) => void = () => {};
  /** Rejects when a part fails. */
  readonly failure: Promise<never>;

  constructor(print: Print = prefixed()) {
    this.#print = print;
    this.failure = new Promise((_, reject) => {
      this.#fail = reject;
    });
    this.failure.catch(() => {}); // whoever races against it hears of it
  }

  /** An ipc endpoint of this stage alone. */
  address(name: string): string {
    return `ipc://${join(this.#folder, name)}`;
  }

  /** Starts `part`, which names a program of this folder and its part: `"weather server"`. */
  start(part: string, ...words: string[]): Running {
    const [file = "", name = ""] = part.split(" ");
    const path = fileURLToPath(new URL(`${file}.ts`, import.meta.url));
    const child = spawn(process.execPath, [...process.execArgv, path, name, ...words], {
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    const count = (this.#names.get(name) ?? 0) + 1;
    this.#names.set(name, count);
    this.processes.started++;
    const running = this.#follow(child, count === 1 ? name : `${name} ${count}`);
    this.#running.add(running);
    running.ended.then(() => this.#running.delete(running), this.#fail);
    return running;
  }

  /** Ends all that runs. Rejects when a part fails as it ends. */
  async close(): Promise<void> {
    const ended = Promise.all([...this.#running].map((running) => running.stop().then(() => running.ended)));
    try {
      await ended;
    } finally {
      rmSync(this.#folder, { recursive: true, force: true });
    }
  }

  #follow(child: ChildProcess, name: string): Running {
    let isStopping = false;
    const lines: string[] = [];
    const exited = new Promise<void>((resolve) => {
      child.once("close", () => resolve());
      child.once("error", () => resolve()); // it could not be started
    });
    const ended = new Promise<void>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code, signal) => {
        if (code === 0 || (isStopping && code === null)) resolve();
        else
          reject(new Error([`${name} failed: ${signal ?? `exit code ${code}`}; its last lines:`, ...lines].join("\n")));
      });
    });
    const endpoint = new Promise<string>((resolve, reject) => {
      child.on("message", (message: { began?: true; endpoint?: string; counters?: Record<string, unknown> }) => {
        if (message.began) this.processes.begun++;
        if (message.endpoint !== undefined) resolve(message.endpoint);
        if (message.counters !== undefined) Object.assign(running.counters, message.counters);
      });
      child.once("close", () => reject(new Error(`${name} ended without binding an endpoint`)));
    });
    endpoint.catch(() => {}); // not everybody asks for it
    const running: Running = {
      name,
      pid: child.pid ?? 0,
      ended,
      endpoint,
      counters: {},
      stop: async () => {
        isStopping = true;
        if (child.connected) child.send("stop", () => {}); // when it is gone already, so much the better
        const timer = setTimeout(() => child.kill("SIGKILL"), PATIENCE_MS);
        await exited;
        clearTimeout(timer);
      },
    };
    for (const stream of [child.stdout, child.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on("line", (line) => {
        lines.push(line);
        if (lines.length > LAST_LINES) lines.shift();
        this.#print(running, line);
      });
    }
    return running;
  }
}

/** Prints lines as `server │ line`, in colour on a terminal. */
function prefixed(): Print {
  const colours = new Map<Running, number>();
  return (part, line) => {
    const colour = colours.get(part) ?? COLOURS[colours.size % COLOURS.length] ?? 36;
    colours.set(part, colour);
    const name = part.name.padEnd(10);
    console.log(process.stdout.isTTY ? `\x1b[${colour}m${name} │\x1b[0m ${line}` : `${name} │ ${line}`);
  };
}
