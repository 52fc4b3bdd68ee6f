/**
 * High-water marks: how many messages may wait for a peer before the sender feels it. PUSH (and DEALER, REQ, PAIR)
 * waits; PUB drops for that peer; ROUTER drops, or waits when `mandatory`. They count messages, for each peer and each
 * direction on its own; over tcp the buffers of the system hold more besides, so here all is inproc.
 *
 *     node --import tsx examples/high-water-marks.ts
 */

import { Publisher, Pull, Push, Subscriber, ZmqError } from "zmq-ts";

const pull = new Pull({ receiveHighWaterMark: 10 });
await pull.bind("inproc://push");
const push = new Push({ sendHighWaterMark: 10, sendTimeout: 100 });
push.connect("inproc://push");
let sent = 0;
try {
  for (; sent < 100; sent++) await push.send("task");
} catch (error) {
  if (!(error instanceof ZmqError)) throw error;
  console.log(`PUSH: ${sent} tasks sent to a peer that does not receive, then ${error.code}`);
}
await pull.receive();

const subscriber = new Subscriber({ receiveHighWaterMark: 10 });
subscriber.subscribe();
await subscriber.bind("inproc://publish");
const publisher = new Publisher({ sendHighWaterMark: 10 });
publisher.connect("inproc://publish");
await publisher.subscriberJoined();
for (let n = 0; n < 100; n++) await publisher.send("news");
console.log(`PUB:  100 messages sent, ${publisher.drops.highWaterMark} dropped for the slow subscriber`);

for (const socket of [push, pull, publisher, subscriber]) {
  if ("linger" in socket) socket.linger = 0; // the rest is not wanted
  socket.close();
}
