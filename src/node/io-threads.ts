/** The I/O threads of a context: worker threads that run its engine. */

import { MessageChannel, receiveMessageOnPort, Worker } from "node:worker_threads";
import type { Clock } from "../base/clock.ts";
import type { EngineHost } from "../engine/engine-host.ts";
import type { Inbox } from "../thread/inbox.ts";
import { RemoteHost } from "../thread/remote-host.ts";
import { EngineThread } from "../thread/remote-thread.ts";
import { ENDED, IO_BELL, IO_THREAD_WORDS, type IoThreadData } from "./io-thread-data.ts";
import { ioThreadText } from "./io-thread-text.ts";

export interface IoThreadOptions {
  readonly count: number;
  readonly namePrefix: string;
}

/** Of the thread of the sockets. */
export interface SocketsThread {
  /** Its engine, which finds mistakes at the call. */
  readonly engine: EngineHost;
  readonly clock: Clock;
  readonly inbox: Inbox;
}

/** Throws what `new Worker` throws: where threads are forbidden, ERR_ACCESS_DENIED. */
export function startIoThreads(options: IoThreadOptions, sockets: SocketsThread): RemoteHost {
  const threads: { readonly thread: EngineThread; end(): void }[] = [];
  for (let index = 0; index < options.count; index++) threads.push(start(index, options, sockets));
  return new RemoteHost(
    threads.map(({ thread }) => thread),
    sockets.engine,
    () => {
      for (const { end } of threads) end();
    },
  );
}

function start(index: number, { namePrefix }: IoThreadOptions, { clock, inbox }: SocketsThread) {
  const words = new Int32Array(new SharedArrayBuffer(IO_THREAD_WORDS * 4));
  const { port1, port2 } = new MessageChannel();
  const data: IoThreadData = { port: port2, bell: inbox.bell, words };
  const worker = new Worker(ioThreadText(), {
    eval: true,
    // No preloads of the program, and none of its arguments.
    execArgv: [],
    argv: [],
    name: `${namePrefix}${namePrefix === "" ? "" : "/"}ZMQbg/IO/${index}`,
    workerData: data,
    transferList: [port2],
  });
  worker.unref();
  const thread = new EngineThread({
    mail: {
      post: (message) => port1.postMessage(message),
      receive: () => receiveMessageOnPort(port1)?.message,
    },
    bell: { words, index: IO_BELL },
    inbox,
    clock,
    hasEnded: () => Atomics.load(words, ENDED) === 1,
  });
  worker.once("error", (error) => thread.ended(error));
  worker.once("exit", () => thread.ended(undefined));
  const end = () => {
    port1.close();
    void worker.terminate();
  };
  return { thread, end };
}
