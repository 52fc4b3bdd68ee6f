/**
 * The slow joiner: a subscriber that connects misses what is published before its subscription has arrived, which takes
 * some milliseconds, however "connected" it looks. And what is published after it left is gone as well.
 *
 *     node --import tsx examples/slow-joiner.ts
 */

import { Publisher, Subscriber } from "zmq-ts";

const publisher = new Publisher();
const address = await publisher.bind("tcp://127.0.0.1:*");

const subscriber = new Subscriber();
subscriber.subscribe();
subscriber.connect(address);

for (let n = 1; n <= 100; n++) await publisher.send(`too early ${n}`);
await publisher.subscriberJoined(); // with other publishers: see synchronised-publisher.ts
for (let n = 1; n <= 100; n++) await publisher.send(`in time ${n}`);
await publisher.send("end");

let early = 0;
let timely = 0;
for await (const [text] of subscriber) {
  if (`${text}` === "end") break;
  if (`${text}`.startsWith("too early")) early++;
  else timely++;
}
console.log(`published at once:                  ${early} of 100 arrived`);
console.log(`published after subscriberJoined(): ${timely} of 100 arrived`);
subscriber.close();
publisher.close();
