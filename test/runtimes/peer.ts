/** Starts peer.py, libzmq in a process of its own, where python3 has pyzmq. */

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** `endpoints` is a line of JSON for the program; undefined when there is no such Python. */
export async function startPeer(): Promise<{ endpoints: string; stop(): void } | undefined> {
  const folder = mkdtempSync(join(tmpdir(), "zmq-ts-"));
  const script = fileURLToPath(new URL("./peer.py", import.meta.url));
  for (const python of ["/usr/bin/python3", "python3"]) {
    const child = spawn(python, [script, join(folder, "peer")], { stdio: ["pipe", "pipe", "ignore"] });
    const endpoints = await new Promise<string | undefined>((resolve) => {
      let output = "";
      child.stdout.on("data", (text) => {
        output += text;
        if (output.includes("\n")) resolve(output.trim());
      });
      child.on("error", () => resolve(undefined));
      child.on("close", () => resolve(undefined));
    });
    if (endpoints === undefined) continue;
    const stop = () => {
      child.stdin.end();
      child.on("close", () => rmSync(folder, { recursive: true, force: true }));
    };
    return { endpoints, stop };
  }
  rmSync(folder, { recursive: true, force: true });
  return undefined;
}
