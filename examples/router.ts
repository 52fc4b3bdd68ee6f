/**
 * A router: one address for any number of clients, and behind it any number of workers, which come and go unnoticed.
 * It is a proxy between a ROUTER, which remembers who asked, and a DEALER, which gives each request to the next worker.
 * Clients (REQ) and workers (REP) are those of the calculator; they need not know of the router.
 *
 *     node --import tsx examples/router.ts
 *
 * Parts: router [FRONT [BACK]].
 *
 * From parts.ts: `program` starts the parts, `bound` prints the endpoint, `watched` shows counters to the tour. A copy
 * of a part needs none of them.
 */

import { Dealer, Proxy as MessageProxy, Router } from "zmq-ts";
import { bound, program, watched } from "./parts.ts";

async function router(front = "tcp://127.0.0.1:5559", back = "tcp://127.0.0.1:5560") {
  const clients = new Router();
  const workers = new Dealer();
  await workers.bind(back);
  await clients.bind(front);
  const proxy = new MessageProxy(clients, workers);
  watched({
    get forwarded() {
      return proxy.statistics.frontEnd.received.messages + proxy.statistics.backEnd.received.messages;
    },
  });
  bound(clients);
  await proxy.run();
}

await program(import.meta.url, { router }, async (stage) => {
  const back = stage.address("workers");
  const address = await stage.start("router router", "tcp://127.0.0.1:*", back).endpoint;
  const workers = [1, 2, 3].map(() => stage.start("calculator worker", back));
  const clients = [1, 2].map(() => stage.start("calculator client", address, "600"));
  await Promise.all(clients.map((client) => client.ended));
  await Promise.all(workers.map((worker) => worker.stop()));
  for (const { name, counters } of workers) console.log(`${name} answered ${counters.answered}`);
});
