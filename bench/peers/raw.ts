/**
 * The peer without ZeroMQ: `node:net`, as one would write it by hand. Messages carry a length of four octets and each is
 * one `write`; a round trip sends the bare bytes, which makes it the floor for latency in Node.
 */
import { type AddressInfo, connect, createServer, type ListenOptions, type Socket } from "node:net";
import type { Job, Result } from "./job.ts";
import { checkEnd, clockMask, endMark, go, Latencies, Ring, Stopwatch, say, work } from "./worker.ts";

/** `tcp://host:port` or `ipc://path`, as `node:net` takes it. */
function address(endpoint: string): ListenOptions & { port: number; host: string } {
  const [scheme, rest] = endpoint.split("://") as [string, string];
  if (scheme === "ipc") return { path: rest } as ListenOptions & { port: number; host: string };
  const [host, port] = rest.split(":") as [string, string];
  return { host, port: port === "*" ? 0 : Number(port) };
}

/** Listens, and resolves with the first connection. */
function accept(job: Job): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const server = createServer({ noDelay: true }, resolve);
    server.on("error", reject);
    server.listen(address(job.endpoint), () => {
      const bound = server.address();
      say({ listening: bound && typeof bound === "object" ? `tcp://127.0.0.1:${bound.port}` : job.endpoint });
    });
  });
}

function dial(job: Job): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(address(job.endpoint), () => resolve(socket));
    socket.setNoDelay(true);
    socket.on("error", reject);
  });
}

function prefixed(message: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(message.length);
  return Buffer.concat([length, message]);
}

/** Calls `take` with each message of the stream; a message is a view of the received chunk where it lies in one. */
function onMessages(socket: Socket, take: (message: Buffer) => void): void {
  let parts: Buffer[] = [];
  let have = 0;
  let need = 4;
  socket.on("data", (chunk) => {
    parts.push(chunk);
    have += chunk.length;
    if (have < need) return;
    const bytes = parts.length === 1 ? chunk : Buffer.concat(parts);
    let at = 0;
    for (need = 4; at + need <= bytes.length; need = 4) {
      need = 4 + bytes.readUInt32BE(at);
      if (at + need > bytes.length) break;
      take(bytes.subarray(at + 4, at + need));
      at += need;
    }
    parts = at < bytes.length ? [bytes.subarray(at)] : [];
    have = bytes.length - at;
  });
}

async function receiveStream(job: Job): Promise<Result> {
  const socket = await accept(job);
  const ring = new Ring(job.size);
  const mask = clockMask(job.size);
  let watch: Stopwatch | undefined;
  let count = 0;
  return new Promise((resolve, reject) => {
    onMessages(socket, (message) => {
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

async function sendStream(job: Job): Promise<Result> {
  const socket = await dial(job);
  const ring = new Ring(job.size);
  const messages = ring.messages.map(prefixed);
  const mask = clockMask(job.size);
  const watch = new Stopwatch(job);
  for (let sent = 0; ; ) {
    if ((sent & mask) === 0 && watch.over(sent)) {
      const result = watch.stop(sent);
      socket.write(prefixed(Buffer.from(endMark(sent))));
      return { ...result, sent };
    }
    if (!socket.write(messages[sent++ & ring.mask]!)) await new Promise((resolve) => socket.once("drain", resolve));
  }
}

async function echo(job: Job): Promise<Result> {
  const socket = await accept(job);
  const watch = new Stopwatch(job);
  let count = 0;
  socket.on("data", (chunk) => {
    socket.write(chunk);
    watch.warm(++count);
  });
  await go();
  return { cpuUs: watch.stop(count).cpuUs ?? 0 };
}

async function request(job: Job): Promise<Result> {
  const socket = await dial(job);
  const ring = new Ring(job.size);
  const latencies = new Latencies();
  const watch = new Stopwatch(job);
  let count = 0;
  let sentAt = performance.now();
  socket.write(ring.messages[0]!);
  return new Promise((resolve, reject) => {
    socket.on("data", (chunk) => {
      if (chunk.length !== job.size) reject(new Error(`reply ${count}: ${chunk.length} bytes, expected ${job.size}`));
      if (watch.warm(count)) latencies.add(performance.now() - sentAt);
      ring.check(chunk, count++);
      if (watch.over(count)) {
        resolve({ ...watch.stop(count), ...latencies.result() });
        return;
      }
      sentAt = performance.now();
      socket.write(ring.messages[count & ring.mask]!);
    });
  });
}

/** Accepts one connection after the other, and sends back what comes on each. */
async function serveAll(job: Job): Promise<Result> {
  const watch = new Stopwatch(job);
  let count = 0;
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      socket.write(chunk);
      watch.warm(++count);
    });
  });
  await new Promise<void>((resolve) => server.listen(address(job.endpoint), resolve));
  say({ listening: `tcp://127.0.0.1:${(server.address() as AddressInfo).port}` });
  await go();
  return { cpuUs: watch.stop(count).cpuUs ?? 0 };
}

/** Connects, has one message sent back, and closes, over and over. */
async function meetAll(job: Job): Promise<Result> {
  const ring = new Ring(job.size);
  const watch = new Stopwatch(job);
  let total = 0;
  let measured: Result | undefined;
  const meet = async () => {
    while (measured === undefined) {
      const socket = await dial(job);
      const number = total++;
      socket.write(ring.messages[number & ring.mask]!);
      ring.check(await new Promise<Buffer>((resolve) => socket.once("data", resolve)), number);
      socket.destroy();
      if (watch.over(total) && measured === undefined) measured = watch.stop(total);
    }
  };
  await Promise.all(Array.from({ length: job.peers }, meet));
  return measured!;
}

work((job) => {
  const client = job.role === "client";
  if (job.kind === "handshakes") return client ? meetAll(job) : serveAll(job);
  if (job.kind === "pipeline") return client ? sendStream(job) : receiveStream(job);
  if (job.kind === "roundtrip") return client ? request(job) : echo(job);
  throw new Error(`raw node:net has no ${job.kind}`);
});
