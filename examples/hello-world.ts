/**
 * Hello world: a client asks, a server answers, in turn (REQ and REP).
 *
 *     node --import tsx examples/hello-world.ts
 *
 * Parts: server [ADDRESS], client [ADDRESS].
 */

import { Reply, Request } from "zmq-ts";
import { bound, program } from "./parts.ts";

async function server(address = "tcp://127.0.0.1:5555") {
  const socket = new Reply();
  await socket.bind(address);
  bound(socket);
  for await (const [name] of socket) {
    console.log(`asked by ${name}`);
    await socket.send(`Hello ${name}`);
  }
}

async function client(address = "tcp://127.0.0.1:5555") {
  const socket = new Request();
  socket.connect(address); // the server need not be there yet
  for (const name of ["World", "Moon", "Stars"]) {
    await socket.send(name);
    const [answer] = await socket.receive();
    console.log(`got "${answer}"`);
  }
}

await program(import.meta.url, { server, client }, async (stage) => {
  const address = stage.address("hello");
  stage.start("hello-world server", address);
  await stage.start("hello-world client", address).ended;
});
