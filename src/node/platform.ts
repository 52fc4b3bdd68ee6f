/**
 * The platform of Node, Bun and Deno: all transports, warnings by
 * `process.emitWarning`, structured clones by V8.
 */

import { debuglog } from "node:util";
import { deserialize, serialize } from "node:v8";
import { systemClock } from "../base/clock.ts";
import type { Platform } from "../core/platform.ts";
import { WHOLE } from "../core/reach.ts";
import { tracing } from "../core/tracing.ts";
import { Turn } from "../core/turn.ts";
import { Inbox } from "../thread/inbox.ts";
import { checkClone } from "./clone-guard.ts";
import { nodeEngine } from "./engine.ts";
import { startIoThreads } from "./io-threads.ts";
import { processLifetime } from "./process-lifetime.ts";
import { keepSharedMemory } from "./shared-memory.ts";
import { nodeThreads } from "./threads.ts";

keepSharedMemory();

const warned = new Set<string>();

/** `NODE_DEBUG=zmq`. */
const debug = debuglog("zmq");

const clock = systemClock();
const { engine, crypto, transports } = nodeEngine(clock);

/** The transports of this thread's engine that carry bytes. */
export const nodeTransports = transports;

let inbox: Inbox | undefined;

/** The inbox of this thread, made when it is used for the first time. */
export function threadInbox(): Inbox {
  inbox ??= new Inbox(clock, { words: new Int32Array(new SharedArrayBuffer(4)), index: 0 });
  return inbox;
}

function readClone(bytes: Uint8Array): unknown {
  checkClone(bytes);
  return deserialize(bytes);
}

export const nodePlatform: Platform = {
  ...WHOLE,
  turn: new Turn(clock),
  crypto,
  engine,
  ioThreads(count, namePrefix) {
    try {
      return startIoThreads({ count, namePrefix }, { engine, clock, inbox: threadInbox() });
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      nodePlatform.warn(`The engine runs in this thread, for no I/O thread can be started: ${why}`, "ZMQ_IO_THREADS");
      return engine;
    }
  },
  structuredClone: { serialize, deserialize: process.versions.bun === undefined ? readClone : deserialize },
  lifetime: processLifetime(clock),
  ...(debug.enabled && { trace: tracing((line) => debug("%s", line)) }),
  threads: nodeThreads(clock),
  warn(message, code) {
    if (code !== undefined) {
      if (warned.has(code)) return;
      warned.add(code);
    }
    process.emitWarning(message, code === undefined ? undefined : { code });
  },
};
