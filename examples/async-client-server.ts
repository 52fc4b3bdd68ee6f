/**
 * Many requests on the way at once: clients are DEALERs, which send without waiting for replies; the server is a
 * ROUTER, which works on all of them at the same time and replies to each when it is done, whatever came first.
 *
 *     node --import tsx examples/async-client-server.ts
 *
 * Parts: server [ADDRESS], client [ADDRESS [NAME]].
 *
 * From parts.ts: `program` starts the parts, `bound` prints the endpoint. A copy of a part needs none of them.
 */

import { setTimeout as wait } from "node:timers/promises";
import { Dealer, type Message, Router } from "zmq-ts";
import { bound, program } from "./parts.ts";

const ADDRESS = "tcp://127.0.0.1:5566";

async function server(address = ADDRESS) {
  const socket = new Router();
  await socket.bind(address);
  bound(socket);
  for await (const message of socket) void handle(socket, message); // not awaited: the next request need not wait
}

async function handle(socket: Router, message: Message[]) {
  const [client = "", id = "", milliseconds] = message;
  await wait(Number(milliseconds)); // work
  if (!socket.closed) await socket.send([client, id, `took ${milliseconds} ms`]);
}

async function client(address = ADDRESS, name = "client") {
  const socket = new Dealer({ routingId: name });
  socket.connect(address);
  const durations = [400, 10, 250, 100];
  for (const [index, duration] of durations.entries()) await socket.send([`${index + 1}`, `${duration}`]);
  console.log(`${name} sent requests 1, 2, 3, 4`);
  for (let replies = 0; replies < durations.length; replies++) {
    const [id, text] = await socket.receive();
    console.log(`${name} got reply ${id}, which ${text}`);
  }
}

await program(import.meta.url, { server, client }, async (stage) => {
  const address = stage.address("server");
  stage.start("async-client-server server", address);
  await Promise.all(["ann", "bob"].map((name) => stage.start("async-client-server client", address, name).ended));
});
