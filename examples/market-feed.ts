/**
 * Market feed: quotes go to a multicast group (PUB over epgm), once for all who listen (SUB). One trader is lossy: its
 * buffer is small, and it computes now and then, so that the system drops packets. It asks the feed for them, and misses
 * nothing. `wire` looks at the packets in the group and tells how many of them are repairs.
 *
 *     node --import tsx examples/market-feed.ts
 *
 * Parts: feed GROUP DESK [TRADERS [COUNT]], trader GROUP DESK [lossy], wire PORT.
 *
 * From parts.ts: `program` starts the parts, `bound` prints the endpoint. A copy of a part needs none of them.
 */

import { createSocket } from "node:dgram";
import { setTimeout as delay } from "node:timers/promises";
import { Publisher, Pull, Push, Subscriber } from "zmq-ts";
import { bound, program } from "./parts.ts";

const ADDRESS = "239.192.7.7";
/** The same on both sides: together they say how long a lost packet can be had again. */
const LIMITS = { rate: 40_000, recoveryInterval: 5000 };
const SHARES = ["ANT", "BEE", "CAT", "DOG"];

async function feed(group = "", desk = "", traders = "2", count = "4000") {
  const publisher = new Publisher(LIMITS);
  publisher.connect(group);
  const ready = new Pull();
  await ready.bind(desk);
  bound(ready);
  // Nobody tells a multicast publisher who is there. So the traders tell it by another way.
  let waiting = Number(traders);
  const listening = (async () => {
    for await (const _ of ready) if (--waiting === 0) return;
  })();
  while (waiting > 0) {
    await publisher.send("opening");
    await Promise.race([listening, delay(20)]);
  }
  for (let number = 0; number < Number(count); number++) {
    const share = SHARES[number % SHARES.length] as string;
    await publisher.send([share, `${number}`, (100 + 10 * Math.sin(number / 50)).toFixed(2)]);
    if (number % 10 === 9) await delay(2);
  }
  await publisher.send("closing");
  // The last packets may be lost as well: the feed stays a little longer, for whoever asks.
  await delay(2000);
  publisher.close();
  ready.close();
}

async function trader(group = "", desk = "", kind = "") {
  const isLossy = kind === "lossy";
  const subscriber = new Subscriber({ ...LIMITS, ...(isLossy && { receiveBufferSize: 8192 }) });
  for (const topic of ["opening", "closing", ...SHARES]) subscriber.subscribe(topic);
  subscriber.events.on("loss", ({ packets }) => console.log(`${packets} packets are lost for good`));
  subscriber.connect(group);
  const ready = new Push();
  ready.connect(desk);
  let isReady = false;
  let [quotes, missing, expected] = [0, 0, 0];
  for await (const [topic, number] of subscriber) {
    if (`${topic}` === "closing") break;
    if (`${topic}` === "opening") {
      if (!isReady) await ready.send("here");
      isReady = true;
      continue;
    }
    missing += Number(number) - expected;
    expected = Number(number) + 1;
    // It computes, and reads nothing meanwhile.
    if (++quotes % 200 === 0 && isLossy) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
  }
  console.log(`${quotes} quotes, ${missing} missing`);
  subscriber.close();
  ready.close();
}

/** What is in the group, by the fifth octet of each packet: 4 is data, 5 is data that is sent again (RFC 3208). */
async function wire(port = "") {
  const socket = createSocket({ type: "udp4", reuseAddr: true });
  let [packets, repairs, told] = [0, 0, 0];
  socket.on("message", (packet) => {
    if (packet[4] === 4) packets++;
    if (packet[4] === 5) repairs++;
  });
  await new Promise<void>((resolve) => socket.bind(Number(port), ADDRESS, resolve));
  socket.addMembership(ADDRESS, "127.0.0.1");
  for (;;) {
    await delay(200);
    if (repairs === told) continue;
    told = repairs;
    console.log(`${packets} packets of data so far, ${repairs} repairs`);
  }
}

await program(import.meta.url, { feed, trader, wire }, async (stage) => {
  const port = `${20_000 + (process.pid % 20_000)}`;
  const group = `epgm://127.0.0.1;${ADDRESS}:${port}`;
  stage.start("market-feed wire", port);
  const desk = await stage.start("market-feed feed", group, "tcp://127.0.0.1:*", "3").endpoint;
  const traders = ["", "", "lossy"].map((kind) => stage.start("market-feed trader", group, desk, kind));
  await Promise.all(traders.map(({ ended }) => ended));
});
