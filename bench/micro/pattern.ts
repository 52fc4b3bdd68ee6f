/**
 * Patterns over bare pipes, without sessions: what routing alone costs. Run:
 * `node --import tsx bench/micro/pattern.ts`. Prints million messages per second of processor time.
 */

import type { Outlet } from "../../src/base/far-end.ts";
import type { Message } from "../../src/base/message.ts";
import type { PipeOwner } from "../../src/base/near-end.ts";
import { defaultOptions } from "../../src/base/options.ts";
import { createPipe, type Pipe } from "../../src/base/pipe.ts";
import type { SocketTypeName } from "../../src/base/socket-types.ts";
import { RouterPattern } from "../../src/pattern/dealer-router.ts";
import type { Pattern, PatternHost } from "../../src/pattern/pattern.ts";
import { PullPattern, PushPattern } from "../../src/pattern/pipeline.ts";

const SECONDS = 0.5;

function host(type: SocketTypeName): PatternHost {
  const options = defaultOptions(type, { ipv6: false, blocky: true });
  return { options, random32: () => 12345, dropped };
}

function dropped(): never {
  throw new Error("a message was dropped");
}

function ownerOf(pattern: Pattern): PipeOwner {
  return {
    readable: (pipe) => pattern.readable(pipe),
    writable: (pipe) => pattern.writable(pipe),
    connected: (pipe) => pattern.connected?.(pipe),
    disconnected: (pipe) => pattern.disconnected?.(pipe),
    control: () => {},
    ended: (pipe) => pattern.detach(pipe),
  };
}

class Outlets implements Outlet {
  readonly queues = true;
  readonly canWrite = true;
  taken = 0;
  write(_message: Message): boolean {
    this.taken++;
    return true;
  }
  writeControl(): boolean {
    return true;
  }
  resume(): void {}
  close(): void {}
}

function peersOf(pattern: Pattern, count: number): Pipe[] {
  const owner = ownerOf(pattern);
  const outlet = new Outlets();
  return Array.from({ length: count }, () => {
    const pipe = createPipe(owner, "", false, { sendHighWaterMark: 1000, receiveHighWaterMark: 1000, conflate: false });
    pipe.attach(outlet);
    pattern.attach(pipe);
    pipe.connect(new Map());
    return pipe;
  });
}

function measure(name: string, batch: () => number): void {
  for (let warm = 0; warm < 200; warm++) batch();
  let count = 0;
  const start = process.cpuUsage().user;
  let micros = 0;
  while (micros < SECONDS * 1e6) {
    for (let i = 0; i < 20; i++) count += batch();
    micros = process.cpuUsage().user - start;
  }
  console.log(`${name.padEnd(56)} ${(count / micros).toFixed(1)} M/s`);
}

const frame = Buffer.alloc(64);
const BATCH = 1000;

class Crossing extends Outlets {
  far: Pipe | undefined = undefined;
  override write(message: Message): boolean {
    this.far?.deliver(message);
    return true;
  }
}

{
  const push = new PushPattern(host("PUSH"));
  const pull = new PullPattern(host("PULL"));
  const [near] = peersOf(push, 1);
  const [far] = peersOf(pull, 1);
  const outlet = new Crossing();
  outlet.far = far;
  near?.attach(outlet);
  for (const run of [1, 100]) {
    measure(`PUSH send + PULL receive, runs of ${run}`, () => {
      for (let i = 0; i < BATCH; i += run) {
        for (let n = 0; n < run; n++) push.send([frame]);
        for (let n = 0; n < run; n++) pull.receive();
      }
      return BATCH;
    });
  }
}

for (const count of [1, 10]) {
  const push = new PushPattern(host("PUSH"));
  peersOf(push, count);
  const message = [frame];
  measure(`PUSH send, ${count} pipe(s)`, () => {
    for (let i = 0; i < BATCH; i++) push.send(message);
    return BATCH;
  });
  const pull = new PullPattern(host("PULL"));
  const pipes = peersOf(pull, count);
  measure(`PULL receive, ${count} pipe(s), delivery included`, () => {
    for (let i = 0; i < BATCH; i++) (pipes[i % count] as Pipe).deliver(message);
    let received = 0;
    while (pull.receive() !== undefined) received++;
    return received;
  });
}

for (const count of [1, 1000, 10_000]) {
  const router = new RouterPattern(host("ROUTER"));
  const pipes = peersOf(router, count);
  const ids = pipes.map((pipe) => Buffer.from(pipe.routingId as Uint8Array));
  let next = 0;
  measure(`ROUTER send by id, ${count} peer(s)`, () => {
    for (let i = 0; i < BATCH; i++) {
      next = (next + 7919) % count;
      router.send([ids[next] as Buffer, frame]);
    }
    return BATCH;
  });
  measure(`ROUTER receive, ${count} peer(s), delivery included`, () => {
    for (let i = 0; i < BATCH; i++) {
      next = (next + 7919) % count;
      (pipes[next] as Pipe).deliver([frame]);
    }
    let received = 0;
    while (router.receive() !== undefined) received++;
    return received;
  });
}
