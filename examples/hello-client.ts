/**
 * Hello world, the client: asks three times (REQ). Copy it as it is; hello-server.ts is the other half.
 *
 *     node --import tsx examples/hello-client.ts
 *     node --import tsx examples/hello-client.ts tcp://192.0.2.7:5555
 */

import { Request } from "zmq-ts";

const socket = new Request();
socket.connect(process.argv[2] ?? "tcp://127.0.0.1:5555"); // the server need not be there yet

for (const name of ["World", "Moon", "Stars"]) {
  await socket.send(name);
  const [answer] = await socket.receive();
  console.log(`got "${answer}"`);
}
