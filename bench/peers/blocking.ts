/**
 * Round trips by sockets whose calls block. Such a server hears nothing from the harness, so its client tells it that
 * it is done, by a request of another size.
 */
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Job, Result } from "./job.ts";
import { endMark, Latencies, Ring, Stopwatch, say } from "./worker.ts";

type Zmq = typeof import("../../src/sync.ts");

/** `module` is the path of the library's main entry; the other stands beside it. */
export async function blocking(module: string, job: Job): Promise<Result> {
  const zmq: Zmq = await import(pathToFileURL(join(dirname(module), "sync.js")).href);
  const context = new zmq.Context();
  return job.role === "server" ? reply(context.socket(zmq.REP), job) : request(context.socket(zmq.REQ), job);
}

function reply(socket: InstanceType<Zmq["Socket"]>, job: Job): Result {
  say({ listening: socket.bind(job.endpoint) });
  const watch = new Stopwatch(job);
  for (let count = 1; ; count++) {
    const request = socket.recv();
    socket.send(request);
    if (request.length !== job.size) return { cpuUs: watch.stop(count).cpuUs ?? 0 };
    if ((count & 63) === 0) watch.warm(count);
  }
}

function request(socket: InstanceType<Zmq["Socket"]>, job: Job): Result {
  socket.connect(job.endpoint);
  const ring = new Ring(job.size);
  const latencies = new Latencies();
  const watch = new Stopwatch(job);
  let count = 0;
  while (!watch.over(count)) {
    const sentAt = performance.now();
    socket.send(ring.messages[count & ring.mask]!);
    const frame = socket.recv();
    if (watch.warm(count)) latencies.add(performance.now() - sentAt);
    if (frame.length !== job.size) throw new Error(`reply ${count}: ${frame.length} bytes, expected ${job.size}`);
    ring.check(frame, count++);
  }
  const result = { ...watch.stop(count), ...latencies.result() };
  socket.send(endMark(count));
  socket.recv();
  return result;
}
