/**
 * Plays the same byte streams to a socket of libzmq (npm `zeromq` in a process
 * of its own) and to one of ours, and says how each ended: what was delivered,
 * what was sent, whether the connection is kept, which events there were.
 */

import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { fileURLToPath } from "node:url";
import type { SocketTypeName } from "../../src/base/socket-types.ts";
import { PARTNER } from "../partners.ts";
import type { Case } from "./case.ts";
import { CurvePeer } from "./curve-peer.ts";

/** Silence after which a side has said all that it will. */
const QUIET_MS = 150;
/** What is needed for the end of a connection and its events to show. */
const END_MS = 400;

export interface Ending {
  readonly messages: readonly string[];
  readonly events: readonly string[];
  /** As hex; of a server of CURVE with the boxes opened. */
  readonly sent: string;
  readonly isKept: boolean;
}

export class Side {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (result: unknown) => void>();
  #next = 0;
  #died: string | undefined = undefined;

  /** `module`: what the child imports. */
  constructor(module: string, execArgv: readonly string[] = [], mode = "") {
    const script = fileURLToPath(new URL("side.js", import.meta.url));
    this.#child = fork(script, [module, mode], { execArgv: [...execArgv] });
    this.#child.on("message", ({ id, result }: { id: number; result: unknown }) => {
      this.#waiting.get(id)?.(result);
    });
    this.#child.on("exit", (code, signal) => {
      this.#died = `process ended: ${signal ?? code}`;
      for (const resolve of this.#waiting.values()) resolve(undefined);
    });
  }

  /** `mode` "zap": with a ZAP handler that lets everybody in. */
  static libzmq(mode?: "zap"): Side {
    return new Side("zeromq", [], mode);
  }

  static ours(mode?: "zap"): Side {
    return new Side(new URL("../../src/index.ts", import.meta.url).href, ["--import", "tsx"], mode);
  }

  async close(): Promise<void> {
    if (this.#died !== undefined) return;
    const exit = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await exit;
  }

  async play(play: Case): Promise<Ending> {
    const id = this.#next++;
    const { type, options, subscribe, isWebSocket = false } = play;
    const endpoint = isWebSocket ? "ws://127.0.0.1:*" : "tcp://127.0.0.1:*";
    const address = (await this.#ask(id, { act: "open", type, options, subscribe, endpoint })) as string;
    const port = Number(/:(\d+)\/?$/.exec(address)?.[1]);
    const tcp = connect({ port, host: "127.0.0.1", noDelay: true });
    const received: Buffer[] = [];
    let isKept = true;
    let heard = performance.now();
    tcp.on("data", (chunk) => {
      received.push(chunk);
      heard = performance.now();
    });
    tcp.on("error", () => {}); // A reset; "close" follows.
    tcp.on("close", () => {
      isKept = false;
    });
    await once(tcp, "connect");
    const quiet = async (ms: number): Promise<void> => {
      heard = performance.now();
      while (isKept && performance.now() - heard < ms) await new Promise((resolve) => setTimeout(resolve, 10));
    };
    for (const step of play.steps) {
      await quiet(QUIET_MS);
      if (isKept) tcp.write(step);
    }
    const peer = play.curve && new CurvePeer(PARTNER[play.type] as SocketTypeName);
    for (const acts of play.curve ?? []) {
      await quiet(QUIET_MS);
      if (isKept && peer !== undefined) tcp.write(peer.say(acts, Buffer.concat(received)));
    }
    await quiet(QUIET_MS);
    if (play.send !== undefined) await this.#ask(id, { act: "send", send: play.send });
    await quiet(END_MS);
    const wasKept = isKept;
    // The end of what is left of the connection is no event of the case.
    await new Promise((resolve) => setTimeout(resolve, wasKept ? 0 : END_MS));
    const told = (await this.#ask(id, { act: "close" })) as { messages: string[]; events: string[] };
    tcp.destroy();
    const all = Buffer.concat(received);
    return { ...told, sent: peer?.heard(all) ?? all.toString("hex"), isKept: wasKept };
  }

  #ask(id: number, request: object): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const settle = (result: unknown): void => {
        if (this.#died === undefined) resolve(result);
        else reject(new Error(this.#died));
      };
      if (this.#died !== undefined) {
        settle(undefined);
        return;
      }
      this.#waiting.set(id, settle);
      this.#child.send({ id, ...request });
    });
  }
}
