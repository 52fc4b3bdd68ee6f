/**
 * Clusters that help each other. Each has clients, workers and a broker; a broker whose workers are all busy passes
 * requests on to a cluster that has free workers. One broker:
 *
 *     clients REQ ──▶ ROUTER local front ┐          ┌ ROUTER cloud front ◀── requests of other brokers
 *                                        ├─ broker ─┤
 *     workers REQ ──▶ ROUTER local back  ┘          └ ROUTER cloud back  ──▶ their cloud fronts
 *
 *     PUB state out ──▶ how many of its workers are free ──▶ SUB state in of the others
 *
 * Both cloud sockets carry the cluster's name, so a reply finds its way home by the frames that it passed on the way
 * out. Requests from elsewhere only go to the broker's own workers, so they never go in circles.
 *
 *     node --import tsx examples/cluster.ts
 *
 * Parts: broker PLACE NAME OTHER…, workers PLACE NAME COUNT MILLISECONDS, clients PLACE NAME COUNT REQUESTS, where
 * PLACE is the beginning of all endpoints, such as ipc:///tmp/.
 *
 * From parts.ts: `program` starts the parts. A copy of a part does not need it.
 */

import { setTimeout as wait } from "node:timers/promises";
import { type Message, type MessageLike, Poller, Publisher, Request, Router, Subscriber } from "zmq-ts";
import { program } from "./parts.ts";

const READY = "ready";
/** State goes out when it changes, and this often besides, for brokers that came later. */
const STATE_MS = 100;

async function broker(place: string, self: string, ...others: string[]) {
  const localFront = new Router();
  const localBack = new Router();
  const cloudFront = new Router({ routingId: self });
  const cloudBack = new Router({ routingId: self });
  const stateOut = new Publisher();
  const stateIn = new Subscriber();
  await cloudFront.bind(`${place}${self}-cloud`);
  await stateOut.bind(`${place}${self}-state`);
  stateIn.subscribe();
  for (const other of others) {
    cloudBack.connect(`${place}${other}-cloud`);
    stateIn.connect(`${place}${other}-state`);
  }
  await cloudBack.connected({ count: others.length }); // a ROUTER drops what is for a peer that is not there
  await localBack.bind(`${place}${self}-back`);
  await localFront.bind(`${place}${self}-front`);
  console.log(`${self} is open`);

  const free: MessageLike[] = []; // workers of our own
  const freeElsewhere = new Map<string, number>();
  const publish = () => stateOut.send([self, `${free.length}`]);
  setInterval(() => stateOut.closed || void publish(), STATE_MS).unref();

  /** A reply, which begins with who asked: another broker or a client of ours. */
  const deliver = (reply: Message[]) =>
    others.includes(`${reply[0]}`) ? cloudFront.send(reply) : localFront.send(reply);

  const poller = new Poller();
  for (const socket of [localBack, cloudBack, stateIn]) poller.register(socket);
  while (true) {
    const [best = "", most = 0] = [...freeElsewhere].sort(([, a], [, b]) => b - a)[0] ?? [];
    poller.register(localFront, { readable: free.length > 0 || most > 0 });
    poller.register(cloudFront, { readable: free.length > 0 });
    // One thing at a time: each changes what may be done next. Replies go before requests.
    const ready = new Set((await poller.poll()).map(({ socket }) => socket));
    if (ready.has(localBack)) {
      const [worker = "", , ...reply] = await localBack.receive();
      free.push(worker);
      if (`${reply[0]}` !== READY) await deliver(reply);
      await publish();
    } else if (ready.has(cloudBack)) {
      const [, ...reply] = await cloudBack.receive();
      await deliver(reply);
    } else if (ready.has(stateIn)) {
      const [other, count] = await stateIn.receive();
      freeElsewhere.set(`${other}`, Number(count));
    } else if (ready.has(cloudFront)) {
      const request = await cloudFront.receive();
      await localBack.send([free.shift() ?? "", "", ...request]);
      await publish();
    } else if (free.length > 0) {
      const request = await localFront.receive();
      await localBack.send([free.shift() ?? "", "", ...request]);
      await publish();
    } else {
      const request = await localFront.receive();
      await cloudBack.send([best, ...request]);
      freeElsewhere.set(best, most - 1); // until it tells us itself
    }
  }
}

async function workers(place: string, name: string, count = "1", milliseconds = "5") {
  const work = async () => {
    const socket = new Request();
    socket.connect(`${place}${name}-back`);
    await socket.send(READY);
    for await (const message of socket) {
      await wait(Number(milliseconds)); // work
      await socket.send([...message.slice(0, -1), `done in ${name}`]); // what stands before the request leads home
    }
  };
  await Promise.all(Array.from({ length: Number(count) }, work));
}

async function clients(place: string, name: string, count = "1", requests = "20") {
  const answers = new Map<string, number>();
  const ask = async () => {
    const socket = new Request();
    socket.connect(`${place}${name}-front`);
    for (let request = 0; request < Number(requests); request++) {
      await socket.send(`request ${request}`);
      const answer = await socket.receiveString();
      answers.set(answer, (answers.get(answer) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: Number(count) }, ask));
  const sums = [...answers].sort().map(([answer, sum]) => `${sum} ${answer}`);
  console.log(`${Number(count) * Number(requests)} requests of ${name}: ${sums.join(", ")}`);
}

await program(import.meta.url, { broker, workers, clients }, async (stage) => {
  const place = stage.address("");
  const clusters = [
    { name: "A", workers: 1, clients: 8 },
    { name: "B", workers: 4, clients: 1 },
    { name: "C", workers: 3, clients: 3 },
  ];
  const names = clusters.map(({ name }) => name);
  for (const name of names) stage.start("cluster broker", place, name, ...names.filter((other) => other !== name));
  for (const { name, workers } of clusters) stage.start("cluster workers", place, name, `${workers}`, "5");
  await Promise.all(
    clusters.map(({ name, clients }) => stage.start("cluster clients", place, name, `${clients}`, "40").ended),
  );
});
