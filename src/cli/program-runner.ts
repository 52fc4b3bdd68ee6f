/**
 * `--exec CMD`: runs a shell command for each message, the message on its
 * stdin, and reads what it prints as the result.
 */

import { spawn } from "node:child_process";
import { asBuffer } from "./formats.ts";
import { warn } from "./terminal.ts";

export interface Ran {
  readonly output: Buffer;
  /** Whether the command ended with exit code 0. */
  readonly succeeded: boolean;
}

/** Runs `command` with `input` on its stdin; its stderr is ours. Never rejects: a command that fails has said so on stderr. */
export function runCommand(command: string, input: Uint8Array): Promise<Ran> {
  return new Promise((resolve) => {
    const output: Buffer[] = [];
    const child = spawn(command, { shell: true, stdio: ["pipe", "pipe", "inherit"] });
    child.stdout.on("data", (chunk: Buffer) => output.push(chunk));
    // A command need not read its input: EPIPE then, which is no failure.
    child.stdin.on("error", () => {});
    child.stdin.end(asBuffer(input));
    child.on("error", (error) => {
      warn(`--exec: cannot run the command: ${error.message}`);
      resolve({ output: Buffer.alloc(0), succeeded: false });
    });
    child.on("close", (code, signal) => {
      const succeeded = code === 0;
      if (!succeeded) warn(`--exec: the command ended with ${signal ?? `exit code ${code}`}`);
      resolve({ output: Buffer.concat(output), succeeded });
    });
  });
}
