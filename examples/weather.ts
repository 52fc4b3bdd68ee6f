/**
 * Weather: a server publishes readings of many stations (PUB); a client subscribes to the stations of one place (SUB)
 * and takes the mean of some. Who subscribes to what is the business of the subscribers: the server does not know.
 *
 *     node --import tsx examples/weather.ts
 *
 * Parts: server [ADDRESS], client [ADDRESS [PLACE [COUNT]]].
 *
 * From parts.ts: `program` starts the parts, `bound` prints the endpoint. A copy of a part needs none of them.
 */

import { setInterval as every } from "node:timers/promises";
import { Publisher, Subscriber } from "zmq-ts";
import { bound, program } from "./parts.ts";

const ADDRESS = "tcp://127.0.0.1:5563";
const PLACES = ["Bergen", "Cusco", "Dakar", "Hanoi", "Perth", "Quito"];

async function server(address = ADDRESS) {
  const socket = new Publisher();
  await socket.bind(address);
  bound(socket);
  for await (const _ of every(5)) {
    for (const [index, place] of PLACES.entries()) {
      const degrees = 5 * index + 10 * Math.random();
      await socket.send(`${place} ${1 + Math.floor(3 * Math.random())} ${degrees.toFixed(1)}`);
    }
  }
}

async function client(address = ADDRESS, place = "Quito", count = "20") {
  const socket = new Subscriber();
  socket.subscribe(place); // all that begins so: the stations 1, 2 and 3 of the place
  socket.connect(address);
  let sum = 0;
  for (let seen = 0; seen < Number(count); seen++) {
    const [, , degrees] = (await socket.receiveString()).split(" ");
    sum += Number(degrees);
  }
  console.log(`${place}: ${(sum / Number(count)).toFixed(1)} degrees, the mean of ${count} readings`);
}

await program(import.meta.url, { server, client }, async (stage) => {
  const address = await stage.start("weather server", "tcp://127.0.0.1:*").endpoint;
  const clients = ["Bergen", "Quito"].map((place) => stage.start("weather client", address, place));
  await Promise.all(clients.map((client) => client.ended));
});
