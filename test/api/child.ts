/**
 * Small programs in a Node process of their own, for what only a process shows:
 * whether it ends, what it warns of, what its garbage collector frees.
 */

import { spawn } from "node:child_process";
import { dirname, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const entry = pathToFileURL(resolve(root, "src/index.ts")).href;

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the body of an async function that knows `zmq` and `gc()`; resolves when the process has ended by itself. */
export function program(body: string, environment: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const { done } = start(body, environment);
  return done;
}

/** Resolves with true when the program has printed `line` and is still running half a second later; ends it then. */
export async function staysAlive(body: string, line: string): Promise<boolean> {
  const { child, done } = start(body);
  let output = "";
  await new Promise<void>((settle) => {
    child.stdout.on("data", (chunk: Buffer) => {
      output += chunk;
      if (output.includes(line)) settle();
    });
    child.on("close", () => settle());
  });
  // Time is what is asked about here: an idle process has no event to wait for.
  const alive = await Promise.race([
    done.then(() => false),
    new Promise<boolean>((settle) => setTimeout(settle, 500, true)),
  ]);
  child.kill("SIGKILL");
  await done;
  return alive;
}

function start(body: string, environment: Readonly<Record<string, string>> = {}) {
  const code = `import * as zmq from ${JSON.stringify(entry)};
    const gc = () => globalThis.gc({ type: "major", execution: "async" });
    ${body}`;
  const args = ["--expose-gc", "--import", "tsx", "--input-type=module", "--eval", code];
  const child = spawn(process.execPath, args, {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...environment },
  });
  const done = new Promise<Ended>((settle) => {
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (chunk) => {
      stdout += chunk;
    });
    child.stderr.on("data", (chunk) => {
      stderr += chunk;
    });
    child.on("close", (exitCode) => settle({ code: exitCode, stdout, stderr }));
  });
  return { child, done };
}
