/**
 * Drives a peer process, `peer.js` (npm `zeromq`) or `peer.py` (pyzmq): one process a test file, many sockets in it,
 * one JSON object a line each way. Sockets have names that the test gives them.
 */

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { FrameSpec, MessageSpec } from "./frames.ts";

export type Library = "zeromq" | "pyzmq";

/** The names that libzmq's socket types have in every command. */
export type TypeName =
  | "PAIR" | "PUB" | "SUB" | "REQ" | "REP" | "DEALER" | "ROUTER" | "PULL" | "PUSH" | "XPUB" | "XSUB" | "STREAM"; // biome-ignore format: one row

const PYTHON = process.platform === "linux" ? "/usr/bin/python3" : "python3";

/** Why a library cannot be tested here; undefined when it can. */
export function missing(library: Library): string | undefined {
  if (library === "zeromq") return undefined;
  const { status } = spawnSync(PYTHON, ["-c", "import zmq"], { stdio: "ignore" });
  return status === 0 ? undefined : "pyzmq is not installed (apt install python3-zmq)";
}

export class Peer {
  readonly library: Library;
  readonly #process: ChildProcess;
  readonly #pending = new Map<
    number,
    { command: string; resolve: (result: never) => void; reject: (error: Error) => void }
  >();
  #count = 0;
  #sockets = 0;

  constructor(library: Library) {
    this.library = library;
    const folder = new URL(".", import.meta.url);
    const [program, file] = library === "zeromq" ? [process.execPath, "peer.js"] : [PYTHON, "peer.py"];
    // Without the flags of this process: the peer needs neither a compiler nor a watchdog.
    this.#process = spawn(program, [fileURLToPath(new URL(file, folder))], {
      stdio: ["pipe", "pipe", "inherit"],
      env: { ...process.env, NODE_OPTIONS: "" },
    });
    createInterface({ input: this.#process.stdout as NodeJS.ReadableStream }).on("line", (line) => {
      const { n, result, error } = JSON.parse(line);
      const pending = this.#pending.get(n);
      this.#pending.delete(n);
      if (error === undefined) pending?.resolve(result as never);
      else pending?.reject(new Error(`${library}, ${pending.command}: ${error}`));
    });
    this.#process.on("exit", () => {
      for (const { reject } of this.#pending.values()) reject(new Error(`the ${library} process has ended`));
      this.#pending.clear();
    });
    this.#process.stdin?.on("error", () => {}); // EPIPE after a kill; the pending calls are told by "exit".
  }

  /** Until `kill` or `end`. */
  get isAlive(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null;
  }

  call<T = null>(command: string, rest: Record<string, unknown> = {}): Promise<T> {
    const n = this.#count++;
    return new Promise((resolve, reject) => {
      this.#pending.set(n, { command, resolve, reject });
      this.#process.stdin?.write(`${JSON.stringify({ n, command, ...rest })}\n`);
    });
  }

  /** Opens a socket; its linger period is 0 unless told otherwise. */
  async open(type: TypeName, options: Record<string, unknown> = {}): Promise<PeerSocket> {
    const name = `${type} ${this.#sockets++}`;
    await this.call("open", { socket: name, type, options });
    return new PeerSocket(this, name, type);
  }

  /** Ends the process as a crash would. Resolves when it is gone. */
  async kill(): Promise<void> {
    const gone = once(this.#process, "exit");
    this.#process.kill("SIGKILL");
    await gone;
  }

  /** Freezes the process, as a machine that is gone from the network. `thaw` before `end`. */
  freeze(): void {
    this.#process.kill("SIGSTOP");
  }
  thaw(): void {
    this.#process.kill("SIGCONT");
  }

  /** Ends the process in order. */
  async end(): Promise<void> {
    if (!this.isAlive) return;
    const gone = once(this.#process, "exit");
    this.#process.stdin?.end();
    await gone;
  }
}

export class PeerSocket {
  readonly peer: Peer;
  readonly type: TypeName;
  readonly #name: string;

  constructor(peer: Peer, name: string, type: TypeName) {
    this.peer = peer;
    this.type = type;
    this.#name = name;
  }

  /** Resolves to the endpoint with its wildcards resolved. */
  bind(address: string): Promise<string> {
    return this.#call("bind", { address });
  }
  connect(address: string, routingId?: string): Promise<null> {
    return this.#call("connect", { address, routingId });
  }
  unbind(address: string): Promise<null> {
    return this.#call("unbind", { address });
  }
  disconnect(address: string): Promise<null> {
    return this.#call("disconnect", { address });
  }
  set(options: Record<string, unknown>): Promise<null> {
    return this.#call("set", { options });
  }
  subscribe(...topics: FrameSpec[]): Promise<null> {
    return this.#call("subscribe", { topics });
  }
  unsubscribe(...topics: FrameSpec[]): Promise<null> {
    return this.#call("unsubscribe", { topics });
  }
  /** One after the other; waits for a ROUTER's peer to become known where it is mandatory. */
  send(...messages: MessageSpec[]): Promise<null> {
    return this.#call("send", { messages });
  }
  /** `count` messages as `expected` of frames.ts would give them. Rejects with EAGAIN after `timeoutMs`, a minute by default. */
  receive(count: number, timeoutMs?: number): Promise<string[][]> {
    return this.#call("receive", { count, timeoutMs });
  }
  /** Answers `count` messages: the first `keep` frames as they came, the others in reverse order. */
  echo(count: number, keep = 0): Promise<null> {
    return this.#call("echo", { count, keep });
  }
  /** Receives one message: the properties of its connection by these names. pyzmq alone can tell. */
  properties(...names: string[]): Promise<Record<string, string>> {
    return this.#call("properties", { names });
  }
  /** Resolves when the socket's monitor has told of an event, by zeromq.js's names. */
  event(type: string, timeoutMs?: number): Promise<null> {
    return this.#call("event", { type, timeoutMs });
  }
  /** All events so far. */
  events(): Promise<string[]> {
    return this.#call("events");
  }
  close(): Promise<null> {
    return this.#call("close");
  }

  #call<T = null>(command: string, rest: Record<string, unknown> = {}): Promise<T> {
    return this.peer.call(command, { socket: this.#name, ...rest });
  }
}
