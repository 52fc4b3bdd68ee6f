/**
 * A router with an admin socket: it gives requests of clients to workers that are free, and while it does so can be
 * asked and told things. Commands: `workers` lists them, `statistics` counts, `drain NAME` lets a worker finish what it
 * has and sends it home, `pause` holds requests back (they wait in the queues), `resume` goes on.
 *
 *     node --import tsx examples/admin-router.ts
 *
 * Parts: router [FRONT [BACK [ADMIN]]], worker BACK NAME, client FRONT COUNT, admin ADMIN COMMAND….
 *
 * From parts.ts: `program` starts the parts, `bound` prints the endpoint, `watched` shows counters to the tour. A copy
 * of a part needs none of them.
 */

import { setTimeout as wait } from "node:timers/promises";
import { Poller, Reply, Request, Router } from "zmq-ts";
import { bound, program, watched } from "./parts.ts";

const FRONT = "tcp://127.0.0.1:5571";
const BACK = "tcp://127.0.0.1:5572";
const ADMIN = "tcp://127.0.0.1:5573";

interface Worker {
  isFree: boolean;
  isDraining: boolean;
  done: number;
}

async function router(front = FRONT, back = BACK, admin = ADMIN) {
  const clients = new Router();
  const backend = new Router();
  const desk = new Reply();
  await desk.bind(admin);
  await backend.bind(back);
  await clients.bind(front);
  bound(clients);

  const workers = new Map<string, Worker>();
  const queue: string[] = []; // free workers, the one that waits longest first
  const statistics = { requests: 0, replies: 0, isPaused: false };

  const sendHome = async (name: string) => {
    workers.delete(name);
    await backend.send([name, "", "go home"]);
  };

  /** A worker is ready for more: it said so, or it has just delivered. */
  const makeFree = async (name: string) => {
    const worker = workers.get(name) ?? { isFree: true, isDraining: false, done: 0 };
    workers.set(name, worker);
    if (worker.isDraining) return await sendHome(name);
    worker.isFree = true;
    queue.push(name);
  };

  const obey = async (command: string, name = ""): Promise<unknown> => {
    switch (command) {
      case "workers":
        return Object.fromEntries(workers);
      case "statistics":
        return { ...statistics, workers: workers.size, free: queue.length };
      case "pause":
      case "resume":
        statistics.isPaused = command === "pause";
        return "done";
      case "drain": {
        const worker = workers.get(name);
        if (worker === undefined) return `no worker is called "${name}"`;
        worker.isDraining = true;
        if (!worker.isFree) return "it is sent home when its request is done";
        queue.splice(queue.indexOf(name), 1);
        await sendHome(name);
        return "it was free, and is sent home";
      }
      default:
        return `no command "${command}"; there are workers, statistics, drain NAME, pause, resume`;
    }
  };

  const poller = new Poller();
  poller.register(desk);
  poller.register(backend);
  while (true) {
    poller.register(clients, { readable: queue.length > 0 && !statistics.isPaused });
    for (const { socket } of await poller.poll()) {
      if (socket === desk) {
        const [command, name] = await desk.receive();
        await desk.sendJson(await obey(`${command}`, `${name ?? ""}`));
      } else if (socket === backend) {
        const [name, , client = "", , reply] = await backend.receive();
        if (reply !== undefined) {
          await clients.send([client, "", reply]);
          statistics.replies++;
          const worker = workers.get(`${name}`);
          if (worker) worker.done++;
        }
        await makeFree(`${name}`);
      } else if (queue.length > 0 && !statistics.isPaused) {
        const [client = "", , request = ""] = await clients.receive();
        const name = queue.shift() ?? "";
        const worker = workers.get(name);
        if (worker) worker.isFree = false;
        statistics.requests++;
        await backend.send([name, "", client, "", request]);
      }
    }
  }
}

async function worker(back = BACK, name = `worker-${process.pid}`) {
  const socket = new Request({ routingId: name });
  socket.connect(back);
  const counters = watched({ done: 0 });
  await socket.send("ready");
  for await (const [client = "", , request] of socket) {
    if (request === undefined) {
      console.log(`${name} goes home after ${counters.done} requests`);
      break;
    }
    await wait(5); // work
    counters.done++;
    await socket.send([client, "", `${request}`.toUpperCase()]);
  }
}

async function client(front = FRONT, count = "100") {
  const socket = new Request();
  socket.connect(front);
  for (let request = 1; request <= Number(count); request++) {
    await socket.send(`request ${request}`);
    const reply = await socket.receiveString();
    if (reply !== `REQUEST ${request}`) throw new Error(`request ${request} was answered by "${reply}"`);
  }
  console.log(`${count} requests answered`);
}

async function admin(address = ADMIN, ...command: string[]) {
  const socket = new Request();
  socket.connect(address);
  await socket.send(command);
  console.log(`${command.join(" ")}: ${await socket.receiveString()}`);
}

await program(import.meta.url, { router, worker, client, admin }, async (stage) => {
  const [front, back, desk] = [stage.address("front"), stage.address("back"), stage.address("admin")];
  const tell = (...command: string[]) => stage.start("admin-router admin", desk, ...command).ended;
  stage.start("admin-router router", front, back, desk);
  const [ant] = ["ant", "bee", "cat"].map((name) => stage.start("admin-router worker", back, name));
  const clients = ["200", "200"].map((count) => stage.start("admin-router client", front, count));
  await tell("workers");
  await tell("pause");
  await tell("statistics");
  await tell("resume");
  await tell("drain", "ant");
  await ant?.ended;
  await Promise.all(clients.map((client) => client.ended));
  await tell("statistics");
});
