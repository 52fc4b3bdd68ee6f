/**
 * The peers that know nothing but WebSocket: npm `ws`, as one would write it by hand, and jszmq, which is made of it.
 * `ws` gathers what it sends in one turn (`cork`), a thousand messages or 64 KiB at a time: without that a small message
 * costs it four times as much. Neither waits for a peer that reads slowly: here both stop while much is unsent.
 */
import { createServer, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Job, Result } from "./job.ts";
import { checkEnd, clockMask, endMark, go, Latencies, Ring, Stopwatch, say, work } from "./worker.ts";

const UNSENT_BYTES = 256 * 1024;
const CORKED_MESSAGES = 1024;
const CORKED_BYTES = 65_536;

/** One connection, whoever carries it. */
interface Line {
  send(message: Buffer): void;
  readonly unsentBytes: number;
  /** What is sent until `uncork` leaves together. */
  cork(): void;
  uncork(): void;
  heard(take: (message: Buffer) => void): void;
}

/** What is used of npm `ws`. */
interface WebSocketLike {
  readonly _socket: Socket;
  readonly bufferedAmount: number;
  send(message: Buffer): void;
  on(event: "message", take: (message: Buffer) => void): void;
  once(event: "open", then: () => void): void;
}
interface WebSocketModule {
  readonly WebSocket: new (address: string) => WebSocketLike;
  readonly WebSocketServer: new (options: {
    server: Server;
    perMessageDeflate: boolean;
  }) => {
    once(event: "connection", then: (socket: WebSocketLike) => void): void;
  };
}

/** What is used of jszmq, and what it hides. */
interface JszmqSocket {
  readonly endpoints: readonly { readonly socket: WebSocketLike }[];
  bindSync(address: string, server: Server): void;
  connect(address: string): void;
  send(message: Buffer): void;
  on(event: "message", take: (message: Buffer) => void): void;
}
interface Jszmq {
  socket(type: string): JszmqSocket;
}

async function listening(): Promise<{ server: Server; address: string }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { server, address: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/` };
}

function webSocketLine(socket: WebSocketLike): Line {
  return {
    send: (message) => socket.send(message),
    get unsentBytes() {
      return socket.bufferedAmount;
    },
    cork: () => socket._socket.cork(),
    uncork: () => socket._socket.uncork(),
    heard: (take) => socket.on("message", take),
  };
}

async function webSocket(job: Job): Promise<Line> {
  const { WebSocket, WebSocketServer }: WebSocketModule = await import("ws8" as string);
  if (job.role === "client") {
    const socket = new WebSocket(job.endpoint);
    await new Promise<void>((resolve) => socket.once("open", resolve));
    return webSocketLine(socket);
  }
  const { server, address } = await listening();
  const accepted = new Promise<WebSocketLike>((resolve) => {
    new WebSocketServer({ server, perMessageDeflate: false }).once("connection", resolve);
  });
  say({ listening: address });
  return webSocketLine(await accepted);
}

async function jszmq(job: Job): Promise<Line> {
  const { default: zmq }: { default: Jszmq } = await import("jszmq" as string);
  const types = job.kind === "roundtrip" ? { server: "rep", client: "req" } : { server: "pull", client: "push" };
  const socket = zmq.socket(job.role === "client" ? types.client : types.server);
  if (job.role === "client") socket.connect(job.endpoint);
  else {
    const { server, address } = await listening();
    socket.bindSync(address, server);
    say({ listening: address });
  }
  return {
    send: (message) => socket.send(message),
    get unsentBytes() {
      return socket.endpoints[0]?.socket.bufferedAmount ?? 0;
    },
    cork() {},
    uncork() {},
    heard: (take) => socket.on("message", take),
  };
}

function receive(line: Line, job: Job): Promise<Result> {
  const ring = new Ring(job.size);
  const mask = clockMask(job.size);
  let watch: Stopwatch | undefined;
  let count = 0;
  return new Promise((resolve, reject) => {
    line.heard((message) => {
      try {
        if (message.length !== job.size) {
          checkEnd(message, count);
          resolve({ ...watch!.stop(count), received: count });
          return;
        }
        ring.check(message, count);
        if ((count++ & mask) === 0) {
          watch ??= new Stopwatch(job);
          watch.warm(count);
        }
      } catch (error) {
        reject(error);
      }
    });
  });
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function send(line: Line, job: Job): Promise<Result> {
  const ring = new Ring(job.size);
  const mask = clockMask(job.size);
  const corked = Math.max(1, Math.min(CORKED_MESSAGES, Math.floor(CORKED_BYTES / job.size)));
  const watch = new Stopwatch(job);
  let result: Result | undefined;
  let sent = 0;
  while (result === undefined) {
    line.cork();
    for (let i = 0; i < corked && result === undefined; i++) {
      if ((sent & mask) === 0 && watch.over(sent)) result = watch.stop(sent);
      else line.send(ring.messages[sent++ & ring.mask]!);
    }
    line.uncork();
    // Even where all has left: what comes in is not read within a turn.
    do await turn();
    while (line.unsentBytes > UNSENT_BYTES);
  }
  line.send(Buffer.from(endMark(sent)));
  return { ...result, sent };
}

async function echo(line: Line, job: Job): Promise<Result> {
  const watch = new Stopwatch(job);
  let count = 0;
  line.heard((message) => {
    line.send(message);
    watch.warm(++count);
  });
  await go();
  return { cpuUs: watch.stop(count).cpuUs ?? 0 };
}

function request(line: Line, job: Job): Promise<Result> {
  const ring = new Ring(job.size);
  const latencies = new Latencies();
  const watch = new Stopwatch(job);
  let count = 0;
  let sentAt = performance.now();
  return new Promise((resolve, reject) => {
    line.heard((message) => {
      try {
        if (watch.warm(count)) latencies.add(performance.now() - sentAt);
        ring.check(message, count++);
        if (watch.over(count)) {
          resolve({ ...watch.stop(count), ...latencies.result() });
          return;
        }
        sentAt = performance.now();
        line.send(ring.messages[count & ring.mask]!);
      } catch (error) {
        reject(error);
      }
    });
    line.send(ring.messages[0]!);
  });
}

work(async (job) => {
  const line = process.argv.includes("module=jszmq") ? await jszmq(job) : await webSocket(job);
  const isClient = job.role === "client";
  if (job.kind === "pipeline") return isClient ? send(line, job) : receive(line, job);
  if (job.kind === "roundtrip") return isClient ? request(line, job) : echo(line, job);
  throw new Error(`over bare WebSocket there is no ${job.kind}`);
});
