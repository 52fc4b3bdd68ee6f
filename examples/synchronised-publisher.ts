/**
 * A publisher that begins when all subscribers are there, by means that any ZeroMQ has: it publishes a beacon until
 * each subscriber, having heard it, has said so by a request of its own. Only then is it certain that a subscription
 * arrived. (In zmq-ts `subscriberJoined` and XPUB tell a publisher the same without any talk.)
 *
 *     node --import tsx examples/synchronised-publisher.ts
 *
 * Parts: publisher [ADDRESS [SYNC [SUBSCRIBERS [COUNT]]]], subscriber [ADDRESS [SYNC]].
 *
 * From parts.ts: `program` starts the parts, `bound` prints the endpoint. A copy of a part needs none of them.
 */

import { setInterval as every } from "node:timers/promises";
import { Publisher, Reply, Request, Subscriber } from "zmq-ts";
import { bound, program } from "./parts.ts";

const ADDRESS = "tcp://127.0.0.1:5568";
const SYNC = "tcp://127.0.0.1:5569";

async function publisher(address = ADDRESS, sync = SYNC, subscribers = "2", count = "10000") {
  const socket = new Publisher({ sendHighWaterMark: 0 }); // at a limit PUB would drop: this burst is longer than 1000
  await socket.bind(address);
  const roll = new Reply();
  await roll.bind(sync);
  bound(roll);

  let present = 0;
  const called = (async () => {
    for (; present < Number(subscribers); present++) {
      await roll.receive();
      await roll.send("");
    }
  })();
  for await (const _ of every(10)) {
    if (present === Number(subscribers)) break;
    await socket.send("hello?");
  }
  await called;
  console.log(`all ${present} subscribers are there`);
  for (let number = 1; number <= Number(count); number++) await socket.send(`${number}`);
  await socket.send("end");
}

async function subscriber(address = ADDRESS, sync = SYNC) {
  const socket = new Subscriber({ receiveHighWaterMark: 0 });
  socket.subscribe();
  socket.connect(address);
  await socket.receive(); // the beacon: the subscription has arrived

  const roll = new Request();
  roll.connect(sync);
  await roll.send("");
  await roll.receive();

  let received = 0;
  for await (const [text] of socket) {
    if (`${text}` === "end") break;
    if (`${text}` !== "hello?") received++;
  }
  console.log(`received ${received} messages`);
}

await program(import.meta.url, { publisher, subscriber }, async (stage) => {
  const [address, sync] = [stage.address("messages"), stage.address("sync")];
  const publisher = stage.start("synchronised-publisher publisher", address, sync, "3");
  const subscribers = [1, 2, 3].map(() => stage.start("synchronised-publisher subscriber", address, sync));
  await Promise.all([publisher, ...subscribers].map((part) => part.ended));
});
