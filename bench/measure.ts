/**
 * One measurement: starts the two processes of a workload for one peer (one for inproc), passes the endpoint from the
 * server to the client, and merges what they report. The processes end with the measurement.
 */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { encodeJob, type Job, type Kind, type Result, type Role } from "./peers/job.ts";
import { CROWD, type Peer } from "./peers.ts";
import type { Workload } from "./workloads.ts";

/** Their server begins when the client says that it is ready. */
const ANNOUNCED: ReadonlySet<Kind> = new Set<Kind>(["publish", "broadcast", "crowd"]);
/** Their server answers until it is told that the client is done. */
const ENDLESS: ReadonlySet<Kind> = new Set<Kind>(["roundtrip", "dealers", "clients", "handshakes"]);

export interface Timing {
  readonly warmupMs: number;
  readonly durationMs: number;
  /** The whole measurement fails when it takes longer. */
  readonly limitMs: number;
}

/** What both sides reported. */
export interface Measurement extends Result {
  /** CPU time a message of server and client, in microseconds; `cpuUs` is their sum. */
  readonly serverCpuUs?: number;
  readonly clientCpuUs?: number;
  /** Largest resident set of each; absent where there is no /proc. */
  readonly serverRssKb?: number;
  readonly clientRssKb?: number;
}

type Line = { listening?: string; ready?: boolean; result?: Result; error?: string };

/** Throws when a process fails, is silent for too long, or when messages were lost. */
export async function measure(workload: Workload, peer: Peer, timing: Timing): Promise<Measurement> {
  const directory = mkdtempSync(join(tmpdir(), "zmq-bench-"));
  const job: Omit<Job, "role" | "endpoint"> = {
    ...workload.job,
    warmupMs: Math.max(workload.job.warmupMs, timing.warmupMs),
    durationMs: timing.durationMs,
  };
  const sides: Side[] = [];
  const start = (role: Role, endpoint: string, command = peer.command) => {
    const side = new Side(command, { ...job, role, endpoint }, timing.limitMs);
    sides.push(side);
    return side;
  };
  try {
    if (workload.transport === "inproc") {
      const both = start("both", "inproc://bench");
      const { result } = await both.find("result");
      return merge(both, result!);
    }

    const { transport } = workload;
    const at = transport === "ipc" ? `ipc://${join(directory, "bench.sock")}` : `${transport}://127.0.0.1:*`;
    const server = start("server", at);
    const { listening } = await server.find("listening");
    const client = start("client", listening!, job.kind === "crowd" ? CROWD : (peer.clientCommand ?? peer.command));
    const failed = Promise.race([server.failed, client.failed]);
    const both = async () => {
      if (ANNOUNCED.has(job.kind)) {
        await client.find("ready");
        server.go();
      }
      const { result: asked } = await client.find("result");
      if (ENDLESS.has(job.kind)) server.go();
      const { result: served } = await server.find("result");
      return merge(server, served!, client, asked!);
    };
    return await Promise.race([both(), failed]);
  } finally {
    await Promise.all(sides.map((side) => side.end()));
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The receiver's count and time stand where both sides report one: a stream is measured where it arrives. */
function merge(server: Side, served: Result, client?: Side, asked: Result = {}): Measurement {
  const serverRssKb = server.peakResidentKb();
  const clientRssKb = client?.peakResidentKb();
  return {
    ...served,
    ...asked,
    ...(asked.received === undefined && served.received !== undefined ? served : {}),
    cpuUs: (served.cpuUs ?? 0) + (asked.cpuUs ?? 0),
    ...(served.cpuUs === undefined ? {} : { serverCpuUs: served.cpuUs }),
    ...(asked.cpuUs === undefined ? {} : { clientCpuUs: asked.cpuUs }),
    ...(serverRssKb === undefined ? {} : { serverRssKb }),
    ...(clientRssKb === undefined ? {} : { clientRssKb }),
  };
}

/** One process of a measurement. */
class Side {
  readonly failed: Promise<never>;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #exited: Promise<void>;
  readonly #lines: Line[] = [];
  readonly #timer: NodeJS.Timeout;
  #fail: (error: Error) => void = () => {};
  #wake: () => void = () => {};
  #ending = false;

  constructor([program, ...args]: readonly string[], job: Job, limitMs: number) {
    this.failed = new Promise((_, reject) => {
      this.#fail = reject;
    });
    this.failed.catch(() => {}); // Awaited only while a line is.
    this.#child = spawn(program!, [...args, ...encodeJob(job)]);
    this.#exited = new Promise((resolve) => this.#child.once("close", () => resolve()));
    this.#timer = setTimeout(() => this.#fail(new Error(`${job.role}: nothing after ${limitMs} ms`)), limitMs);
    let stderr = "";
    this.#child.stderr.on("data", (text) => {
      stderr = (stderr + text).slice(-2000);
    });
    this.#child.stdin.on("error", () => {}); // The process has ended; `close` says how.
    this.#child.once("error", (error) => this.#fail(error));
    this.#child.once("close", (code, signal) => {
      if (!this.#ending) this.#fail(new Error(`${job.role}: ended with ${signal ?? code}. ${stderr}`));
    });
    createInterface({ input: this.#child.stdout }).on("line", (text) => {
      const line = JSON.parse(text) as Line;
      if (line.error !== undefined) this.#fail(new Error(`${job.role}: ${line.error}`));
      this.#lines.push(line);
      this.#wake();
    });
  }

  /** The first line with `key`. */
  async find(key: keyof Line): Promise<Line> {
    for (;;) {
      const line = this.#lines.find((candidate) => candidate[key] !== undefined);
      if (line) return line;
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      await Promise.race([woken, this.failed]);
    }
  }

  go(): void {
    this.#child.stdin.write("go\n");
  }

  /** Read from outside: what the process says of itself by getrusage is, on Linux, that of the one that started it. */
  peakResidentKb(): number | undefined {
    try {
      const peak = /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${this.#child.pid}/status`, "utf8"));
      return peak ? Number(peak[1]) : undefined;
    } catch {
      return undefined; // No /proc on this system.
    }
  }

  async end(): Promise<void> {
    this.#ending = true;
    clearTimeout(this.#timer);
    this.#child.stdin.end();
    const killer = setTimeout(() => this.#child.kill("SIGKILL"), 500);
    await this.#exited;
    clearTimeout(killer);
  }
}
