/**
 * A publisher or subscriber of epgm with this library; the program of multicast.c in TypeScript.
 *
 * multicast.ts pub|sub ENDPOINT SIZE COUNT RATE INTERVAL
 */
import { setTimeout as delay } from "node:timers/promises";
import { Publisher, Subscriber } from "../../src/index.ts";

const [role, endpoint = "", ...numbers] = process.argv.slice(2);
const [size = 0, count = 0, rate = 0, recoveryInterval = 0] = numbers.map(Number);
const limits = { rate, recoveryInterval };

if (role === "pub") {
  const publisher = new Publisher({ ...limits, noDrop: true, sendHighWaterMark: 100_000 });
  publisher.connect(endpoint);
  await delay(300);
  for (let number = 0; number < count; number++) {
    const body = Buffer.alloc(size);
    body.writeInt32LE(number);
    await publisher.send(body);
  }
  await delay(3000);
  publisher.close();
} else {
  const subscriber = new Subscriber({ ...limits, receiveHighWaterMark: 100_000, receiveTimeout: 10_000 });
  subscriber.subscribe("");
  subscriber.connect(endpoint);
  await subscriber.connected();
  process.stdout.write("READY\n");
  let [received, gaps, expected, first, last] = [0, 0, 0, 0, 0];
  try {
    for await (const [body] of subscriber) {
      last = performance.now();
      if (received++ === 0) {
        first = last;
        subscriber.receiveTimeout = 1000;
      }
      const number = (body as Buffer).readInt32LE();
      if (number !== expected) gaps++;
      expected = number + 1;
      if (expected === count) break;
    }
  } catch (error) {
    if ((error as { code?: string }).code !== "EAGAIN") throw error;
  }
  process.stdout.write(`RESULT ${received} ${(last - first) / 1000} ${gaps}\n`);
  subscriber.close();
}
