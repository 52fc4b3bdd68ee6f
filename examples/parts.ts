/**
 * What the programs of this folder have in common. Each is one file of several parts (server, client, …), which may
 * run on as many machines:
 *
 *     node --import tsx examples/weather.ts                       shows all parts, each in a process of its own
 *     node --import tsx examples/weather.ts server "tcp://*:5556"  runs one part alone
 *
 * Nothing here is needed to use ZeroMQ: it starts parts, and ends them when the terminal says so (Ctrl-C) or whoever
 * started them is gone.
 */

import { basename } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { context, type Socket } from "zmq-ts";
import { type Print, Stage } from "./stage.ts";

/** A part takes words of the command line, each with a default, and resolves when it is done. */
export type Part = (...words: string[]) => Promise<void>;

/** How long a part that is told to stop may go on sending what it had sent. */
const GRACE_MS = 1000;
/** How often counters go to whoever started this part. */
const REPORT_MS = 100;

/** True from the moment this process was told to stop. */
let isStopping = false;
let counters: object | undefined;

/**
 * Runs the part that the command line names, or, when it names none, `show`, which starts parts in processes of their
 * own. `url` is the program's `import.meta.url`.
 */
export async function program(url: string, parts: Record<string, Part>, show: (stage: Stage) => Promise<void>) {
  const [name, ...words] = process.argv.slice(2);
  if (name === undefined) return await perform(show);
  const part = parts[name];
  if (part === undefined) {
    const file = basename(fileURLToPath(url));
    console.error(`${file} has no part "${name}". Its parts: ${Object.keys(parts).join(", ")}`);
    process.exitCode = 2;
    return;
  }
  obey();
  void tell({ began: true });
  try {
    await part(...words);
  } catch (error) {
    // Closing the context is how a part is stopped: what it was waiting for fails, and nobody cares any more.
    if (!isStopping) {
      console.error(error);
      process.exitCode = 1;
    }
  }
  await tell({ counters });
}

/** Says where a socket is bound: on the terminal, and to whoever started this part. */
export function bound(socket: Socket): void {
  console.log(`bound to ${socket.lastEndpoint}`);
  void tell({ endpoint: socket.lastEndpoint });
}

/** Returns `values`, which whoever started this part sees change as it runs. */
export function watched<T extends object>(values: T): T {
  counters = values;
  if (process.send !== undefined) setInterval(() => void tell({ counters }), REPORT_MS).unref();
  return values;
}

/**
 * When to end: `amount` is a number of messages ("100") or a time ("12s"). The result is asked before each message,
 * with the number of those before it.
 */
export function until(amount: string): (done: number) => boolean {
  if (!amount.endsWith("s")) return (done) => done >= Number(amount);
  const end = performance.now() + Number(amount.slice(0, -1)) * 1000;
  return () => performance.now() >= end;
}

/** Starts parts in processes of their own; ends those that are left when `show` is done, fails or is interrupted. */
export async function perform(show: (stage: Stage) => Promise<void>, print?: Print): Promise<void> {
  const stage = new Stage(print);
  const interrupted = new Promise<void>((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      process.once(signal, () => {
        process.exitCode = 130;
        resolve();
      });
    }
  });
  try {
    await Promise.race([show(stage), stage.failure, interrupted]);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
  await stage.close().catch((error: Error) => {
    console.error(error.message);
    process.exitCode ||= 1;
  });
  if (process.exitCode === 130) process.exit(); // whatever `show` was still waiting for
}

/** Stops this process when it is told to, by a signal or by whoever started it, and when that one is gone. */
function obey(): void {
  const stop = () => {
    if (isStopping) return;
    isStopping = true;
    void context.close();
    setTimeout(() => process.exit(), GRACE_MS).unref();
  };
  process.on("SIGTERM", stop);
  if (process.send === undefined) {
    process.on("SIGINT", stop);
    return;
  }
  process.on("SIGINT", () => {}); // Ctrl-C reaches all processes of a terminal; the one that started us decides.
  process.on("message", stop);
  process.on("disconnect", stop);
  process.channel?.unref();
  if (!process.connected) stop(); // it was gone before we began
}

/** Resolves when the message has left; at once when nobody is there to be told. */
async function tell(message: object): Promise<void> {
  if (process.send === undefined || !process.connected) return;
  const sent = new Promise<void>((resolve) => process.send?.(message, () => resolve()));
  await Promise.race([sent, wait(GRACE_MS, undefined, { ref: false })]);
}
