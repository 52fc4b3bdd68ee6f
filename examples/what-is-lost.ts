/**
 * What is lost when. `send` means that ZeroMQ has taken a message, not that anybody received it: who must know asks for
 * an answer. Five cases, side by side.
 *
 *     node --import tsx examples/what-is-lost.ts
 */

import { Publisher, Pull, Push, Router, ZmqError } from "zmq-ts";

const any = "tcp://127.0.0.1:*";

// 1. Sent to a peer that is not there yet: kept, up to the high-water mark, and sent when it comes.
const early = new Push();
early.connect("inproc://later");
for (let n = 0; n < 10; n++) await early.send("task");
const late = new Pull();
await late.bind("inproc://later");
let kept = 0;
for (; kept < 10; kept++) await late.receive();
console.log(`sent before the peer was there:     ${kept} of 10 arrived`);

// 2. In the queue of a peer that goes away: lost with it. The sender is not told.
const tasks = new Push();
const address = await tasks.bind(any);
const worker = new Pull();
worker.connect(address);
for (let n = 0; n < 10; n++) await tasks.send("task");
await tasks.drained();
await worker.receive();
worker.close();
const other = new Pull({ receiveTimeout: 200 });
other.connect(address);
console.log(`held by a worker that ended:        9 of 10, of which another got ${await count(other)}`);

// 3. Not sent yet when the sender closes: sent all the same, for as long as `linger` allows.
for (const linger of [-1, 0]) {
  const receiver = new Pull({ receiveTimeout: 200 });
  const endpoint = await receiver.bind(any);
  const sender = new Push({ linger });
  sender.connect(endpoint); // not connected yet when it is closed, so all ten still wait
  for (let n = 0; n < 10; n++) await sender.send("task");
  sender.close();
  console.log(`closed at once with linger ${`${linger}`.padEnd(2)}:      ${await count(receiver)} of 10 arrived`);
  receiver.close();
}

// 4. To a name that a ROUTER does not know: dropped without a word, unless it is `mandatory`.
const router = new Router();
await router.bind(any);
await router.send(["nobody", "hello"]);
router.mandatory = true;
const error = await router.send(["nobody", "hello"]).catch((error: ZmqError) => error);
console.log(
  `ROUTER to nobody:                   dropped; if mandatory, ${error instanceof ZmqError ? error.code : "sent"}`,
);

// 5. Published without a subscriber: dropped.
const publisher = new Publisher();
await publisher.bind(any);
await publisher.send("news");
console.log(`published without a subscriber:     dropped`);

for (const socket of [early, late, tasks, other, router, publisher]) socket.close();

/** How many messages there are until none comes for a while. */
async function count(socket: Pull): Promise<number> {
  for (let received = 0; ; received++) {
    try {
      await socket.receive();
    } catch (error) {
      if (error instanceof ZmqError && error.code === "EAGAIN") return received;
      throw error;
    }
  }
}
