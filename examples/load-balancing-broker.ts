/**
 * A broker that gives each request to a worker that is free, and not, as a DEALER would, to the next in turn: a slow
 * worker gets less to do. Workers (REQ) say that they are ready by asking; what they get for an answer is a request.
 * Both sides of the broker are ROUTER sockets; it takes no request from a client while no worker is free.
 *
 *     node --import tsx examples/load-balancing-broker.ts
 *
 * Parts: broker [FRONT [BACK]], worker BACK MILLISECONDS, client FRONT COUNT.
 *
 * From parts.ts: `program` starts the parts, `bound` prints the endpoint, `watched` shows counters to the tour. A copy
 * of a part needs none of them.
 */

import { setTimeout as wait } from "node:timers/promises";
import { type MessageLike, Poller, Request, Router } from "zmq-ts";
import { bound, program, watched } from "./parts.ts";

const FRONT = "tcp://127.0.0.1:5564";
const BACK = "tcp://127.0.0.1:5565";

async function broker(front = FRONT, back = BACK) {
  const clients = new Router();
  const workers = new Router();
  await workers.bind(back);
  await clients.bind(front);
  bound(clients);

  const free: MessageLike[] = [];
  const poller = new Poller();
  poller.register(workers);
  while (true) {
    poller.register(clients, { readable: free.length > 0 });
    for (const { socket } of await poller.poll()) {
      if (socket === workers) {
        const [worker = "", , client = "", , reply = ""] = await workers.receive();
        free.push(worker);
        if (`${client}` !== "ready") await clients.send([client, "", reply]);
      } else {
        const [client = "", , request = ""] = await clients.receive();
        await workers.send([free.shift() ?? "", "", client, "", request]);
      }
    }
  }
}

async function worker(back = BACK, milliseconds = "10") {
  const socket = new Request();
  socket.connect(back);
  const counters = watched({ done: 0 });
  await socket.send("ready");
  for await (const [client = "", , request] of socket) {
    await wait(Number(milliseconds)); // work
    counters.done++;
    await socket.send([client, "", `${request} done`]);
  }
}

async function client(front = FRONT, count = "10") {
  const socket = new Request();
  socket.connect(front);
  for (let job = 1; job <= Number(count); job++) {
    await socket.send(`job ${job}`);
    await socket.receive();
  }
  console.log(`${count} jobs done`);
}

await program(import.meta.url, { broker, worker, client }, async (stage) => {
  const [front, back] = [stage.address("front"), stage.address("back")];
  stage.start("load-balancing-broker broker", front, back);
  const workers = ["2", "40"].map((milliseconds) => stage.start("load-balancing-broker worker", back, milliseconds));
  const clients = [1, 2, 3].map(() => stage.start("load-balancing-broker client", front, "60"));
  await Promise.all(clients.map((client) => client.ended));
  await Promise.all(workers.map((worker) => worker.stop()));
  const [quick, slow] = workers.map(({ counters }) => counters.done);
  console.log(`the quick worker did ${quick} jobs, the slow one ${slow}`);
});
