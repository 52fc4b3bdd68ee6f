/** Programs whose calls block, each in a Node process of its own: the test goes on meanwhile. */

import { type ChildProcess, spawn } from "node:child_process";
import { dirname, resolve } from "node:path";
import { createInterface, type Interface } from "node:readline";
import type { TestContext } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const entry = pathToFileURL(resolve(root, "src/sync.ts")).href;

/** What still blocks when the test process ends early ends with it: it would not notice. */
const children = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of children) child.kill("SIGKILL");
});

export class Blocking {
  readonly child: ChildProcess;
  readonly ended: Promise<{
    readonly code: number | null;
    readonly signal: NodeJS.Signals | null;
    readonly errors: string;
  }>;
  readonly #lines: AsyncIterator<string>;
  readonly #input: Interface;

  /** `body` is that of a module that knows `zmq` and has a `context`; `words` are its `process.argv.slice(1)`. */
  constructor(t: TestContext, body: string, words: readonly string[] = []) {
    const code = `import * as zmq from ${JSON.stringify(entry)};
      const context = new zmq.Context();
      ${body}`;
    const args = ["--import", "tsx", "--input-type=module", "--eval", code, ...words];
    const child = spawn(process.execPath, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
    this.child = child;
    children.add(child);
    child.once("close", () => children.delete(child));
    this.#input = createInterface({ input: child.stdout });
    this.#lines = this.#input[Symbol.asyncIterator]();
    let errors = "";
    child.stderr.on("data", (chunk) => {
      errors += chunk;
    });
    this.ended = new Promise((settle) => {
      child.on("close", (exitCode, signal) => settle({ code: exitCode, signal, errors }));
    });
    t.after(async () => {
      child.kill("SIGKILL");
      await this.ended;
    });
  }

  /** The next line that it prints. Rejects with its errors when it ends without. */
  async line(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (done !== true) return value;
    const { errors } = await this.ended;
    throw new Error(`the program printed no more:\n${errors}`);
  }

  /** All that it prints from here on, once it has ended well. */
  async output(): Promise<string> {
    let output = "";
    for (let next = await this.#lines.next(); next.done !== true; next = await this.#lines.next()) {
      output += `${next.value}\n`;
    }
    const { code, signal, errors } = await this.ended;
    if (code !== 0) throw new Error(`ended with ${code ?? signal}:\n${output}${errors}`);
    return output;
  }
}
