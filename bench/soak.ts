/**
 * A long run of everything at once: `npm run soak -- --minutes 60 [--out soak]`. With `--threads`: soak-threads.ts, with `--browser`: soak-browser.ts.
 *
 * One process, so that whatever leaks shows in one place: PUSH/PULL, PUB/SUB, REQ/REP and DEALER/ROUTER over tcp and
 * ipc, with NULL and with CURVE, at full rate, while short-lived peers of each pattern connect, say something and
 * leave. Each second: resident memory, heap (after a collection, once a minute), open handles, timers, pipes of the
 * long-lived sockets and the delay of the event loop. Writes `soak.json` and `soak.svg`, and prints the slopes.
 */

import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import {
  curveKeyPair,
  Dealer,
  Publisher,
  Pull,
  Push,
  Reply,
  Request,
  Router,
  type Socket,
  Subscriber,
} from "../src/index.ts";
import { soakBrowser } from "./soak-browser.ts";
import { renderSoak, type SoakSample, slope } from "./soak-plot.ts";
import { soakThreads } from "./soak-threads.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "10" },
    out: { type: "string", default: "soak" },
    threads: { type: "boolean", default: false },
    browser: { type: "boolean", default: false },
  },
});
const minutes = Number(values.minutes);
if (!(minutes > 0)) throw new RangeError(`--minutes: expected a number above 0, not ${values.minutes}`);

if (values.browser) {
  await soakBrowser(minutes);
  process.exit();
}

if (values.threads) {
  await soakThreads(minutes);
  process.exit();
}

setFlagsFromString("--expose_gc");
const collect = runInNewContext("gc") as () => void;

const SAMPLE_MS = 1000;
const server = curveKeyPair();
const client = curveKeyPair();
const folder = mkdtempSync(join(tmpdir(), "zmq-soak-"));
const counts = { pipeline: 0, published: 0, requests: 0, routed: 0, visitors: 0 };
const open = new Set<Socket>();
let isOver = false;
let failure: unknown;

process.on("unhandledRejection", (reason) => {
  failure ??= reason;
});

interface Flavour {
  readonly name: string;
  readonly isCurve: boolean;
  readonly bindsTo: (name: string) => string;
}

const FLAVOURS: readonly Flavour[] = [
  { name: "tcp, NULL", isCurve: false, bindsTo: () => "tcp://127.0.0.1:*" },
  { name: "ipc, NULL", isCurve: false, bindsTo: (name) => `ipc://${join(folder, name)}` },
  { name: "tcp, CURVE", isCurve: true, bindsTo: () => "tcp://127.0.0.1:*" },
];

function bound<S extends Socket>(socket: S, flavour: Flavour, name: string): S {
  open.add(socket);
  if (flavour.isCurve) Object.assign(socket, { curveServer: true, curveSecretKey: server.secretKey });
  // Every client is welcome; the soak is about what stays behind.
  socket.bindSync(flavour.bindsTo(name));
  return socket;
}

function connected<S extends Socket>(socket: S, flavour: Flavour, to: Socket): S {
  if (flavour.isCurve) {
    const keys = {
      curveServerKey: server.publicKey,
      curvePublicKey: client.publicKey,
      curveSecretKey: client.secretKey,
    };
    Object.assign(socket, keys);
  }
  socket.connect(to.lastEndpoint ?? "");
  return socket;
}

/** Runs a loop until the soak is over; what a closing socket rejects with then is expected. */
function run(loop: () => Promise<void>): void {
  loop().catch((error: unknown) => {
    if (!isOver) failure ??= error;
  });
}

function lives<S extends Socket>(socket: S): S {
  open.add(socket);
  return socket;
}

function leaves(socket: Socket): void {
  open.delete(socket);
  socket.close();
}

function start(flavour: Flavour, index: number): void {
  const body = Buffer.alloc(64, index);
  const large = Buffer.alloc(20_000, index);

  const pull = bound(new Pull(), flavour, `pull-${index}`);
  const push = lives(connected(new Push(), flavour, pull));
  run(async () => {
    for (let n = 0; !isOver; n++) await push.send(n % 100 === 0 ? [body, large, body] : body);
  });
  run(async () => {
    while (!isOver) {
      await pull.receive();
      counts.pipeline++;
    }
  });

  const publisher = bound(new Publisher(), flavour, `publisher-${index}`);
  const subscriber = lives(connected(new Subscriber(), flavour, publisher));
  subscriber.subscribe("even");
  run(async () => {
    for (let n = 0; !isOver; n++) {
      await publisher.send([n % 2 === 0 ? "even" : "odd", body]);
      if (n % 50 === 0) await new Promise(setImmediate); // PUB never waits, so it would have the loop for itself
    }
  });
  run(async () => {
    while (!isOver) {
      await subscriber.receive();
      counts.published++;
    }
  });

  const reply = bound(new Reply(), flavour, `reply-${index}`);
  const request = lives(connected(new Request(), flavour, reply));
  run(async () => {
    while (!isOver) {
      const message = await reply.receive();
      await reply.send(message);
    }
  });
  run(async () => {
    for (let n = 0; !isOver; n++) {
      await request.request(`${n}`, { timeout: 60_000 });
      counts.requests++;
    }
  });

  const router = bound(new Router(), flavour, `router-${index}`);
  run(async () => {
    while (!isOver) await router.send(await router.receive());
  });
  const dealer = lives(connected(new Dealer(), flavour, router));
  run(async () => {
    while (!isOver) {
      for (let n = 0; n < 20; n++) await dealer.send([`${n}`, body]);
      for (let n = 0; n < 20; n++) await dealer.receive();
      counts.routed += 20;
    }
  });

  run(() => visit(flavour, { pull, publisher, reply, router }, body));
}

interface Hosts {
  readonly pull: Pull;
  readonly publisher: Publisher;
  readonly reply: Reply;
  readonly router: Router;
}

/** Peers of each pattern that come, say something and leave, one after the other. */
async function visit(flavour: Flavour, hosts: Hosts, body: Buffer): Promise<void> {
  while (!isOver) {
    const push = lives(connected(new Push(), flavour, hosts.pull));
    for (let n = 0; n < 10; n++) await push.send(body);
    leaves(push); // what it sent leaves behind it

    const subscriber = lives(connected(new Subscriber({ receiveTimeout: 60_000 }), flavour, hosts.publisher));
    subscriber.subscribe("odd");
    await subscriber.receive();
    leaves(subscriber);

    const request = lives(connected(new Request({ linger: 0 }), flavour, hosts.reply));
    await request.request(body, { timeout: 60_000 });
    leaves(request);

    const dealer = lives(connected(new Dealer({ linger: 0, receiveTimeout: 60_000 }), flavour, hosts.router));
    await dealer.send(body);
    await dealer.receive();
    leaves(dealer);
    counts.visitors += 4;
  }
}

// --- Sampling ---

const delay = monitorEventLoopDelay({ resolution: 10 });
const samples: SoakSample[] = [];
const begun = performance.now();

function sample(): void {
  const isMinute = samples.length % 60 === 59;
  if (isMinute) collect();
  const { rss, heapUsed, external, arrayBuffers } = process.memoryUsage();
  const resources = process.getActiveResourcesInfo();
  samples.push({
    seconds: (performance.now() - begun) / 1000,
    rss,
    heapUsed,
    external: external + arrayBuffers,
    isCollected: isMinute,
    descriptors: existsSync("/proc/self/fd") ? readdirSync("/proc/self/fd").length : 0,
    handles: resources.filter((name) => !/Timeout|Immediate/.test(name)).length,
    timers: resources.filter((name) => name === "Timeout").length,
    peers: [...open].reduce((total, socket) => total + socket.peers.length, 0),
    delayMs: delay.percentile(99) / 1e6,
    longestDelayMs: delay.max / 1e6,
    ...counts,
  });
  delay.reset();
}

FLAVOURS.forEach(start);
delay.enable();
const sampler = setInterval(sample, SAMPLE_MS);
await new Promise((resolve) => {
  const look = setInterval(() => {
    if (failure === undefined && performance.now() - begun < minutes * 60_000) return;
    clearInterval(look);
    resolve(undefined);
  }, 100);
});
clearInterval(sampler);
isOver = true;
for (const socket of open) {
  socket.linger = 0;
  socket.close();
}
rmSync(folder, { recursive: true, force: true });
await new Promise((resolve) => setTimeout(resolve, 1000));
collect();
const after = process.memoryUsage();

const summary = {
  minutes: (performance.now() - begun) / 60_000,
  node: process.version,
  ...counts,
  slopesPerMinute: {
    rssKiB: slope(samples, (each) => each.rss / 1024),
    heapKiBAfterCollection: slope(
      samples.filter((each) => each.isCollected),
      (each) => each.heapUsed / 1024,
    ),
    handles: slope(samples, (each) => each.handles),
    descriptors: slope(samples, (each) => each.descriptors),
    timers: slope(samples, (each) => each.timers),
    delayMs: slope(samples, (each) => each.delayMs),
  },
  afterClosing: {
    rssMiB: after.rss / 2 ** 20,
    heapMiB: after.heapUsed / 2 ** 20,
    resources: process.getActiveResourcesInfo(),
  },
};
writeFileSync(`${values.out}.json`, `${JSON.stringify({ summary, samples }, undefined, 1)}\n`);
writeFileSync(`${values.out}.svg`, renderSoak(samples));
console.log(JSON.stringify(summary, undefined, 2));
if (failure !== undefined) {
  console.error("The soak failed:", failure);
  process.exitCode = 1;
}
