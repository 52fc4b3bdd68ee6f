/**
 * A service that works on several cores, behind one address. It starts workers of its own, each a process with a plain
 * REP socket, and joins them to its clients by a ROUTER, a DEALER and a proxy. Clients need not know.
 *
 *     node --import tsx examples/multi-worker-service.ts
 *
 * Parts: service [ADDRESS [WORKERS]], client [ADDRESS]. (The service starts: worker BACK.)
 *
 * From parts.ts: `program` starts the parts, `bound` prints the endpoint. A copy of a part needs none of them.
 */

import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { Dealer, Proxy as MessageProxy, Reply, Request, Router } from "zmq-ts";
import { bound, program } from "./parts.ts";

const ADDRESS = "tcp://127.0.0.1:5570";

async function service(address = ADDRESS, workers = "3") {
  const clients = new Router();
  const pool = new Dealer();
  const back = await pool.bind("ipc://*"); // a name that nobody else has
  const children = Array.from({ length: Number(workers) }, () =>
    fork(fileURLToPath(import.meta.url), ["worker", back]),
  );
  await pool.connected({ count: children.length });
  await clients.bind(address);
  bound(clients);
  await new MessageProxy(clients, pool).run();
  for (const child of children) child.kill();
}

async function worker(back: string) {
  const socket = new Reply();
  socket.connect(back);
  for await (const [limit] of socket) await socket.send(`${primesBelow(Number(limit))} (process ${process.pid})`);
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

await program(import.meta.url, { service, worker, client }, async (stage) => {
  const address = stage.address("service");
  const service = stage.start("multi-worker-service service", address);
  await stage.start("multi-worker-service client", address).ended;
  await service.stop();
});
