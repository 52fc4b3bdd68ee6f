/**
 * Entry of the blocking API, `zmq-ts/sync`: sockets whose calls return when they
 * are done, in pyzmq's words. In Node, Bun and Deno, on the main thread and in
 * workers.
 */

import { threadId } from "node:worker_threads";
import { ZmqError } from "./base/errors.ts";
import type { ContextHandle, Platform, Threads } from "./core/platform.ts";
import { giveHandle, joinContext, shareAsDefault } from "./core/thread-contexts.ts";
import { Turn } from "./core/turn.ts";
import { startIoThreads } from "./node/io-threads.ts";
import { nodePlatform } from "./node/platform.ts";
import { newCurveKeys, publicKeyOf } from "./security/keys.ts";
import { BlockingClock } from "./sync/blocking-clock.ts";
import { Context as NeutralContext } from "./sync/context.ts";
import { contextParts } from "./sync/context-parts.ts";
import { LazyHost } from "./sync/lazy-host.ts";
import { Waiter } from "./sync/waiter.ts";
import { ThreadDirectory } from "./thread/directory.ts";
import { Inbox } from "./thread/inbox.ts";

interface Thread {
  /** That of a context, whose connections are in so many threads of their own. */
  platformOf(ioThreads: () => number): Platform;
  readonly waiter: Waiter;
}

let thread: Thread | undefined;

/** One of each for all blocking contexts of this thread. */
function thisThread(): Thread {
  thread ??= joinThreads(new BlockingClock(nodePlatform.turn.clock));
  return thread;
}

/**
 * Among the threads of the process the blocking sockets of one are a member of their own, beside its other sockets: with a
 * clock and an inbox that a call which blocks can run. All rings that reach them ring its bell.
 */
function joinThreads(clock: BlockingClock): Thread {
  const parent = nodePlatform.threads?.directory();
  const directory = parent && new ThreadDirectory(parent.region, clock, threadId, parent.own);
  if (directory !== undefined) process.on("exit", () => directory.leave());
  const inbox = directory?.inbox ?? new Inbox(clock, { words: new Int32Array(new SharedArrayBuffer(4)), index: 0 });
  const threads: Threads | undefined = directory && {
    region: directory.region,
    directory: (region = directory.region) => (region.id === directory.region.id ? directory : undefined),
    onMoved() {},
    giveHandle(context) {
      giveHandle(context, this);
    },
  };
  const { engine, ioThreads: _, ...others } = nodePlatform;
  const turn = new Turn(clock);
  const start = (count: number) => {
    try {
      return startIoThreads({ count, namePrefix: "" }, { engine, clock, inbox });
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new ZmqError("EMTHREAD", {
        detail: `a blocking socket needs an I/O thread, which cannot be started: ${why}`,
        cause,
      });
    }
  };
  return {
    platformOf: (ioThreads) => ({
      ...others,
      turn,
      engine: new LazyHost(() => start(ioThreads())),
      ...(threads && { threads }),
    }),
    waiter: new Waiter(clock, inbox),
  };
}

let instance: Context | undefined;

export class Context extends NeutralContext {
  /** `ioThreads`: threads for the connections of its sockets. */
  constructor(ioThreads = 1) {
    const { platformOf, waiter } = thisThread();
    super(platformOf, waiter, ioThreads);
  }

  /** One context for all callers of this thread, until it is terminated. Its `inproc` names are those of the default context of all threads. */
  static instance(): Context {
    if (instance === undefined || instance.closed) {
      instance = new Context();
      const { core } = contextParts(instance);
      shareAsDefault(core, core.platform.threads);
    }
    return instance;
  }

  /** The context of another thread, of which `handle` is the `handle`: with the same `inproc` names. */
  static from(handle: ContextHandle): Context {
    const context = new Context();
    const { core } = contextParts(context);
    joinContext(core, core.platform.threads, handle);
    return context;
  }
}

/** A new key pair for CURVE: the public key and the secret one, in Z85. */
export function curveKeypair(): [publicKey: string, secretKey: string] {
  const { publicKey, secretKey } = newCurveKeys(nodePlatform.crypto);
  return [publicKey, secretKey];
}

/** The public key that belongs to a secret one. Throws EINVAL when `secretKey` is no key. */
export function curvePublic(secretKey: string): string {
  return publicKeyOf(nodePlatform.crypto, secretKey);
}

export { type ErrorCode, ZmqError as ZMQError } from "./base/errors.ts";
export type { MessageLike } from "./socket/frames.ts";
export * from "./sync/constants.ts";
export { Again, ContextTerminated } from "./sync/errors.ts";
export * from "./sync/option-numbers.ts";
export { Poller } from "./sync/poller.ts";
export { device, proxy, proxySteerable } from "./sync/proxy.ts";
export { Socket } from "./sync/socket.ts";
// `import zmq from` works with the texts' CommonJS programs; so it does here.
export * as default from "./sync.ts";
export { version } from "./version.ts";
