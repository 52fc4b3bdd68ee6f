/**
 * Hello world, the server: answers each request (REP). Copy it as it is; hello-client.ts is the other half.
 *
 *     node --import tsx examples/hello-server.ts
 *     node --import tsx examples/hello-server.ts "tcp://*:5555"
 */

import { Reply } from "zmq-ts";

const socket = new Reply();
const endpoint = await socket.bind(process.argv[2] ?? "tcp://127.0.0.1:5555");
console.log(`bound to ${endpoint}`);

for await (const [name] of socket) {
  console.log(`asked by ${name}`);
  await socket.send(`Hello ${name}`);
}
