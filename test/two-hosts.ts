/**
 * Two hosts in one: network namespaces with a cable between them, for what needs more than the loopback interface.
 * Needs Linux, root and `ip` (iproute2).
 */

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

export interface Host {
  readonly name: string;
  /** Its end of the cable. */
  readonly iface: string;
  readonly address: string;
  readonly address6: string;
}

/** Programs on the two hosts. All are ended by `close`. */
export class TwoHosts {
  readonly a: Host;
  readonly b: Host;
  readonly #programs = new Set<Program>();

  /** Throws where the machine has no namespaces to give. */
  constructor() {
    const id = process.pid.toString(36);
    const host = (letter: string, number: number): Host => ({
      name: `zmqts-${id}${letter}`,
      iface: `zv${id}${letter}`.slice(0, 15),
      address: `198.18.113.${number}`,
      address6: `fd71::${number}`,
    });
    this.a = host("a", 1);
    this.b = host("b", 2);
    const { a, b } = this;
    try {
      for (const { name } of [a, b]) ip("netns", "add", name);
      ip("link", "add", a.iface, "netns", a.name, "type", "veth", "peer", "name", b.iface, "netns", b.name);
      for (const { name, iface, address, address6 } of [a, b]) {
        ip("-n", name, "address", "add", `${address}/24`, "dev", iface);
        ip("-n", name, "-6", "address", "add", `${address6}/64`, "dev", iface, "nodad");
        for (const device of ["lo", iface]) ip("-n", name, "link", "set", device, "up");
        ip("-n", name, "route", "add", "224.0.0.0/4", "dev", iface);
      }
    } catch (error) {
      this.#remove();
      throw error;
    }
  }

  /** Runs a program on one of them. */
  run(host: Host, command: string, ...args: string[]): Program {
    const program = new Program(spawn("ip", ["netns", "exec", host.name, command, ...args]));
    this.#programs.add(program);
    return program;
  }

  async close(): Promise<void> {
    for (const program of this.#programs) await program.end();
    this.#remove();
  }

  #remove(): void {
    for (const { name } of [this.a, this.b]) {
      try {
        ip("netns", "delete", name);
      } catch {
        // It was not made.
      }
    }
  }
}

/** A program that is spoken to by lines. */
export class Program {
  readonly #child: ChildProcess;
  readonly #lines: string[] = [];
  #errors = "";
  #wake = (): void => {};
  #isOver = false;

  constructor(child: ChildProcess) {
    this.#child = child;
    if (child.stdout === null) throw new Error("no output");
    createInterface({ input: child.stdout }).on("line", (line) => {
      this.#lines.push(line);
      this.#wake();
    });
    child.stderr?.on("data", (text) => {
      this.#errors += text;
    });
    child.on("close", () => {
      this.#isOver = true;
      this.#wake();
    });
  }

  /** The rest of the next line that begins with `word`. */
  async line(word: string): Promise<string> {
    for (;;) {
      for (let line = this.#lines.shift(); line !== undefined; line = this.#lines.shift()) {
        if (line.startsWith(word)) return line.slice(word.length).trim();
      }
      if (this.#isOver) throw new Error(`the program ended before it said ${word}: ${this.#errors}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  say(line: string): void {
    this.#child.stdin?.write(`${line}\n`);
  }

  async end(): Promise<void> {
    if (this.#isOver) return;
    this.#child.kill("SIGKILL");
    await once(this.#child, "close");
  }
}

/** Why there are no two hosts here; undefined where there are. */
export function noTwoHosts(): string | undefined {
  if (process.platform !== "linux") return "network namespaces are Linux's";
  if (process.getuid?.() !== 0) return "network namespaces need root";
  const name = `zmqts-${process.pid.toString(36)}t`;
  try {
    ip("netns", "add", name);
    ip("netns", "delete", name);
    return undefined;
  } catch (error) {
    return `no network namespaces: ${String((error as Error).message).split("\n")[0]}`;
  }
}

function ip(...args: string[]): void {
  execFileSync("ip", args, { stdio: "pipe" });
}
