/**
 * A publisher or subscriber of multicast as a program of its own, over a transport that loses packets on the way in and
 * out. A publisher sends warm-ups until it is told to go on, then so many numbered messages and an end; a subscriber
 * says when it has joined, and at the end how far it came and how many messages were wrong.
 *
 * multicast-peer.ts pub|sub ENDPOINT COUNT LOSS [SUBSCRIPTION]
 */

import { once } from "node:events";
import { systemClock } from "../../src/base/clock.ts";
import { LocalHost } from "../../src/engine/local-host.ts";
import { pgmProtocol } from "../../src/engine/pgm-protocol.ts";
import { Publisher, Subscriber } from "../../src/index.ts";
import { nodePlatform } from "../../src/node/platform.ts";
import { Context } from "../../src/socket/context.ts";
import { udpSockets } from "../../src/transport/node/udp-sockets.ts";
import { Random } from "../fuzz/random.ts";
import { lossy } from "../lossy-datagrams.ts";

const [role, endpoint = "", count = "0", loss = "0"] = process.argv.slice(2);

class LossyContext extends Context {
  constructor() {
    const datagrams = lossy(udpSockets, Number(loss), new Random(1));
    const engine = new LocalHost(systemClock(), [], nodePlatform.crypto, [pgmProtocol("epgm", datagrams)]);
    super({ ...nodePlatform, engine });
  }
}

export function message(number: number): Buffer[] {
  const frames = [Buffer.from(`${number}`)];
  for (let i = 0; i < number % 4; i++) {
    const size = number % 50 === 0 ? 5000 : (number * 37 * (i + 1)) % 900;
    frames.push(Buffer.alloc(size, number % 251));
  }
  return frames;
}

const context = new LossyContext();
const common = { context, rate: 40_000, recoveryInterval: 4000, linger: 2000 };
if (role === "pub") await publish();
else await subscribe();

async function publish(): Promise<void> {
  const pub = new Publisher({ ...common, sendHighWaterMark: 0 });
  pub.connect(endpoint);
  process.stdout.write("READY\n");
  let isTold = false;
  process.stdin.once("data", () => {
    isTold = true;
  });
  while (!isTold) {
    await pub.send("warm-up");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  for (let number = 0; number < Number(count); number++) await pub.send(message(number));
  await pub.send("end");
  await once(process.stdin, "data");
  pub.close();
  process.stdin.unref();
}

async function subscribe(): Promise<void> {
  const sub = new Subscriber({ ...common, receiveHighWaterMark: 0 });
  sub.subscribe("");
  sub.connect(endpoint);
  await sub.connected();
  process.stdout.write("READY\n");
  let received = 0;
  let wrong = 0;
  let isJoined = false;
  for await (const frames of sub) {
    const first = String(frames[0]);
    if (first === "end") break;
    if (first === "warm-up") {
      if (!isJoined) process.stdout.write("JOINED\n");
      isJoined = true;
      continue;
    }
    if (Buffer.compare(Buffer.concat(frames), Buffer.concat(message(received))) !== 0) wrong++;
    received = Number(first) + 1;
  }
  process.stdout.write(`RESULT ${received} ${wrong} ${sub.drops.lost ?? 0}\n`);
  sub.close();
}
