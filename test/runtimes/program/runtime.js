/** Which runtime this is, and how it starts another program. */

import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const name = "Bun" in globalThis ? "bun" : "Deno" in globalThis ? "deno" : "node";

export const runtime = {
  name,
  version: process.versions[name],
  /** What stands between the runtime's command and a program's file. */
  runArguments: { node: [], bun: [], deno: ["run", "--allow-all"] }[name],
};

const running = new Set();

/** Ends what `start` has started and what has not ended. */
export function endAll() {
  for (const child of running) child.kill("SIGKILL");
}

/**
 * Starts `file`, a path or a file beside this one, in a process of this runtime. `line(text)` resolves when it has
 * printed a line that begins so; `ended` when it is over, with `code`, `stdout` and `stderr`.
 */
export function start(file, args = []) {
  const path = file.startsWith("./") ? fileURLToPath(new URL(file, import.meta.url)) : file;
  const child = spawn(process.execPath, [...runtime.runArguments, path, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  running.add(child);
  let stdout = "";
  let stderr = "";
  const watchers = new Set();
  child.stdout.setEncoding("utf8").on("data", (text) => {
    stdout += text;
    for (const look of watchers) look();
  });
  child.stderr.setEncoding("utf8").on("data", (text) => {
    stderr += text;
  });
  const ended = new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      running.delete(child);
      resolve({ code, stdout, stderr });
    });
  });
  const line = (prefix) =>
    new Promise((resolve, reject) => {
      const look = () => {
        const found = stdout
          .split("\n")
          .slice(0, -1)
          .find((each) => each.startsWith(prefix));
        if (found !== undefined) resolve(found);
      };
      watchers.add(look);
      look();
      ended.then(() => reject(new Error(`it ended without the line ${prefix}\n${stdout}${stderr}`)), reject);
    });
  return { line, ended };
}
