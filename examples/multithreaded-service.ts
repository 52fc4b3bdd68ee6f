/**
 * The Guide's multithreaded service: as multi-worker-service.ts, with worker threads in the place of processes. Clients
 * come by tcp; a ROUTER and a DEALER join them to the workers, each with a plain REP socket, by inproc. Nothing is set
 * up for that: the default context is one for all threads.
 *
 *     node --import tsx examples/multithreaded-service.ts
 *
 * Parts: service [ADDRESS [WORKERS]], client [ADDRESS].
 *
 * From parts.ts and threads.ts: starting parts and threads. A copy of the service needs none of them.
 *
 * From parts.ts: `program` starts the parts, `bound` prints the endpoint. A copy of a part needs none of them.
 */

import { threadId } from "node:worker_threads";
import { Dealer, Proxy as MessageProxy, Reply, Request, Router } from "zmq-ts";
import { bound, program } from "./parts.ts";
import { inThread, startThread } from "./threads.ts";

const ADDRESS = "tcp://127.0.0.1:5575";
const WORKERS = "inproc://workers";

async function service(address = ADDRESS, workers = "3") {
  const clients = new Router();
  const pool = new Dealer();
  await pool.bind(WORKERS);
  for (let i = 0; i < Number(workers); i++) startThread(import.meta.url, "worker");
  await pool.connected({ count: Number(workers) });
  await clients.bind(address);
  bound(clients);
  await new MessageProxy(clients, pool).run();
}

async function worker() {
  const socket = new Reply();
  socket.connect(WORKERS);
  for await (const [limit] of socket) await socket.send(`${primesBelow(Number(limit))} (thread ${threadId})`);
}

function primesBelow(limit: number): number {
  let count = 0;
  for (let n = 2; n < limit; n++) {
    let divisor = 2;
    while (divisor * divisor <= n && n % divisor !== 0) divisor++;
    if (divisor * divisor > n) count++;
  }
  return count;
}

async function client(address = ADDRESS) {
  const limits = [10, 1000, 100_000, 200_000, 300_000, 400_000];
  const ask = async (limit: number) => {
    const socket = new Request(); // one each: a REQ socket has one request on the way at a time
    socket.connect(address);
    await socket.send(`${limit}`);
    console.log(`primes below ${limit}: ${await socket.receiveString()}`);
    socket.close();
  };
  await Promise.all(limits.map(ask));
}

if (!inThread({ worker })) {
  await program(import.meta.url, { service, client }, async (stage) => {
    const address = stage.address("service");
    const running = stage.start("multithreaded-service service", address);
    await stage.start("multithreaded-service client", address).ended;
    await running.stop();
  });
}
